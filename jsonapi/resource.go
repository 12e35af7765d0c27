package jsonapi

// Resource is a resource object as it is sent (§ Resource Objects). [Form.Resources] makes it.
type Resource struct {
	ID string
	// Attributes are those by their names, nil of a resource whose attributes are printed from its model.
	Attributes map[string]any
	// Links are printed instead of those of the form; nil for these.
	Links *Links
	Meta  map[string]any
	// Cursor is where the resource stands in the list that is printed, which its meta tells; "" where nobody asked.
	Cursor string

	form   *Form
	model  any
	linked []Linked // for each arrow of the form
}

// Type returns the type of the resource.
func (r *Resource) Type() string { return r.form.schema.Type }

// URL returns where the resource is read.
func (r *Resource) URL() string { return r.form.base + "/" + r.ID }

// Linked returns the linkage of a relationship, to be read or set; nil if the relationship is not printed.
func (r *Resource) Linked(relationship string) *Linked {
	for i := range r.form.arrows {
		if r.form.arrows[i].rel.Name == relationship {
			return &r.linked[i]
		}
	}
	return nil
}

// LinksOf returns where the linkage of a relationship is read, and what it leads to.
func (r *Resource) LinksOf(rel *Relationship) (self, related string) {
	return rel.self(r.URL()), rel.related(r.URL(), r.ID)
}

// Append appends the resource object to out. It fails only for one that this program built wrongly.
func (r *Resource) Append(out []byte) ([]byte, error) {
	e := &encoder{out: out}
	e.resource(r)
	return e.out, e.err
}

// MarshalJSON implements json.Marshaler.
func (r *Resource) MarshalJSON() ([]byte, error) { return r.Append(nil) }

// AppendAttribute appends the value of an attribute to out, null if the resource has none of that name.
func (r *Resource) AppendAttribute(out []byte, name string) ([]byte, error) {
	e := &encoder{out: out}
	for i := range r.form.fields {
		if f := &r.form.fields[i]; f.Name == name {
			if value, printed := f.of(r); printed {
				e.value(value)
				return e.out, e.err
			}
		}
	}
	return append(out, Null...), nil
}

// Linked is the linkage of one relationship of a resource object (§ Resource Linkage): the zero Linked prints none.
type Linked struct {
	stated  bool
	typ, id string // of a to-one that is not null
	many    *linkedMany
}

type linkedMany struct {
	identifiers []Identifier
	rest        string
}

// Leave prints no linkage.
func (l *Linked) Leave() { *l = Linked{} }

// SetNone prints null.
func (l *Linked) SetNone() { *l = Linked{stated: true} }

// SetOne prints one identifier.
func (l *Linked) SetOne(typ, id string) { *l = Linked{stated: true, typ: typ, id: id} }

// SetMany prints identifiers. If rest is not "", there are more, which are read at the URL of the relationship with this query: they are
// the first page.
func (l *Linked) SetMany(identifiers []Identifier, rest string) {
	*l = Linked{stated: true, many: &linkedMany{identifiers, rest}}
}

// One returns what a to-one leads to, twice "" for null and for no linkage.
func (l *Linked) One() (typ, id string) { return l.typ, l.id }

// Data returns the linkage as the data of a document: Null, an [Identifier], a slice of them, or nil for no linkage.
func (l *Linked) Data() any {
	switch {
	case !l.stated:
		return nil
	case l.many != nil:
		return l.many.identifiers
	case l.id == "":
		return Null
	default:
		return Identifier{Type: l.typ, ID: l.id}
	}
}
