package suite

import (
	"slices"
	"strings"
)

func testCRUD20(t *T) {
	one := t.make(t.updatable())
	attributes := Object{one.res.Update.Attribute: t.sample(one.res.Update)}
	for _, body := range []Object{
		{"data": Object{"type": one.res.Type, "attributes": attributes}},
		{"data": Object{"id": one.id, "attributes": attributes}},
		{"data": []any{one.identifier()}},
		{"data": nil},
	} {
		t.wantRefused(t.patch(one.path(), body), 400)
	}
}

func testCRUD21(t *T) {
	one := t.make(t.updatable())
	before := t.get(one.path())
	changed := one.res.Update.Attribute
	t.needStatus(t.patch(one.path(), patchBody(one, Object{changed: t.sample(one.res.Update)})), 200, 204)
	after := t.get(one.path())
	t.want(text(at(after.data(), "attributes", changed)) != text(at(before.data(), "attributes", changed)), after, "%s changed", changed)
	delete(one.sent, changed)
	t.want(one.kept(before.data(), after.data()), after, "the other attributes as before")
}

func testCRUD22(t *T) {
	res := t.resource("nullable attribute beside an attribute to update", func(r *Resource) bool {
		return r.Nullable != nil && r.Update != nil && r.can(allOperations...)
	})
	name, value := res.Nullable.Attribute, t.sample(res.Nullable)
	one := t.make(res, func(body Object) { setAttribute(body, name, value) })
	before := t.get(one.path())
	t.needStatus(t.patch(one.path(), patchBody(one, Object{res.Update.Attribute: t.sample(res.Update)})), 200, 204)
	ex := t.get(one.path())
	t.want(text(at(ex.data(), "attributes", name)) == text(at(before.data(), "attributes", name)), ex, "%s to stay when it is absent", name)
	t.wantStatus(t.patch(one.path(), patchBody(one, Object{name: nil})), 200, 204)
	ex = t.get(one.path())
	t.want(ex.Status == 200 && at(ex.data(), "attributes", name) == nil, ex, "%s to be cleared by null", name)
	if res.Required != "" {
		ex = t.patch(one.path(), patchBody(one, Object{res.Required: nil}))
		t.pick(ex.Status == 422 || ex.Status == 400, ex, "null refused for the required %s", res.Required)
		t.wantPointer(ex, "/data/attributes/"+res.Required)
	}
}

func testCRUD23(t *T) {
	res, rel := t.toOne()
	if res.Update == nil {
		t.skip("%s has no attribute to update", res.Type)
	}
	owner, target := t.related(res, rel)
	t.needStatus(t.patch(owner.path(), patchBody(owner, Object{res.Update.Attribute: t.sample(res.Update)})), 200, 204)
	id, ex := t.targetOf(owner, rel.Name)
	t.want(id == target.id, ex, "%s unchanged", rel.Name)
}

func testCRUD24(t *T) {
	res, rel := t.toOne()
	owner, _ := t.related(res, rel)
	other := t.make(t.described(rel.Target))
	t.needStatus(t.patch(owner.path(), patchLinkage(owner, rel.Name, other.identifier())), 200, 204)
	id, ex := t.targetOf(owner, rel.Name)
	t.want(id == other.id, ex, "the new target of %s", rel.Name)
	t.needStatus(t.patch(owner.path(), patchLinkage(owner, rel.Name, nil)), 200, 204)
	id, ex = t.targetOf(owner, rel.Name)
	t.want(id == "", ex, "%s cleared by null", rel.Name)
}

func testCRUD25(t *T) {
	res, rel := t.toMany()
	if res.Update == nil {
		t.skip("%s has no attribute to update", res.Type)
	}
	owner := t.make(res)
	items, linkage := t.members(rel, 2)
	changed := res.Update.Attribute
	body := patchBody(owner, Object{changed: t.sample(res.Update)})
	setLinkage(body, rel.Name, linkage)
	ex := t.patch(owner.path(), body)
	after := t.get(owner.path())
	if ex.Status == 403 {
		t.want(text(at(after.data(), "attributes", changed)) == text(at(owner.object, "attributes", changed)), after,
			"%s unchanged by the refused request", changed)
		return
	}
	t.needStatus(ex, 200, 204)
	t.want(slices.Equal(t.memberIDs(owner, rel.Name), sortedIDs(items...)), ex, "exactly the members sent")
	ex = t.patch(owner.path(), patchLinkage(owner, rel.Name, linkage[:1]))
	t.want(slices.Equal(t.memberIDs(owner, rel.Name), sortedIDs(items[0])), ex, "exactly the one member sent")
	ex = t.patch(owner.path(), patchLinkage(owner, rel.Name, []any{}))
	t.want(len(t.memberIDs(owner, rel.Name)) == 0, ex, "no members left")
}

