package suite

import (
	"slices"
	"strings"
)

func testATOM10(t *T) {
	t.needAtomic()
	res := t.updatable()
	add := t.addOperation(res)
	add["data"].(Object)["lid"] = "x"
	update := Object{"op": "update", "ref": Object{"type": res.Type, "lid": "x"}, "data": Object{
		"type": res.Type, "lid": "x", "attributes": Object{res.Update.Attribute: t.sample(res.Update)},
	}}
	remove := Object{"op": "remove", "ref": Object{"type": res.Type, "lid": "x"}}
	ex := t.atomic(add, update, remove)
	t.wantStatus(ex, 200, 204)
	if id := str(result(ex, 0)["id"]); id != "" {
		t.wantStatus(t.get(item{res: res, id: id}.path()), 404, 410)
	}
	ex = t.atomic(remove, update, add)
	t.want(refused(ex), ex, "the reverse order to fail")
}

func testATOM11(t *T) {
	t.needAtomic()
	res := t.resource("filter beside an attribute to update", func(r *Resource) bool {
		return r.findable() && r.Update != nil && r.can(allOperations...)
	})
	one := t.make(res)
	add := t.addOperation(res)
	t.needStatus(t.atomic(t.addOperation(res)), 200)
	ex := t.atomic(
		add,
		Object{"op": "update", "data": Object{"type": res.Type, "id": one.id,
			"attributes": Object{res.Update.Attribute: t.sample(res.Update)}}},
		Object{"op": "remove", "ref": identifier(res.Type, ghost())},
	)
	t.want(refused(ex), ex, "a failure")
	t.wantNone(res, add["data"].(Object))
	after := t.get(one.path())
	t.want(one.kept(one.object, after.data()), after, "nothing updated by the failed request")
}

func testATOM16(t *T) {
	a := t.needAtomic()
	res := t.full()
	t.wantStatus(t.atomic(Object{"op": "add"}), 400)
	untyped := t.addOperation(res)
	delete(untyped["data"].(Object), "type")
	t.wantStatus(t.atomic(untyped), 400)
	if !a.Href {
		return
	}
	fits := t.addOperation(res)
	fits["href"] = res.Path
	t.wantStatus(t.atomic(fits), 200)
	other := t.resource("second collection", func(r *Resource) bool { return r != res && r.can("create") })
	misplaced := t.addOperation(res)
	misplaced["href"] = other.Path
	t.wantRefused(t.atomic(misplaced), 409)
}

func testATOM17(t *T) {
	t.needAtomic()
	res := t.full()
	add := t.addOperation(res)
	ex := t.atomic(add)
	t.needStatus(ex, 200)
	id := str(result(ex, 0)["id"])
	t.need(id != "", ex, "the created resource with its id")
	one := item{res: res, id: id, sent: part(add["data"].(Object), "attributes")}
	got := t.get(one.path())
	t.want(got.Status == 200 && one.kept(got.data(), result(ex, 0)), got, "the resource of the result")
	if self := href(at(got.data(), "links", "self")); self != "" {
		t.pick(href(at(result(ex, 0), "links", "self")) != "", ex, "links.self in the result")
	}
}

func testATOM18(t *T) {
	t.needAtomic()
	one := t.make(t.updatable())
	name, value := one.res.Update.Attribute, t.sample(one.res.Update)
	var ex *Exchange
	changed := t.changedBeside(one, func() {
		ex = t.atomic(Object{"op": "update", "data": Object{"type": one.res.Type, "id": one.id, "attributes": Object{name: value}}})
	})
	t.wantStatus(ex, 200, 204)
	if result(ex, 0) == nil {
		t.want(len(changed) == 0, ex, "the resource in the result, since %s changed, too", strings.Join(changed, ", "))
		return
	}
	after := t.get(one.path())
	for _, name := range append(changed, name) {
		shown := at(result(ex, 0), "attributes", name)
		t.want(shown == nil || text(shown) == text(at(after.data(), "attributes", name)), ex, "%s as a GET shows it afterwards", name)
	}
}

