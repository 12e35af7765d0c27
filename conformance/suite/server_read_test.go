package suite

import (
	"slices"
	"strings"
)

// features tells which families an endpoint takes.
// target is the type of the primary data.
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
		if wanted(name) || s.breaksFor("FETCH-30", r.typ) {
			attrs[name] = r.attrs[name]
		}
	}
	if s.takes("attributes that change when read") && wanted("readAt") {
		s.store.seq++
		attrs["readAt"] = s.store.seq
	}
	for name := range kinds[r.typ].rels {
		if !wanted(name) && !s.breaksFor("FETCH-32", r.typ) {
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
		if s.takes("relationships without links") {
			delete(rel, "links")
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
	if s.breaks("DOC-33") {
		return c.path + "?" + c.rawQuery
	}
	return c.path + "?" + strings.NewReplacer("[", "%5B", "]", "%5D").Replace(c.rawQuery)
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
		return s.list(c, list)
	}
	if len(list) == 0 {
		if s.breaks("FETCH-4") {
			return refuse(errorf(404, "Nothing is related."))
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

func (s *server) list(c *call, list []*record) answer {
	q := &c.query
	unfiltered := func(r *record) bool {
		return slices.ContainsFunc(q.filters, func(f filterTerm) bool { return !s.matches(r, f) })
	}
	late := s.breaks("FETCH-60") && len(q.filters) == 1 && q.filters[0].op == "eq" && q.filters[0].field == "title"
	if !late {
		list = slices.DeleteFunc(list, unfiltered)
	}
	sort := q.sort
	if s.breaks("FETCH-40") && len(sort) == 1 {
		sort = []string{strings.TrimPrefix(sort[0], "-")}
	}
	slices.SortStableFunc(list, func(a, b *record) int { return compare(a, b, sort) })
	page, links, errs := s.page(c, list)
	if len(errs) > 0 {
		return refuse(errs...)
	}
	if late {
		page = slices.DeleteFunc(slices.Clone(page), unfiltered)
	}
	if s.takes("no pagination links") && !c.cursor {
		links = Object{}
	}
	data := []any{}
	for _, r := range page {
		o := s.object(r, q)
		if _, sparse := q.fields[r.typ]; s.takes("fewer fields in collections") && !sparse {
			o["attributes"] = Object{}
		}
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