func testCRUD26(t *T) {
	one := t.make(t.updatable())
	name, value := one.res.Update.Attribute, t.sample(one.res.Update)
	var ex *Exchange
	changed := t.changedBeside(one, func() { ex = t.patch(one.path(), patchBody(one, Object{name: value})) })
	t.needStatus(ex, 200, 204)
	if len(ex.data()) == 0 {
		t.want(len(changed) == 0, ex, "200 with the resource, since %s changed, too", strings.Join(changed, ", "))
		return
	}
	after := t.get(one.path())
	for _, name := range append(changed, name) {
		shown := at(ex.data(), "attributes", name)
		t.want(shown == nil || text(shown) == text(at(after.data(), "attributes", name)), ex, "%s as a GET shows it afterwards", name)
	}
}

func testCRUD27(t *T) {
	one := t.make(t.updatable())
	name := one.res.Update.Attribute
	ex := t.patch(one.path(), patchBody(one, Object{name: at(one.object, "attributes", name)}))
	t.wantStatus(ex, 200, 202, 204)
	t.want(ex.Status != 204 || len(ex.Body) == 0, ex, "no body with 204")
}

// testCRUD29 sends something that exists where it can: a reference to what does not has an answer of its own, 404.
func testCRUD29(t *T) {
	res := t.resource("read-only attribute, or relationship with writable false", func(r *Resource) bool {
		readOnly := slices.ContainsFunc(r.Relationships, (*Relationship).readOnly)
		return r.can("create", "read", "update") && (readOnly || r.ReadOnly != nil)
	})
	one := t.make(res)
	if s := res.ReadOnly; s != nil {
		ex := t.patch(one.path(), patchBody(one, Object{s.Attribute: t.sample(s)}))
		t.pick(ex.Status == 403, ex, "status 403 for the read-only attribute %s", s.Attribute)
	}
	for _, rel := range res.Relationships {
		if rel.readOnly() {
			linkage, codes := t.unwelcome(rel)
			t.wantStatus(t.patch(one.path(), patchLinkage(one, rel.Name, linkage)), codes...)
		}
	}
}

func testCRUD30(t *T) {
	missing := item{res: t.updatable(), id: ghost()}
	ex := t.patch(missing.path(), patchBody(missing, Object{missing.res.Update.Attribute: t.sample(missing.res.Update)}))
	t.wantStatus(ex, 404)
}

func testCRUD31(t *T) {
	res, rel := t.toOne()
	owner, target := t.related(res, rel)
	ex := t.patch(owner.path(), patchLinkage(owner, rel.Name, identifier(rel.Target, ghost())))
	t.wantStatus(ex, 404)
	place := "/data/relationships/" + rel.Name + "/data"
	t.wantPointer(ex, place, place+"/id")
	id, after := t.targetOf(owner, rel.Name)
	t.want(id == target.id, after, "%s unchanged", rel.Name)
}

func testCRUD32(t *T) {
	one := t.make(t.updatable())
	attributes := Object{one.res.Update.Attribute: t.sample(one.res.Update)}
	ex := t.patch(one.path(), Object{"data": Object{"type": one.res.Type, "id": ghost(), "attributes": attributes}})
	t.wantStatus(ex, 409)
	t.wantPointer(ex, "/data/id")
	ex = t.patch(one.path(), Object{"data": Object{"type": "noSuchType", "id": one.id, "attributes": attributes}})
	t.wantStatus(ex, 409)
	t.wantPointer(ex, "/data/type")
}

func testCRUD35(t *T) {
	one := t.make(t.full())
	ex := t.del(one.path(), nil)
	if ex.Status == 202 {
		t.skip("the server deletes later")
	}
	t.wantStatus(ex, 204, 200)
	if ex.Status == 200 {
		t.want(has(ex.Document(), "meta") && !has(ex.Document(), "data"), ex, "a document with meta and without data")
	} else {
		t.want(len(ex.Body) == 0, ex, "no body")
	}
	after := t.get(one.path())
	t.want(after.Status == 404 || after.Status == 410, after, "the resource to be gone")
}

func testCRUD36(t *T) {
	res := t.full()
	t.wantStatus(t.del(item{res: res, id: ghost()}.path(), nil), 404)
	one := t.make(res)
	t.needStatus(t.del(one.path(), nil), 200, 204)
	t.wantStatus(t.del(one.path(), nil), 404)
}

// changedBeside returns the attributes that a change of one attribute has changed as well, without those that differ from one
// reading to the next anyway.
func (t *T) changedBeside(one item, change func()) []string {
	first, second := t.get(one.path()), t.get(one.path())
	change()
	third := t.get(one.path())
	attributes, _ := third.data()["attributes"].(Object)
	var changed []string
	for _, name := range names(attributes) {
		now, then := text(attributes[name]), text(at(second.data(), "attributes", name))
		if name != one.res.Update.Attribute && now != then && text(at(first.data(), "attributes", name)) == then {
			changed = append(changed, name)
		}
	}
	return changed
}

// unwelcome returns linkage for a relationship that cannot be changed, and how it may be answered.
func (t *T) unwelcome(rel *Relationship) (linkage any, codes []int) {
	target, codes := item{res: &Resource{Type: rel.Target}, id: ghost()}, []int{403, 404}
	if t.canMake(rel.Target) {
		target, codes = t.make(t.described(rel.Target)), []int{403}
	}
	return linkTo(rel, target), codes
}
