package suite

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// item is a resource the suite has made.
type item struct {
	res *Resource
	id  string
	// object is the resource object of the answer that created it.
	object Object
	// sent are the attributes it was created with.
	sent Object
}

func (i item) path() string       { return strings.TrimSuffix(i.res.Path, "/") + "/" + i.id }
func (i item) identifier() Object { return identifier(i.res.Type, i.id) }

// endpoint returns the URL of a relationship, as the server's own links or the description have it, and relatedURL that of what it leads
// to, as its links have it. Both links are optional, so without them there is nothing to test.
func (t *T) endpoint(i item, name string) string {
	ref := t.emitted(i, name, "self")
	if rel := i.res.relationship(name); ref == "" && rel != nil && rel.Endpoint != "" {
		ref = i.path() + "/" + rel.Endpoint
	}
	return t.needLink(i, name, "self", ref)
}

func (t *T) relatedURL(i item, name string) string {
	return t.needLink(i, name, "related", t.emitted(i, name, "related"))
}

func (t *T) needLink(i item, name, link, ref string) string {
	if ref == "" {
		t.skip("%s.%s has no %s link", i.res.Type, name, link)
	}
	return ref
}

// emitted returns a link of a relationship, "" for none.
func (t *T) emitted(i item, name, link string) string {
	if at(i.object, "relationships", name) == nil {
		i.object = t.get(i.path()).data()
	}
	return href(at(i.object, "relationships", name, "links", link))
}

// elsewhere returns a URL of an item as it would be for another id. A server may write its URLs so that there is none.
func (t *T) elsewhere(i item, ref, id string) string {
	u, err := url.Parse(ref)
	if err != nil || !strings.Contains(u.Path, "/"+i.id+"/") {
		t.skip("%s does not hold the id of its resource as a segment", ref)
	}
	return strings.Replace(ref, "/"+i.id+"/", "/"+id+"/", 1)
}

func identifier(typ, id string) Object { return Object{"type": typ, "id": id} }

// group is a number of resources that the scope of their type selects from all others.
type group struct {
	res   *Resource
	items []item
	scope string
}

// list returns the path of the group's collection with more query parameters.
func (g group) list(query ...string) string {
	return withQuery(withQuery(g.res.Path, g.scope), query...)
}

func (g group) ids() []string {
	out := make([]string, len(g.items))
	for i, it := range g.items {
		out[i] = it.id
	}
	return out
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// newUUID returns a random UUID of version 4.
func newUUID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// expand replaces the placeholders in a template.
func (t *T) expand(v any, groupToken string, n int) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(Object, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out[k] = t.expand(v[k], groupToken, n)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = t.expand(v[i], groupToken, n)
		}
		return out
	case string:
		return t.expandString(v, groupToken, n)
	}
	return v
}

func (t *T) expandString(s, groupToken string, n int) string {
	s = strings.ReplaceAll(s, "{{group}}", groupToken)
	s = strings.ReplaceAll(s, "{{n}}", fmt.Sprintf("%03d", n))
	for strings.Contains(s, "{{unique}}") {
		s = strings.Replace(s, "{{unique}}", "c"+randomHex(6), 1)
	}
	for strings.Contains(s, "{{uuid}}") {
		s = strings.Replace(s, "{{uuid}}", newUUID(), 1)
	}
	for {
		before, rest, found := strings.Cut(s, "{{new:")
		if !found {
			return s
		}
		typ, after, _ := strings.Cut(rest, "}}")
		s = before + t.make(t.described(typ)).id + after
	}
}

// described returns the resource of a type the description itself refers to.
func (t *T) described(typ string) *Resource {
	res := t.desc.resource(typ)
	if res == nil {
		t.skip("the description refers to the type %q without describing it", typ)
	}
	return res
}

// sample returns a fresh value for an attribute.
func (t *T) sample(s *Sample) any { return t.expand(s.Value, "g"+randomHex(5), 1) }

// body returns a valid body that creates a resource, for the test to spoil.
func (t *T) body(res *Resource) Object { return t.bodyIn(res, "g"+randomHex(5), 1) }

