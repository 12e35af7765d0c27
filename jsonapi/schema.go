package jsonapi

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ValueKind is what a value is: that of an attribute, a filter, a parameter.
type ValueKind string

// The kinds of value.
const (
	String  ValueKind = "string"
	Integer ValueKind = "integer"
	Boolean ValueKind = "boolean"
	// TimeKind is that of a [Time], which a client gave.
	TimeKind ValueKind = "time"
	// StampKind is that of a [Stamp], which the server took.
	StampKind ValueKind = "stamp"
	List      ValueKind = "list" // of strings
	// Value is any JSON; only read-only attributes have it.
	Value ValueKind = "value"
)

// Attribute is one attribute of a resource type, as its struct tags declare it.
type Attribute struct {
	Name   string
	Column string // empty when it is computed
	Kind   ValueKind
	Format Format
	// Nullable: null is a value of it.
	Nullable bool
	// Required: it must be given when the resource is created, and never be null or blank.
	Required bool
	// ReadOnly: only the server sets it. CreateOnly: it cannot be changed later. WriteOnly: it is never sent.
	ReadOnly, CreateOnly, WriteOnly bool
	// Visible: people know something by it, see checkVisible.
	Visible bool
	// Secret: it is sent once, in the answer to the request that set it, and null means "unchanged".
	Secret bool
	// OriginOnly: it is a URL that may hold a secret in its path or query. A caller that may read the
	// resource is shown all of it, others the origin.
	OriginOnly bool
	// Fleeting: it is another at each reading, without a change of the resource. It does not count for an ETag.
	Fleeting     bool
	Min, Max     int // characters of a string, elements of a list
	Enum         []string
	Repeats      bool // elements of a list may be equal
	Filter, Sort bool
	Doc, Example string
	// Shape is the Go type that a Value is printed from, for its description; nil for any JSON.
	Shape reflect.Type

	index     []int
	omitEmpty bool
}

// Relationship is one relationship of a resource type.
type Relationship struct {
	Name   string
	Target *Schema
	// Also are further types that a to-one may lead to, from one resource to another. Inclusions lead on from those of Target.
	Also []*Schema
	Many bool
	// Required: a to-one that can never be empty.
	Required bool
	// ReadOnly: no request can change it. CreateOnly: it can be given when the resource is created, and not be changed later. UpdateOnly:
	// it can be changed, and is made with the resource.
	ReadOnly, CreateOnly, UpdateOnly bool
	// WriteOnly: it can be given, and is never sent.
	WriteOnly bool
	// ByURL: its members can be changed at its own URL, though not with the resource, of which it is no part.
	ByURL bool
	// Told: of a to-many, events tell the members before and after a change.
	Told bool
	// Derived: it shows one of what another relationship leads to, which may be another for each reader. Lists are filtered by that one.
	Derived bool
	// ListedBy is the filter of the target's list that the related link leads to, raw brackets and all, as the published API prints it; ""
	// for a path below the resource.
	ListedBy string
	// Polymorphic: the type of the target differs from resource to resource; Target is nil.
	Polymorphic bool
	Doc         string
}

// Types returns the types that a relationship may lead to; none for a polymorphic one, which may lead to all.
func (r *Relationship) Types() []string {
	if r.Polymorphic {
		return nil
	}
	types := []string{r.Target.Type}
	for _, other := range r.Also {
		types = append(types, other.Type)
	}
	return types
}

// LeadsTo reports whether the relationship may lead to a resource of a type.
func (r *Relationship) LeadsTo(typ string) bool {
	return r.Polymorphic || slices.Contains(r.Types(), typ)
}

// Changeable reports whether linkage of the relationship can be sent to its own URL.
func (r *Relationship) Changeable() bool { return r.ByURL || !r.ReadOnly && !r.CreateOnly }

// Filter is something a list can be filtered by that is neither an attribute nor a relationship.
type Filter struct {
	Name string
	Kind ValueKind
	Doc  string
	// Enum are the values that it can have, nil for any.
	Enum []string
	// Required: there is no list without it.
	Required bool
}

// Count is a number of what belongs to a resource, or several with names of their own, which its meta tells who asks for it by this name.
type Count struct {
	Name, Doc string
	// Parts are the names of several numbers, which are a member of meta; nil for a single one, which is among its counts.
	Parts []string
	// Of is the type of what is counted, "" where the counting itself looks at who may read that. Whoever may not is told no number.
	Of string
}

