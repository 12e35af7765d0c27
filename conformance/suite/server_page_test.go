package suite

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

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

func (s *server) page(c *call, list []*record) ([]*record, Object, []apiError) {
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
			return nil, nil, []apiError{at400("Cursors need the profile.").in("page[" + name + "]")}
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

func (s *server) cursorPage(c *call, list []*record, size int) ([]*record, Object, []apiError) {
	q := &c.query
	var bounds [2]*record
	for i, name := range []string{"after", "before"} {
		if v, ok := q.page[name]; ok {
			r, ok := s.decodeCursor(v, q)
			if !ok && s.takes("any string is a cursor") {
				r, ok = &record{attrs: Object{}}, true
			}
			if !ok {
				return nil, nil, []apiError{at400("That is no cursor of this list.").in("page[" + name + "]")}
			}
			bounds[i] = r
		}
	}
	after, before := bounds[0], bounds[1]
	if after != nil && before != nil {
		f := at400("Ranges are not supported.")
		f.links = Object{"type": cursorURI + "/range-pagination-not-supported"}
		return nil, nil, []apiError{f}
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
	links["first"] = s.link(c, nil)
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