func (t *T) bodyIn(res *Resource, groupToken string, n int) Object {
	data := Object{"type": res.Type}
	if len(res.Create.Attributes) > 0 {
		data["attributes"] = t.expand(map[string]any(res.Create.Attributes), groupToken, n)
	}
	if len(res.Create.Relationships) > 0 {
		data["relationships"] = t.expand(map[string]any(res.Create.Relationships), groupToken, n)
	}
	return Object{"data": data}
}

// data returns the resource object of a request body.
func data(body Object) Object { return body["data"].(Object) }

// part returns the object member of a resource object, making it if need be.
func part(o Object, name string) Object {
	p, ok := o[name].(Object)
	if !ok {
		p = Object{}
		o[name] = p
	}
	return p
}

// setAttribute and setLinkage fill in a request body.
func setAttribute(body Object, name string, value any) { part(data(body), "attributes")[name] = value }

func setLinkage(body Object, name string, linkage any) {
	part(data(body), "relationships")[name] = Object{"data": linkage}
}

// make creates a resource and ends the turn if that does not work.
func (t *T) make(res *Resource, change ...func(Object)) item {
	body := t.body(res)
	for _, c := range change {
		c(body)
	}
	return t.create(res, body)
}

// create sends a body and turns the answer into an item.
func (t *T) create(res *Resource, body Object) item {
	ex := t.post(res.Path, body)
	id := str(ex.data()["id"])
	t.need(succeeded(ex) && id != "", ex, "a new resource of type %s", res.Type)
	sent, _ := data(body)["attributes"].(Object)
	return item{res: res, id: id, object: ex.data(), sent: sent}
}

// kept tells whether what a resource was created with is the same in two of its representations. What only one of them has does not
// count: a server may send a subset of the fields, and some of its own change at each reading.
func (i item) kept(a, b Object) bool {
	for name := range i.sent {
		x, y := at(a, "attributes", name), at(b, "attributes", name)
		if x != nil && y != nil && text(x) != text(y) {
			return false
		}
	}
	return true
}

// group creates n resources that can be listed on their own.
func (t *T) group(res *Resource, n int, change ...func(int, Object)) group {
	if res.Scope == "" {
		t.skip("the description has no scope for %s", res.Type)
	}
	token := "g" + randomHex(5)
	g := group{res: res, scope: t.expandString(res.Scope, token, 0)}
	for i := range n {
		body := t.bodyIn(res, token, i+1)
		for _, c := range change {
			c(i, body)
		}
		g.items = append(g.items, t.create(res, body))
	}
	// A scope that does not select the group, because the server filters what it has already cut to a page, makes no row fail.
	found := ids(t.get(g.list()).list())
	foreign := slices.ContainsFunc(found, func(id string) bool { return !slices.Contains(g.ids(), id) })
	if len(found) == 0 || foreign {
		t.skip("the scope %s does not select the resources it should", g.scope)
	}
	return g
}

// patchBody returns a body that changes attributes of an item.
func patchBody(i item, attributes Object) Object {
	return Object{"data": Object{"type": i.res.Type, "id": i.id, "attributes": attributes}}
}

func patchLinkage(i item, name string, linkage any) Object {
	return Object{"data": Object{"type": i.res.Type, "id": i.id, "relationships": Object{name: Object{"data": linkage}}}}
}

// resource returns a resource that fits, another one each turn, or skips the row.
func (t *T) resource(missing string, fits func(*Resource) bool) *Resource {
	var candidates []*Resource
	for _, res := range t.desc.Resources {
		if fits(res) {
			candidates = append(candidates, res)
		}
	}
	if len(candidates) == 0 {
		t.skip("the description has no %s", missing)
	}
	return choose(t, candidates)
}

// full returns a resource with all five operations.
func (t *T) full() *Resource {
	return t.resource("resource with all five operations", func(r *Resource) bool { return r.can(allOperations...) })
}

// updatable returns a full resource with an attribute to change.
func (t *T) updatable() *Resource {
	return t.resource("resource with an attribute to update", func(r *Resource) bool {
		return r.can(allOperations...) && r.Update != nil
	})
}