func testATOM19(t *T) {
	a := t.needAtomic()
	one := t.make(t.updatable())
	name := one.res.Update.Attribute
	check := func(ex *Exchange, value any) {
		t.wantStatus(ex, 200, 204)
		after := t.get(one.path())
		t.want(text(at(after.data(), "attributes", name)) == text(value), ex, "%s changed", name)
	}
	operation := func() (Object, any) {
		value := t.sample(one.res.Update)
		return Object{"op": "update", "data": Object{"type": one.res.Type, "id": one.id, "attributes": Object{name: value}}}, value
	}
	byData, value := operation()
	check(t.atomic(byData), value)
	byRef, value := operation()
	byRef["ref"] = one.identifier()
	check(t.atomic(byRef), value)
	if a.Href {
		byHref, value := operation()
		byHref["href"] = one.path()
		check(t.atomic(byHref), value)
	}
	differing, _ := operation()
	differing["ref"] = t.make(one.res).identifier()
	ex := t.atomic(differing)
	t.pick(ex.Status == 400 || ex.Status == 409, ex, "status 400 or 409 when ref and data differ")
}

func testATOM20(t *T) {
	t.needAtomic()
	res := t.full()
	t.wantStatus(t.atomic(Object{"op": "remove"}), 400)
	one := t.make(res)
	ex := t.atomic(Object{"op": "remove", "ref": one.identifier()}, Object{"op": "remove", "ref": identifier(res.Type, ghost())})
	t.wantRefused(ex, 404)
	t.wantStatus(t.get(one.path()), 200)
	ex = t.atomic(Object{"op": "remove", "ref": one.identifier()})
	t.wantStatus(ex, 200, 204)
	t.want(result(ex, 0) == nil, ex, "no data in the result")
	t.wantStatus(t.get(one.path()), 404, 410)
}

func relationshipRef(owner item, name string) Object {
	return Object{"type": owner.res.Type, "id": owner.id, "relationship": name}
}

func testATOM21(t *T) {
	t.needAtomic()
	res, rel := t.toOne()
	owner, target := t.make(res), t.make(t.described(rel.Target))
	ex := t.atomic(Object{"op": "update", "ref": relationshipRef(owner, rel.Name), "data": target.identifier()})
	t.wantStatus(ex, 200, 204)
	got := t.get(t.endpoint(owner, rel.Name))
	t.want(got.data()["id"] == target.id, got, "the target")
	ex = t.atomic(Object{"op": "update", "ref": relationshipRef(owner, rel.Name), "data": nil})
	t.wantStatus(ex, 200, 204)
	got = t.get(t.endpoint(owner, rel.Name))
	t.want(has(got.Document(), "data") && got.top("data") == nil, got, "data: null")
}

func testATOM22(t *T) {
	t.needAtomic()
	owner, name, items := t.team(1)
	other := t.make(items[0].res)
	members := items
	step := func(op string, sent []item, then ...item) {
		ex := t.atomic(Object{"op": op, "ref": relationshipRef(owner, name), "data": linkageOf(sent...)["data"]})
		if ex.Status == 403 {
			t.wantMembers(owner, name, ex, members...)
			t.skip("the server does not support %s of %s: it answers 403", op, name)
		}
		t.wantStatus(ex, 200, 204)
		t.wantMembers(owner, name, ex, then...)
		members = then
	}
	step("add", []item{other, items[0]}, items[0], other)
	step("remove", items, other)
	step("remove", items, other)
	step("update", items, items[0])
}

