package suite

import (
	"net/url"
	"slices"
	"strings"
)

// values returns an attribute of every resource of a list.
func values(list []Object, attribute string) []string {
	var out []string
	for _, o := range list {
		out = append(out, str(at(o, "attributes", attribute)))
	}
	return out
}

func testFETCH40(t *T) {
	res := t.sortable()
	g := t.group(res, 3)
	up := t.get(g.list("sort=" + res.Sort.Attribute))
	down := t.get(g.list("sort=-" + res.Sort.Attribute))
	t.needStatus(up, 200)
	t.needStatus(down, 200)
	t.want(slices.Equal(ids(up.list()), g.ids()), up, "ascending order of %s", res.Sort.Attribute)
	reversed := ids(down.list())
	slices.Reverse(reversed)
	t.want(slices.Equal(reversed, g.ids()), down, "descending order of %s", res.Sort.Attribute)
}

func testFETCH41(t *T) {
	res := t.sortable()
	if res.Sort.Ties == "" {
		t.skip("the description has no sort.ties for %s", res.Type)
	}
	g := t.group(res, 3)
	ex := t.optional("several sort fields", g.list("sort="+res.Sort.Ties+",-"+res.Sort.Attribute))
	reversed := ids(ex.list())
	slices.Reverse(reversed)
	t.want(slices.Equal(reversed, g.ids()), ex, "descending %s among equal %s", res.Sort.Attribute, res.Sort.Ties)
}

// testFETCH42 demands 400 only for a field that cannot be sorted by. The rest is written oddly, and a server may find sense in it.
func testFETCH42(t *T) {
	res := t.sortable()
	one := t.make(res)
	for _, field := range []string{"noSuchField", res.Sort.Unsortable} {
		if field != "" {
			ex := t.get(withQuery(res.Path, "sort="+field))
			t.wantStatus(ex, 400)
			t.wantParameter(ex, "sort")
		}
	}
	name := res.Sort.Attribute
	list := res.Path + "?sort="
	for _, ref := range []string{list + "+" + name, list + name + ",," + name, list, one.path() + "?sort=" + name} {
		ex := t.get(ref)
		t.pick(ex.Status == 400, ex, "status 400")
	}
}

func (t *T) needPages() {
	if t.desc.Paging.Style == "" {
		t.skip("the description has no paging.style")
	}
}

// pages walks from a first page to the last by one kind of link.
func (t *T) pages(first *Exchange, link string, options ...option) []*Exchange {
	const tooMany = 50
	t.needLinks(first)
	list := []*Exchange{first}
	for len(list) < tooMany {
		next := href(at(list[len(list)-1].Document(), "links", link))
		if next == "" {
			return list
		}
		ex := t.get(next, options...)
		t.needStatus(ex, 200)
		list = append(list, ex)
	}
	t.need(false, list[len(list)-1], "the walk along %s to end", link)
	return nil
}

func idsOf(pages []*Exchange) []string {
	var list []string
	for _, page := range pages {
		list = append(list, ids(page.list())...)
	}
	return list
}

func testFETCH43(t *T) {
	t.needPages()
	res := t.sortable()
	g := t.group(res, 5)
	pages := t.pages(t.get(g.list("sort="+res.Sort.Attribute, t.sized(2))), "next")
	t.want(slices.Equal(idsOf(pages), g.ids()), pages[0], "ascending %s across the pages", res.Sort.Attribute)
}

func testFETCH44(t *T) {
	res, rel := t.toOne()
	target := t.described(rel.Target)
	if target.Sort == nil {
		t.skip("the description has no sort for %s", rel.Target)
	}
	t.wantStatus(t.get(withQuery(res.Path, "sort="+rel.Name+"."+target.Sort.Attribute)), 200, 400)
}

func testFETCH45(t *T) {
	res, rel := t.relation("writable to-one relationship with an inverse in a sortable type", func(r *Resource, rel *Relationship) bool {
		return rel.Kind == "one" && rel.writable() && rel.Inverse != "" && r.Sort != nil && r.Scope != "" && t.canMake(rel.Target)
	})
	target := t.make(t.described(rel.Target))
	g := t.group(res, 3, func(_ int, body Object) { setLinkage(body, rel.Name, target.identifier()) })
	ex := t.optional("sort in related collections", withQuery(t.relatedURL(target, rel.Inverse), "sort=-"+res.Sort.Attribute))
	reversed := ids(ex.list())
	slices.Reverse(reversed)
	t.want(slices.Equal(reversed, g.ids()), ex, "descending %s in the related collection", res.Sort.Attribute)
}

