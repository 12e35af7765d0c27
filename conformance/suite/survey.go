package suite

import (
	"context"
	"net/http"
	"strings"
)

// survey asks for one of everything the description names, so that the rows that look at
// all responses have seen each kind, whichever rows are selected. It judges nothing.
func (r *run) survey(ctx context.Context) {
	steps := []func(*T){surveyErrors, surveyCredential, surveyAtomic, surveyCursor}
	for _, res := range r.desc.Resources {
		steps = append(steps, func(t *T) { surveyLists(t, res) }, func(t *T) { surveyItem(t, res) })
		for _, rel := range res.Relationships {
			steps = append(steps, func(t *T) { surveyRelationship(t, res, rel) })
		}
	}
	for _, step := range steps {
		t := &T{ctx: ctx, run: r, desc: r.desc, row: "survey"}
		t.protect(step)
	}
}

func surveyLists(t *T, res *Resource) {
	if !res.can("list") {
		return
	}
	t.get(res.Path)
	t.do(http.MethodHead, res.Path, nil)
	if t.desc.Paging.Style != "" {
		t.get(withQuery(res.Path, t.sized(1)))
		t.get(withQuery(res.Path, t.sized(2), "fields["+res.Type+"]="))
	}
	for _, rel := range res.Relationships {
		if rel.mayBeIncluded() {
			t.get(withQuery(res.Path, "include="+rel.Name))
		}
	}
}

func surveyItem(t *T, res *Resource) {
	if !res.can("create", "read") {
		return
	}
	one := t.make(res)
	ex := t.get(one.path())
	t.do(http.MethodHead, one.path(), nil)
	if tag := ex.Header.Get("ETag"); tag != "" {
		t.get(one.path(), header("If-None-Match", tag))
	}
	for _, rel := range res.Relationships {
		t.get(t.relatedURL(one, rel.Name))
		t.get(t.endpoint(one, rel.Name))
	}
	if res.can("update") && res.Update != nil {
		t.patch(one.path(), patchBody(one, Object{res.Update.Attribute: t.sample(res.Update)}))
		t.patch(one.path(), patchBody(one, Object{res.Update.Attribute: 5, "noSuchAttribute": 1, "a/b~c": 1}))
	}
	if res.can("delete") {
		t.del(one.path(), nil)
		t.get(one.path())
	}
}

func surveyRelationship(t *T, res *Resource, rel *Relationship) {
	if !rel.writable() || !res.can("create", "read") || !t.canMake(rel.Target) {
		return
	}
	target := t.make(t.described(rel.Target))
	var linkage any = target.identifier()
	if rel.Kind == "many" {
		linkage = []any{linkage}
	}
	owner := t.make(res, func(body Object) { setLinkage(body, rel.Name, linkage) })
	t.get(owner.path())
	t.get(t.relatedURL(owner, rel.Name))
	t.get(t.endpoint(owner, rel.Name))
	if rel.mayBeIncluded() {
		t.get(withQuery(owner.path(), "include="+rel.Name))
	}
	t.patch(t.endpoint(owner, rel.Name), Object{"data": linkage})
	t.patch(t.endpoint(owner, rel.Name), Object{"data": identifier(rel.Target, "")})
}

// surveyErrors provokes the errors of the layers in front of the handlers.
func surveyErrors(t *T) {
	res := t.desc.Resources[0]
	t.get(t.desc.UnknownPath)
	t.do(http.MethodPut, res.Path, Object{"data": nil})
	t.get(res.Path, accept("text/html"))
	t.post(res.Path, t.body(res), contentType(mediaType+"; charset=utf-8"))
	t.get(withQuery(res.Path, "noSuchParameter=1"))
	t.get(withQuery(res.Path, "include=noSuchRelationship"))
	t.post(res.Path, "{")
	if n := t.desc.Limits.BodyBytes; n > 0 {
		t.post(res.Path, `{"data":{"type":"`+res.Type+`","meta":{"filler":"`+strings.Repeat("x", n)+`"}}}`)
	}
}

func surveyCredential(t *T) {
	c := t.desc.Credential
	if c == nil || c.Header == "" || c.Wrong == "" {
		return
	}
	t.get(t.desc.Resources[0].Path, func(r *request) { r.header[http.CanonicalHeaderKey(c.Header)] = []string{c.Wrong} })
}

func surveyAtomic(t *T) {
	if t.desc.Atomic == nil {
		return
	}
	res := t.updatable()
	t.atomic(Object{"op": "add", "data": data(t.body(res))})
	t.atomic(Object{"op": "add", "data": data(t.body(res))}, Object{"op": "remove", "ref": identifier(res.Type, ghost())})
	t.do(http.MethodGet, t.desc.Atomic.Path, nil, accept(atomicType))
}

func surveyCursor(t *T) {
	if !t.desc.Paging.Cursor {
		return
	}
	t.get(withQuery(t.desc.Resources[0].Path, "page[size]=1"), accept(cursorType))
}
