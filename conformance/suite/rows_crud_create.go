package suite

import (
	"maps"
	"slices"
	"strings"
	"time"
)

func testCRUD1(t *T) {
	res := t.filterable()
	if i := slices.IndexFunc(res.Relationships, func(rel *Relationship) bool { return rel.writable() && rel.Kind == "one" }); i >= 0 {
		rel := res.Relationships[i]
		body := t.body(res)
		setLinkage(body, rel.Name, identifier(rel.Target, ghost()))
		if refused(t.post(res.Path, body)) { // whether it must be is CRUD-16
			t.wantNone(res, data(body))
		}
	}
	if res.Update == nil || res.Required == "" || !res.can("read", "update") {
		return
	}
	one := t.make(res)
	ex := t.patch(one.path(), patchBody(one, Object{res.Update.Attribute: t.sample(res.Update), "noSuchAttribute": 1, res.Required: nil}))
	if !refused(ex) {
		return // it took the whole of it
	}
	after := t.get(one.path())
	t.want(one.kept(one.object, after.data()), after, "%s unchanged by the failed request", res.Update.Attribute)
}

func testCRUD2(t *T) {
	res := t.full()
	valid := data(t.body(res))
	for _, body := range []Object{{"meta": Object{}}, {"data": nil}, {"data": []any{valid}}, {"data": "x"}} {
		ex := t.post(res.Path, body)
		t.wantRefused(ex, 400)
		t.wantPointer(ex, "", "/data")
	}
}

func testCRUD3(t *T) {
	res := t.full()
	body := t.body(res)
	delete(data(body), "type")
	ex := t.post(res.Path, body)
	t.wantRefused(ex, 400)
	t.wantPointer(ex, "/data")
	for _, wrong := range []any{7, ""} {
		body = t.body(res)
		data(body)["type"] = wrong
		ex = t.post(res.Path, body)
		t.wantRefused(ex, 400, 409)
		t.wantPointer(ex, "/data/type")
	}
}

func testCRUD4(t *T) {
	res, rel := t.toOne()
	for _, empty := range []Object{{}, {"links": Object{}}, {"meta": Object{}}} {
		body := t.body(res)
		part(data(body), "relationships")[rel.Name] = empty
		ex := t.post(res.Path, body)
		t.wantRefused(ex, 400)
		t.wantPointer(ex, "/data/relationships/"+rel.Name)
	}
}

func testCRUD5(t *T) {
	res, rel := t.writable()
	wrong := []any{[]any{}}
	if rel.Kind == "many" {
		wrong = []any{nil, identifier(rel.Target, ghost())}
	}
	for _, linkage := range wrong {
		body := t.body(res)
		setLinkage(body, rel.Name, linkage)
		ex := t.post(res.Path, body)
		t.wantRefused(ex, 400)
		t.wantPointer(ex, "/data/relationships/"+rel.Name+"/data")
	}
}

func testCRUD6(t *T) {
	limited := len(t.run.limited) > 0
	res := t.resource("resource with clientIds false, and there is no limited caller", func(r *Resource) bool {
		return r.can("create") && (r.refusesClientIDs() || limited && r.LimitedCreate)
	})
	body := t.body(res)
	data(body)["id"] = newUUID()
	ex := t.post(res.Path, body, func(r *request) {
		if !res.refusesClientIDs() {
			maps.Copy(r.header, t.run.limited)
		}
	})
	t.wantStatus(ex, 403)
	t.wantPointer(ex, "/data/id")
}

func (t *T) clientIDs() *Resource {
	return t.resource("resource with clientIds", func(r *Resource) bool { return r.takesClientIDs() && r.can("create", "read") })
}

