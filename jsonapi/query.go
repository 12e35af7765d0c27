package jsonapi

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Limits of a query. They bound what one request can cost.
const (
	DefaultPageSize = 25
	MaxPageSize     = 200
	maxFilters      = 20
	maxSortKeys     = 5
	maxIncludeDepth = 3
	maxIncludePaths = 20
	maxMatchValues  = 200
	maxOffset       = 1 << 40
	// MaxIncluded bounds what the to-many relationships of one answer include, and so their linkage.
	MaxIncluded = 2000
)

// Query is what the query parameters of a request ask for, checked against the schema.
type Query struct {
	Filters []Condition
	Sort    []SortKey
	// Include is the tree of relationships to include; nil when the client did not ask for inclusion at all.
	Include *Inclusion
	// Fields holds the wanted fields of each type that the client named.
	Fields map[string]map[string]bool
	Page   Page
	// Counts names what is to be counted of each resource.
	Counts []string
	// Others holds the values of parameters of no family, by name.
	Others map[string]string

	pairs []pair
}

// Condition is one filter: the value of a field, in comparison.
type Condition struct {
	// Parameter is the query parameter that it was given by, as it was spelled.
	Parameter string
	Field     string
	Op        Op
	// Value is a string, int64, bool, time.Time or WholeSecond; for OpMatch it is a []any of those.
	Value any
	// Attribute or Relationship is set for a filter by a field, neither for one of Schema.Filters.
	Attribute    *Attribute
	Relationship *Relationship
}

// SortKey is one key to sort by.
type SortKey struct {
	Attribute  *Attribute
	Descending bool
}

// Inclusion is a node of the include tree. The root stands for the primary data.
type Inclusion struct {
	Relationship *Relationship
	// Also are the further types of a relationship, but for those that the caller may not read: resources of these are not included.
	Also     []*Schema
	Children []*Inclusion
}

// Accepts says which families of query parameters a request may carry. Fields is always possible where there is primary data.
type Accepts struct {
	// Select: filter and sort. Page: page. Include: include. Fields: fields. Counts: withCounts.
	Select, Page, Include, Fields, Counts bool
	// Cursors: the client asked for the cursor profile, so pages are cut by cursors unless a parameter says otherwise.
	Cursors bool
	// Others are parameters of no family.
	Others []Other
}

// Other is a query parameter of no family: a text, one of Enum unless that is nil. Required says to a reader that it is needed, which
// whoever takes it makes sure of.
type Other struct {
	Name, Doc string
	Enum      []string
	Required  bool
}

// What requests accept.
var (
	ListQuery    = Accepts{Select: true, Page: true, Include: true, Fields: true, Counts: true}
	OneQuery     = Accepts{Include: true, Fields: true, Counts: true}
	LinkageQuery = Accepts{Page: true, Include: true, Fields: true}
	NoQuery      = Accepts{}
)

type pair struct{ name, value string }

// ParseQuery reads the raw query of a request for resources of the schema. types finds the schemas that fields may name. It returns
// every error at once, as Errors, each with its parameter (§ Query Parameters).
func ParseQuery(raw string, accepts Accepts, schema *Schema, types func(string) *Schema) (*Query, error) {
	p := queryParser{
		accepts: accepts, schema: schema, types: types, lists: map[string]int{},
		q: &Query{Fields: map[string]map[string]bool{}, Others: map[string]string{}, Page: Page{Number: 1, Size: DefaultPageSize}},
	}
	p.q.pairs = p.split(raw)
	seen := map[string]int{}
	for _, one := range p.q.pairs {
		seen[one.name]++
		if seen[one.name] == 2 && !repeatable(one.name) {
			p.errorf(InvalidParameter, one.name, "It is given more than once.")
		}
		if seen[one.name] == 1 || repeatable(one.name) {
			p.parameter(one)
		}
	}
	p.finish()
	return p.q, p.errs.Err()
}

// repeatable tells whether a parameter may be given several times, for one list: filter[field][] of any field and, since some clients spell
// a list of ids so, filter[id].
func repeatable(name string) bool { return name == "filter[id]" || strings.HasSuffix(name, "[]") }

type queryParser struct {
	accepts Accepts
	schema  *Schema
	types   func(string) *Schema
	q       *Query
	errs    Errors

	pageNames []string
	lists     map[string]int // position in q.Filters of each repeatable filter that was given
}

func (p *queryParser) errorf(code Code, parameter, detail string, args ...any) {
	p.errs.Add(NewError(code, detail, args...).InParameter(parameter))
}

// maxParameters bounds the query parameters of one request.
const maxParameters = 200

