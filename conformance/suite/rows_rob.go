package suite

import (
	"fmt"
	"slices"
	"strings"
)

// robRows are not rules of JSON:API: they are what its implementations break under. Those about conditional requests are rules of HTTP,
// and of a server that claims to serve them.
var robRows = []Row{
	{ID: "ROB-1", Level: HTTP, section: "https://www.rfc-editor.org/rfc/rfc9110#section-15.6", overAll: true, Test: walk("ROB-1"),
		Requirement: "No request of this suite is answered with a 5xx status."},
	{ID: "ROB-2", Level: Pick, section: "https://www.rfc-editor.org/rfc/rfc9110#section-15.6", Test: testROB2,
		Requirement: "Deeply nested JSON is a 4xx."},
	{ID: "ROB-3", Level: Pick, section: "https://www.rfc-editor.org/rfc/rfc9110#section-15.6", Test: testROB3,
		Requirement: "A string with U+0000 is taken or refused, not an internal error."},
	{ID: "ROB-4", Level: Pick, section: "https://www.rfc-editor.org/rfc/rfc9110#section-15.6", Test: testROB4,
		Requirement: "Numbers beyond 32 and 64 bits in page parameters are 400."},
	{ID: "ROB-5", Level: Pick, section: "https://www.rfc-editor.org/rfc/rfc9110#section-15.6", Test: testROB5,
		Requirement: "A thousand include paths are answered, with 200 or 400."},
	{ID: "ROB-6", Level: Pick, section: "https://www.rfc-editor.org/rfc/rfc9110#section-15.6", Test: testROB6,
		Requirement: "A request's included with a cycle does no harm."},
	{ID: "ROB-7", Level: Must, section: "https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2", Test: testROB7,
		Requirement: "Conditional requests: a resource has an ETag; an If-None-Match with it is 304, with another one 200."},
	{ID: "ROB-8", Level: MustNot, section: "https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1", Test: testROB8,
		Requirement: "Conditional requests: a resource is not changed or deleted under an If-Match with the ETag of an earlier state."},
	{ID: "ROB-9", Level: MustNot, section: "https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1", Test: testROB9,
		Requirement: "Conditional requests: members are not replaced under an If-Match with the ETag of earlier ones."},
}

func testROB2(t *T) {
	const depth = 10_000
	res := t.full()
	for _, value := range []string{
		strings.Repeat("[", depth) + strings.Repeat("]", depth),
		strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth),
	} {
		ex := t.post(res.Path, `{"data":{"type":"`+res.Type+`","attributes":{"deep":`+value+`}}}`)
		t.want(ex.Status >= 400 && ex.Status < 500, ex, "a 4xx status")
	}
}

func testROB3(t *T) {
	res := t.updatable()
	body := t.body(res)
	setAttribute(body, res.Update.Attribute, "a\x00b")
	ex := t.post(res.Path, body)
	t.want(ex.Status < 500, ex, "a status below 500")
	if f := res.Filter; f != nil {
		ex := t.get(withQuery(res.Path, f.Parameter+"=a%00b"))
		t.want(ex.Status < 500, ex, "a status below 500")
	}
}

func testROB4(t *T) {
	t.needPages()
	for _, n := range []string{"2147483648", "9223372036854775808", "100000000000000000000000"} {
		t.wantStatus(t.get(withQuery(t.listable().Path, t.sized(n))), 400)
	}
}

func testROB5(t *T) {
	paths := make([]string, 1000)
	for i := range paths {
		paths[i] = fmt.Sprintf("noSuchRelationship%d", i)
	}
	t.wantStatus(t.get(withQuery(t.listable().Path, "include="+strings.Join(paths, ","))), 400, 414)
	res, rel := t.includable()
	for i := range paths {
		paths[i] = rel.Name
	}
	t.wantStatus(t.get(withQuery(res.Path, "include="+strings.Join(paths, ","))), 200, 400)
}

func testROB6(t *T) {
	res, rel := t.toOne()
	body := t.body(res)
	link := func(typ, id string) Object {
		return Object{rel.Name: Object{"data": identifier(typ, id)}}
	}
	a, b := newUUID(), newUUID()
	body["included"] = []any{
		Object{"type": rel.Target, "id": a, "relationships": link(rel.Target, b)},
		Object{"type": rel.Target, "id": b, "relationships": link(rel.Target, a)},
	}
	ex := t.post(res.Path, body)
	t.want(ex.Status < 500, ex, "a status below 500")
	t.wantStatus(t.get(res.Path), 200)
}

func testROB7(t *T) {
	t.needConditional("resources")
	one := t.make(t.full())
	tag := t.tagOf(one.path())
	ex := t.get(one.path(), header("If-None-Match", tag))
	t.wantStatus(ex, 304)
	t.want(ex.Header.Get("ETag") == tag, ex, "the ETag %s", tag)
	t.wantStatus(t.get(one.path(), header("If-None-Match", `"other"`)), 200)
}

// tagOf returns the ETag of a path. A server that claims conditional requests sends one that can be used in If-Match.
func (t *T) tagOf(path string) string {
	ex := t.get(path)
	tag := ex.Header.Get("ETag")
	t.need(tag != "" && !strings.HasPrefix(tag, "W/"), ex, "a strong ETag")
	return tag
}

// testROB8 changes and deletes a resource that another client has changed since.
func testROB8(t *T) {
	t.needConditional("resources")
	one := t.make(t.updatable())
	name := one.res.Update.Attribute
	old := t.tagOf(one.path())
	change := func() Object { return patchBody(one, Object{name: t.sample(one.res.Update)}) }
	t.wantStatus(t.patch(one.path(), change(), header("If-Match", old)), 200, 204)
	before := t.get(one.path())
	for _, ex := range []*Exchange{
		t.patch(one.path(), change(), header("If-Match", old)),
		t.del(one.path(), nil, header("If-Match", old)),
	} {
		t.pick(ex.Status == 412, ex, "status 412")
		after := t.get(one.path())
		same := text(at(after.data(), "attributes", name)) == text(at(before.data(), "attributes", name))
		if !t.want(after.Status == 200 && same, ex, "no %s under an ETag that is no longer that of the resource", ex.Method) {
			return
		}
	}
	t.wantStatus(t.patch(one.path(), change(), header("If-Match", t.tagOf(one.path()))), 200, 204)
}

func testROB9(t *T) {
	t.needConditional("relationships")
	owner, name, items := t.team(2)
	ref := t.endpoint(owner, name)
	old := t.tagOf(ref)
	ex := t.patch(ref, linkageOf(items[0]), header("If-Match", old))
	if ex.Status == 403 {
		t.skip("the members cannot be replaced")
	}
	t.wantStatus(ex, 200, 204)
	ex = t.patch(ref, linkageOf(items[1]), header("If-Match", old))
	t.pick(ex.Status == 412, ex, "status 412")
	t.wantMembers(owner, name, ex, items[0])
}

// needConditional skips the row if the server does not claim to serve conditional requests.
func (t *T) needConditional(what string) {
	if !slices.Contains(t.desc.Conditional, what) {
		t.skip("the description does not claim conditional requests of %s (conditional)", what)
	}
}