func testCRUD7(t *T) {
	res := t.clientIDs()
	body := t.body(res)
	data(body)["id"] = "abc"
	ex := t.post(res.Path, body)
	t.pick(refused(ex), ex, "a refusal of an id that is no UUID")
	body = t.body(res)
	id := newUUID()
	data(body)["id"] = id
	ex = t.post(res.Path, body)
	t.wantStatus(ex, 201, 202, 204)
	ex = t.get(item{res: res, id: id}.path())
	t.want(ex.Status == 200 && ex.data()["id"] == id, ex, "the resource under the id the client chose")
}

func testCRUD8(t *T) {
	res := t.clientIDs()
	one := t.make(res)
	body := t.body(res)
	data(body)["id"] = one.id
	ex := t.post(res.Path, body)
	t.wantStatus(ex, 409)
	after := t.get(one.path())
	t.want(one.kept(one.object, after.data()), after, "the resource as before")
}

func testCRUD9(t *T) {
	res := t.full()
	body := t.body(res)
	ex := t.post(res.Path, body)
	t.need(succeeded(ex), ex, "a new resource of type %s", res.Type)
	if ex.Status == 202 {
		t.skip("the server creates later")
	}
	t.wantStatus(ex, 201) // the server has made the id
	t.want(ex.data()["type"] == res.Type && str(ex.data()["id"]) != "", ex, "the new resource as data")
	for name, value := range part(data(body), "attributes") {
		t.pick(text(at(ex.data(), "attributes", name)) == text(value), ex, "the attribute %s as sent", name)
	}
}

func testCRUD10(t *T) {
	res := t.full()
	ex := t.post(res.Path, t.body(res))
	t.needStatus(ex, 201)
	location := ex.Header.Get("Location")
	if t.want(location != "", ex, "a Location header") {
		got := t.get(location)
		t.want(got.Status == 200 && got.data()["id"] == ex.data()["id"], got, "the new resource at Location")
	}
}

func testCRUD11(t *T) {
	res := t.full()
	ex := t.post(res.Path, t.body(res))
	t.needStatus(ex, 201)
	self, location := href(at(ex.data(), "links", "self")), ex.Header.Get("Location")
	if self == "" || location == "" {
		t.skip("the answer has no self link or no Location")
	}
	t.want(self == location, ex, "data.links.self %q to equal Location %q", self, location)
}

func testCRUD12(t *T) {
	res := t.clientIDs()
	body := t.body(res)
	data(body)["id"] = newUUID()
	ex := t.post(res.Path, body)
	t.wantStatus(ex, 201, 202, 204)
	t.want(ex.Status != 204 || len(ex.Body) == 0, ex, "no body with 204")
}

func testCRUD13(t *T) {
	res := t.full()
	body := t.body(res)
	data(body)["lid"] = "a"
	t.wantStatus(t.post(res.Path, body), 201)
	owner, rel := t.toOne()
	body = t.body(owner)
	setLinkage(body, rel.Name, Object{"type": rel.Target, "lid": "unknown"})
	ex := t.post(owner.Path, body)
	t.wantStatus(ex, 400)
	t.want(len(ex.errors()) > 0 && has(at(ex.errors()[0], "source"), "pointer"), ex, "an error with a pointer")
}

func testCRUD15(t *T) {
	res := t.resource("resource that cannot be created", func(r *Resource) bool { return !r.can("create") && r.can("list") })
	t.wantStatus(t.post(res.Path, Object{"data": Object{"type": res.Type, "attributes": Object{}}}), 403, 405)
}

func testCRUD16(t *T) {
	res, rel := t.writable()
	body := t.body(res)
	var linkage any = identifier(rel.Target, ghost())
	place := "/data/relationships/" + rel.Name + "/data"
	if rel.Kind == "many" {
		linkage, place = []any{linkage}, place+"/0"
	}
	setLinkage(body, rel.Name, linkage)
	ex := t.post(res.Path, body)
	t.wantStatus(ex, 404)
	t.wantPointer(ex, place, place+"/id")
}

