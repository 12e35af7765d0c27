package suite

import (
	"slices"
	"strings"
)

var relRows = []Row{
	{ID: "REL-1", Level: Must, section: "crud-updating-to-one-relationships", Test: testREL1,
		Requirement: "PATCH of a to-one takes an identifier or null."},
	{ID: "REL-2", Level: Must, section: "crud-updating-to-one-relationships", Test: testREL2,
		Requirement: "The data member is required; a missing one is not null."},
	{ID: "REL-3", Level: Must, section: "crud-updating-relationships", Test: testREL3,
		Requirement: "Data that does not fit the cardinality is refused."},
	{ID: "REL-4", Level: Must, section: "crud-updating-to-many-relationships", Test: testREL4,
		Requirement: "PATCH, POST and DELETE of a to-many take an array of identifiers, which may be empty."},
	{ID: "REL-5", Level: Must, section: "crud-updating-to-many-relationships", Test: testREL5,
		Requirement: "PATCH of a to-many replaces every member, fails, or is 403."},
	{ID: "REL-6", Level: Must, section: "crud-updating-to-many-relationships", Test: testREL6,
		Requirement: "POST adds the members that are not there yet."},
	{ID: "REL-7", Level: MustNot, section: "crud-updating-to-many-relationships", Test: testREL7,
		Requirement: "POST never makes a member appear twice."},
	{ID: "REL-8", Level: Must, section: "crud-updating-to-many-relationships", Test: testREL8,
		Requirement: "POST of members that are all there already succeeds."},
	{ID: "REL-9", Level: Must, section: "crud-updating-to-many-relationships", Test: testREL9,
		Requirement: "DELETE removes the members in its body, or is 403."},
	{ID: "REL-10", Level: Must, section: "crud-updating-to-many-relationships", Test: testREL10,
		Requirement: "DELETE of members that are absent already succeeds."},
	{ID: "REL-11", Level: Pick, section: "crud-updating-relationship-responses-403", Test: testREL11,
		Requirement: "POST and DELETE of a to-one relationship are 403 or 405."},
	{ID: "REL-12", Level: Must, section: "crud-updating-relationship-responses-200", Test: testREL12,
		Requirement: "An update that changes more than was asked is 200 with the relationship; any other is 200 or 204."},
	{ID: "REL-13", Level: Must, section: "crud-updating-relationship-responses-204", Test: testREL13,
		Requirement: "204 has no body."},
	{ID: "REL-14", Level: Must, section: "crud-updating-relationship-responses-202",
		Untestable:  pending,
		Requirement: "An update that is not finished yet is 202."},
	{ID: "REL-15", Level: Must, section: "crud-updating-relationship-responses-403", Test: testREL15,
		Requirement: "403 for an unsupported update of a relationship."},
	{ID: "REL-16", Level: Must, section: "crud-updating-relationship-responses", Test: testREL16,
		Requirement: "A change of a relationship that does not exist, or of a missing resource, is refused."},
	{ID: "REL-17", Level: Must, section: "crud-updating-to-many-relationships", Test: testREL17,
		Requirement: "A member that does not exist is an error, and nothing is applied."},
	{ID: "REL-18", Level: Pick, section: "crud-updating-to-many-relationships", Test: testREL18,
		Requirement: "An identifier of the wrong type is 409."},
	{ID: "REL-19", Level: Pick, section: "crud-updating-to-one-relationships", Test: testREL19,
		Requirement: "Clearing a required to-one is 403 or 409, with an explanation."},
	{ID: "REL-20", Level: Note, section: "crud-updating-relationships", Test: testREL20,
		Requirement: "The inverse side agrees."},
	{ID: "REL-21", Level: Pick, section: "document-resource-identifier-objects", Test: testREL21,
		Requirement: "meta in identifiers is accepted."},
}

func testREL1(t *T) {
	res, rel := t.toOne()
	owner, target := t.make(res), t.make(t.described(rel.Target))
	t.wantStatus(t.patch(t.endpoint(owner, rel.Name), Object{"data": target.identifier()}), 200, 204)
	ex := t.get(t.endpoint(owner, rel.Name))
	t.want(ex.data()["id"] == target.id, ex, "the target")
	t.wantStatus(t.patch(t.endpoint(owner, rel.Name), Object{"data": nil}), 200, 204)
	ex = t.get(t.endpoint(owner, rel.Name))
	t.want(has(ex.Document(), "data") && ex.top("data") == nil, ex, "data: null")
}