// Schema is what the wire knows about a resource type.
type Schema struct {
	Type          string
	Doc           string
	Attributes    []*Attribute
	Relationships []*Relationship
	Filters       []Filter
	// SortedBy are what lists can be sorted by that is no attribute of the resource.
	SortedBy []*Attribute
	// Counts are what can be counted of each resource, see [Query.Counts].
	Counts []Count
	// Example is an id for documentation.
	Example string
	// ClientIDs is whether there are clients that may choose the id of a new resource (§ Client-Generated IDs).
	ClientIDs bool
	// Computed: the resources are put together for each answer. They are found nowhere, so neither they nor their relationships have links,
	// and nothing is filtered or sorted by their ids.
	Computed bool
	// Options are the members that requests to change a resource may have in the meta of their document.
	Options []string

	model      reflect.Type
	attributes map[string]*Attribute
	relations  map[string]*Relationship
	id         []int    // the index of the field with it
	forms      sync.Map // by base
}

// Root is the path below which every resource of the native API is read.
const Root = "/public/v2/"

// URL returns where resources of the type are read: /public/v2/users.
func (s *Schema) URL() string { return Root + s.Type }

// Singular returns the name of one resource of the type: organization for organizations, policy for policies.
func (s *Schema) Singular() string { return Singular(s.Type) }

// Singular returns the singular of an English plural that is the name of a type or of a relationship.
func Singular(plural string) string {
	if plural == "series" { // which is its own plural
		return plural
	}
	if stem, ok := strings.CutSuffix(plural, "ies"); ok {
		return stem + "y"
	}
	return strings.TrimSuffix(plural, "s")
}

// ForModel reads the schema from the tags of a struct:
//
//	jsonapi:"primary,organizations"  on the id
//	jsonapi:"attr,name"              on each attribute
//	gorm:"column:name"               its column
//	rule:"required,max=200,sort"     what it may hold and what can be done with it, see rules
//	doc:"…" example:"…"              for the OpenAPI document
//
// It panics on a tag that makes no sense: models are part of the program, and the first test finds it.
func ForModel(model any) *Schema {
	t := reflect.TypeOf(model)
	s := &Schema{model: t, attributes: map[string]*Attribute{}, relations: map[string]*Relationship{}}
	for _, field := range reflect.VisibleFields(t) {
		role, name, _ := strings.Cut(field.Tag.Get("jsonapi"), ",")
		name, option, _ := strings.Cut(name, ",")
		switch role {
		case "":
		case "primary":
			s.Type, s.Doc, s.Example, s.id = name, field.Tag.Get("doc"), field.Tag.Get("example"), field.Index
		case "attr":
			a := attributeOf(field, name)
			s.Attributes = append(s.Attributes, a)
			s.attributes[name] = a
			if a.omitEmpty = option != ""; a.omitEmpty && option != "omitempty" {
				panic(fmt.Sprintf("%s.%s: jsonapi tag %q", t, field.Name, option))
			}
		default:
			panic(fmt.Sprintf("%s.%s: jsonapi tag %q", t, field.Name, role))
		}
	}
	return s
}

// kinds maps the types of model fields to the kinds of attributes.
var kinds = map[reflect.Type]ValueKind{
	reflect.TypeFor[string]():  String,
	reflect.TypeFor[int64]():   Integer,
	reflect.TypeFor[bool]():    Boolean,
	reflect.TypeFor[Time]():    TimeKind,
	reflect.TypeFor[Stamp]():   StampKind,
	reflect.TypeFor[Strings](): List,
	reflect.TypeFor[Raw]():     Value,
}

// DefaultMax bounds strings that say nothing else.
const DefaultMax = 200

func attributeOf(field reflect.StructField, name string) *Attribute {
	t := field.Type
	a := &Attribute{Name: name, Max: DefaultMax, Doc: field.Tag.Get("doc"), Example: field.Tag.Get("example"), index: field.Index}
	if t.Kind() == reflect.Pointer {
		a.Nullable, t = true, t.Elem()
	}
	kind, ok := kinds[t]
	if !ok {
		panic(fmt.Sprintf("attribute %s has type %s", name, t))
	}
	a.Kind = kind
	for _, part := range strings.Split(field.Tag.Get("gorm"), ";") {
		if column, ok := strings.CutPrefix(part, "column:"); ok {
			a.Column = column
		}
	}
	for _, word := range strings.FieldsFunc(field.Tag.Get("rule"), func(r rune) bool { return r == ',' }) {
		word, value, _ := strings.Cut(word, "=")
		set, ok := rules[word]
		if !ok {
			panic(fmt.Sprintf("attribute %s: rule %q", name, word))
		}
		set(a, value)
	}
	return a
}