func testCRUD17(t *T) {
	res := t.full()
	body := t.body(res)
	data(body)["type"] = "noSuchType"
	ex := t.post(res.Path, body)
	t.wantStatus(ex, 409)
	t.wantPointer(ex, "/data/type")
}

func testCRUD18(t *T) {
	res := t.full()
	body := t.body(res)
	data(body)["type"] = "noSuchType"
	ex := t.post(res.Path, body)
	if ex.Status != 409 {
		t.skip("nothing was answered with 409")
	}
	first := at(ex.Document(), "errors", 0)
	t.want(str(at(first, "detail"))+str(at(first, "title")) != "" || has(first, "source"), ex, "an error that explains itself")
	t.pick(has(first, "source"), ex, "an error with a source")
}

func testCRUD19(t *T) {
	res, rel := t.toOne()
	body := t.body(res)
	setLinkage(body, rel.Name, identifier("noSuchType", ghost()))
	ex := t.post(res.Path, body)
	t.wantStatus(ex, 409)
	t.want(hasSource(ex, "pointer", "/data/relationships/"+rel.Name+"/data/type"), ex, "a pointer at the type")
}

func testCRUD33(t *T) {
	res := t.resource("unique attribute", func(r *Resource) bool { return r.Unique != nil && r.can("create", "update") })
	value := t.sample(res.Unique)
	set := func(body Object) { setAttribute(body, res.Unique.Attribute, value) }
	t.make(res, set)
	body := t.body(res)
	set(body)
	other := t.make(res)
	for _, ex := range []*Exchange{
		t.post(res.Path, body),
		t.patch(other.path(), patchBody(other, Object{res.Unique.Attribute: value})),
	} {
		t.wantStatus(ex, 409)
		t.want(hasSource(ex, "pointer", "/data/attributes/"+res.Unique.Attribute), ex, "a pointer at %s", res.Unique.Attribute)
	}
}

func testCRUD34(t *T) {
	res := t.full()
	body := t.body(res)
	setAttribute(body, "noSuchAttribute", 1)
	ex := t.post(res.Path, body)
	t.wantStatus(ex, 422, 400)
	t.want(hasSource(ex, "pointer", "/data/attributes/noSuchAttribute"), ex, "a pointer at the unknown attribute")
	body = t.body(res)
	setLinkage(body, "noSuchRelationship", nil)
	ex = t.post(res.Path, body)
	t.wantStatus(ex, 422, 400)
	t.want(len(ex.errors()) > 0 &&
		strings.HasPrefix(str(at(ex.errors()[0], "source", "pointer")), "/data/relationships/noSuchRelationship"),
		ex, "a pointer at the unknown relationship")
}

func testCRUD39(t *T) {
	res := t.updatable()
	name := res.Update.Attribute
	for _, wrong := range []any{5, 1.9, true, []any{}, Object{}} {
		body := t.body(res)
		setAttribute(body, name, wrong)
		ex := t.post(res.Path, body)
		t.wantStatus(ex, 422, 400)
		t.want(hasSource(ex, "pointer", "/data/attributes/"+name), ex, "a pointer at %s", name)
	}
}

func testCRUD40(t *T) {
	res := t.resource("writable timestamp", func(r *Resource) bool { return r.Timestamp != nil && r.can("create", "read") })
	sent := "2026-01-02T03:04:05.678+02:00"
	if res.Timestamp.Precision == "seconds" {
		sent = "2026-01-02T03:04:05+02:00"
	}
	one := t.make(res, func(body Object) { setAttribute(body, res.Timestamp.Attribute, sent) })
	ex := t.get(one.path())
	want, _ := time.Parse(time.RFC3339Nano, sent)
	got, err := time.Parse(time.RFC3339Nano, str(at(ex.data(), "attributes", res.Timestamp.Attribute)))
	t.want(err == nil && got.Equal(want), ex, "%s to be the instant %s", res.Timestamp.Attribute, sent)
}
