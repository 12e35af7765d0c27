package suite

import (
	"slices"
	"strings"
)

func testDOC1(t *T) {
	t.walk("DOC-1")
	res := t.full()
	for _, body := range []string{"[]", "null", "1", `"x"`, "", "{"} {
		t.wantRefused(t.post(res.Path, body), 400)
	}
}

func testDOC2(t *T) {
	t.walk("DOC-2")
	ex := t.post(t.full().Path, "{}")
	t.wantRefused(ex, 400)
	t.wantPointer(ex, "")
}

func testDOC6(t *T) {
	res := t.full()
	body := t.body(res)
	body["foo"] = 1
	body["links"] = Object{"foo": 1}
	data(body)["foo"] = 1
	data(body)["links"] = Object{"foo": 1}
	t.wantIgnored(res, body, `"foo"`)
	owner, rel := t.toOne()
	id := t.make(t.described(rel.Target)).identifier()
	id["foo"] = 1
	body = t.body(owner)
	part(data(body), "relationships")[rel.Name] = Object{"data": id, "foo": 1}
	t.wantIgnored(owner, body, `"foo"`)
}

func testDOC16(t *T) {
	t.walk("DOC-16")
	res, rel := t.toOne()
	body := t.body(res)
	setAttribute(body, rel.Name, "x")
	setLinkage(body, rel.Name, nil)
	ex := t.post(res.Path, body)
	t.pick(ex.Status == 400 || ex.Status == 422, ex, "status 400 or 422 for a name in both containers")
}

func testDOC17(t *T) {
	t.walk("DOC-17")
	res := t.full()
	for _, wrong := range []any{[]any{}, "x"} {
		body := t.body(res)
		data(body)["attributes"] = wrong
		ex := t.post(res.Path, body)
		t.wantRefused(ex, 400)
		t.wantPointer(ex, "/data/attributes")
	}
	body := t.body(res)
	data(body)["attributes"] = nil
	ex := t.post(res.Path, body)
	t.pick(ex.Status == 400, ex, "status 400 for attributes that are null")
}

func testDOC19(t *T) {
	t.walk("DOC-19")
	res, rel := t.toOne()
	body := t.body(res)
	data(body)["relationships"] = []any{}
	ex := t.post(res.Path, body)
	t.wantRefused(ex, 400)
	t.wantPointer(ex, "/data/relationships")
	for _, wrong := range []any{nil, "x"} {
		body := t.body(res)
		part(data(body), "relationships")[rel.Name] = wrong
		ex := t.post(res.Path, body)
		t.wantRefused(ex, 400)
		t.wantPointer(ex, "/data/relationships/"+rel.Name)
	}
}

func testDOC26(t *T) {
	t.walk("DOC-26")
	res, rel := t.toOne()
	target := t.make(t.described(rel.Target))
	place := "/data/relationships/" + rel.Name + "/data"
	for _, c := range []struct {
		identifier Object
		pointers   []string
	}{
		{Object{"type": rel.Target, "id": 7}, []string{place + "/id"}},
		{Object{"id": target.id}, []string{place}},
		{Object{"type": rel.Target}, []string{place}},
	} {
		body := t.body(res)
		setLinkage(body, rel.Name, c.identifier)
		ex := t.post(res.Path, body)
		t.wantRefused(ex, 400)
		t.wantPointer(ex, c.pointers...)
	}
}

func testDOC32(t *T) {
	t.walk("DOC-32")
	res := t.full()
	body := t.body(res)
	data(body)["meta"] = 1
	ex := t.post(res.Path, body)
	t.pick(ex.Status == 400, ex, "status 400 for a meta that is a number")
}

