package suite

import (
	"slices"
	"strings"
)

func fieldsOf(typ string, names ...string) string {
	return "fields[" + typ + "]=" + strings.Join(names, ",")
}

// onlyFields tells whether a resource object has no other fields than the named ones.
func onlyFields(o Object, allowed ...string) bool {
	for _, member := range []string{"attributes", "relationships"} {
		fields, _ := o[member].(Object)
		for name := range fields {
			if !slices.Contains(allowed, name) {
				return false
			}
		}
	}
	return true
}

func testFETCH30(t *T) {
	res := t.updatable()
	one := t.make(res)
	name := res.Update.Attribute
	ex := t.get(withQuery(one.path(), fieldsOf(res.Type, name)))
	t.needStatus(ex, 200)
	t.want(onlyFields(ex.data(), name), ex, "no field but %s", name)
	t.want(has(ex.data()["attributes"], name), ex, "the field %s", name)

	owner, rel := t.includable()
	target := t.described(rel.Target)
	if target.Update == nil {
		return
	}
	linked, _ := t.related(owner, rel)
	// The linking type is asked for with the relationship, so that full linkage can still be seen.
	query := []string{"include=" + rel.Name, fieldsOf(target.Type, target.Update.Attribute, rel.Name)}
	if target.Type != owner.Type {
		query[1] = fieldsOf(target.Type, target.Update.Attribute)
	}
	ex = t.get(withQuery(linked.path(), query...))
	t.needStatus(ex, 200)
	for _, o := range ex.included() {
		t.want(onlyFields(o, target.Update.Attribute, rel.Name), ex, "no field but %s in included", target.Update.Attribute)
	}
}

func testFETCH31(t *T) {
	res := t.full()
	ex := t.get(withQuery(t.make(res).path(), fieldsOf(res.Type)))
	t.needStatus(ex, 200)
	t.want(onlyFields(ex.data()), ex, "no attributes and no relationships")
}

func testFETCH32(t *T) {
	res := t.first("resource with an attribute and a relationship", func(r *Resource) bool {
		return r.can("create", "read") && r.Update != nil && len(r.Relationships) > 0
	})
	one := t.make(res)
	ex := t.get(withQuery(one.path(), fieldsOf(res.Type, res.Update.Attribute)))
	relationships, _ := ex.data()["relationships"].(Object)
	t.want(ex.Status == 200 && len(relationships) == 0, ex, "no relationships")
	name := res.Relationships[0].Name
	ex = t.get(withQuery(one.path(), fieldsOf(res.Type, name)))
	relationships, _ = ex.data()["relationships"].(Object)
	t.want(ex.Status == 200 && len(relationships) == 1 && has(relationships, name), ex, "the relationship %s alone", name)
}

func testFETCH33(t *T) {
	res, rel := t.relation("includable, writable relationship to another type", func(r *Resource, rel *Relationship) bool {
		return rel.Writable && !rel.NoInclude && rel.Target != r.Type && t.canMake(rel.Target)
	})
	owner, target := t.related(res, rel)
	full := t.get(target.path())
	ex := t.get(withQuery(owner.path(), "include="+rel.Name, fieldsOf(res.Type, rel.Name)))
	t.needStatus(ex, 200)
	for _, o := range ex.included() {
		t.want(text(o["attributes"]) == text(full.data()["attributes"]), ex, "all attributes of %s", rel.Target)
	}
}

func testFETCH34(t *T) {
	res := t.updatable()
	one := t.make(res)
	name := res.Update.Attribute
	ex := t.patch(withQuery(one.path(), fieldsOf(res.Type, name)), patchBody(one, Object{name: t.sample(res.Update)}))
	if ex.Status == 204 {
		t.skip("PATCH answers without a document")
	}
	t.needStatus(ex, 200)
	t.want(onlyFields(ex.data(), name) && has(ex.data()["attributes"], name), ex, "the field %s alone", name)
}

func testFETCH35(t *T) {
	res := t.full()
	one := t.make(res)
	full := t.get(one.path())
	ex := t.get(withQuery(one.path(), fieldsOf(res.Type)))
	t.needStatus(ex, 200)
	t.want(ex.data()["type"] == res.Type && ex.data()["id"] == one.id, ex, "type and id")
	for _, member := range []string{"links", "meta"} {
		t.want(has(full.data(), member) == has(ex.data(), member), ex, "%s as without fields", member)
	}
}

func testFETCH36(t *T) {
	res, rel := t.includable()
	hidden := t.first("attribute to update in "+res.Type, func(r *Resource) bool { return r == res && r.Update != nil })
	owner, target := t.related(res, rel)
	ex := t.get(withQuery(owner.path(), "include="+rel.Name, fieldsOf(res.Type, hidden.Update.Attribute)))
	t.needStatus(ex, 200)
	t.want(slices.Contains(ids(ex.included()), target.id), ex, "the related resource in included")
}

func testFETCH37(t *T) {
	res := t.full()
	for query, parameter := range map[string]string{
		fieldsOf(res.Type, "noSuchField"):   "fields[" + res.Type + "]",
		fieldsOf("noSuchType", "something"): "fields[noSuchType]",
		"fields=x":                          "fields",
	} {
		ex := t.get(withQuery(res.Path, query))
		t.wantStatus(ex, 400)
		t.want(hasSource(ex, "parameter", parameter), ex, "an error with source.parameter %q", parameter)
	}
}
