package jsonapi

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// Form is how resource objects of one type are printed that are read at one path: which fields, in the order of their names, and the texts
// that are the same in each of them. It is compiled once from the schema, so that a resource is printed from its model without a map of
// its fields (docs/adr/0094). It never changes, and may be used by several goroutines.
type Form struct {
	schema *Schema
	base   string
	head   string // up to the id
	foot   string // the links of the resource up to its id, "" for none
	fields []field
	arrows []arrow
}

// field is an attribute as it is printed.
type field struct {
	*Attribute
	label string // its name as a member
}

// arrow is a relationship as it is printed.
type arrow struct {
	rel *Relationship
	// texts are what is printed before the linkage, with the id between each two. It ends in the middle of the links, if there are any.
	texts []string
	// page is the URL of the linkage, around the id.
	page []string
}

// Form returns how resources of the type are printed that are read at base, a path that needs no escapes: [Schema.URL] or that of another
// part of the API. It is kept for ever, so base must be one of a few. Resources that are read nowhere have "", and no links.
func (s *Schema) Form(base string) *Form {
	if kept, ok := s.forms.Load(base); ok {
		return kept.(*Form)
	}
	kept, _ := s.forms.LoadOrStore(base, s.compile(base))
	return kept.(*Form)
}

// idMark stands for the id while the texts of a form are put together.
const idMark = "\x00"

func (s *Schema) compile(base string) *Form {
	f := &Form{schema: s, base: base, head: `{"type":"` + s.Type + `","id":"`}
	if base != "" {
		f.foot = `,"links":{"self":"` + base + "/"
	}
	for _, a := range s.Attributes {
		f.fields = append(f.fields, field{a, `"` + a.Name + `":`})
	}
	for _, rel := range s.Relationships {
		if !rel.WriteOnly {
			f.arrows = append(f.arrows, arrowOf(rel, base))
		}
	}
	slices.SortFunc(f.fields, func(a, b field) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(f.arrows, func(a, b arrow) int { return cmp.Compare(a.rel.Name, b.rel.Name) })
	return f
}

// arrowOf compiles a relationship. Who may never write to the URL of its linkage is not told it: it is served, and says nothing that the
// related link does not lead to.
func arrowOf(rel *Relationship, base string) arrow {
	head, at := `"`+rel.Name+`":{`, base+"/"+idMark
	if base == "" {
		return arrow{rel: rel, texts: []string{head}}
	}
	head += `"links":{`
	if rel.Changeable() {
		head += `"self":"` + rel.self(at) + `",`
	}
	head += `"related":"` + rel.related(at, idMark) + `"`
	return arrow{rel: rel, texts: strings.Split(head, idMark), page: strings.Split(rel.self(at), idMark)}
}

// self returns the URL of the linkage of a resource at a URL, related that of what it leads to.
func (r *Relationship) self(at string) string { return at + "/relationships/" + r.Name }

func (r *Relationship) related(at, id string) string {
	if r.ListedBy != "" {
		return r.Target.URL() + "?filter[" + r.ListedBy + "]=" + id
	}
	return at + "/" + r.Name
}

// Only returns the form with those fields alone (§ Sparse Fieldsets); the form itself for nil.
func (f *Form) Only(fields map[string]bool) *Form {
	if fields == nil {
		return f
	}
	only := *f
	only.fields, only.arrows = make([]field, 0, len(fields)), make([]arrow, 0, len(fields))
	for _, one := range f.fields {
		if fields[one.Name] {
			only.fields = append(only.fields, one)
		}
	}
	for _, one := range f.arrows {
		if fields[one.rel.Name] {
			only.arrows = append(only.arrows, one)
		}
	}
	return &only
}

// Resources returns the resource objects of models: pointers to structs of the type that the schema was made for. They have no linkage yet.
func (f *Form) Resources(models []any) []*Resource {
	objects, linked := make([]Resource, len(models)), make([]Linked, len(models)*len(f.arrows))
	resources := make([]*Resource, len(models))
	for i, model := range models {
		own := linked[i*len(f.arrows):][:len(f.arrows):len(f.arrows)]
		id := reflect.ValueOf(model).Elem().FieldByIndex(f.schema.id).String()
		objects[i] = Resource{ID: id, form: f, model: model, linked: own}
		resources[i] = &objects[i]
	}
	return resources
}

// Resource returns the resource object of one model, as [Form.Resources] does.
func (f *Form) Resource(model any) *Resource { return f.Resources([]any{model})[0] }

// of returns the value of the field, and whether it is printed. What is not a pointer in the model is pointed to, which costs nothing.
func (f *field) of(r *Resource) (value any, printed bool) {
	if r.Attributes != nil {
		value, printed = r.Attributes[f.Name]
		return value, printed
	}
	v := reflect.ValueOf(r.model).Elem().FieldByIndex(f.index)
	if f.omitEmpty && v.IsZero() {
		return nil, false
	}
	if v.Kind() != reflect.Pointer {
		v = v.Addr()
	}
	return v.Interface(), true
}
