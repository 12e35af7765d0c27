package suite

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

type query struct {
	include  []string
	included bool
	fields   map[string][]string
	sort     []string
	filters  []filterTerm
	page     map[string]string
	scope    string // sort and filters as text
}

type filterTerm struct{ field, op, value string }

var familyName = regexp.MustCompile(`^(include|sort|fields|filter|page)((?:\[[^\[\]]*\])*)$`)

// features tells which families an endpoint takes.
func features(c *call) string {
	switch {
	case c.atomic, c.method == "DELETE":
		return ""
	case len(c.segments) == 1 && c.method == "GET":
		return "include fields sort filter page"
	case len(c.segments) == 3 && kinds[c.segments[0]].rels[c.segments[2]].many:
		return "include fields sort filter page"
	}
	return "include fields"
}

func (s *server) parseQuery(c *call) []fault {
	c.query = query{fields: map[string][]string{}, page: map[string]string{}}
	var faults []fault
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(c.rawQuery, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil || !utf8.ValidString(value) || strings.Contains(pair, ";") {
			faults = append(faults, at400("The query is badly encoded."))
			continue
		}
		m := familyName.FindStringSubmatch(name)
		if m == nil || !strings.Contains(features(c), m[1]) {
			if s.breaks("QUERY-4") && name == "noSuchParameter" || s.breaks("QUERY-8") && strings.Contains(name, ":") {
				continue
			}
			faults = append(faults, at400("That parameter is unknown.").in(name))
			continue
		}
		if seen[name] {
			faults = append(faults, at400("That parameter is repeated.").in(name))
			continue
		}
		seen[name] = true
		var groups []string
		if m[2] != "" {
			groups = strings.Split(strings.TrimSuffix(strings.TrimPrefix(m[2], "["), "]"), "][")
		}
		if f, ok := s.parameter(c, m[1], groups, value); !ok {
			faults = append(faults, f.in(name))
		}
	}
	c.query.scope = fmt.Sprint(c.path, c.query.sort, c.query.filters)
	return faults
}

func (s *server) parameter(c *call, family string, groups []string, value string) (fault, bool) {
	typ := s.target(c)
	q := &c.query
	switch {
	case family == "include" && len(groups) == 0:
		q.included = true
		if value == "" {
			return fault{}, true
		}
		for path := range strings.SplitSeq(value, ",") {
			if !s.includable(c, typ, path) && !s.breaks("FETCH-24") {
				return at400("That path cannot be included."), false
			}
			q.include = append(q.include, path)
		}
		return fault{}, true
	case family == "sort" && len(groups) == 0:
		for key := range strings.SplitSeq(value, ",") {
			a, ok := kinds[typ].attrs[strings.TrimPrefix(key, "-")]
			if !ok || a.unsortable {
				return at400("That sort is unknown."), s.breaks("FETCH-42")
			}
			q.sort = append(q.sort, key)
		}
		return fault{}, true
	case family == "fields" && len(groups) == 1:
		k, ok := kinds[groups[0]]
		if !ok {
			return at400("That type is unknown."), false
		}
		q.fields[groups[0]] = []string{}
		for name := range strings.SplitSeq(value, ",") {
			_, isAttr := k.attrs[name]
			_, isRel := k.rels[name]
			if name != "" && !isAttr && !isRel {
				return at400("That field is unknown."), false
			}
			q.fields[groups[0]] = append(q.fields[groups[0]], name)
		}
		return fault{}, true
	case family == "filter" && len(groups) > 0 && len(groups) < 3:
		_, isAttr := kinds[typ].attrs[groups[0]]
		_, isRel := kinds[typ].rels[groups[0]]
		op := "eq"
		if len(groups) == 2 {
			op = groups[1]
		}
		if isAttr && (op == "eq" || op == "prefix") || isRel && len(groups) == 1 {
			q.filters = append(q.filters, filterTerm{groups[0], op, value})
			return fault{}, true
		}
	case family == "page" && len(groups) == 1 && slices.Contains([]string{"size", "number", "after", "before"}, groups[0]):
		q.page[groups[0]] = value
		if groups[0] == "size" || groups[0] == "number" {
			return s.pageNumber(c, groups[0], value)
		}
		return fault{}, true
	}
	return at400("That parameter is unknown."), false
}

