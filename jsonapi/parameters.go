package jsonapi

import (
	"fmt"
	"slices"
	"strings"
)

// Parameter is one query parameter that a request may carry, as the documentation of an API tells it.
type Parameter struct {
	Name string
	// Family is filter, sort, page, include or fields, "" for none.
	Family string
	// Operator is that of a filter whose name has one: prefix of filter[name][prefix], "[]" of filter[name][].
	Operator string
	// Type is the resource type whose fields the parameter is about, "" if it is about none.
	Type string
	Doc  string
	// Kind is the kind of its value, or of each of its values.
	Kind ValueKind
	// List: it holds up to Most values, separated by commas. Repeated: it may be given several times.
	List, Repeated bool
	Most           int
	// Enum are its possible values, nil for any.
	Enum []string
	// Least and Greatest bound an integer; both are 0 for one without bounds.
	Least, Greatest int
	// Default is the integer that stands for a missing parameter, 0 for none.
	Default int
	// Empty: it may have no value at all. Required: the request needs it.
	Empty, Required bool
}

// Parameters returns the query parameters that ParseQuery takes for a request that accepts those families, in the order of the
// documentation. types are the schemas that fields may name.
func (s *Schema) Parameters(accepts Accepts, types []*Schema) []Parameter {
	var all []Parameter
	if accepts.Select {
		all = append(all, s.filterParameters()...)
		all = append(all, s.sortParameters()...)
	}
	if accepts.Page {
		all = append(all, pageParameters()...)
	}
	if accepts.Include {
		if names := s.includable(); len(names) > 0 {
			all = append(all, Parameter{
				Name: "include", Family: "include", Type: s.Type, Kind: String, List: true, Most: maxIncludePaths, Empty: true,
				Doc: "Relationships whose resources come along in included, or paths of them: " + strings.Join(names, ", ") + ".",
			})
		}
	}
	if accepts.Fields {
		for _, t := range types {
			all = append(all, Parameter{
				Name: "fields[" + t.Type + "]", Family: "fields", Type: t.Type, Kind: String, List: true, Most: len(t.Readable()),
				Enum: t.Readable(), Empty: true,
				Doc: "The fields of " + t.Type + " that are wanted; without it all of them are sent.",
			})
		}
	}
	if accepts.Counts && len(s.Counts) > 0 {
		doc := "What is to be counted for each resource, of what the caller sees, into its meta: counts, or a member of that name. " +
			"There is no number where that is nothing because the caller may not read it."
		for _, count := range s.Counts {
			doc += " " + count.Name + ": " + count.Doc
			if count.Parts != nil {
				doc += " As " + strings.Join(count.Parts, " and ") + "."
			}
		}
		all = append(all, Parameter{Name: countsName, Kind: String, List: true, Most: len(s.Counts), Enum: s.countNames(), Doc: doc})
	}
	for _, o := range accepts.Others {
		all = append(all, Parameter{Name: o.Name, Kind: String, Doc: o.Doc, Enum: o.Enum, Required: o.Required})
	}
	return all
}

// meanings completes the sentence "Only resources whose field …".
var meanings = map[Op]string{
	OpEqual:        "equals the value",
	OpEqualFold:    "equals the value without regard to case",
	OpNotEqual:     "differs from the value, or is null",
	OpPrefix:       "begins with the value",
	OpSuffix:       "ends with the value",
	OpContains:     "contains the value",
	OpGreater:      "is greater than the value",
	OpGreaterEqual: "is greater than the value or equal to it",
	OpLess:         "is less than the value",
	OpLessEqual:    "is less than the value or equal to it",
	OpMatch:        "equals one of the values",
	OpNull:         "is null (true), or is not (false)",
}

// Operators returns in words what each operator of filters does.
func Operators() string {
	var b strings.Builder
	b.WriteString("A resource is selected if the field, by operator,")
	for i, op := range ops[String] {
		if i > 0 {
			b.WriteString(";")
		}
		fmt.Fprintf(&b, " %s: %s", op, meanings[op])
	}
	return b.String() + "."
}

