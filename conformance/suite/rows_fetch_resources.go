package suite

import (
	"net/http"
	"slices"
	"strings"
)

// crawlPerKind is how many links of one kind (type and link name) are followed.
const crawlPerKind = 4

// entryPages fetches documents whose links are to be followed: a resource of its own of each type, alone and with each include, and then
// the first page of every collection, whatever is on it.
func (t *T) entryPages() []*Exchange {
	var pages []*Exchange
	take := func(ex *Exchange) {
		if ex.Status == http.StatusOK {
			pages = append(pages, ex)
		}
	}
	each := func(res *Resource, ref string) {
		take(t.get(ref))
		for _, rel := range res.Relationships {
			if rel.mayBeIncluded() {
				take(t.get(withQuery(ref, "include="+rel.Name)))
			}
		}
	}
	for _, res := range t.desc.Resources {
		if res.can("create", "read") {
			each(res, t.make(res).path())
		}
	}
	for _, res := range t.desc.Resources {
		if res.can("list") {
			each(res, res.Path)
		}
	}
	return pages
}

type emittedLink struct {
	kind, href string
	page       *Exchange
	object     Object // that has the link; nil at the top level
}

// emitted collects the links of documents, at most crawlPerKind of each kind.
func emitted(pages []*Exchange, relationships bool) []emittedLink {
	var links []emittedLink
	count := map[string]int{}
	for _, ex := range pages {
		add := func(o Object, kind string, link any) {
			if ref := href(link); ref != "" && count[kind] < crawlPerKind {
				count[kind]++
				links = append(links, emittedLink{kind, ref, ex, o})
			}
		}
		if !relationships {
			for _, name := range append([]string{"self", "related"}, pagination...) {
				add(nil, "top-level "+name, at(ex.Document(), "links", name))
			}
		}
		for _, o := range slices.Concat(ex.list(), ex.included(), []Object{ex.data()}) {
			typ := str(o["type"])
			if !relationships {
				add(o, typ+" self", at(o, "links", "self"))
			}
			rels, _ := o["relationships"].(Object)
			for _, name := range names(rels) {
				if !relationships {
					add(o, typ+"."+name+" related", at(rels, name, "links", "related"))
					continue
				}
				for _, link := range append([]string{"self"}, pagination...) {
					add(o, typ+"."+name+" "+link, at(rels, name, "links", link))
				}
			}
		}
	}
	return links
}

func testFETCH1(t *T) { t.follow(emitted(t.entryPages(), false)) }

func testFETCH2(t *T) {
	res := t.resource("resource to list or read", func(r *Resource) bool { return r.can("list") || r.can("create", "read") })
	if res.can("list") {
		t.wantStatus(t.get(res.Path), 200)
	}
	if res.can("create", "read") {
		t.wantStatus(t.get(t.make(res).path()), 200)
	}
}

func testFETCH3(t *T) {
	t.walk("FETCH-3")
	res := t.resource("collection", func(r *Resource) bool { return r.can("list") })
	ex := t.get(res.Path)
	_, isArray := ex.top("data").([]any)
	t.want(isArray, ex, "an array as data")
}

func testFETCH4(t *T) {
	res := t.resource("resource to read", func(r *Resource) bool { return r.can("read") })
	for _, id := range []string{ghost(), "not-an-id"} {
		ex := t.get(item{res: res, id: id}.path())
		t.want(!has(ex.Document(), "data"), ex, "no data for a resource that does not exist")
	}
	owner, rel := t.toOne()
	ex := t.get(t.relatedURL(t.make(owner), rel.Name))
	t.needStatus(ex, 200)
	t.want(has(ex.Document(), "data") && ex.top("data") == nil, ex, "data: null for an empty to-one relationship")
}

func testFETCH5(t *T) {
	res := t.resource("resource to read", func(r *Resource) bool { return r.can("read") })
	for _, id := range []string{ghost(), "not-a-uuid"} {
		ex := t.get(item{res: res, id: id}.path())
		t.wantStatus(ex, 404)
		t.pick(len(ex.errors()) > 0, ex, "an error document")
	}
}

// testFETCH6 expects what the specification says of relationships: that one whose resource is missing is 404. Of related resources it says
// less: null is right where a URL "might correspond to a single resource, but doesn't currently".
func testFETCH6(t *T) {
	res, rel := t.anyRelation()
	one := t.make(res)
	ref := t.relatedURL(one, rel.Name)
	missing := t.elsewhere(one, ref, ghost())
	t.needStatus(t.get(ref), 200) // without it, a server that has no such URLs at all would pass
	t.wantStatus(t.get(missing), 404)
}

