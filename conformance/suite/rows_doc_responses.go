package suite

import (
	"net/url"
	"slices"
)

func testDOC8(t *T) {
	t.needCursor()
	ex := t.get(withQuery(t.listable().Path, "page[size]=1"), accept(cursorType))
	t.needStatus(ex, 200)
	self := at(ex.Document(), "links", "self")
	if href(self) == "" || !slices.Contains(ex.applied("profile"), cursorURI) {
		t.skip("there is no top-level self link, or the profile was not applied")
	}
	t.want(sameMediaType(str(at(self, "type")), ex.Header.Get("Content-Type")), ex, "links.self.type to be the Content-Type")
}

func testDOC9(t *T) {
	res := t.sortable()
	g := t.group(res, 2)
	query := []string{"sort=-" + res.Sort.Attribute, fieldsOf(res.Type, res.Sort.Attribute)}
	if t.desc.Paging.Style != "" {
		query = append(query, t.sized(1))
	}
	i := slices.IndexFunc(res.Relationships, (*Relationship).mayBeIncluded)
	if i >= 0 {
		query = append(query, "include="+res.Relationships[i].Name)
	}
	ex := t.optional("these parameters together", g.list(query...))
	self := href(at(ex.Document(), "links", "self"))
	if self == "" {
		t.skip("there is no top-level self link")
	}
	u, err := url.Parse(self)
	t.need(err == nil, ex, "links.self to be a URL")
	for name, values := range ex.URL.Query() {
		t.want(slices.Equal(u.Query()[name], values), ex, "links.self with %s=%s", name, values[0])
	}
	again := t.get(self)
	t.want(again.Status == 200 && slices.Equal(ids(again.list()), ids(ex.list())), again, "the same resources at links.self")
}

func testDOC10(t *T) {
	t.walk("DOC-10")
	res, rel := t.toOne()
	one := t.make(res)
	ex := t.get(one.path())
	t.want(ex.data()["id"] == one.id, ex, "a resource object as data")
	ex = t.get(t.relatedURL(one, rel.Name))
	t.needStatus(ex, 200)
	t.want(has(ex.Document(), "data") && ex.top("data") == nil, ex, "data: null")
}

func testDOC11(t *T) {
	res := t.listable()
	g := t.group(res, 1)
	ex := t.get(g.list())
	t.needStatus(ex, 200)
	t.want(len(ex.list()) == 1, ex, "an array of one item")
	empty := withQuery(res.Path, t.expandString(res.Scope, "g"+randomHex(5), 0))
	ex = t.get(empty)
	t.needStatus(ex, 200)
	list, isArray := ex.top("data").([]any)
	t.want(isArray && len(list) == 0, ex, "an empty array")
}

// testDOC14 reads one resource in every way there is and compares what it was created with.
func testDOC14(t *T) {
	g := t.group(t.listable(), 1)
	one := g.items[0]
	single, list := t.get(one.path()), t.get(g.list())
	t.needStatus(single, 200)
	t.want(len(list.list()) == 1 && list.list()[0]["id"] == one.id && one.kept(single.data(), list.list()[0]), list,
		"the attributes of the single resource")

	owner, rel := t.relation("writable relationship", func(r *Resource, rel *Relationship) bool {
		return rel.writable() && t.canMake(rel.Target) && r.can("update")
	})
	target := t.make(t.described(rel.Target))
	holder := t.make(owner, func(body Object) { setLinkage(body, rel.Name, linkTo(rel, target)) })
	single = t.get(target.path())
	if rel.mayBeIncluded() {
		ex := t.including(rel, withQuery(holder.path(), "include="+rel.Name))
		i := slices.IndexFunc(ex.included(), func(o Object) bool { return key(o) == key(target.identifier()) })
		t.want(i >= 0 && target.kept(single.data(), ex.included()[i]), ex, "the attributes of the single resource in included")
	}
	related := t.get(t.relatedURL(holder, rel.Name))
	found := related.data()
	if rel.Kind == "many" && len(related.list()) > 0 {
		found = related.list()[0]
	}
	t.want(found["id"] == target.id && target.kept(single.data(), found), related,
		"the attributes of the single resource at the related URL")
}