var digits = regexp.MustCompile(`^[0-9]+$`)

const maxSize, defaultSize = 10, 6

func (s *server) pageNumber(c *call, name, value string) (fault, bool) {
	n, err := strconv.Atoi(value)
	if err != nil || !digits.MatchString(value) || n < 1 {
		return at400("That is no positive integer."), false
	}
	if name == "size" && n > maxSize {
		if s.breaks("CUR-5") && c.cursor {
			c.query.page["size"] = fmt.Sprint(maxSize)
			return fault{}, true
		}
		f := at400("That page is too large.")
		f.meta = Object{"page": Object{"maxSize": maxSize}}
		f.links = Object{"type": cursorURI + "/max-size-exceeded"}
		return f, false
	}
	return fault{}, true
}

// target is the type of the primary data.
func (s *server) target(c *call) string {
	if len(c.segments) == 3 {
		return kinds[c.segments[0]].rels[c.segments[2]].target
	}
	return c.segments[0]
}

func (s *server) includable(c *call, typ, path string) bool {
	steps := strings.Split(path, ".")
	if len(steps) > 3 || len(c.segments) == 4 && steps[0] != c.segments[3] {
		return false
	}
	for _, step := range steps {
		rel, ok := kinds[typ].rels[step]
		if !ok {
			return false
		}
		typ = rel.target
	}
	return true
}

func (s *server) all(typ string) []*record {
	var list []*record
	for _, r := range s.store.records {
		if r.typ == typ {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *record) int { return a.seq - b.seq })
	return list
}

// linked returns the keys a relationship holds, computed from the other side where it is stored there.
func (s *server) linked(r *record, name string) []string {
	rel := kinds[r.typ].rels[name]
	if rel.writable || rel.inverse == "" {
		if rel.many {
			return r.many[name]
		}
		if r.one[name] == "" {
			return nil
		}
		return []string{r.one[name]}
	}
	var found []*record
	for _, other := range s.store.records {
		if other.typ == rel.target && (other.one[rel.inverse] == r.key() || slices.Contains(other.many[rel.inverse], r.key())) {
			found = append(found, other)
		}
	}
	slices.SortFunc(found, func(a, b *record) int { return a.seq - b.seq })
	var keys []string
	for _, other := range found {
		keys = append(keys, other.key())
	}
	return keys
}

func (r *record) key() string  { return r.typ + " " + r.id }
func (r *record) path() string { return "/" + r.typ + "/" + r.id }

func identifierOf(key string) Object {
	typ, id, _ := strings.Cut(key, " ")
	return Object{"type": typ, "id": id}
}

func (s *server) linkage(r *record, name string) any {
	keys := s.linked(r, name)
	if !kinds[r.typ].rels[name].many {
		if len(keys) == 0 {
			return nil
		}
		return identifierOf(keys[0])
	}
	list := []any{}
	for _, k := range keys {
		list = append(list, identifierOf(k))
	}
	return list
}

func (s *server) object(r *record, q *query) Object {
	allowed, sparse := q.fields[r.typ]
	wanted := func(name string) bool { return !sparse || slices.Contains(allowed, name) }
	attrs, rels := Object{}, Object{}
	for name := range kinds[r.typ].attrs {
		if wanted(name) {
			attrs[name] = r.attrs[name]
		}
	}
	for name := range kinds[r.typ].rels {
		if !wanted(name) && !s.breaks("FETCH-32") {
			continue
		}
		related := r.path() + "/" + name
		if one := r.one[name]; s.breaks("DOC-23") && one != "" {
			related = "/" + strings.Replace(one, " ", "/", 1)
		}
		rel := Object{"links": Object{"self": r.path() + "/relationships/" + name, "related": related}, "data": s.linkage(r, name)}
		if s.breaks("DOC-24") && rel["data"] == nil {
			rel["data"] = []any{}
		}
		rels[name] = rel
	}
	if s.breaks("DOC-18") && r.one["author"] != "" {
		attrs["authorId"] = r.one["author"]
	}
	o := Object{"type": r.typ, "id": r.id, "attributes": attrs, "relationships": rels, "links": Object{"self": r.path()}}
	if s.breaks("DOC-13") {
		o["href"] = r.path()
	}
	return o
}

