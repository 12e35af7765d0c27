package jsonapi

import (
	"slices"
	"strings"
)

// Op is a comparison of a filter.
type Op string

// The comparisons. OpEqual is the default.
const (
	OpEqual        Op = "eq"
	OpEqualFold    Op = "eql" // without regard to case
	OpNotEqual     Op = "ne"  // also true for what has no value
	OpPrefix       Op = "prefix"
	OpSuffix       Op = "suffix"
	OpContains     Op = "contains"
	OpGreater      Op = "gt"
	OpGreaterEqual Op = "gte"
	OpLess         Op = "lt"
	OpLessEqual    Op = "lte"
	OpMatch        Op = "match" // equal to one of a comma list
	OpNull         Op = "null"  // has no value: true or false
)

// ops lists the comparisons that each kind of attribute has.
var ops = map[ValueKind][]Op{
	String: {OpEqual, OpEqualFold, OpNotEqual, OpPrefix, OpSuffix, OpContains,
		OpGreater, OpGreaterEqual, OpLess, OpLessEqual, OpMatch, OpNull},
	Integer:   {OpEqual, OpNotEqual, OpGreater, OpGreaterEqual, OpLess, OpLessEqual, OpMatch, OpNull},
	Boolean:   {OpEqual, OpNotEqual, OpNull},
	TimeKind:  {OpEqual, OpNotEqual, OpGreater, OpGreaterEqual, OpLess, OpLessEqual, OpMatch, OpNull},
	StampKind: {OpEqual, OpNotEqual, OpGreater, OpGreaterEqual, OpLess, OpLessEqual, OpMatch, OpNull},
}

// idAttribute makes the id filterable and sortable like an attribute, by the comparisons that mean something for an id.
var (
	idAttribute = &Attribute{Name: "id", Column: "id", Kind: String, Filter: true, Sort: true}
	idOps       = []Op{OpMatch, OpEqual, OpEqualFold, OpNotEqual}
)

// field returns the attribute of a name, or that of the id; nil for neither.
func (s *Schema) field(name string) *Attribute {
	if name == "id" && !s.Computed {
		return idAttribute
	}
	return s.Attribute(name)
}

// filtersBy reports whether resources can be filtered by a relationship: it is one that is looked up.
func (s *Schema) filtersBy(rel *Relationship) bool {
	return !s.Computed && !rel.WriteOnly && !rel.Derived && !rel.Polymorphic
}

// comparisons returns those that a filter by the attribute can use.
func (a *Attribute) comparisons() []Op {
	if a == idAttribute {
		return idOps
	}
	return ops[a.Kind]
}

// filter reads filter[field], filter[field][op] and filter[field][].
func (p *queryParser) filter(one pair, keys []string) {
	if len(p.q.Filters) == maxFilters {
		p.errorf(InvalidParameter, one.name, "At most %d filters can be combined.", maxFilters)
		return
	}
	field, op := keys[0], Op("")
	switch {
	case len(keys) == 2 && keys[1] == "":
		op = OpMatch
	case len(keys) == 2:
		op = Op(keys[1])
	case len(keys) > 2:
		p.unknown(one.name)
		return
	}
	if extra, ok := p.schema.FilterNamed(field); ok {
		p.extraFilter(one, extra, op)
		return
	}
	if rel := p.schema.Relationship(field); rel != nil && p.schema.filtersBy(rel) {
		p.relationshipFilter(one, rel, op)
		return
	}
	a := p.schema.field(field)
	if a == nil || !a.Filter {
		p.errorf(InvalidParameter, one.name, "%s cannot be filtered by %q.", p.schema.Type, clip(field))
		return
	}
	p.attributeFilter(one, a, op)
}

// require makes sure that each filter is there that a list needs.
func (p *queryParser) require() {
	if p.schema == nil || !p.accepts.Select {
		return
	}
	for _, f := range p.schema.Filters {
		name := "filter[" + f.Name + "]"
		told := slices.ContainsFunc(p.errs, func(e *Error) bool { return strings.HasPrefix(e.parameter(), name) })
		if f.Required && !told && !slices.ContainsFunc(p.q.pairs, func(one pair) bool { return one.name == name }) {
			p.errorf(InvalidParameter, name, "It is needed.")
		}
	}
}