func testFETCH50(t *T) {
	t.needPages()
	ex := t.get(t.group(t.listable(), 3).list(t.sized(1)))
	t.needLinks(ex)
	t.want(href(at(ex.Document(), "links", "next")) != "", ex, "links.next at the top level")
}

func testFETCH52(t *T) {
	t.walk("FETCH-52")
	t.needPages()
	g := t.group(t.listable(), 2)
	pages := t.pages(t.get(g.list(t.sized(1))), "next")
	first, last := pages[0], pages[len(pages)-1]
	t.want(len(pages) == 2, last, "no link to an empty page")
	t.want(at(first.Document(), "links", "prev") == nil, first, "no prev on the first page")
}

func testFETCH53(t *T) {
	t.needPages()
	res := t.sortable()
	g := t.group(res, 4)
	pages := t.pages(t.get(g.list("sort=-"+res.Sort.Attribute, t.sized(2))), "next")
	got := values(slices.Concat(pages[0].list(), pages[len(pages)-1].list()), res.Sort.Attribute)
	t.want(len(pages) > 1 && slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(b, a) }),
		pages[len(pages)-1], "smaller %s behind next", res.Sort.Attribute)
}

func testFETCH54(t *T) {
	t.needPages()
	ex := t.get(t.group(t.listable(), 3).list(t.sized(1)))
	t.needLinks(ex)
	next := href(at(ex.Document(), "links", "next"))
	u, err := url.Parse(next)
	t.need(err == nil && next != "", ex, "a next link")
	for name := range u.Query() {
		t.want(strings.HasPrefix(name, "page[") || ex.URL.Query().Has(name), ex, "the page family only, got %q", name)
	}
}

func testFETCH55(t *T) {
	t.needPages()
	res := t.sortable()
	g := t.group(res, 3)
	ex := t.optional("these parameters together", g.list("sort=-"+res.Sort.Attribute, fieldsOf(res.Type, res.Sort.Attribute), t.sized(1)))
	for _, name := range pagination {
		link := href(at(ex.Document(), "links", name))
		if link == "" {
			continue
		}
		u, err := url.Parse(link)
		t.need(err == nil, ex, "links.%s to be a URL", name)
		for parameter, want := range ex.URL.Query() {
			if !strings.HasPrefix(parameter, "page[") {
				t.want(slices.Equal(u.Query()[parameter], want), ex, "%s=%s in links.%s", parameter, want[0], name)
			}
		}
		t.want(u.Query().Get(t.sizeName()) == "1", ex, "%s in links.%s", t.sized(1), name)
	}
}

func testFETCH56(t *T) {
	t.needPages()
	res := t.listable()
	g := t.group(res, 5)
	query := []string{t.sized(2)}
	if res.Sort != nil && res.Sort.Ties != "" {
		query = append(query, "sort="+res.Sort.Ties)
	}
	there := t.pages(t.get(g.list(query...)), "next")
	visited := idsOf(there)
	sorted := slices.Sorted(slices.Values(visited))
	t.want(slices.Equal(sorted, slices.Sorted(slices.Values(g.ids()))), there[len(there)-1], "every item once along next")
	last := there[len(there)-1]
	if href(at(last.Document(), "links", "prev")) == "" {
		return
	}
	back := t.pages(last, "prev")
	slices.Reverse(back)
	t.want(slices.Equal(idsOf(back), visited), back[0], "the same items in the same order along prev")
}

// testFETCH57 demands 400 for members of page that do not exist. What a bad value is, and whether it is refused, the server decides.
func testFETCH57(t *T) {
	t.needPages()
	path, size := t.listable().Path, t.sizeName()
	for query, name := range map[string]string{"page[foo]=1": "page[foo]", "page=2": "page"} {
		ex := t.get(withQuery(path, query))
		t.wantStatus(ex, 400)
		t.wantParameter(ex, name)
	}
	bad := map[string]string{t.sized(-1): size, t.sized("x"): size}
	if t.desc.Paging.Style == "number" {
		bad["page[number]=0"], bad["page[number]=x"] = "page[number]", "page[number]"
	}
	if n := t.desc.Paging.SizeMax; n > 0 {
		bad[t.sized(n+1)] = size
	}
	for _, query := range sortedKeys(bad) {
		ex := t.get(withQuery(path, query))
		t.pick(ex.Status == 400, ex, "status 400")
		t.wantParameter(ex, bad[query])
	}
}