func testFETCH7(t *T) {
	t.wantStatus(t.get(t.desc.UnknownPath), 404)
	one := t.make(t.full())
	ex := t.do(http.MethodPut, one.path(), Object{"data": one.identifier()})
	t.pick(ex.Status == 405 || ex.Status == 501, ex, "status 405 or 501")
	if ex.Status == 405 {
		t.want(ex.Header.Get("Allow") != "", ex, "an Allow header")
	}
}

// testFETCH8 compares the headers of HEAD with those of GET. One that takes the content to compute may be left out.
func testFETCH8(t *T) {
	one := t.make(t.full())
	for _, path := range []string{one.res.Path, one.path()} {
		get, head := t.get(path), t.do(http.MethodHead, path, nil)
		if !t.want(head.Status == get.Status, head, "status %d as with GET", get.Status) {
			return
		}
		t.want(len(head.Body) == 0, head, "no body")
		for _, name := range []string{"Content-Type", "Vary", "ETag"} {
			value, as := head.Header.Get(name), get.Header.Get(name)
			t.pick(value != "" || as == "", head, "%s as with GET", name)
			if path == one.path() || name != "ETag" { // others may have changed the collection
				t.want(value == "" || value == as, head, "%s %q as with GET", name, as)
			}
		}
	}
}

func testFETCH9(t *T) { t.follow(emitted(t.entryPages(), true)) }

func testFETCH10(t *T) {
	res, rel := t.anyRelation()
	ex := t.get(t.endpoint(t.make(res), rel.Name))
	if !t.wantStatus(ex, 200) {
		return
	}
	list, isArray := ex.top("data").([]any)
	t.want(has(ex.Document(), "data") && isArray == (rel.Kind == "many"), ex, "linkage of a to-%s relationship", rel.Kind)
	for _, o := range append(objects(list), ex.data()) {
		t.want(!has(o, "attributes") && !has(o, "relationships"), ex, "identifiers without fields")
	}
}

func testFETCH11(t *T) {
	res, rel := t.anyRelation()
	one := t.make(res)
	ref := t.endpoint(one, rel.Name)
	t.needStatus(t.get(ref), 200)
	if base, isLast := strings.CutSuffix(ref, "/"+rel.Name); isLast {
		t.wantStatus(t.get(base+"/noSuchRelationship"), 404)
	}
	t.wantStatus(t.get(t.elsewhere(one, ref, ghost())), 404)
}

func testFETCH12(t *T) {
	res, rel := t.toOne()
	ref := t.endpoint(t.make(res), rel.Name)
	ex := t.get(ref)
	t.wantStatus(ex, 200)
	t.want(has(ex.Document(), "data") && ex.top("data") == nil, ex, "data: null")
	owner, _ := t.related(res, rel)
	ref = t.endpoint(owner, rel.Name)
	if t.patch(ref, Object{"data": nil}).Status < 300 {
		ex := t.get(ref)
		t.want(ex.Status == 200 && ex.top("data") == nil, ex, "data: null after it was cleared")
	}
}

func testFETCH13(t *T) {
	res, rel := t.anyRelation()
	ex := t.get(t.endpoint(t.make(res), rel.Name))
	t.needStatus(ex, 200)
	for _, name := range []string{"self", "related"} {
		ref := href(at(ex.Document(), "links", name))
		if t.want(ref != "", ex, "links.%s", name) {
			t.wantStatus(t.get(ref), 200)
		}
	}
}

// gone tells whether a link of a document leads nowhere because somebody has deleted its resource since.
func (t *T) gone(answer, page *Exchange, o Object) bool {
	if answer.Status != http.StatusNotFound && answer.Status != http.StatusGone {
		return false
	}
	again := t.get(page.URL.String())
	return !slices.ContainsFunc(slices.Concat(again.list(), again.included(), []Object{again.data()}), func(other Object) bool {
		return key(other) == key(o)
	})
}

func (t *T) follow(links []emittedLink) {
	for _, link := range links {
		ex := t.get(link.href)
		if link.object != nil && t.gone(ex, link.page, link.object) {
			continue
		}
		t.want(ex.Status == 200, ex, "%s to answer GET with 200", link.kind)
	}
}

func (t *T) anyRelation() (*Resource, *Relationship) {
	return t.relation("relationship", func(*Resource, *Relationship) bool { return true })
}