func testREL2(t *T) {
	res, rel := t.toOne()
	owner, target := t.related(res, rel)
	for _, body := range []Object{{}, {"meta": Object{}}} {
		t.wantRefused(t.patch(t.endpoint(owner, rel.Name), body), 400)
	}
	ex := t.get(t.endpoint(owner, rel.Name))
	t.want(ex.data()["id"] == target.id, ex, "the relationship unchanged")
}

func testREL3(t *T) {
	res, rel := t.relation("writable relationship of a resource that can be updated", func(r *Resource, rel *Relationship) bool {
		return rel.writable() && r.can("update") && t.canMake(rel.Target)
	})
	wrong := []any{[]any{}}
	if rel.Kind == "many" {
		wrong = []any{nil, identifier(rel.Target, ghost())}
	}
	owner := t.make(res)
	for _, linkage := range wrong {
		ex := t.patch(t.endpoint(owner, rel.Name), Object{"data": linkage})
		t.wantRefused(ex, 400)
		t.wantPointer(ex, "/data")
	}
}

// team makes a resource with n members in its writable to-many relationship.
func (t *T) team(n int) (owner item, name string, items []item) {
	res, rel := t.toMany()
	items, linkage := t.members(rel, n)
	owner = t.make(res, func(body Object) {
		if n > 0 {
			setLinkage(body, rel.Name, linkage)
		}
	})
	return owner, rel.Name, items
}

func linkageOf(items ...item) Object {
	list := []any{}
	for _, it := range items {
		list = append(list, it.identifier())
	}
	return Object{"data": list}
}

func (t *T) wantMembers(owner item, name string, ex *Exchange, items ...item) {
	got, want := t.memberIDs(owner, name), sortedIDs(items...)
	t.want(slices.Equal(got, want), ex, "the members %v afterwards, got %v", want, got)
}

func testREL4(t *T) {
	owner, name, items := t.team(1)
	for _, method := range []string{"POST", "DELETE", "PATCH"} {
		ex := t.change(method, owner, name, items)
		t.wantStatus(ex, 200, 202, 204)
		if method != "PATCH" {
			t.wantMembers(owner, name, ex, items...)
		}
	}
}

func testREL5(t *T) {
	owner, name, items := t.team(2)
	ex := t.change("PATCH", owner, name, items, items[1])
	t.wantStatus(ex, 200, 204)
	t.wantMembers(owner, name, ex, items[1])
	missing := item{res: items[0].res, id: ghost()}
	ex = t.patch(t.endpoint(owner, name), linkageOf(items[0], missing))
	t.wantRefused(ex, 404)
	t.wantMembers(owner, name, ex, items[1])
	ex = t.patch(t.endpoint(owner, name), linkageOf())
	t.wantStatus(ex, 200, 204)
	t.wantMembers(owner, name, ex)
}

func testREL6(t *T) {
	owner, name, items := t.team(1)
	other := t.make(items[0].res)
	ex := t.change("POST", owner, name, items, other)
	t.wantStatus(ex, 200, 204)
	t.wantMembers(owner, name, ex, items[0], other)
}

func testREL7(t *T) {
	owner, name, items := t.team(1)
	ex := t.change("POST", owner, name, items, items[0])
	t.wantMembers(owner, name, ex, items[0])
	other := t.make(items[0].res)
	ex = t.post(t.endpoint(owner, name), linkageOf(other, other))
	if ex.Status < 300 {
		t.wantMembers(owner, name, ex, items[0], other)
	}
}

func testREL8(t *T) {
	owner, name, items := t.team(1)
	t.wantStatus(t.change("POST", owner, name, items, items[0]), 200, 202, 204)
}

func testREL9(t *T) {
	owner, name, items := t.team(2)
	ex := t.change("DELETE", owner, name, items, items[0])
	t.wantStatus(ex, 200, 204)
	t.wantMembers(owner, name, ex, items[1])
}

func testREL10(t *T) {
	owner, name, items := t.team(1)
	ex := t.change("DELETE", owner, name, items, t.make(items[0].res))
	t.wantStatus(ex, 200, 204)
	t.wantMembers(owner, name, ex, items[0])
}

func testREL11(t *T) {
	res, rel := t.toOne()
	owner, target := t.related(res, rel)
	for _, method := range []string{"POST", "DELETE"} {
		t.wantStatus(t.do(method, t.endpoint(owner, rel.Name), Object{"data": target.identifier()}), 403, 405)
	}
}