func (s *server) self(c *call) string {
	if c.rawQuery == "" || s.breaks("DOC-9") {
		return c.path
	}
	return c.path + "?" + c.rawQuery
}

// document wraps primary records and what they include.
func (s *server) document(c *call, primary []*record, data any) Object {
	doc := Object{"data": data, "links": Object{"self": s.self(c), "describedby": "/openapi.json"}}
	if !c.query.included {
		return doc
	}
	list := []any{}
	seen := map[string]bool{}
	if !s.breaks("DOC-31") {
		for _, r := range primary {
			seen[r.key()] = true
		}
	}
	for _, path := range c.query.include {
		level := primary
		for step := range strings.SplitSeq(path, ".") {
			var next []*record
			for _, r := range level {
				for _, key := range s.linked(r, step) {
					other := s.store.records[key]
					next = append(next, other)
					if !seen[key] {
						seen[key] = true
						list = append(list, s.object(other, &c.query))
					}
				}
			}
			level = next
		}
	}
	if s.breaks("DOC-29") {
		if people := s.all("people"); len(people) > 0 && !seen[people[0].key()] {
			list = append(list, s.object(people[0], &c.query))
		}
	}
	if len(list) > 0 || !s.breaks("FETCH-21") {
		doc["included"] = list
	}
	return doc
}

func (s *server) single(c *call, r *record) answer {
	return answer{status: 200, doc: s.document(c, []*record{r}, s.object(r, &c.query))}
}

func (s *server) related(c *call, r *record, name string, rel relation) answer {
	var list []*record
	for _, key := range s.linked(r, name) {
		list = append(list, s.store.records[key])
	}
	if rel.many {
		return s.list(c, rel.target, list)
	}
	if len(list) == 0 {
		if s.breaks("FETCH-4") {
			return refuse(faultf(404, "Nothing is related."))
		}
		return answer{status: 200, doc: s.document(c, nil, nil)}
	}
	return s.single(c, list[0])
}

func compare(a, b *record, sort []string) int {
	for _, key := range sort {
		name, down := strings.CutPrefix(key, "-")
		if n := strings.Compare(text(a.attrs[name]), text(b.attrs[name])); n != 0 {
			if down {
				return -n
			}
			return n
		}
	}
	return a.seq - b.seq
}

func (s *server) matches(r *record, f filterTerm) bool {
	if _, isRel := kinds[r.typ].rels[f.field]; isRel {
		for _, key := range s.linked(r, f.field) {
			if slices.Contains(strings.Split(f.value, ","), str(identifierOf(key)["id"])) {
				return true
			}
		}
		return false
	}
	value := str(r.attrs[f.field])
	return value == f.value || f.op == "prefix" && strings.HasPrefix(value, f.value)
}

func (s *server) list(c *call, typ string, list []*record) answer {
	q := &c.query
	list = slices.DeleteFunc(list, func(r *record) bool {
		return slices.ContainsFunc(q.filters, func(f filterTerm) bool { return !s.matches(r, f) })
	})
	sort := q.sort
	if s.breaks("FETCH-40") && len(sort) == 1 {
		sort = []string{strings.TrimPrefix(sort[0], "-")}
	}
	slices.SortStableFunc(list, func(a, b *record) int { return compare(a, b, sort) })
	page, links, faults := s.page(c, list)
	if len(faults) > 0 {
		return refuse(faults...)
	}
	data := []any{}
	for _, r := range page {
		o := s.object(r, q)
		if c.cursor {
			o["meta"] = Object{"page": Object{"cursor": encodeCursor(q.scope, r, q.sort)}}
		}
		data = append(data, o)
	}
	doc := s.document(c, page, data)
	for name, link := range links {
		doc["links"].(Object)[name] = link
	}
	doc["meta"] = Object{"page": Object{"total": len(list)}}
	if s.breaks("DOC-11") && len(data) == 0 {
		doc["data"] = nil
	}
	return answer{status: 200, doc: doc, cursor: c.cursor && !s.breaks("NEG-4")}
}

// link rebuilds the URL with other page parameters.
func (s *server) link(c *call, page map[string]string) string {
	values, _ := url.ParseQuery(c.rawQuery)
	if s.breaks("FETCH-55") {
		values.Del("fields[articles]")
	}
	for name := range values {
		if name == "page[after]" || name == "page[before]" || name == "page[number]" {
			values.Del(name)
		}
	}
	for name, value := range page {
		values.Set("page["+name+"]", value)
	}
	return c.path + "?" + values.Encode()
}

