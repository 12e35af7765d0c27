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
	t.want(href(self) != "", ex, "a top-level self with an href")
	t.want(sameMediaType(str(at(self, "type")), ex.Header.Get("Content-Type")), ex, "links.self.type to be the Content-Type")
}

func testDOC9(t *T) {
	res := t.sortable()
	g := t.group(res, 2)
	query := []string{"sort=-" + res.Sort.Attribute, "fields[" + res.Type + "]=" + res.Sort.Attribute}
	if t.desc.Paging.Style != "" {
		query = append(query, t.sized(1))
	}
	for _, rel := range res.Relationships {
		if !rel.NoInclude {
			query = append(query, "include="+rel.Name)
			break
		}
	}
	ref := g.list(query...)
	ex := t.get(ref)
	t.needStatus(ex, 200)
	self := href(at(ex.Document(), "links", "self"))
	if self == "" {
		t.skip("there is no top-level self link")
	}
	u, err := url.Parse(self)
	t.need(err == nil, ex, "links.self to be a URL")
	t.want(sameQuery(u.RawQuery, ex.URL.RawQuery), ex, "links.self with the query %s", ex.URL.RawQuery)
	again := t.get(self)
	t.want(text(again.top("data")) == text(ex.top("data")), again, "the same data at links.self")
}

// sameQuery compares two queries by what they mean.
func sameQuery(a, b string) bool {
	x, errX := url.ParseQuery(a)
	y, errY := url.ParseQuery(b)
	return errX == nil && errY == nil && x.Encode() == y.Encode()
}

func testDOC10(t *T) {
	t.walk("DOC-10")
	res, rel := t.toOne()
	one := t.make(res)
	ex := t.get(one.path())
	t.want(ex.data()["id"] == one.id, ex, "a resource object as data")
	ex = t.get(one.related(rel.Name))
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

// testDOC14 reads one resource in every way there is and compares its attributes.
func testDOC14(t *T) {
	res := t.listable()
	g := t.group(res, 1)
	one := t.get(g.items[0].path())
	t.needStatus(one, 200)
	attributes := text(one.data()["attributes"])
	list := t.get(g.list())
	t.want(len(list.list()) == 1 && text(at(list.list()[0], "attributes")) == attributes, list, "the attributes of the single resource")
	owner, rel := t.relation("writable relationship", func(r *Resource, rel *Relationship) bool {
		return rel.Writable && t.canMake(rel.Target) && r.can("update")
	})
	target := t.make(t.described(rel.Target))
	var linkage any = target.identifier()
	if rel.Kind == "many" {
		linkage = []any{linkage}
	}
	holder := t.make(owner, func(body Object) { setLinkage(body, rel.Name, linkage) })
	single := t.get(target.path())
	want := text(single.data()["attributes"])
	related := t.get(holder.related(rel.Name))
	found := related.data()
	if rel.Kind == "many" && len(related.list()) > 0 {
		found = related.list()[0]
	}
	t.want(found["id"] == target.id && text(found["attributes"]) == want, related, "the attributes of the single resource at the related URL")
	if !rel.NoInclude {
		compound := t.get(withQuery(holder.path(), "include="+rel.Name))
		i := slices.IndexFunc(compound.included(), func(o Object) bool { return key(o) == key(target.identifier()) })
		t.want(i >= 0 && text(compound.included()[i]["attributes"]) == want, compound, "the attributes of the single resource in included")
	}
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
	res, rel := t.toOne()
	one := t.make(res)
	t.wantEmptyRelated(one, rel)
	for _, many := range res.Relationships {
		if many.Kind == "many" {
			t.wantEmptyRelated(one, many)
		}
	}
}

func (t *T) wantEmptyRelated(one item, rel *Relationship) {
	ex := t.get(one.path())
	link := href(at(ex.data(), "relationships", rel.Name, "links", "related"))
	if !t.want(link != "", ex, "a related link for %s", rel.Name) {
		return
	}
	related := t.get(link)
	if !t.wantStatus(related, 200) {
		return
	}
	list, isArray := related.top("data").([]any)
	if rel.Kind == "one" {
		t.want(has(related.Document(), "data") && related.top("data") == nil, related, "data: null")
		return
	}
	// A relationship that fills itself (events of a resource, say) may not be empty.
	t.want(isArray && (rel.Writable || list != nil), related, "an array")
}

func testDOC23(t *T) {
	res, rel := t.toOne()
	one := t.make(res)
	link := func() string {
		ex := t.get(one.path())
		return href(at(ex.data(), "relationships", rel.Name, "links", "related"))
	}
	empty := link()
	if empty == "" {
		t.skip("%s has no related link", rel.Name)
	}
	for range 2 {
		target := t.make(t.described(rel.Target))
		ex := t.patch(one.path(), patchLinkage(one, rel.Name, target.identifier()))
		t.needStatus(ex, 200, 204)
		t.want(link() == empty, ex, "the related link to stay %s", empty)
	}
}

// testDOC25 follows every self link of the resources on the first pages of all collections.
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
			t.want(answer.Status == 200 && key(answer.data()) == key(o), answer, "%s as primary data", key(o))
		}
	}
}

func testDOC30(t *T) {
	res, rel := t.relation("includable, writable to-one relationship", func(_ *Resource, rel *Relationship) bool {
		return rel.Kind == "one" && rel.Writable && !rel.NoInclude && t.canMake(rel.Target)
	})
	owner, target := t.linked(res, rel)
	ex := t.get(withQuery(owner.path(), "include="+rel.Name))
	t.needStatus(ex, 200)
	t.want(slices.Contains(ids(ex.included()), target.id), ex, "the target in included")
	t.want(slices.Contains(linkage(ex.data()), key(target.identifier())), ex, "linkage to the included target, since the client asked for no fields")
}

func testDOC31(t *T) {
	t.walk("DOC-31")
	res, rel := t.relation("to-one relationship between resources of one type, in a type with a scope", func(r *Resource, rel *Relationship) bool {
		return rel.Kind == "one" && rel.Writable && rel.Target == r.Type && !rel.NoInclude && r.Scope != ""
	})
	g := t.group(res, 2)
	ex := t.patch(g.items[1].path(), patchLinkage(g.items[1], rel.Name, g.items[0].identifier()))
	t.needStatus(ex, 200, 204)
	ex = t.get(g.list("include=" + rel.Name))
	t.needStatus(ex, 200)
	t.want(!slices.Contains(ids(ex.included()), g.items[0].id), ex, "a primary resource not to be repeated in included")
}

func sameMediaType(a, b string) bool {
	x, y := &Exchange{Header: map[string][]string{"Content-Type": {a}}}, &Exchange{Header: map[string][]string{"Content-Type": {b}}}
	baseX, paramsX, errX := x.mediaType()
	baseY, paramsY, errY := y.mediaType()
	return errX == nil && errY == nil && baseX == baseY && text(paramsX) == text(paramsY)
}