func testREL12(t *T) {
	owner, name, items := t.team(1)
	other := t.make(items[0].res)
	ex := t.change("POST", owner, name, items, other)
	t.wantStatus(ex, 200, 202, 204)
	if ex.Status == 200 && has(ex.Document(), "data") {
		got := ids(ex.list())
		slices.Sort(got)
		t.want(slices.Equal(got, sortedIDs(items[0], other)), ex, "the members of the relationship as data")
	}
}

func testREL13(t *T) {
	owner, name, items := t.team(1)
	ex := t.patch(t.endpoint(owner, name), linkageOf(items[0]))
	if ex.Status != 204 {
		t.skip("the server answers relationship updates with %d", ex.Status)
	}
	t.want(len(ex.Body) == 0, ex, "no body")
}

func testREL15(t *T) {
	res, rel := t.relation("relationship with writable false, of a resource that can be updated",
		func(r *Resource, rel *Relationship) bool {
			return rel.readOnly() && r.can("update")
		})
	owner := t.make(res)
	linkage, codes := t.unwelcome(rel)
	methods := []string{"PATCH", "POST", "DELETE"}
	if rel.Kind == "one" {
		methods = methods[:1]
	}
	for _, method := range methods {
		t.wantStatus(t.do(method, t.endpoint(owner, rel.Name), Object{"data": linkage}), codes...)
	}
}

func testREL16(t *T) {
	res, rel := t.toOne()
	target, owner := t.make(t.described(rel.Target)), t.make(res)
	ref, body := t.endpoint(owner, rel.Name), Object{"data": target.identifier()}
	t.needStatus(t.patch(ref, body), 200, 204)
	if base, isLast := strings.CutSuffix(ref, "/"+rel.Name); isLast {
		t.wantRefused(t.patch(base+"/noSuchRelationship", body), 404)
	}
	t.wantRefused(t.patch(t.elsewhere(owner, ref, ghost()), body), 404)
}

func testREL17(t *T) {
	owner, name, items := t.team(1)
	other, missing := t.make(items[0].res), item{res: items[0].res, id: ghost()}
	ex := t.change("POST", owner, name, items, other, missing)
	t.wantRefused(ex, 404)
	t.wantMembers(owner, name, ex, items[0])
}

func testREL18(t *T) {
	owner, name, _ := t.team(0)
	ex := t.post(t.endpoint(owner, name), Object{"data": []any{identifier("noSuchType", ghost())}})
	t.wantStatus(ex, 409)
	t.want(hasSource(ex, "pointer", "/data/0/type"), ex, "a pointer at the type")
}

func testREL19(t *T) {
	res, rel := t.relation("required to-one relationship", func(_ *Resource, rel *Relationship) bool {
		return rel.Required && rel.Kind == "one"
	})
	ex := t.patch(t.endpoint(t.make(res), rel.Name), Object{"data": nil})
	t.wantStatus(ex, 403, 409)
	t.want(str(at(ex.Document(), "errors", 0, "detail")) != "", ex, "an error with a detail")
}

func testREL20(t *T) {
	res, rel := t.relation("writable relationship with an inverse", func(_ *Resource, rel *Relationship) bool {
		return rel.writable() && rel.Inverse != "" && t.canMake(rel.Target)
	})
	owner, target := t.related(res, rel)
	ex := t.get(t.endpoint(target, rel.Inverse))
	found := append(ids(ex.list()), str(ex.data()["id"]))
	t.want(slices.Contains(found, owner.id), ex, "%s of the target to show the owner", rel.Inverse)
}

func testREL21(t *T) {
	owner, name, items := t.team(1)
	id := items[0].identifier()
	id["meta"] = Object{"note": "x"}
	t.wantStatus(t.post(t.endpoint(owner, name), Object{"data": []any{id}}), 200, 204)
}

// change sends a change of a to-many relationship. A server that does not support it must answer 403, which skips the turn once
// the members are seen to be what they were.
func (t *T) change(method string, owner item, name string, before []item, members ...item) *Exchange {
	ex := t.do(method, t.endpoint(owner, name), linkageOf(members...))
	if ex.Status == 403 {
		t.wantMembers(owner, name, ex, before...)
		t.skip("the server does not support %s of %s: it answers 403", method, name)
	}
	return ex
}