func (p *queryParser) extraFilter(one pair, extra Filter, op Op) {
	if op != "" && (op != OpEqual || extra.Required) {
		p.errorf(InvalidParameter, one.name, "The filter %s takes no operator %q.", extra.Name, clip(string(op)))
		return
	}
	value, wrong := parseText(extra.Kind, one.value)
	if wrong == "" {
		wrong = outside(extra.Enum, OpEqual, one.value)
	}
	if wrong != "" {
		p.errorf(InvalidParameter, one.name, "It %s.", wrong)
		return
	}
	p.q.Filters = append(p.q.Filters, Condition{Parameter: one.name, Field: extra.Name, Op: OpEqual, Value: value})
}

func (p *queryParser) relationshipFilter(one pair, rel *Relationship, op Op) {
	cond := Condition{Parameter: one.name, Field: rel.Name, Op: OpMatch, Relationship: rel}
	switch op {
	case "", OpEqual, OpMatch:
		cond.Value = p.list(one, idAttribute)
	case OpNull:
		value, wrong := parseText(Boolean, one.value)
		if wrong != "" {
			p.errorf(InvalidParameter, one.name, "It %s.", wrong)
			return
		}
		cond.Op, cond.Value = OpNull, value
	default:
		p.errorf(InvalidParameter, one.name, "A relationship is filtered by ids, or with the operator null, not %q.", clip(string(op)))
		return
	}
	p.add(cond, one)
}

func (p *queryParser) attributeFilter(one pair, a *Attribute, op Op) {
	if op == "" {
		op = OpEqual
		if a == idAttribute {
			op = OpMatch // filter[id]=a,b
		}
	}
	if possible := a.comparisons(); !slices.Contains(possible, op) {
		p.errorf(InvalidParameter, one.name, "%s takes the operators %s, not %q.", a.Name, joinOps(possible), clip(string(op)))
		return
	}
	cond := Condition{Parameter: one.name, Field: a.Name, Op: op, Attribute: a}
	switch op {
	case OpMatch:
		cond.Value = p.list(one, a)
	case OpNull:
		value, wrong := parseText(Boolean, one.value)
		if wrong != "" {
			p.errorf(InvalidParameter, one.name, "It %s.", wrong)
			return
		}
		cond.Value = value
	default:
		value, wrong := a.Parse(one.value)
		if wrong == "" {
			wrong = outside(a.Enum, op, one.value)
		}
		if wrong != "" {
			p.errorf(InvalidParameter, one.name, "It %s.", wrong)
			return
		}
		cond.Value = value
	}
	p.add(cond, one)
}

// add appends a condition. What is repeated, as in filter[id][]=a&filter[id][]=b, is one list.
func (p *queryParser) add(cond Condition, one pair) {
	if !repeatable(one.name) {
		p.q.Filters = append(p.q.Filters, cond)
		return
	}
	first, repeated := p.lists[one.name]
	if !repeated {
		p.lists[one.name] = len(p.q.Filters)
		p.q.Filters = append(p.q.Filters, cond)
		return
	}
	all := append(p.q.Filters[first].Value.([]any), cond.Value.([]any)...)
	if len(all) > maxMatchValues {
		p.tooMany(one)
		return
	}
	p.q.Filters[first].Value = all
}

func (p *queryParser) tooMany(one pair) {
	p.errorf(InvalidParameter, one.name, "At most %d values can be listed.", maxMatchValues)
}

func (p *queryParser) list(one pair, a *Attribute) []any {
	parts := strings.Split(one.value, ",")
	if len(parts) > maxMatchValues {
		p.tooMany(one)
		return []any{}
	}
	values := make([]any, 0, len(parts))
	for _, part := range parts {
		value, wrong := a.Parse(part)
		if wrong == "" {
			wrong = outside(a.Enum, OpMatch, part)
		}
		if wrong != "" {
			p.errorf(InvalidParameter, one.name, "%q %s.", clip(part), wrong)
			continue
		}
		values = append(values, value)
	}
	return values
}

// outside tells that a text is none of the values that there can be, nil for any, where it is compared as a whole: such a filter is a
// mistake, and not a list without anything in it.
func outside(enum []string, op Op, text string) (wrong string) {
	whole := op == OpEqual || op == OpNotEqual || op == OpMatch
	if enum == nil || !whole || slices.Contains(enum, text) {
		return ""
	}
	return "must be one of " + strings.Join(enum, ", ")
}

func joinOps(list []Op) string {
	names := make([]string, len(list))
	for i, op := range list {
		names[i] = string(op)
	}
	return strings.Join(names, ", ")
}