// split reads application/x-www-form-urlencoded pairs in their order. Unlike url.ParseQuery it drops nothing.
func (p *queryParser) split(raw string) []pair {
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		if len(pairs) == maxParameters {
			p.errorf(InvalidParameter, "", "At most %d query parameters are read.", maxParameters)
			break
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		misnamed := err != nil || unusable(name) != "" || !validText(name)
		switch {
		case misnamed:
			p.errorf(InvalidParameter, strings.ToValidUTF8(rawName, "?"), "It is not properly percent-encoded UTF-8.")
		case err2 != nil || !validText(value):
			p.errorf(InvalidParameter, name, "It is not properly percent-encoded UTF-8.")
		case name == "":
			p.errorf(UnknownParameter, "", "A query parameter has no name.")
		case strings.Contains(part, ";"):
			p.errorf(InvalidParameter, name, "Parameters are separated by &; a semicolon is written %s.", "%3B")
		default:
			pairs = append(pairs, pair{name, value})
		}
	}
	return pairs
}

func validText(s string) bool { return strings.ToValidUTF8(s, "") == s && !strings.ContainsRune(s, 0) }

// family splits filter[a][b] into filter, [a b].
func family(name string) (base string, keys []string, ok bool) {
	base, rest, bracketed := strings.Cut(name, "[")
	if !bracketed {
		return base, nil, !strings.Contains(name, "]")
	}
	rest, ok = strings.CutSuffix(rest, "]")
	if !ok {
		return base, nil, false
	}
	keys = strings.Split(rest, "][")
	for _, k := range keys {
		if strings.ContainsAny(k, "[]") {
			return base, nil, false
		}
	}
	return base, keys, true
}

func (p *queryParser) parameter(one pair) {
	base, keys, ok := family(one.name)
	if !ok {
		p.unknown(one.name)
		return
	}
	switch {
	case base == "filter" && p.accepts.Select && len(keys) > 0:
		p.filter(one, keys)
	case base == "sort" && p.accepts.Select && len(keys) == 0:
		p.sort(one)
	case base == "page" && p.accepts.Page && len(keys) == 1:
		p.page(one, keys[0])
	case base == "include" && p.accepts.Include && len(keys) == 0:
		p.include(one)
	case base == "fields" && p.accepts.Fields && len(keys) == 1:
		p.fields(one, keys[0])
	case one.name == countsName && p.accepts.Counts && len(p.schema.Counts) > 0:
		p.counts(one)
	default:
		p.other(one)
	}
}

// countsName is the parameter of what is to be counted of each resource.
const countsName = "withCounts"

// counts reads the names of what is to be counted. One that is named twice is counted once.
func (p *queryParser) counts(one pair) {
	for _, name := range strings.Split(one.value, ",") {
		switch known := p.schema.countNames(); {
		case !slices.Contains(known, name):
			p.errorf(InvalidParameter, one.name, "%q of %s cannot be counted; %s can.", clip(name), p.schema.Type,
				strings.Join(known, ", "))
		case !slices.Contains(p.q.Counts, name):
			p.q.Counts = append(p.q.Counts, name)
		}
	}
}

// countNames names what can be counted.
func (s *Schema) countNames() (names []string) {
	for _, count := range s.Counts {
		names = append(names, count.Name)
	}
	return names
}

// other reads a parameter of no family.
func (p *queryParser) other(one pair) {
	i := slices.IndexFunc(p.accepts.Others, func(o Other) bool { return o.Name == one.name })
	switch {
	case i < 0:
		p.unknown(one.name)
	case p.accepts.Others[i].Enum != nil && !slices.Contains(p.accepts.Others[i].Enum, one.value):
		p.errorf(InvalidParameter, one.name, "%s is one of %s.", one.name, strings.Join(p.accepts.Others[i].Enum, ", "))
	default:
		p.q.Others[one.name] = one.value
	}
}

func (p *queryParser) unknown(name string) {
	p.errorf(UnknownParameter, name, "This request takes no parameter %q.", clip(name))
}

func (p *queryParser) sort(one pair) {
	if len(p.schema.sortable()) == 0 {
		p.unknown(one.name)
		return
	}
	keys := strings.Split(one.value, ",")
	if len(keys) > maxSortKeys {
		p.errorf(InvalidParameter, one.name, "At most %d keys can be sorted by.", maxSortKeys)
		return
	}
	for _, key := range keys {
		name, descending := strings.CutPrefix(key, "-")
		a := p.schema.sortedBy(name)
		if a == nil || !a.Sort {
			p.errorf(InvalidParameter, one.name, "%s cannot be sorted by %q; it can by %s.", p.schema.Type, clip(name),
				strings.Join(p.schema.sortable(), ", "))
			continue
		}
		if slices.ContainsFunc(p.q.Sort, func(k SortKey) bool { return k.Attribute == a }) {
			p.errorf(InvalidParameter, one.name, "%q is named twice.", name)
			continue
		}
		p.q.Sort = append(p.q.Sort, SortKey{a, descending})
	}
}

// sortedBy returns the attribute that a name in sort stands for, nil for none.
func (s *Schema) sortedBy(name string) *Attribute {
	if i := slices.IndexFunc(s.SortedBy, func(a *Attribute) bool { return a.Name == name }); i >= 0 {
		return s.SortedBy[i]
	}
	return s.field(name)
}

