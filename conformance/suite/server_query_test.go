package suite

import (
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

func (s *server) parseQuery(c *call) []apiError {
	c.query = query{fields: map[string][]string{}, page: map[string]string{}}
	var errs []apiError
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(c.rawQuery, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if s.breaks("QUERY-6") {
			value, err2 = url.PathUnescape(rawValue)
		}
		if err1 != nil || err2 != nil || !utf8.ValidString(value) || strings.Contains(pair, ";") {
			errs = append(errs, at400("The query is badly encoded."))
			continue
		}
		m := familyName.FindStringSubmatch(name)
		if m == nil || !strings.Contains(features(c), m[1]) {
			if s.breaks("QUERY-4") && name == "noSuchParameter" || s.breaks("QUERY-8") && strings.Contains(name, ":") {
				continue
			}
			errs = append(errs, at400("That parameter is unknown.").in(name))
			continue
		}
		if seen[name] {
			errs = append(errs, at400("That parameter is repeated.").in(name))
			continue
		}
		seen[name] = true
		var groups []string
		if m[2] != "" {
			groups = strings.Split(strings.TrimSuffix(strings.TrimPrefix(m[2], "["), "]"), "][")
		}
		if f, ok := s.parameter(c, m[1], groups, value); !ok {
			errs = append(errs, f.in(name))
		}
	}
	c.query.scope = fmt.Sprint(c.path, c.query.sort, c.query.filters)
	return errs
}

func (s *server) parameter(c *call, family string, groups []string, value string) (apiError, bool) {
	typ := s.target(c)
	q := &c.query
	switch {
	case family == "include" && c.method != "GET" && s.takes("include for GET only"), family == "fields" && s.takes("no fields"):
		return at400("That parameter is not supported."), false
	case family == "include" && len(groups) == 0:
		q.included = true
		if value == "" {
			return apiError{}, true
		}
		for path := range strings.SplitSeq(value, ",") {
			if !s.includable(c, typ, path) && !s.breaks("FETCH-24") {
				return at400("That path cannot be included."), false
			}
			q.include = append(q.include, path)
		}
		return apiError{}, true
	case family == "sort" && len(groups) == 0:
		for key := range strings.SplitSeq(value, ",") {
			a, ok := kinds[typ].attrs[strings.TrimPrefix(key, "-")]
			if !ok || a.unsortable {
				return at400("That sort is unknown."), s.breaks("FETCH-42")
			}
			q.sort = append(q.sort, key)
		}
		return apiError{}, true
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
		return apiError{}, true
	case family == "filter" && len(groups) > 0 && len(groups) < 3:
		_, isAttr := kinds[typ].attrs[groups[0]]
		_, isRel := kinds[typ].rels[groups[0]]
		op := "eq"
		if len(groups) == 2 {
			op = groups[1]
		}
		if isAttr && (op == "eq" || op == "prefix") || isRel && len(groups) == 1 {
			q.filters = append(q.filters, filterTerm{groups[0], op, value})
			return apiError{}, true
		}
	case family == "page" && len(groups) == 1 && slices.Contains([]string{"size", "number", "after", "before"}, groups[0]):
		q.page[groups[0]] = value
		if groups[0] == "size" || groups[0] == "number" {
			return s.pageNumber(c, groups[0], value)
		}
		return apiError{}, true
	}
	return at400("That parameter is unknown."), false
}

var digits = regexp.MustCompile(`^[0-9]+$`)

const maxSize, defaultSize = 10, 6

func (s *server) pageNumber(c *call, name, value string) (apiError, bool) {
	n, err := strconv.Atoi(value)
	if err != nil || !digits.MatchString(value) || n < 1 {
		return at400("That is no positive integer."), false
	}
	if name == "size" && n > maxSize {
		if s.breaks("CUR-5") && c.cursor {
			c.query.page["size"] = fmt.Sprint(maxSize)
			return apiError{}, true
		}
		f := at400("That page is too large.")
		f.meta = Object{"page": Object{"maxSize": maxSize}}
		f.links = Object{"type": cursorURI + "/max-size-exceeded"}
		return f, false
	}
	return apiError{}, true
}

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
