package suite

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// cursored makes a group of n and returns it, skipping where cursors are not offered.
func (t *T) cursored(n int) group {
	t.needCursor()
	return t.group(t.listable(), n)
}

// cursorList fetches a page of a group under the profile.
func (t *T) cursorList(g group, query ...string) *Exchange {
	ex := t.get(g.list(query...), accept(cursorType))
	t.needStatus(ex, 200)
	return ex
}

// cursor extracts page[after] from the next link or page[before] from the prev link.
func (t *T) cursor(ex *Exchange, link string) string {
	u, err := url.Parse(href(at(ex.Document(), "links", link)))
	t.need(err == nil, ex, "links.%s to be a URL", link)
	name := map[string]string{"next": "page[after]", "prev": "page[before]"}[link]
	value := u.Query().Get(name)
	t.need(value != "", ex, "%s in links.%s", name, link)
	return url.QueryEscape(value)
}

func testCUR1(t *T) {
	t.needCursor()
	res := t.sortable()
	if res.Sort.Ties == "" {
		t.skip("the description has no sort.ties for %s", res.Type)
	}
	g := t.group(res, 5)
	first := t.get(g.list("sort="+res.Sort.Ties, "page[size]=2"), accept(cursorType))
	if first.Status == 400 && hasType(first, "unsupported-sort") {
		t.skip("the server does not page what is sorted by %s", res.Sort.Ties)
	}
	pages := t.pages(first, "next", accept(cursorType))
	visited := idsOf(pages)
	slices.Sort(visited)
	t.want(slices.Equal(visited, slices.Sorted(slices.Values(g.ids()))), pages[len(pages)-1], "each item once in spite of ties")
}

func testCUR2(t *T) {
	g := t.cursored(4)
	one, two := t.cursorList(g), t.cursorList(g)
	t.want(slices.Equal(ids(one.list()), ids(two.list())), two, "the same order in two reads")
	owner, name, _ := t.team(3)
	one, two = t.get(t.endpoint(owner, name)), t.get(t.endpoint(owner, name))
	t.want(len(one.list()) == 3 && slices.Equal(ids(one.list()), ids(two.list())), two, "the same linkage in two reads")
}

// hasType tells whether an error has the type of one of the profile's errors.
func hasType(ex *Exchange, name string) bool {
	return slices.ContainsFunc(ex.errors(), func(e Object) bool { return href(at(e, "links", "type")) == cursorURI+"/"+name })
}

func testCUR3(t *T) {
	t.needCursor()
	res := t.resource("sort.unpageable", func(r *Resource) bool { return r.Sort != nil && r.Sort.Unpageable != "" })
	ex := t.get(withQuery(res.Path, "sort="+res.Sort.Unpageable, "page[size]=1"), accept(cursorType))
	t.wantStatus(ex, 400)
	t.want(hasSource(ex, "parameter", "sort"), ex, "source.parameter sort")
	t.want(hasType(ex, "unsupported-sort"), ex, "links.type unsupported-sort")
}

func testCUR4(t *T) {
	g := t.cursored(3)
	for _, size := range []string{"0", "-1", "1.5", "abc", "", "1e3", "%2B5", "0x1"} {
		ex := t.get(g.list("page[size]="+size), accept(cursorType))
		t.wantStatus(ex, 400)
		t.want(hasSource(ex, "parameter", "page[size]"), ex, "source.parameter page[size]")
	}
	ex := t.cursorList(g, "page[size]=02")
	t.want(len(ex.list()) == 2, ex, "02 read as 2")
}

func testCUR5(t *T) {
	t.needCursor()
	if t.desc.Paging.SizeMax == 0 {
		t.skip("the description has no paging.sizeMax")
	}
	ex := t.get(withQuery(t.listable().Path, "page[size]="+strconv.Itoa(t.desc.Paging.SizeMax+1)), accept(cursorType))
	t.wantStatus(ex, 400)
	t.want(hasSource(ex, "parameter", "page[size]"), ex, "source.parameter page[size]")
	t.want(slices.ContainsFunc(ex.errors(), func(e Object) bool {
		return text(at(e, "meta", "page", "maxSize")) == strconv.Itoa(t.desc.Paging.SizeMax)
	}), ex, "meta.page.maxSize %d", t.desc.Paging.SizeMax)
	t.want(hasType(ex, "max-size-exceeded"), ex, "links.type max-size-exceeded")
}