// testATOM23 accepts every refusal: an operation that cannot be processed is 400 or more appropriate.
func testATOM23(t *T) {
	t.needAtomic()
	res, rel := t.toOne()
	withID := func(r *Resource, id string) Object {
		add := t.addOperation(r)
		add["data"].(Object)["id"] = id
		return add
	}
	if i := slices.IndexFunc(t.desc.Resources, func(r *Resource) bool { return r.refusesClientIDs() && r.can("create") }); i >= 0 {
		t.wantRefused(t.atomic(withID(t.desc.Resources[i], newUUID())), 403)
	}
	if res.takesClientIDs() {
		t.wantRefused(t.atomic(withID(res, t.make(res).id)), 409)
	}
	missing := t.addOperation(res)
	part(missing["data"].(Object), "relationships")[rel.Name] = Object{"data": identifier(rel.Target, ghost())}
	t.wantRefused(t.atomic(missing), 404)
	empty := t.addOperation(res)
	part(empty["data"].(Object), "relationships")[rel.Name] = Object{}
	t.wantRefused(t.atomic(empty), 400)
	gone := Object{"op": "update", "data": Object{"type": res.Type, "id": ghost(), "attributes": Object{}}}
	t.wantRefused(t.atomic(gone), 404)
}

func testATOM24(t *T) {
	t.needAtomic()
	res, rel := t.toOne()
	target := t.addOperation(t.described(rel.Target))
	target["data"].(Object)["lid"] = "x"
	owner := t.addOperation(res)
	part(owner["data"].(Object), "relationships")[rel.Name] = Object{"data": Object{"type": rel.Target, "lid": "x"}}
	ex := t.atomic(target, owner)
	t.needStatus(ex, 200)
	holder := item{res: res, id: str(result(ex, 1)["id"])}
	got := t.get(t.endpoint(holder, rel.Name))
	t.want(got.data()["id"] == result(ex, 0)["id"], got, "the resource of the lid")

	other := t.resource("second type", func(r *Resource) bool { return r.Type != res.Type && r.can("create") })
	one, two := t.addOperation(res), t.addOperation(other)
	one["data"].(Object)["lid"], two["data"].(Object)["lid"] = "same", "same"
	ex = t.atomic(one, two)
	t.wantStatus(ex, 200)
	t.want(result(ex, 0)["type"] == res.Type && result(ex, 1)["type"] == other.Type, ex, "two resources for one lid of two types")
}

func testATOM25(t *T) {
	t.needAtomic()
	res := t.full()
	remove := Object{"op": "remove", "ref": Object{"type": res.Type, "lid": "x"}}
	add := func() Object {
		o := t.addOperation(res)
		o["data"].(Object)["lid"] = "x"
		return o
	}
	t.wantStatus(t.atomic(remove), 400)
	t.wantStatus(t.atomic(remove, add()), 400)
	t.wantStatus(t.atomic(add(), add()), 400)
}

func testATOM28(t *T) {
	a := t.needAtomic()
	one := t.make(t.full())
	foreign := t.atomic(Object{"op": "remove", "href": "https://example.test" + one.path()})
	t.wantRefused(foreign, 400)
	t.wantStatus(t.get(one.path()), 200)
	if !a.Href {
		return
	}
	t.wantStatus(t.atomic(Object{"op": "remove", "href": one.path()}), 200, 204)
	two := t.make(one.res)
	u, err := t.run.client.resolve(two.path())
	t.need(err == nil, nil, "a URL for %s", two.path())
	t.wantStatus(t.atomic(Object{"op": "remove", "href": u.String()}), 200, 204)
}

func testATOM29(t *T) {
	t.needAtomic()
	operation := t.addOperation(t.full())
	operation["foo"] = 1
	operation["meta"] = Object{"note": "x"}
	operation["data"].(Object)["foo"] = 1
	ex := t.atomicRaw(Object{"atomic:operations": []any{operation}, "foo": 1})
	t.wantStatus(ex, 200)
	t.want(slices.Contains([]int{200}, ex.Status) && result(ex, 0) != nil, ex, "the created resource")
}