// findable tells whether one resource can be found by a value that no other has.
func (r *Resource) findable() bool {
	if r.Filter == nil || !r.can("list", "create") {
		return false
	}
	sample := str(r.Create.Attributes[r.Filter.Attribute])
	return slices.ContainsFunc([]string{"{{unique}}", "{{group}}", "{{uuid}}"}, func(p string) bool { return strings.Contains(sample, p) })
}

func (t *T) filterable() *Resource {
	return t.resource("filter on an attribute with {{unique}}, {{group}} or {{uuid}} in its sample", (*Resource).findable)
}

// testFETCH60 looks for its own resource among whatever else has the same value.
func testFETCH60(t *T) {
	res := t.filterable()
	t.want(strings.HasPrefix(res.Filter.Parameter, "filter["), nil, "the filter family, got %q", res.Filter.Parameter)
	one, name := t.make(res), res.Filter.Attribute
	ex := t.filtered(one)
	t.want(slices.Contains(ids(ex.list()), one.id), ex, "the resource whose %s was asked for", name)
	for _, o := range ex.list() {
		if has(o["attributes"], name) {
			t.want(text(at(o, "attributes", name)) == text(at(one.object, "attributes", name)), ex, "no other %s", name)
		}
	}
}

func testFETCH61(t *T) {
	ex := t.get(withQuery(t.listable().Path, "filter[noSuchField]=1"))
	t.wantStatus(ex, 400)
	t.wantParameter(ex, "filter[noSuchField]")
	ex = t.get(withQuery(t.listable().Path, "filter=x")) // a server may have a meaning for it
	t.pick(ex.Status == 400, ex, "status 400 for a filter without a field")
}

func testFETCH62(t *T) {
	res := t.resource("relationship filter", func(r *Resource) bool { return r.RelationshipFilter != nil && r.can("list", "create") })
	f := res.RelationshipFilter
	rel := res.relationship(f.Relationship)
	if rel == nil || !t.canMake(rel.Target) {
		t.skip("the relationship of the filter, %s, is not described or its target cannot be made", f.Relationship)
	}
	one, targetOne := t.related(res, rel)
	two, targetTwo := t.related(res, rel)
	ex := t.get(withQuery(res.Path, f.Parameter+"="+targetOne.id))
	t.want(slices.Equal(ids(ex.list()), []string{one.id}), ex, "the one resource related to %s", targetOne.id)
	if f.Multiple {
		ex = t.get(withQuery(res.Path, f.Parameter+"="+targetOne.id+","+targetTwo.id))
		t.want(slices.Equal(slices.Sorted(slices.Values(ids(ex.list()))), sortedIDs(one, two)), ex, "the resources related to either")
	}
	if res.findable() {
		value := url.QueryEscape(str(at(two.object, "attributes", res.Filter.Attribute)))
		ex = t.get(withQuery(res.Path, f.Parameter+"="+targetOne.id, res.Filter.Parameter+"="+value))
		t.want(ex.Status == 200 && len(ex.list()) == 0, ex, "nothing that fits both filters")
	}
}

func testFETCH63(t *T) {
	t.wantStatus(t.get(withQuery(t.listable().Path, "filter[_]=1")), 400)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// needLinks skips the turn if a page of more than there is room for has no pagination links, which are optional.
func (t *T) needLinks(ex *Exchange) {
	t.needStatus(ex, 200)
	if len(ex.list()) == 0 {
		t.skip("the page is empty: the server filters what it has already cut to a page")
	}
	for _, name := range pagination {
		if has(ex.top("links"), name) {
			return
		}
	}
	t.skip("the server sends no pagination links")
}

// filtered lists the resources that have the same value as one of theirs in the attribute of the filter.
func (t *T) filtered(one item) *Exchange {
	value := url.PathEscape(str(at(one.object, "attributes", one.res.Filter.Attribute))) // how + is read is QUERY-6
	return t.get(withQuery(one.res.Path, one.res.Filter.Parameter+"="+value))
}

// wantNone expects that no resource came to be with the value that the body of a failed create has in the attribute of the filter.
func (t *T) wantNone(res *Resource, resource Object) {
	value := str(at(resource, "attributes", res.Filter.Attribute))
	list := t.get(withQuery(res.Path, res.Filter.Parameter+"="+url.QueryEscape(value)))
	t.needStatus(list, 200)
	// The filter may be one that finds more, and there may be others.
	for _, o := range list.list() {
		t.want(str(at(o, "attributes", res.Filter.Attribute)) != value, list, "nothing created by the failed request")
	}
	t.want(true, list, "nothing created by the failed request")
}