func testCUR6(t *T) {
	t.needCursor()
	if n := t.desc.Paging.SizeDefault; n > 0 && n <= 50 {
		ex := t.cursorList(t.cursored(n + 1))
		t.want(len(ex.list()) == n, ex, "the default of %d items", n)
		return
	}
	ex := t.cursorList(t.cursored(2))
	t.want(len(ex.list()) > 0, ex, "at least one item")
}

func testCUR7(t *T) {
	g := t.cursored(5)
	pages := t.pages(t.cursorList(g, "page[size]=2"), "next", accept(cursorType))
	t.want(len(pages) == 3, pages[len(pages)-1], "three pages")
	for i, page := range pages {
		want := 2
		if i == len(pages)-1 {
			want = 1
		}
		t.want(len(page.list()) == want, page, "%d items on page %d", want, i+1)
	}
}

// testCUR8 leaves it to the server what a cursor is: "any string" would be an answer. What it refuses, it must refuse in the right way.
func testCUR8(t *T) {
	g := t.cursored(3)
	good := t.cursor(t.cursorList(g, "page[size]=1"), "next")
	half := good[:len(good)/2]
	if i := strings.LastIndexByte(half, '%'); i >= 0 && i > len(half)-3 {
		half = half[:i]
	}
	for _, name := range []string{"page[after]", "page[before]"} {
		for _, bad := range []string{"garbage", half, flip(good), "", "%00", "%21%21"} {
			ex := t.get(g.list("page[size]=1", name+"="+bad), accept(cursorType))
			if t.pick(refused(ex), ex, "a refusal of what was never a cursor") {
				t.want(ex.Status == 400 && hasSource(ex, "parameter", name), ex, "status 400 and source.parameter %s", name)
			}
		}
	}
}

// flip changes a character in the middle of a cursor.
func flip(cursor string) string {
	for i := len(cursor) / 2; i < len(cursor); i++ {
		if c := cursor[i]; c >= 'a' && c <= 'z' && (i < 2 || cursor[i-1] != '%' && cursor[i-2] != '%') {
			replacement := "a"
			if c == 'a' {
				replacement = "b"
			}
			return cursor[:i] + replacement + cursor[i+1:]
		}
	}
	return cursor + "x"
}

func testCUR9(t *T) {
	g := t.cursored(4)
	all := ids(t.cursorList(g).list())
	after := t.cursor(t.cursorList(g, "page[size]=2"), "next")
	ex := t.cursorList(g, "page[size]=1", "page[after]="+after)
	t.want(slices.Equal(ids(ex.list()), all[2:3]), ex, "the third item %s", all[2])
}

func testCUR10(t *T) {
	g := t.cursored(5)
	all := ids(t.cursorList(g).list())
	first := t.cursorList(g, "page[size]=3")
	second := t.cursorList(g, "page[size]=2", "page[after]="+t.cursor(first, "next"))
	before := t.cursor(second, "prev") // falls on the fourth item
	ex := t.cursorList(g, "page[size]=2", "page[before]="+before)
	t.want(slices.Equal(ids(ex.list()), all[1:3]), ex, "the second and third item in the order of the list")
}

func testCUR11(t *T) {
	g := t.cursored(3)
	ex := t.cursorList(g, "page[size]=2")
	after := t.cursor(ex, "next")
	third := slices.IndexFunc(g.items, func(i item) bool { return !slices.Contains(ids(ex.list()), i.id) })
	t.needStatus(t.del(g.items[third].path(), nil), 200, 204)
	ex = t.cursorList(g, "page[size]=2", "page[after]="+after)
	list, isArray := ex.top("data").([]any)
	if slices.Equal(ids(ex.list()), []string{g.items[third].id}) {
		t.skip("the server serves a snapshot, in which the deleted item still is")
	}
	t.want(isArray && len(list) == 0, ex, "an empty array behind the last item")
}

func testCUR12(t *T) {
	g := t.cursored(3)
	all, page := t.cursorList(g), t.cursorList(g, "page[size]=1")
	t.want(slices.Equal(ids(page.list()), ids(all.list())[:1]), page, "the first item of the list")
}