// rules are the words of the rule tag.
var rules = map[string]func(a *Attribute, value string){
	"required":   func(a *Attribute, _ string) { a.Required, a.Min = true, 1 },
	"readonly":   func(a *Attribute, _ string) { a.ReadOnly = true },
	"createonly": func(a *Attribute, _ string) { a.CreateOnly = true },
	"writeonly":  func(a *Attribute, _ string) { a.WriteOnly = true },
	"visible":    func(a *Attribute, _ string) { a.Visible = true },
	"secret":     func(a *Attribute, _ string) { a.Secret = true },
	"originonly": func(a *Attribute, _ string) { a.OriginOnly = true },
	"fleeting":   func(a *Attribute, _ string) { a.Fleeting = true },
	"filter":     func(a *Attribute, _ string) { a.Filter = true },
	"sort":       func(a *Attribute, _ string) { a.Sort, a.Filter = true, true },
	"min":        func(a *Attribute, v string) { a.Min = mustInt(v) },
	"max":        func(a *Attribute, v string) { a.Max = mustInt(v) },
	"format":     func(a *Attribute, v string) { a.Format = mustFormat(v) },
	"repeats":    func(a *Attribute, _ string) { a.Repeats = true },
	"enum":       func(a *Attribute, v string) { a.Enum = strings.Split(v, "|") },
}

func mustInt(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// Attribute returns the attribute of that name, or nil. Names are case-sensitive (§ Member Names).
func (s *Schema) Attribute(name string) *Attribute { return s.attributes[name] }

// Relationship returns the relationship of that name, or nil.
func (s *Schema) Relationship(name string) *Relationship { return s.relations[name] }

// Relate adds a relationship. Attributes and relationships share one namespace (§ Fields).
func (s *Schema) Relate(rel *Relationship) {
	if s.attributes[rel.Name] != nil || s.relations[rel.Name] != nil {
		panic(fmt.Sprintf("%s has two fields named %s", s.Type, rel.Name))
	}
	s.Relationships = append(s.Relationships, rel)
	s.relations[rel.Name] = rel
}

// FilterNamed returns the extra filter of that name.
func (s *Schema) FilterNamed(name string) (Filter, bool) {
	i := slices.IndexFunc(s.Filters, func(f Filter) bool { return f.Name == name })
	if i < 0 {
		return Filter{}, false
	}
	return s.Filters[i], true
}

// FieldNames returns the names of all attributes and relationships in the order of their declaration.
func (s *Schema) FieldNames() []string {
	names := make([]string, 0, len(s.Attributes)+len(s.Relationships))
	for _, a := range s.Attributes {
		names = append(names, a.Name)
	}
	for _, r := range s.Relationships {
		names = append(names, r.Name)
	}
	return names
}

// Readable returns the names of the fields that documents have: all but what is only written.
func (s *Schema) Readable() []string {
	return slices.DeleteFunc(s.FieldNames(), func(name string) bool {
		a, rel := s.Attribute(name), s.Relationship(name)
		return a != nil && a.WriteOnly || rel != nil && rel.WriteOnly
	})
}

// Apply sets the fields of a model, given as a pointer, from decoded attribute values, and returns the columns it set. The values are
// those of Input.Attributes; names that are not attributes of the schema are passed over.
func (s *Schema) Apply(model any, attributes map[string]any) (columns []string) {
	v := reflect.ValueOf(model).Elem()
	for _, a := range s.Attributes {
		value, ok := attributes[a.Name]
		if !ok {
			continue
		}
		assign(v.FieldByIndex(a.index), value)
		if a.Column != "" {
			columns = append(columns, a.Column)
		}
	}
	return columns
}

// Field returns the field of a model, given as a pointer, that the attribute is printed from.
func (a *Attribute) Field(model any) any {
	return reflect.ValueOf(model).Elem().FieldByIndex(a.index).Interface()
}

func assign(field reflect.Value, value any) {
	if value == nil {
		field.SetZero()
		return
	}
	if field.Kind() == reflect.Pointer {
		p := reflect.New(field.Type().Elem())
		p.Elem().Set(reflect.ValueOf(value).Convert(field.Type().Elem()))
		field.Set(p)
		return
	}
	field.Set(reflect.ValueOf(value).Convert(field.Type()))
}