func (s *Schema) filterParameters() []Parameter {
	var all []Parameter
	add := func(field, op string, p Parameter) {
		p.Name, p.Family, p.Type = "filter["+field+"]"+op, "filter", s.Type
		if p.Operator = op; op != "[]" {
			p.Operator = strings.Trim(op, "[]")
		}
		all = append(all, p)
	}
	for _, a := range append([]*Attribute{idAttribute}, s.Attributes...) {
		if _, extra := s.FilterNamed(a.Name); extra || !a.Filter || a == idAttribute && s.Computed {
			continue
		}
		plain := OpEqual
		if a == idAttribute {
			plain = OpMatch
		}
		bare := a.filterParameter(plain)
		if a == idAttribute {
			bare.Doc += " It may be repeated."
		}
		add(a.Name, "", bare)
		for _, op := range a.comparisons() {
			add(a.Name, "["+string(op)+"]", a.filterParameter(op))
		}
		if slices.Contains(a.comparisons(), OpMatch) {
			p := a.filterParameter(OpMatch)
			p.Repeated = true
			add(a.Name, "[]", p)
		}
	}
	for _, rel := range s.Relationships {
		if _, extra := s.FilterNamed(rel.Name); extra || !s.filtersBy(rel) {
			continue
		}
		ids := Parameter{Kind: String, List: true, Most: maxMatchValues,
			Doc: "Only resources whose " + rel.Name + " is, or has, one of these ids."}
		for _, op := range []string{"", "[eq]", "[match]"} {
			add(rel.Name, op, ids)
		}
		ids.Repeated = true
		add(rel.Name, "[]", ids)
		add(rel.Name, "[null]", Parameter{Kind: Boolean, Doc: "Only resources whose " + rel.Name + " is empty (true), or is not (false)."})
	}
	for _, f := range s.Filters {
		if f.Required { // which has one spelling, so that a tool that knows the document sends it
			add(f.Name, "", Parameter{Kind: f.Kind, Doc: f.Doc, Enum: f.Enum, Required: true})
			continue
		}
		for _, op := range []string{"", "[eq]"} {
			add(f.Name, op, Parameter{Kind: f.Kind, Doc: f.Doc, Enum: f.Enum})
		}
	}
	return all
}

func (a *Attribute) filterParameter(op Op) Parameter {
	p := Parameter{Kind: a.Kind, Doc: "Only resources whose " + a.Name + " " + meanings[op] + "."}
	switch op {
	case OpEqual, OpNotEqual:
		p.Enum = a.Enum
	case OpMatch:
		p.List, p.Most, p.Enum = true, maxMatchValues, a.Enum
	case OpNull:
		p.Kind = Boolean
	}
	return p
}

func (s *Schema) sortParameters() []Parameter {
	var keys []string
	for _, name := range s.sortable() {
		keys = append(keys, name, "-"+name)
	}
	if keys == nil {
		return nil
	}
	return []Parameter{{
		Name: "sort", Family: "sort", Type: s.Type, Kind: String, List: true, Most: maxSortKeys, Enum: keys,
		Doc: "What to sort by, the most important first; - in front means descending.",
	}}
}

func pageParameters() []Parameter {
	integer := func(name string, least, greatest, standard int, doc string) Parameter {
		return Parameter{Name: "page[" + name + "]", Family: "page", Kind: Integer, Least: least, Greatest: greatest, Default: standard,
			Doc: doc}
	}
	cursor := func(name, doc string) Parameter {
		return Parameter{Name: "page[" + name + "]", Family: "page", Kind: String, Doc: doc}
	}
	sized := fmt.Sprintf("How many resources a page has; more than %d are refused.", MaxPageSize)
	return []Parameter{
		integer("number", 1, maxOffset/MaxPageSize, 1, "The page, counted from 1. It goes with page[size]."),
		integer("size", 1, MaxPageSize, DefaultPageSize, sized+" It goes with page[number], page[after] or page[before]."),
		integer("offset", 0, maxOffset, 0, "How many resources to pass over. It goes with page[limit]."),
		integer("limit", 1, MaxPageSize, DefaultPageSize, sized+" It goes with page[offset]."),
		cursor("after", "A cursor: the page begins right after it (cursor pagination profile). It goes with page[size]."),
		cursor("before", "A cursor: the page ends right before it (cursor pagination profile). It goes with page[size]."),
	}
}

// includable returns the names of the relationships that can be included.
func (s *Schema) includable() []string {
	var names []string
	for _, rel := range s.Relationships {
		if !rel.WriteOnly && !rel.Polymorphic {
			names = append(names, rel.Name)
		}
	}
	return names
}

// Pattern returns the regular expression (ECMA-262) that a format is, "" for one that is more than that.
func (f Format) Pattern() string {
	if f == "slug" {
		return slugPattern.String()
	}
	return ""
}
