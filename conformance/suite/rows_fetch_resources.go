package suite

import (
	"net/http"
	"slices"
)

// crawlPerKind is how many links of one kind (type and link name) are followed.
const crawlPerKind = 4

// entryPages fetches the first page of every collection, and with it one resource with each include.
func (t *T) entryPages() []*Exchange {
	var pages []*Exchange
	for _, res := range t.desc.Resources {
		if !res.can("list") {
			continue
		}
		ex := t.get(res.Path)
		pages = append(pages, ex)
		if len(ex.list()) == 0 {
			continue
		}
		for _, rel := range res.Relationships {
			if !rel.NoInclude {
				pages = append(pages, t.get(withQuery(res.Path, "include="+rel.Name)))
			}
		}
	}
	return pages
}

type emittedLink struct {
	kind, href string
}

// emitted collects the links of documents, at most crawlPerKind of each kind.
func emitted(pages []*Exchange, relationships bool) []emittedLink {
	var links []emittedLink
	count := map[string]int{}
	add := func(kind string, link any) {
		if ref := href(link); ref != "" && count[kind] < crawlPerKind {
			count[kind]++
			links = append(links, emittedLink{kind, ref})
		}
	}
	for _, ex := range pages {
		if !relationships {
			for _, name := range append([]string{"self", "related"}, pagination...) {
				add("top-level "+name, at(ex.Document(), "links", name))
			}
		}
		for _, o := range slices.Concat(ex.list(), ex.included(), []Object{ex.data()}) {
			typ := str(o["type"])
			if !relationships {
				add(typ+" self", at(o, "links", "self"))
			}
			rels, _ := o["relationships"].(Object)
			for _, name := range names(rels) {
				if relationships {
					add(typ+"."+name+" self", at(rels, name, "links", "self"))
				} else {
					add(typ+"."+name+" related", at(rels, name, "links", "related"))
				}
			}
		}
	}
	return links
}

func testFETCH1(t *T) {
	for _, link := range emitted(t.entryPages(), false) {
		ex := t.get(link.href)
		t.want(ex.Status == 200, ex, "%s to answer GET with 200", link.kind)
	}
}

func testFETCH2(t *T) {
	for _, res := range t.desc.Resources {
		if res.can("list") {
			t.wantStatus(t.get(res.Path), 200)
		}
	}
	t.wantStatus(t.get(t.make(t.full()).path()), 200)
}

func testFETCH3(t *T) {
	t.walk("FETCH-3")
	for _, res := range t.desc.Resources {
		if res.can("list") {
			ex := t.get(res.Path)
			_, isArray := ex.top("data").([]any)
			t.want(isArray, ex, "an array as data")
		}
	}
}

func testFETCH4(t *T) {
	res, rel := t.toOne()
	one := t.make(res)
	ex := t.get(one.related(rel.Name))
	t.needStatus(ex, 200)
	t.want(has(ex.Document(), "data") && ex.top("data") == nil, ex, "data: null for an empty to-one relationship")
	for _, gone := range []string{ghost(), "not-an-id"} {
		ex := t.get(item{res: res, id: gone}.path())
		t.want(!has(ex.Document(), "data"), ex, "no data for a resource that does not exist")
	}
}

func testFETCH5(t *T) {
	for _, res := range t.desc.Resources {
		if !res.can("read") {
			continue
		}
		for _, id := range []string{ghost(), "not-a-uuid"} {
			ex := t.get(item{res: res, id: id}.path())
			t.wantStatus(ex, 404)
			t.want(len(ex.errors()) > 0, ex, "an error document")
		}
	}
}

func testFETCH6(t *T) {
	for _, res := range t.desc.Resources {
		if len(res.Relationships) == 0 || !res.can("create", "read") {
			continue
		}
		one := t.make(res)
		for _, rel := range res.Relationships {
			// Without the first, a server that has no such URLs at all would pass.
			t.wantStatus(t.get(one.related(rel.Name)), 200)
			t.wantStatus(t.get(item{res: res, id: ghost()}.related(rel.Name)), 404)
		}
	}
}

func testFETCH7(t *T) {
	t.wantStatus(t.get(t.desc.UnknownPath), 404)
	one := t.make(t.full())
	ex := t.do(http.MethodPut, one.path(), Object{"data": one.identifier()})
	t.wantStatus(ex, 405)
	t.want(ex.Header.Get("Allow") != "", ex, "an Allow header")
}

func testFETCH8(t *T) {
	one := t.make(t.full())
	for _, path := range []string{one.res.Path, one.path()} {
		get, head := t.get(path), t.do(http.MethodHead, path, nil)
		t.want(head.Status == get.Status, head, "status %d as with GET", get.Status)
		t.want(len(head.Body) == 0, head, "no body")
		for _, name := range []string{"Content-Type", "Vary", "ETag"} {
			t.want(head.Header.Get(name) == get.Header.Get(name), head, "%s %q as with GET", name, get.Header.Get(name))
		}
	}
}

func testFETCH9(t *T) {
	for _, link := range emitted(t.entryPages(), true) {
		ex := t.get(link.href)
		t.want(ex.Status == 200, ex, "%s to answer GET with 200", link.kind)
	}
}

func testFETCH10(t *T) {
	res := t.full()
	one := t.make(res)
	for _, rel := range res.Relationships {
		ex := t.get(one.endpoint(rel.Name))
		if !t.wantStatus(ex, 200) {
			continue
		}
		list, isArray := ex.top("data").([]any)
		t.want(has(ex.Document(), "data") && isArray == (rel.Kind == "many"), ex, "linkage of a to-%s relationship", rel.Kind)
		for _, o := range append(objects(list), ex.data()) {
			t.want(!has(o, "attributes") && !has(o, "relationships"), ex, "identifiers without fields")
		}
	}
}

func testFETCH11(t *T) {
	res, rel := t.relation("relationship", func(*Resource, *Relationship) bool { return true })
	one := t.make(res)
	t.needStatus(t.get(one.endpoint(rel.Name)), 200)
	t.wantStatus(t.get(item{res: res, id: ghost()}.endpoint(rel.Name)), 404)
	t.wantStatus(t.get(one.endpoint("noSuchRelationship")), 404)
}

func testFETCH12(t *T) {
	res, rel := t.toOne()
	owner, _ := t.linked(res, rel)
	t.needStatus(t.patch(owner.endpoint(rel.Name), Object{"data": nil}), 200, 204)
	ex := t.get(owner.endpoint(rel.Name))
	t.wantStatus(ex, 200)
	t.want(has(ex.Document(), "data") && ex.top("data") == nil, ex, "data: null")
}

func testFETCH13(t *T) {
	res, rel := t.relation("relationship", func(*Resource, *Relationship) bool { return true })
	ex := t.get(t.make(res).endpoint(rel.Name))
	t.needStatus(ex, 200)
	for _, name := range []string{"self", "related"} {
		ref := href(at(ex.Document(), "links", name))
		if t.want(ref != "", ex, "links.%s", name) {
			t.wantStatus(t.get(ref), 200)
		}
	}
}
