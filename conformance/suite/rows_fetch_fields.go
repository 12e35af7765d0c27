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
	ex := t.sparse(withQuery(one.path(), fieldsOf(res.Type, name)))
	t.want(onlyFields(ex.data(), name), ex, "no field but %s", name)
	t.want(has(ex.data()["attributes"], name), ex, "the field %s", name)
	if res.Scope != "" && res.can("list") {
		g := t.group(res, 2)
		ex := t.sparse(g.list(fieldsOf(res.Type, name)))
		for _, o := range ex.list() {
			t.want(onlyFields(o, name), ex, "no field but %s in a collection", name)
		}
	}
	t.sparseIncluded()
}

func testFETCH31(t *T) {
	res := t.full()
	ex := t.sparse(withQuery(t.make(res).path(), fieldsOf(res.Type)))
	t.want(onlyFields(ex.data()), ex, "no attributes and no relationships")
}

func testFETCH32(t *T) {
	res := t.resource("resource with an attribute and a relationship", func(r *Resource) bool {
		return r.can("create", "read") && r.Update != nil && len(r.Relationships) > 0
	})
	one := t.make(res)
	ex := t.sparse(withQuery(one.path(), fieldsOf(res.Type, res.Update.Attribute)))
	relationships, _ := ex.data()["relationships"].(Object)
	t.want(len(relationships) == 0, ex, "no relationships")
	name := res.Relationships[0].Name
	ex = t.sparse(withQuery(one.path(), fieldsOf(res.Type, name)))
	t.want(onlyFields(ex.data(), name), ex, "no field but the relationship %s", name)
	t.want(at(ex.data(), "relationships", name) != nil, ex, "the relationship %s", name)
}

// testFETCH33 compares with the same document without fields, since a server may send any subset of those nobody asked for.
func testFETCH33(t *T) {
	res, rel := t.relation("includable, writable relationship to another type", func(r *Resource, rel *Relationship) bool {
		return rel.writable() && rel.mayBeIncluded() && rel.Target != r.Type && t.canMake(rel.Target)
	})
	owner, _ := t.related(res, rel)
	ref := withQuery(owner.path(), "include="+rel.Name)
	full := t.including(rel, ref)
	ex := t.sparse(withQuery(ref, fieldsOf(res.Type, rel.Name)))
	for i, o := range ex.included() {
		attributes, _ := o["attributes"].(Object)
		all, _ := at(full.top("included"), i, "attributes").(Object)
		t.want(slices.Equal(names(attributes), names(all)), ex, "the attributes of %s as without fields", rel.Target)
	}
}

func testFETCH34(t *T) {
	res := t.updatable()
	one := t.make(res)
	name := res.Update.Attribute
	ex := t.patch(withQuery(one.path(), fieldsOf(res.Type, name)), patchBody(one, Object{name: t.sample(res.Update)}))
	if ex.Status == 400 || ex.Status == 204 || ex.top("data") == nil {
		t.skip("PATCH takes no fields, or answers without a resource")
	}
	t.needStatus(ex, 200)
	t.want(onlyFields(ex.data(), name) && has(ex.data()["attributes"], name), ex, "the field %s alone", name)
}

func testFETCH35(t *T) {
	res := t.full()
	one := t.make(res)
	full := t.get(one.path())
	ex := t.sparse(withQuery(one.path(), fieldsOf(res.Type)))
	t.want(ex.data()["type"] == res.Type && ex.data()["id"] == one.id, ex, "type and id")
	for _, member := range []string{"links", "meta"} {
		t.pick(has(full.data(), member) == has(ex.data(), member), ex, "%s as without fields", member)
	}
}

func testFETCH36(t *T) {
	res, rel := t.relation("includable, writable relationship of a type with an attribute", func(r *Resource, rel *Relationship) bool {
		return rel.writable() && rel.mayBeIncluded() && r.Update != nil && t.canMake(rel.Target)
	})
	owner, target := t.related(res, rel)
	t.including(rel, withQuery(owner.path(), "include="+rel.Name))
	ex := t.sparse(withQuery(owner.path(), "include="+rel.Name, fieldsOf(res.Type, res.Update.Attribute)))
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

// sparse is a GET with fields, which a server that does not know what to do with them answers with 400.
func (t *T) sparse(ref string) *Exchange { return t.optional("fields", ref) }

// sparseIncluded checks fieldsets of a type that is included.
func (t *T) sparseIncluded() {
	owner, rel := t.relation("includable relationship to a type with an attribute", func(_ *Resource, rel *Relationship) bool {
		target := t.desc.resource(rel.Target)
		return rel.writable() && rel.mayBeIncluded() && t.canMake(rel.Target) && target.Update != nil
	})
	target := t.described(rel.Target)
	linked, _ := t.related(owner, rel)
	// The linking type is asked for with the relationship, so that full linkage can still be seen.
	fields := fieldsOf(target.Type, target.Update.Attribute)
	if target.Type == owner.Type {
		fields = fieldsOf(target.Type, target.Update.Attribute, rel.Name)
	}
	ex := t.sparse(withQuery(linked.path(), "include="+rel.Name, fields))
	for _, o := range ex.included() {
		t.want(onlyFields(o, target.Update.Attribute, rel.Name), ex, "no field but %s in included", target.Update.Attribute)
	}
}
