package suite

import (
	"net/url"
	"slices"
	"strings"
)

// includable returns a writable relationship that can be included, of a resource that can be updated.
func (t *T) includable() (*Resource, *Relationship) {
	return t.relation("includable, writable relationship", func(r *Resource, rel *Relationship) bool {
		return rel.Writable && !rel.NoInclude && r.can(allOperations...) && t.canMake(rel.Target)
	})
}

// related makes a resource with one related resource.
func (t *T) related(res *Resource, rel *Relationship) (owner, target item) {
	if rel.Kind == "one" {
		return t.linked(res, rel)
	}
	target = t.make(t.described(rel.Target))
	owner = t.make(res, func(body Object) { setLinkage(body, rel.Name, []any{target.identifier()}) })
	return owner, target
}

func testFETCH20(t *T) {
	res, rel := t.includable()
	one := t.make(res)
	ex := t.del(withQuery(one.path(), "include="+rel.Name), nil)
	t.wantStatus(ex, 400)
	t.wantParameter(ex, "include")
	if a := t.desc.Atomic; a != nil {
		body := Object{"atomic:operations": []any{Object{"op": "add", "data": data(t.body(res))}}}
		ex := t.post(withQuery(a.Path, "include="+rel.Name), body, accept(atomicType), contentType(atomicType))
		t.wantStatus(ex, 400)
		t.wantParameter(ex, "include")
	}
}

func testFETCH21(t *T) {
	res, rel := t.toOne()
	if rel.NoInclude {
		t.skip("%s cannot be included", rel.Name)
	}
	one := t.make(res)
	ex := t.get(withQuery(one.path(), "include="+rel.Name))
	t.needStatus(ex, 200)
	list, isArray := ex.top("included").([]any)
	t.want(isArray && len(list) == 0, ex, "included: []")
}

func testFETCH22(t *T) {
	res, rel := t.includable()
	owner, target := t.related(res, rel)
	ex := t.get(withQuery(owner.path(), "include="+rel.Name))
	t.needStatus(ex, 200)
	t.want(slices.Equal(ids(ex.included()), []string{target.id}), ex, "exactly the related resource in included")
}

func testFETCH23(t *T) {
	res, rel := t.includable()
	owner, _ := t.related(res, rel)
	ex := t.get(withQuery(owner.path(), "include="))
	t.needStatus(ex, 200)
	list, isArray := ex.top("included").([]any)
	t.want(isArray && len(list) == 0, ex, "included: []")
	var paths []string
	for _, other := range res.Relationships {
		if !other.NoInclude {
			paths = append(paths, other.Name)
		}
	}
	ex = t.get(withQuery(owner.path(), "include="+strings.Join(paths, ",")))
	t.wantStatus(ex, 200)
	t.want(len(ex.included()) > 0, ex, "the resources of a list of paths")
}

func testFETCH24(t *T) {
	res, rel := t.includable()
	one := t.make(res)
	upper := strings.ToUpper(rel.Name[:1]) + rel.Name[1:]
	bad := []string{"nope", rel.Name + ".nope", rel.Name + ".." + rel.Name, ",", upper, "." + rel.Name}
	if res.Update != nil {
		bad = append(bad, res.Update.Attribute)
	}
	if depth := t.desc.Limits.IncludeDepth; depth > 0 && rel.Target == res.Type {
		bad = append(bad, strings.Repeat(rel.Name+".", depth)+rel.Name)
	}
	for _, path := range bad {
		ex := t.get(withQuery(one.path(), "include="+url.QueryEscape(path)))
		t.wantStatus(ex, 400)
		t.wantParameter(ex, "include")
	}
}

// nested finds a path of two relationships: the second goes back by the inverse of the first.
func (t *T) nested() (*Resource, *Relationship) {
	return t.relation("includable, writable to-one relationship with an inverse", func(_ *Resource, rel *Relationship) bool {
		if rel.Kind != "one" || !rel.Writable || rel.NoInclude || rel.Inverse == "" || !t.canMake(rel.Target) {
			return false
		}
		inverse := t.described(rel.Target).relationship(rel.Inverse)
		return inverse != nil && !inverse.NoInclude && inverse.Kind == "many"
	})
}

func testFETCH25(t *T) {
	res, rel := t.nested()
	target := t.make(t.described(rel.Target))
	link := func(body Object) { setLinkage(body, rel.Name, target.identifier()) }
	one, sibling := t.make(res, link), t.make(res, link)
	ex := t.get(withQuery(one.path(), "include="+rel.Name+"."+rel.Inverse))
	t.needStatus(ex, 200)
	included := ids(ex.included())
	t.want(slices.Contains(included, target.id), ex, "the intermediate resource in included")
	t.want(slices.Contains(included, sibling.id), ex, "the resource at the end of the path in included")
}

func testFETCH26(t *T) {
	res, rel := t.includable()
	owner, target := t.related(res, rel)
	ex := t.get(withQuery(owner.endpoint(rel.Name), "include="+rel.Name))
	if ex.Status == 400 {
		t.skip("the server does not support include on relationship endpoints")
	}
	t.needStatus(ex, 200)
	t.want(slices.Equal(ids(ex.included()), []string{target.id}), ex, "the related resource in included")
	t.want(len(ex.included()) == 1 && has(ex.included()[0], "attributes"), ex, "a full resource object in included")
}

func testFETCH29(t *T) {
	t.needPages()
	owner, name, _ := t.team(3)
	ex := t.get(withQuery(owner.endpoint(name), "include="+name, t.sized(2)))
	if ex.Status == 400 {
		t.skip("the server does not support include, or pages, on relationship endpoints")
	}
	t.needStatus(ex, 200)
	linked, included := ids(objects(ex.top("data"))), ids(ex.included())
	slices.Sort(linked)
	slices.Sort(included)
	t.want(slices.Equal(included, linked), ex, "the resources of the page in included, and no others")
}

func testFETCH27(t *T) {
	res, rel := t.includable()
	owner, target := t.related(res, rel)
	body := t.body(res)
	var linkage any = target.identifier()
	if rel.Kind == "many" {
		linkage = []any{linkage}
	}
	setLinkage(body, rel.Name, linkage)
	created := t.post(withQuery(res.Path, "include="+rel.Name), body)
	t.want(created.Status == 201 && slices.Contains(ids(created.included()), target.id), created, "the related resource in the answer to POST")
	patched := t.patch(withQuery(owner.path(), "include="+rel.Name), patchLinkage(owner, rel.Name, linkage))
	if patched.Status == 204 {
		return
	}
	t.want(slices.Contains(ids(patched.included()), target.id), patched, "the related resource in the answer to PATCH")
}

func testFETCH28(t *T) {
	res, rel := t.nested()
	target := t.make(t.described(rel.Target))
	link := func(body Object) { setLinkage(body, rel.Name, target.identifier()) }
	one, sibling := t.make(res, link), t.make(res, link)
	path := rel.Name + "." + rel.Inverse
	ex := t.get(withQuery(one.path(), "include="+rel.Name+","+path+","+path+"."+rel.Name))
	if ex.Status == 400 {
		t.skip("the server refuses %s.%s", path, rel.Name)
	}
	t.needStatus(ex, 200)
	n := 0
	for _, o := range ex.included() {
		if o["id"] != target.id {
			continue
		}
		n++
		back := ids(objects(at(o, "relationships", rel.Inverse, "data")))
		t.want(slices.Contains(back, one.id) && slices.Contains(back, sibling.id), ex, "the linkage %s of the shared resource", rel.Inverse)
	}
	t.want(n == 1, ex, "the shared resource once in included")
}