func testDOC21(t *T) {
	var links []string
	for _, ex := range t.answers(func(ex *Exchange) bool { return ex.Status == 200 }) {
		for _, o := range append(append(ex.list(), ex.included()...), ex.data()) {
			relationships, _ := o["relationships"].(Object)
			for _, rel := range relationships {
				if next := href(at(rel, "links", "next")); next != "" {
					links = append(links, next)
				}
			}
		}
	}
	slices.Sort(links)
	for _, link := range slices.Compact(links) {
		ex := t.get(link)
		if ex.Status == 404 {
			continue // its resource was deleted since
		}
		for _, o := range ex.list() {
			t.want(!has(o, "attributes"), ex, "identifiers without attributes")
		}
	}
}

func testDOC22(t *T) {
	res, rel := t.relation("relationship that begins empty", func(r *Resource, rel *Relationship) bool {
		return !rel.Required && r.Create.Relationships[rel.Name] == nil
	})
	one := t.make(res)
	ex := t.get(t.relatedURL(one, rel.Name))
	if !t.wantStatus(ex, 200) {
		return
	}
	_, isArray := ex.top("data").([]any)
	switch {
	case rel.Kind == "many":
		t.want(isArray, ex, "an array")
	case rel.writable(): // any other may have been filled by the server
		t.want(has(ex.Document(), "data") && ex.top("data") == nil, ex, "data: null")
	}
}

func testDOC23(t *T) {
	res, rel := t.toOne()
	one := t.make(res)
	empty := t.relatedURL(one, rel.Name)
	for range 2 {
		target := t.make(t.described(rel.Target))
		t.needStatus(t.patch(one.path(), patchLinkage(one, rel.Name, target.identifier())), 200, 204)
		ex := t.get(one.path())
		link := href(at(ex.data(), "relationships", rel.Name, "links", "related"))
		t.want(link == empty, ex, "the related link to stay %s", empty)
	}
}

// testDOC25 follows the self links of resources, in every kind of document.
func testDOC25(t *T) {
	followed := map[string]int{}
	for _, ex := range t.entryPages() {
		for _, o := range slices.Concat(ex.list(), ex.included(), []Object{ex.data()}) {
			self := href(at(o, "links", "self"))
			if self == "" || followed[str(o["type"])] >= crawlPerKind {
				continue
			}
			followed[str(o["type"])]++
			answer := t.get(self)
			if t.gone(answer, ex, o) {
				continue
			}
			t.want(answer.Status == 200 && key(answer.data()) == key(o), answer, "%s as primary data", key(o))
		}
	}
}

func testDOC30(t *T) {
	res, rel := t.relation("includable, writable to-one relationship", func(_ *Resource, rel *Relationship) bool {
		return rel.Kind == "one" && rel.writable() && rel.mayBeIncluded() && t.canMake(rel.Target)
	})
	owner, target := t.related(res, rel)
	ex := t.including(rel, withQuery(owner.path(), "include="+rel.Name))
	t.want(slices.Contains(ids(ex.included()), target.id), ex, "the target in included")
	t.want(slices.Contains(linkage(ex.data()), key(target.identifier())), ex,
		"linkage to the included target, since the client asked for no fields")
}

func testDOC31(t *T) {
	t.walk("DOC-31")
	res, rel := t.relation("to-one relationship within a type with a scope", func(r *Resource, rel *Relationship) bool {
		return rel.Kind == "one" && rel.writable() && rel.Target == r.Type && rel.mayBeIncluded() && r.Scope != ""
	})
	g := t.group(res, 2)
	ex := t.patch(g.items[1].path(), patchLinkage(g.items[1], rel.Name, g.items[0].identifier()))
	t.needStatus(ex, 200, 204)
	ex = t.including(rel, g.list("include="+rel.Name))
	t.want(!slices.Contains(ids(ex.included()), g.items[0].id), ex, "a primary resource not to be repeated in included")
}

func sameMediaType(a, b string) bool {
	x, y := &Exchange{Header: map[string][]string{"Content-Type": {a}}}, &Exchange{Header: map[string][]string{"Content-Type": {b}}}
	baseX, paramsX, errX := x.mediaType()
	baseY, paramsY, errY := y.mediaType()
	return errX == nil && errY == nil && baseX == baseY && text(paramsX) == text(paramsY)
}