// listable returns a resource whose groups can be listed.
func (t *T) listable() *Resource {
	return t.resource("resource with a scope", func(r *Resource) bool { return r.can("list", "create") && r.Scope != "" })
}

// sortable returns a listable resource that can be sorted.
func (t *T) sortable() *Resource {
	return t.resource("resource with a scope and a sort", func(r *Resource) bool {
		return r.can("list", "create") && r.Scope != "" && r.Sort != nil
	})
}

// relation returns a relationship that fits, of a resource that can be created, another one each turn, or skips the row.
func (t *T) relation(missing string, fits func(*Resource, *Relationship) bool) (*Resource, *Relationship) {
	type pair struct {
		res *Resource
		rel *Relationship
	}
	var candidates []pair
	for _, res := range t.desc.Resources {
		for _, rel := range res.Relationships {
			if res.can("create", "read") && fits(res, rel) {
				candidates = append(candidates, pair{res, rel})
			}
		}
	}
	if len(candidates) == 0 {
		t.skip("the description has no %s", missing)
	}
	p := choose(t, candidates)
	return p.res, p.rel
}

// toOne returns a to-one relationship that may be set and cleared, whose target can be made.
func (t *T) toOne() (*Resource, *Relationship) {
	return t.relation("writable, nullable to-one relationship", func(r *Resource, rel *Relationship) bool {
		return rel.Kind == "one" && rel.writable() && !rel.Required && r.can("update") && t.canMake(rel.Target)
	})
}

// writable returns a relationship of either kind that may be set when its resource is created, whose target can be made.
func (t *T) writable() (*Resource, *Relationship) {
	return t.relation("writable relationship", func(_ *Resource, rel *Relationship) bool { return rel.writable() && t.canMake(rel.Target) })
}

// toMany returns a to-many relationship that may be changed, whose target can be made.
func (t *T) toMany() (*Resource, *Relationship) {
	return t.relation("writable to-many relationship", func(r *Resource, rel *Relationship) bool {
		return rel.Kind == "many" && rel.writable() && r.can("update") && t.canMake(rel.Target)
	})
}

func (t *T) canMake(typ string) bool {
	res := t.desc.resource(typ)
	return res != nil && res.can("create", "read")
}

// linkTo returns the linkage of a relationship that holds one item.
func linkTo(rel *Relationship, target item) any {
	if rel.Kind == "many" {
		return []any{target.identifier()}
	}
	return target.identifier()
}

// members makes n targets and their identifiers.
func (t *T) members(rel *Relationship, n int) ([]item, []any) {
	var items []item
	var linkage []any
	for range n {
		it := t.make(t.described(rel.Target))
		items = append(items, it)
		linkage = append(linkage, it.identifier())
	}
	return items, linkage
}

// memberIDs reads a to-many relationship and returns the ids in it, sorted.
func (t *T) memberIDs(owner item, name string) []string {
	ex := t.get(t.endpoint(owner, name))
	t.need(ex.Status == 200, ex, "the linkage of %s with status 200", name)
	list := ids(ex.list())
	slices.Sort(list)
	return list
}

func sortedIDs(items ...item) []string {
	list := group{items: items}.ids()
	slices.Sort(list)
	return list
}

// ghost is the id of nothing.
func ghost() string { return newUUID() }

// targetOf reads a to-one relationship: from the resource if it shows its linkage, else
// from the relationship endpoint.
func (t *T) targetOf(owner item, name string) (string, *Exchange) {
	ex := t.get(owner.path())
	if rel := at(ex.data(), "relationships", name); has(rel, "data") {
		return str(at(rel, "data", "id")), ex
	}
	ex = t.get(t.endpoint(owner, name))
	t.needStatus(ex, 200)
	return str(ex.data()["id"]), ex
}

// sized returns the query parameter that asks for pages of n in the server's style of paging.
func (t *T) sized(n any) string { return fmt.Sprintf("%s=%v", t.sizeName(), n) }

func (t *T) sizeName() string {
	if t.desc.Paging.Style == "offset" {
		return "page[limit]"
	}
	return "page[size]"
}