func testCUR13(t *T) {
	g := t.cursored(5)
	all := ids(t.cursorList(g).list())
	first := t.cursorList(g, "page[size]=1")
	after := t.cursor(first, "next")
	third := t.cursorList(g, "page[size]=3", "page[after]="+t.cursor(t.cursorList(g, "page[size]=4"), "next"))
	before := t.cursor(third, "prev") // falls on the fifth item
	ex := t.get(g.list("page[after]="+after, "page[before]="+before), accept(cursorType))
	if ex.Status == 400 {
		t.want(hasType(ex, "range-pagination-not-supported"), ex, "links.type range-pagination-not-supported")
		return
	}
	t.wantStatus(ex, 200)
	t.want(slices.Equal(ids(ex.list()), all[1:4]), ex, "the items between the cursors")
	ex = t.cursorList(g, "page[after]="+after, "page[before]="+before, "page[size]=1")
	t.want(slices.Equal(ids(ex.list()), all[1:2]), ex, "the first item behind the cursor")
	t.want(at(ex.Document(), "meta", "page", "rangeTruncated") == true, ex, "meta.page.rangeTruncated")
}

func testCUR14(t *T) {
	g := t.cursored(1)
	empty := withQuery(g.res.Path, t.expandString(g.res.Scope, "g"+randomHex(5), 0))
	for _, ex := range []*Exchange{t.cursorList(g), t.get(empty, accept(cursorType))} {
		t.needStatus(ex, 200)
		for _, name := range []string{"prev", "next"} {
			t.want(has(ex.top("links"), name), ex, "links.%s, be it null", name)
		}
	}
}

func testCUR15(t *T) {
	g := t.cursored(4)
	first := t.cursorList(g, "page[size]=2")
	t.want(href(at(first.Document(), "links", "next")) != "", first, "a next link on the first of two pages")
	last := t.cursorList(g, "page[size]=2", "page[after]="+t.cursor(first, "next"))
	t.want(len(last.list()) == 2 && at(last.Document(), "links", "next") == nil, last, "next: null on the last page, although it is full")
}

func testCUR16(t *T) {
	g := t.cursored(5)
	first := t.cursorList(g, "page[size]=3")
	t.want(at(first.Document(), "links", "prev") == nil, first, "prev: null on the first page")
	second := t.cursorList(g, "page[size]=2", "page[after]="+t.cursor(first, "next"))
	before := t.cursor(second, "prev")
	middle := t.cursorList(g, "page[size]=2", "page[before]="+before)
	t.want(href(at(middle.Document(), "links", "prev")) != "", middle, "a prev link where there is an item before")
	whole := t.cursorList(g, "page[size]=3", "page[before]="+before)
	t.want(at(whole.Document(), "links", "prev") == nil, whole, "prev: null on a page that begins with the first item")
}

func testCUR17(t *T) {
	g := t.cursored(3)
	first := t.cursorList(g, "page[size]=2")
	second := t.cursorList(g, "page[size]=2", "page[after]="+t.cursor(first, "next"))
	if prev := href(at(second.Document(), "links", "prev")); prev != "" {
		ex := t.get(prev, accept(cursorType))
		t.want(ex.Status == 200 && slices.Equal(ids(ex.list()), ids(first.list())), ex, "the first page behind prev")
		if next := href(at(ex.Document(), "links", "next")); next != "" {
			ex = t.get(next, accept(cursorType))
			t.want(ex.Status == 200, ex, "a page behind next")
		}
	}
}

func testCUR18(t *T) {
	g := t.cursored(5)
	all := ids(t.cursorList(g).list())
	page := t.cursorList(g, "page[size]=2", "page[after]="+t.cursor(t.cursorList(g, "page[size]=2"), "next"))
	if first := href(at(page.Document(), "links", "first")); first != "" {
		ex := t.get(first, accept(cursorType))
		t.want(slices.Equal(ids(ex.list()), all[:2]), ex, "the first items behind first")
	}
	if last := href(at(page.Document(), "links", "last")); last != "" {
		ex := t.get(last, accept(cursorType))
		t.want(len(ex.list()) > 0 && ids(ex.list())[len(ex.list())-1] == all[4], ex, "the last item behind last")
	}
}