func (s *server) page(c *call, list []*record) ([]*record, Object, []fault) {
	p := c.query.page
	size := defaultSize
	if p["size"] != "" {
		size, _ = strconv.Atoi(p["size"])
	}
	if c.cursor {
		return s.cursorPage(c, list, size)
	}
	for _, name := range []string{"after", "before"} {
		if _, ok := p[name]; ok {
			return nil, nil, []fault{at400("Cursors need the profile.").in("page[" + name + "]")}
		}
	}
	number := 1
	if p["number"] != "" {
		number, _ = strconv.Atoi(p["number"])
	}
	from, to := min((number-1)*size, len(list)), min(number*size, len(list))
	links := Object{"prev": nil, "next": nil}
	if number > 1 {
		links["prev"] = s.link(c, map[string]string{"number": fmt.Sprint(number - 1)})
	}
	if to < len(list) || s.breaks("FETCH-52") && to > from {
		links["next"] = s.link(c, map[string]string{"number": fmt.Sprint(number + 1)})
	}
	return list[from:to], links, nil
}

type position struct {
	Scope  string
	Values []any
	Seq    int
}

func encodeCursor(scope string, r *record, sort []string) string {
	p := position{Scope: scope, Seq: r.seq}
	for _, key := range sort {
		p.Values = append(p.Values, r.attrs[strings.TrimPrefix(key, "-")])
	}
	raw, _ := json.Marshal(p)
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write(raw)
	return base64.RawURLEncoding.EncodeToString(append(mac.Sum(nil)[:8], raw...))
}

func (s *server) decodeCursor(v string, q *query) (*record, bool) {
	all, err := base64.RawURLEncoding.Strict().DecodeString(v)
	if err != nil || len(all) < 9 {
		return nil, false
	}
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write(all[8:])
	var p position
	if !hmac.Equal(mac.Sum(nil)[:8], all[:8]) || json.Unmarshal(all[8:], &p) != nil {
		return nil, false
	}
	if p.Scope != q.scope && !s.breaks("CUR-24") {
		return nil, false
	}
	r := &record{seq: p.Seq, attrs: Object{}}
	for i, key := range q.sort {
		if i < len(p.Values) {
			r.attrs[strings.TrimPrefix(key, "-")] = p.Values[i]
		}
	}
	return r, true
}

func (s *server) cursorPage(c *call, list []*record, size int) ([]*record, Object, []fault) {
	q := &c.query
	var bounds [2]*record
	for i, name := range []string{"after", "before"} {
		if v, ok := q.page[name]; ok {
			r, ok := s.decodeCursor(v, q)
			if !ok {
				return nil, nil, []fault{at400("That is no cursor of this list.").in("page[" + name + "]")}
			}
			bounds[i] = r
		}
	}
	after, before := bounds[0], bounds[1]
	if after != nil && before != nil {
		f := at400("Ranges are not supported.")
		f.links = Object{"type": cursorURI + "/range-pagination-not-supported"}
		return nil, nil, []fault{f}
	}
	from, to := 0, len(list)
	for i, r := range list {
		if after != nil && compare(r, after, q.sort) <= 0 {
			from = i + 1
		}
		if before != nil && compare(r, before, q.sort) >= 0 {
			to = min(to, i)
		}
	}
	end := min(from+size, to)
	if before != nil {
		from, end = max(to-size, 0), to
	}
	page := slices.Clone(list[from:end])
	links := Object{"prev": nil, "next": nil}
	if s.breaks("CUR-14") {
		links = Object{}
	}
	if len(page) > 0 && from > 0 {
		links["prev"] = s.link(c, map[string]string{"before": encodeCursor(q.scope, page[0], q.sort)})
	}
	if len(page) > 0 && (end < len(list) || s.breaks("CUR-15") && len(page) == size && after != nil) {
		links["next"] = s.link(c, map[string]string{"after": encodeCursor(q.scope, page[len(page)-1], q.sort)})
	}
	if s.breaks("CUR-10") && before != nil {
		slices.Reverse(page)
	}
	return page, links, nil
}
