package suite

import (
	"net/url"
	"slices"
	"strings"
)

// includable returns a writable relationship that can be included, of a resource that can be updated.
func (t *T) includable() (*Resource, *Relationship) {
	return t.relation("includable, writable relationship", func(r *Resource, rel *Relationship) bool {
		return rel.writable() && rel.mayBeIncluded() && r.can(allOperations...) && t.canMake(rel.Target)
	})
}

// related makes a resource with one related resource.
func (t *T) related(res *Resource, rel *Relationship) (owner, target item) {
	target = t.make(t.described(rel.Target))
	owner = t.make(res, func(body Object) { setLinkage(body, rel.Name, linkTo(rel, target)) })
	return owner, target
}

// testFETCH20 asks where nothing can be included for certain: a relationship that the description rules out, and the
// atomic endpoint, whose documents have no included. Whether an endpoint is another one for DELETE is left open.
func testFETCH20(t *T) {
	if a := t.desc.Atomic; a != nil {
		body := Object{"atomic:operations": []any{t.addOperation(t.full())}}
		ex := t.post(withQuery(a.Path, "include=x"), body, accept(atomicType), contentType(atomicType))
		t.wantStatus(ex, 400)
		t.wantParameter(ex, "include")
	}
	res := t.full()
	ex := t.del(withQuery(t.make(res).path(), "include=x"), nil)
	t.pick(ex.Status == 400, ex, "status 400 for include with DELETE")
	owner, rel := t.relation("relationship with include false", func(_ *Resource, rel *Relationship) bool { return !rel.mayBeIncluded() })
	ex = t.get(withQuery(t.make(owner).path(), "include="+rel.Name))
	t.wantStatus(ex, 400)
	t.wantParameter(ex, "include")
}

// testFETCH21 also includes into the collection as it is: what others have put there must not turn the request into an error.
func testFETCH21(t *T) {
	res, rel := t.relation("relationship that may be included", func(_ *Resource, rel *Relationship) bool { return rel.mayBeIncluded() })
	paths := []string{t.make(res).path()}
	if res.can("list") {
		paths = append(paths, res.Path)
	}
	for _, path := range paths {
		ex := t.including(rel, withQuery(path, "include="+rel.Name))
		list, isArray := ex.top("included").([]any)
		t.want(isArray, ex, "included, be it empty")
		if begins := rel.writable() && res.Create.Relationships[rel.Name] == nil; begins && path != res.Path {
			t.want(len(list) == 0, ex, "included: []")
		}
	}
}

func testFETCH22(t *T) {
	res, rel := t.includable()
	owner, target := t.related(res, rel)
	ex := t.including(rel, withQuery(owner.path(), "include="+rel.Name))
	t.want(slices.Equal(ids(ex.included()), []string{target.id}), ex, "exactly the related resource in included")
}

func testFETCH23(t *T) {
	res, rel := t.includable()
	owner, _ := t.related(res, rel)
	t.including(rel, withQuery(owner.path(), "include="+rel.Name))
	ex := t.get(withQuery(owner.path(), "include="))
	t.needStatus(ex, 200)
	list, isArray := ex.top("included").([]any)
	t.want(isArray && len(list) == 0, ex, "included: []")
	var paths []string
	for _, other := range res.Relationships {
		if other.mayBeIncluded() {
			paths = append(paths, other.Name)
		}
	}
	ex = t.optional("every include at once", withQuery(owner.path(), "include="+strings.Join(paths, ",")))
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
		if rel.Kind != "one" || !rel.writable() || !rel.mayBeIncluded() || rel.Inverse == "" || !t.canMake(rel.Target) {
			return false
		}
		inverse := t.described(rel.Target).relationship(rel.Inverse)
		return inverse != nil && inverse.mayBeIncluded() && inverse.Kind == "many"
	})
}

func testFETCH25(t *T) {
	res, rel := t.nested()
	target := t.make(t.described(rel.Target))
	link := func(body Object) { setLinkage(body, rel.Name, target.identifier()) }
	one, sibling := t.make(res, link), t.make(res, link)
	path := rel.Name + "." + rel.Inverse
	ex := t.optional("include="+path, withQuery(one.path(), "include="+path))
	included := ids(ex.included())
	t.want(slices.Contains(included, target.id), ex, "the intermediate resource in included")
	t.want(slices.Contains(included, sibling.id), ex, "the resource at the end of the path in included")
}

func testFETCH26(t *T) {
	res, rel := t.includable()
	owner, target := t.related(res, rel)
	ex := t.optional("include on relationship endpoints", withQuery(t.endpoint(owner, rel.Name), "include="+rel.Name))
	t.want(slices.Equal(ids(ex.included()), []string{target.id}), ex, "the related resource in included")
	t.want(len(ex.included()) == 1 && has(ex.included()[0], "attributes"), ex, "a full resource object in included")
}

func testFETCH29(t *T) {
	t.needPages()
	owner, name, _ := t.team(3)
	ref := withQuery(t.endpoint(owner, name), "include="+name, t.sized(2))
	ex := t.optional("include, or pages, on relationship endpoints", ref)
	linked, included := ids(objects(ex.top("data"))), ids(ex.included())
	slices.Sort(linked)
	slices.Sort(included)
	t.want(slices.Equal(included, linked), ex, "the resources of the page in included, and no others")
}

func testFETCH27(t *T) {
	res, rel := t.includable()
	owner, target := t.related(res, rel)
	body := t.body(res)
	setLinkage(body, rel.Name, linkTo(rel, target))
	created := t.post(withQuery(res.Path, "include="+rel.Name), body)
	t.want(created.Status == 400 || slices.Contains(ids(created.included()), target.id), created,
		"the related resource in the answer to POST, or 400")
	patched := t.patch(withQuery(owner.path(), "include="+rel.Name), patchLinkage(owner, rel.Name, linkTo(rel, target)))
	t.want(patched.Status == 400 || patched.top("data") == nil || slices.Contains(ids(patched.included()), target.id), patched,
		"the related resource in the answer to PATCH, or 400")
}

func testFETCH28(t *T) {
	res, rel := t.nested()
	target := t.make(t.described(rel.Target))
	link := func(body Object) { setLinkage(body, rel.Name, target.identifier()) }
	one, sibling := t.make(res, link), t.make(res, link)
	path := rel.Name + "." + rel.Inverse
	ex := t.optional("include="+path+"."+rel.Name, withQuery(one.path(), "include="+rel.Name+","+path+","+path+"."+rel.Name))
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