func testCUR19(t *T) {
	g := t.cursored(3)
	ex := t.cursorList(g)
	for i, o := range ex.list() {
		if !has(o["meta"], "page") {
			continue
		}
		page := at(o, "meta", "page")
		_, isObject := page.(Object)
		t.want(isObject, ex, "meta.page of an item to be an object")
		cursor := str(at(page, "cursor"))
		if cursor == "" || i+1 == len(ex.list()) {
			continue
		}
		behind := t.cursorList(g, "page[size]=1", "page[after]="+url.QueryEscape(cursor))
		t.want(slices.Equal(ids(behind.list()), []string{ids(ex.list())[i+1]}), behind, "the item behind that of the cursor")
	}
	if has(ex.top("meta"), "page") {
		_, isObject := at(ex.Document(), "meta", "page").(Object)
		t.want(isObject, ex, "meta.page to be an object")
	}
}

func testCUR20(t *T) {
	g := t.cursored(3)
	ex := t.cursorList(g, "page[size]=2")
	page, _ := at(ex.Document(), "meta", "page").(Object)
	if has(page, "total") {
		t.want(text(page["total"]) == "3", ex, "meta.page.total 3")
	}
	if has(page, "estimatedTotal") {
		guess, isNumber := at(page, "estimatedTotal", "bestGuess").(json.Number)
		_, err := guess.Int64()
		t.want(!has(page["estimatedTotal"], "bestGuess") || isNumber && err == nil, ex, "an integer bestGuess")
	}
}

func testCUR21(t *T) {
	g := t.cursored(4)
	all := ids(t.cursorList(g).list())
	after := t.cursor(t.cursorList(g, "page[size]=2"), "next")
	second := slices.IndexFunc(g.items, func(i item) bool { return i.id == all[1] })
	t.needStatus(t.del(g.items[second].path(), nil), 200, 204)
	ex := t.cursorList(g, "page[size]=2", "page[after]="+after)
	t.want(slices.Equal(ids(ex.list()), all[2:]), ex, "the items behind the deleted one, without gap or repetition")
}

func testCUR22(t *T) {
	g := t.cursored(5)
	all := ids(t.cursorList(g).list())
	first := t.cursorList(g, "page[size]=2")
	gone := slices.IndexFunc(g.items, func(i item) bool { return i.id == all[0] })
	t.needStatus(t.del(g.items[gone].path(), nil), 200, 204)
	t.make(g.res)
	rest := t.pages(t.cursorList(g, "page[size]=2", "page[after]="+t.cursor(first, "next")), "next", accept(cursorType))
	t.want(slices.Equal(idsOf(rest), all[2:]), rest[0], "the items that were not touched, once each")
}

func testCUR23(t *T) {
	ex := t.cursorList(t.cursored(1))
	t.want(slices.Contains(ex.applied("profile"), cursorURI), ex, "the profile in the Content-Type")
}

func testCUR24(t *T) {
	t.needCursor()
	res := t.sortable()
	g := t.group(res, 3)
	after := t.cursor(t.cursorList(g, "page[size]=1", "sort="+res.Sort.Attribute), "next")
	ex := t.get(g.list("page[size]=1", "sort=-"+res.Sort.Attribute, "page[after]="+after), accept(cursorType))
	t.wantStatus(ex, 400)
	ex = t.get(withQuery(res.Path, "page[size]=1", "sort="+res.Sort.Attribute, "page[after]="+after), accept(cursorType))
	t.wantStatus(ex, 400)
}

func testCUR25(t *T) {
	for _, ex := range t.answers(func(ex *Exchange) bool { return slices.Contains(ex.applied("profile"), cursorURI) }) {
		for _, o := range slices.Concat(ex.list(), ex.included(), []Object{ex.data()}) {
			relationships, _ := o["relationships"].(Object)
			for name, rel := range relationships {
				links, _ := at(rel, "links").(Object)
				if has(links, "next") || has(links, "prev") {
					t.want(has(links, "next") && has(links, "prev"), ex, "both prev and next in relationships.%s.links", name)
				}
			}
		}
	}
}
