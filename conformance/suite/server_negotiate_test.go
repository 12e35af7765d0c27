package suite

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

type mediaRange struct {
	base   string
	params map[string]string
	q      string
	bad    bool
}

func parseRange(v string) mediaRange {
	base, params, err := mime.ParseMediaType(v)
	m := mediaRange{base: base, params: params, q: params["q"], bad: err != nil}
	delete(params, "q")
	return m
}

func splitAccept(v string) []string {
	var parts []string
	quoted, start := false, 0
	for i := range len(v) {
		switch {
		case v[i] == '"':
			quoted = !quoted
		case v[i] == ',' && !quoted:
			parts, start = append(parts, v[start:i]), i+1
		}
	}
	return append(parts, v[start:])
}

func foreignParams(m mediaRange) bool {
	for name := range m.params {
		if name != "ext" && name != "profile" {
			return true
		}
	}
	return false
}

func unsupported(m mediaRange) bool {
	for uri := range strings.FieldsSeq(m.params["ext"]) {
		if uri != atomicURI {
			return true
		}
	}
	return false
}

func (s *server) negotiate(r *http.Request, c *call) (apiError, bool) {
	refuseType := errorf(415, "Content-Type must be %s.", mediaType)
	if !s.breaks("NEG-17") {
		refuseType.header = "Content-Type"
	}
	if v := r.Header.Get("Content-Type"); v != "" {
		m := parseRange(v)
		if s.breaks("NEG-6") {
			maps.DeleteFunc(m.params, func(name, _ string) bool { return name != "ext" && name != "profile" })
		}
		if m.bad || m.base != mediaType || foreignParams(m) || unsupported(m) && !s.breaks("NEG-7") {
			return refuseType, false
		}
		if s.breaks("NEG-8") && m.params["profile"] != "" && m.params["profile"] != cursorURI {
			return refuseType, false
		}
		if applied := m.params["ext"] != ""; applied != c.atomic {
			return refuseType, false
		}
	} else if len(c.body) > 0 {
		return refuseType, false
	}
	refuseAccept := errorf(406, "Only %s is served.", mediaType)
	refuseAccept.header = "Accept"
	values := r.Header.Values("Accept")
	if len(values) == 0 {
		return apiError{}, true
	}
	named, usable, wild := false, false, false
	for _, part := range splitAccept(strings.Join(values, ",")) {
		m := parseRange(part)
		if m.base == "*/*" || m.base == "application/*" {
			wild = wild || m.q != "0"
			continue
		}
		if m.base != mediaType && (!m.bad || !strings.Contains(part, mediaType)) {
			continue
		}
		named = true
		if m.bad || m.q == "0" || foreignParams(m) || unsupported(m) || c.atomic && m.params["ext"] == "" {
			continue
		}
		usable = true
		c.cursor = c.cursor || slices.Contains(strings.Fields(m.params["profile"]), cursorURI)
	}
	if s.takes("profiles nobody asked for") {
		c.cursor = true
	}
	if named && !usable && s.takes("no weights") && strings.HasSuffix(values[0], ";q=0") {
		return apiError{}, true
	}
	if named && !usable || !named && !wild {
		return refuseAccept, false
	}
	return apiError{}, true
}

// unchanged reports whether a change is meant for the present state of its path (If-Match).
func (s *server) unchanged(r *http.Request, c *call) bool {
	wanted := r.Header.Get("If-Match")
	relationship := len(c.segments) == 4
	if wanted == "" || c.method == "GET" || s.breaksFor("ROB-8", c.segments[0]) && !relationship || s.breaks("ROB-9") && relationship {
		return true
	}
	if s.breaks("ROB-7") || s.takes("no conditional requests") || s.breaks("ROB-8 by DELETE") && c.method == "DELETE" && !relationship {
		return true
	}
	read := *c
	read.method, read.body = "GET", nil
	return wanted == tagOf(s.route(&read).doc)
}

var readAt = regexp.MustCompile(`"readAt":\d+,?`)

// tagOf returns the ETag of a document. What changes at each reading does not count.
func tagOf(doc Object) string {
	state := text(doc["data"]) + text(doc["included"])
	return fmt.Sprintf(`"%x"`, sha256.Sum256(readAt.ReplaceAll([]byte(state), nil)))
}