// sortable names what a list can be sorted by. The id is there for admin frameworks, which sort by it until a user clicks on a column.
func (s *Schema) sortable() []string {
	var names []string
	if !s.Computed {
		names = append(names, "id")
	}
	for _, a := range s.Attributes {
		if a.Sort {
			names = append(names, a.Name)
		}
	}
	for _, a := range s.SortedBy {
		names = append(names, a.Name)
	}
	return names
}

func (p *queryParser) include(one pair) {
	p.q.Include = &Inclusion{}
	if one.value == "" {
		return // an empty value asks for nothing to be included (§ Inclusion of Related Resources)
	}
	paths := strings.Split(one.value, ",")
	if len(paths) > maxIncludePaths {
		p.errorf(InvalidParameter, one.name, "At most %d paths can be included.", maxIncludePaths)
		return
	}
	for _, path := range paths {
		p.includePath(one.name, path)
	}
}

func (p *queryParser) includePath(parameter, path string) {
	names := strings.Split(path, ".")
	if len(names) > maxIncludeDepth {
		p.errorf(InvalidParameter, parameter, "The path %q is longer than %d relationships.", clip(path), maxIncludeDepth)
		return
	}
	node, schema := p.q.Include, p.schema
	for _, name := range names {
		rel := schema.Relationship(name)
		if rel == nil || rel.WriteOnly || rel.Polymorphic {
			p.errorf(InvalidParameter, parameter, "%s has no relationship %q to include.", schema.Type, clip(name))
			return
		}
		i := slices.IndexFunc(node.Children, func(c *Inclusion) bool { return c.Relationship == rel })
		if i < 0 {
			node.Children = append(node.Children, &Inclusion{Relationship: rel, Also: rel.Also})
			i = len(node.Children) - 1
		}
		node, schema = node.Children[i], rel.Target
	}
}

func (p *queryParser) fields(one pair, typ string) {
	schema := p.types(typ)
	if schema == nil {
		p.errorf(InvalidParameter, one.name, "There is no type %q.", clip(typ))
		return
	}
	wanted := map[string]bool{}
	p.q.Fields[typ] = wanted
	if one.value == "" {
		return // no fields at all (§ Sparse Fieldsets)
	}
	readable := schema.Readable()
	for _, name := range strings.Split(one.value, ",") {
		if !slices.Contains(readable, name) {
			p.errorf(InvalidParameter, one.name, "The type %s has no field %q to read.", typ, clip(name))
			continue
		}
		wanted[name] = true
	}
}

// Wants reports whether the client wants that field of that type.
func (q *Query) Wants(typ, field string) bool {
	fields, named := q.Fields[typ]
	return !named || fields[field]
}

// FilterText returns a text that is the same for queries with the same filters, in whatever order they were sent.
func (q *Query) FilterText() string {
	var filters []string
	for _, one := range q.pairs {
		if strings.HasPrefix(one.name, "filter[") {
			filters = append(filters, url.QueryEscape(one.name)+"="+url.QueryEscape(one.value))
		}
	}
	slices.Sort(filters)
	return strings.Join(filters, "&")
}

// Rest returns the query of the page of linkage that begins behind the first n members of an included relationship: what any of the
// inclusions has beneath it comes along, and the sparse fieldsets stay. It begins with "?".
func (q *Query) Rest(n int, through ...*Inclusion) string {
	var paths []string
	for _, child := range through {
		paths = append(paths, child.paths("")...)
	}
	paths = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(paths))), func(path string) bool {
		return slices.ContainsFunc(paths, func(longer string) bool { return strings.HasPrefix(longer, path+".") })
	})
	rest := &Query{pairs: []pair{{"include", strings.Join(paths, ",")}}}
	for _, one := range q.pairs {
		if strings.HasPrefix(one.name, "fields[") {
			rest.pairs = append(rest.pairs, one)
		}
	}
	return rest.Encode("page[offset]", strconv.Itoa(n), "page[limit]", strconv.Itoa(MaxPageSize))
}

// paths returns the paths of an inclusion that no other continues.
func (n *Inclusion) paths(prefix string) []string {
	path := prefix + n.Relationship.Name
	if len(n.Children) == 0 {
		return []string{path}
	}
	var paths []string
	for _, child := range n.Children {
		paths = append(paths, child.paths(path+".")...)
	}
	return paths
}

// Encode returns the query of the request as it was sent, in the same order, percent-encoded, without the parameters of the page
// family, and with those of page instead. It begins with "?" unless it is empty.
func (q *Query) Encode(page ...string) string {
	var b strings.Builder
	add := func(name, value string) {
		if b.Len() == 0 {
			b.WriteByte('?')
		} else {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(value))
	}
	for _, one := range q.pairs {
		if !strings.HasPrefix(one.name, "page[") || page == nil {
			add(one.name, one.value)
		}
	}
	for i := 0; i+1 < len(page); i += 2 {
		add(page[i], page[i+1])
	}
	return b.String()
}
