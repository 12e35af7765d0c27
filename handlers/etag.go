package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roster/jsonapi"
)

// gzipSuffix ends the opaque part of the ETag of an answer that was sent in gzip: "abc" becomes "abc-gzip".
const gzipSuffix = "-gzip"

// NormalizeETag returns the ETag of the resource for a tag that a client sends back: without the suffix of the compressed form.
func NormalizeETag(tag string) string {
	if opaque, ok := strings.CutSuffix(tag, gzipSuffix+`"`); ok {
		return opaque + `"`
	}
	return tag
}

// NotModified sets the ETag of the answer and reports whether the client has this version already (If-None-Match, compared weakly,
// RFC 9110 §13.1.2). The handler then answers 304 without a body.
func NotModified(w http.ResponseWriter, r *http.Request, etag string) bool {
	w.Header().Set("ETag", etag)
	for _, tag := range entityTags(r.Header.Values("If-None-Match")) {
		strong := strings.TrimPrefix(tag, "W/")
		switch {
		case tag == "*":
			return true
		case NormalizeETag(strong) == etag:
			w.Header().Set("ETag", strong) // the one that a 200 would have carried (RFC 9110 §15.4.5)
			return true
		}
	}
	return false
}

// IfMatch returns a fault if the request is conditional on another version than this one (If-Match, compared strongly, RFC 9110
// §13.1.1). A request without the header passes.
func IfMatch(r *http.Request, etag string) error {
	values := r.Header.Values("If-Match")
	if len(values) == 0 {
		return nil
	}
	for _, tag := range entityTags(values) {
		if tag == "*" || NormalizeETag(tag) == etag {
			return nil
		}
	}
	return jsonapi.Fault(jsonapi.PreconditionFailed, "The resource is no longer the version that If-Match names.").InHeader("If-Match")
}

// entityTags returns the members of a list of entity tags. A comma may stand inside the quotes.
func entityTags(values []string) []string {
	var tags []string
	rest := strings.Join(values, ",")
	for {
		rest = strings.TrimLeft(rest, " \t,")
		if rest == "" {
			return tags
		}
		end := strings.IndexByte(rest, ',')
		if open := strings.IndexByte(rest, '"'); open >= 0 && (end < 0 || open < end) {
			closing := strings.IndexByte(rest[open+1:], '"')
			if closing < 0 {
				return tags // an unfinished tag matches nothing
			}
			end = open + 1 + closing + 1
		}
		if end < 0 {
			end = len(rest)
		}
		tags = append(tags, strings.TrimSpace(rest[:end]))
		rest = rest[end:]
	}
}

// versionsOf returns the versions of a resource that a list of entity tags names; nil for *, which is any version. The opaque part of a tag
// begins with the version and a hyphen. The comparison is strong (RFC 9110 §13.1.1): a weak tag names none, nor does one of another form.
// ok is false for a list that cannot be read.
func versionsOf(list string) (versions []int64, ok bool) {
	tags := entityTags([]string{list})
	if slices.Equal(tags, []string{"*"}) {
		return nil, true
	}
	versions = []int64{}
	for _, tag := range tags {
		quoted, weak := strings.CutPrefix(tag, "W/")
		opaque, opened := strings.CutPrefix(quoted, `"`)
		opaque, closed := strings.CutSuffix(opaque, `"`)
		if !opened || !closed {
			return nil, false
		}
		digits, _, dashed := strings.Cut(opaque, "-")
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n > 0 && dashed && !weak {
			versions = append(versions, n)
		}
	}
	return versions, len(tags) > 0
}