func testDOC37(t *T) {
	res := t.updatable()
	body := t.body(res)
	t.wantRefused(t.post(res.Path, Object{"DATA": data(body)}), 400)

	body = t.body(res)
	resource := data(body)
	resource["Type"] = resource["type"]
	delete(resource, "type")
	t.wantRefused(t.post(res.Path, body), 400)

	upper := strings.ToUpper(res.Update.Attribute)
	if upper == res.Update.Attribute {
		return
	}
	one := t.make(res)
	t.patch(one.path(), patchBody(one, Object{upper: t.sample(res.Update)}))
	after := t.get(one.path())
	t.want(one.kept(one.object, after.data()), after, "%s unchanged by a PATCH of %s", res.Update.Attribute, upper)
}

func testDOC39(t *T) {
	res := t.full()
	body := t.body(res)
	body["@x"] = Object{}
	data(body)["@y"] = "y"
	setAttribute(body, "@c", 1)
	ex := t.post(res.Path, body)
	t.want(succeeded(ex), ex, "success, since @-members are ignored")
	t.want(!has(ex.data()["attributes"], "@c"), ex, "the @-member not to come back")
}

func testDOC40(t *T) {
	t.walk("DOC-40")
	res := t.full()
	body := t.body(res)
	body["nope:member"] = Object{}
	data(body)["nope:member"] = 1
	t.wantIgnored(res, body, `"nope:member"`)
}

// testDOC43 only expects a wrong lid of a request to be refused: a server that has no use for one need not look at it.
func testDOC43(t *T) {
	t.walk("DOC-43")
	res := t.full()
	body := t.body(res)
	data(body)["lid"] = 7
	ex := t.post(res.Path, body)
	t.pick(ex.Status == 400, ex, "status 400 for a numeric lid")
	t.wantPointer(ex, "/data/lid")
}

func testDOC44(t *T) {
	res := t.full()
	body := t.body(res)
	data(body)["id"] = newUUID()
	data(body)["lid"] = "a"
	t.wantStatus(t.post(res.Path, body), 400)
}

// testDOC45 judges requests by expectations: RFC 8259 lets a parser accept more than JSON.
func testDOC45(t *T) {
	t.walk("DOC-45")
	res := t.updatable()
	valid := text(t.body(res))
	name := `"` + res.Update.Attribute + `"`
	for _, broken := range []string{
		valid + "x",
		valid + valid,
		`{"data":{"type":"` + res.Type + `","attributes":{` + name + `:"` + "\xff\xfe" + `"}}}`,
		`{"data":{"type":"` + res.Type + `","attributes":{` + name + `:NaN}}}`,
		`{"data":{"type":"` + res.Type + `",}}`,
		strings.Replace(valid, `"type":`, `"type":"`+res.Type+`","type":`, 1), // a member twice
	} {
		ex := t.post(res.Path, broken)
		t.pick(ex.Status == 400, ex, "status 400 for what is no strict JSON")
	}
}

func testDOC46(t *T) {
	path := t.desc.Resources[0].Path
	ex := t.get(path)
	ref := href(at(ex.top("links"), "describedby"))
	if ref == "" {
		t.skip("there is no describedby link")
	}
	if _, err := t.run.client.resolve(ref); err != nil {
		t.skip("describedby is not of this server: %s", ref)
	}
	described := t.get(ref, accept("*/*"), foreign)
	t.needStatus(described, 200)
	paths, isOpenAPI := at(described.Document(), "paths").(Object)
	if !isOpenAPI {
		t.want(described.Document() != nil, described, "an OpenAPI or JSON Schema document")
		return
	}
	mentioned := slices.ContainsFunc(names(paths), func(p string) bool { return strings.HasSuffix(path, p) || p == path })
	t.want(mentioned, described, "a description that mentions %s", path)
}

func names(o Object) []string {
	list := make([]string, 0, len(o))
	for name := range o {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// wantIgnored expects a create to succeed in spite of members it must ignore, and these not to come back.
func (t *T) wantIgnored(res *Resource, body Object, member string) {
	ex := t.post(res.Path, body)
	if t.want(succeeded(ex), ex, "success, since members of no meaning are ignored") {
		t.want(!strings.Contains(string(ex.Body), member), ex, "the ignored %s not to come back", member)
	}
}
