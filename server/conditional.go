package server

import (
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"roster/models"
)

// gzipSuffix ends the opaque part of the ETag of an answer that was sent in gzip: "abc" becomes "abc-gzip".
const gzipSuffix = "-gzip"

// EntityTag returns the strong ETag of an answer: the version of its one resource, if it has versions, and a hash of the body, because
// include and fields make several representations of one version (RFC 9110 §8.8.3). Who does not know the seed cannot look for two bodies
// of one hash.
func EntityTag(seed uint64, version int64, body []byte) string {
	var hash xxhash.Digest
	hash.ResetWithSeed(seed)
	_, _ = hash.Write(body) // never fails
	var room [64]byte
	tag := append(room[:0], '"')
	if version != 0 {
		tag = append(strconv.AppendInt(tag, version, 10), '-')
	}
	var sum [8]byte
	binary.BigEndian.PutUint64(sum[:], hash.Sum64())
	return string(append(hex.AppendEncode(tag, sum[:]), '"'))
}

// versionIn returns the version in an ETag that a client sends back; 0 if it has none or is weak.
func versionIn(tag string) int64 {
	digits, _, dashed := strings.Cut(strings.Trim(tag, `"`), "-")
	version, err := strconv.ParseInt(digits, 10, 64)
	if !dashed || err != nil || version < 1 {
		return 0
	}
	return version
}

// uncompressed returns the ETag of an answer as it was before compression.
func uncompressed(tag string) string {
	if opaque, ok := strings.CutSuffix(tag, gzipSuffix+`"`); ok {
		return opaque + `"`
	}
	return tag
}

// Versioned gives an answer with a body its ETag, and reports whether that is all of the answer: to GET, 304 is what a client gets that has
// it already. The answer to another method has one if it shows one resource, of that version; 0 is none. settled is the body without what
// is another at each reading. The error is that of [NotModified].
func Versioned(w http.ResponseWriter, r *http.Request, version int64, settled []byte) (done bool, err error) {
	etag := EntityTag(ExchangeOf(r.Context()).seed, version, settled)
	if !isSafe(r.Method) {
		if version != 0 {
			w.Header().Set("ETag", etag)
		}
		return false, nil
	}
	unchanged, err := NotModified(w, r, etag)
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
	}
	return unchanged, err
}

// NotModified sets the ETag of an answer to GET and reports whether the client has it already (If-None-Match, compared weakly, RFC 9110
// §13.1.2). The answer is then 304 without a body. A header that cannot be read matches nothing. The error is that of an If-Match that the
// answer does not meet (§13.1.1), which comes first (§13.2.2): here the whole tag is compared, since it is the answer that is meant.
func NotModified(w http.ResponseWriter, r *http.Request, etag string) (bool, error) {
	if wanted := r.Header.Values("If-Match"); len(wanted) > 0 {
		tags, anything, ok := entityTags(wanted)
		if !ok {
			return false, unreadable("If-Match")
		}
		if !anything && !slices.ContainsFunc(tags, func(tag string) bool { return uncompressed(tag) == etag }) {
			why := "The answer is not one that If-Match names."
			if len(tags) > 0 && !slices.ContainsFunc(tags, isStrong) {
				why = models.WeakNeverMatches
			}
			return false, &Error{Reason: PreconditionFailed, Message: why, Header: "If-Match"}
		}
	}
	w.Header().Set("ETag", etag)
	tags, anything, _ := entityTags(r.Header.Values("If-None-Match"))
	if anything {
		return true, nil
	}
	for _, tag := range tags {
		strong := strings.TrimPrefix(tag, "W/")
		if uncompressed(strong) == etag {
			w.Header().Set("ETag", strong) // the one that a 200 would have carried (RFC 9110 §15.4.5)
			return true, nil
		}
	}
	return false, nil
}

// ZippedTag returns the ETag of an answer that a handler has compressed itself: what tells it from that of the bytes as they are, in the
// way of those that are compressed on their way out.
func ZippedTag(etag string) string { return strings.TrimSuffix(etag, `"`) + gzipSuffix + `"` }

func isStrong(tag string) bool { return tag[0] == '"' }

func unreadable(header string) *Error {
	return &Error{
		Reason: InvalidHeader, Header: header,
		Message: header + " must be * or a list of entity tags, each in double quotes, as ETag has them.",
	}
}

// entityTags reads a list of entity tags, in which a comma may stand inside the quotes. anything is true for "*"; ok is false for a list
// that cannot be read, and then there are no tags.
func entityTags(values []string) (tags []string, anything, ok bool) {
	rest := strings.TrimSpace(strings.Join(values, ","))
	if rest == "*" {
		return nil, true, true
	}
	for {
		rest = strings.TrimLeft(rest, " \t,")
		if rest == "" {
			return tags, false, true
		}
		start := len(`"`)
		switch {
		case strings.HasPrefix(rest, `W/"`):
			start = len(`W/"`)
		case rest[0] != '"':
			return nil, false, false
		}
		length := strings.IndexByte(rest[start:], '"')
		if length < 0 || strings.ContainsFunc(rest[start:start+length], func(c rune) bool { return c <= ' ' || c == 0x7f }) {
			return nil, false, false
		}
		end := start + length + 1
		tags, rest = append(tags, rest[:end]), strings.TrimLeft(rest[end:], " \t")
		if rest != "" && rest[0] != ',' {
			return nil, false, false
		}
	}
}

// IfVersions returns the versions that a change is meant for (If-Match, RFC 9110 §13.1.1), or nil if it is meant for any. An unreadable
// header is an error, because passing over it could lose a change of somebody else.
func IfVersions(header http.Header) (*models.Versions, error) {
	values := header.Values("If-Match")
	if len(values) == 0 {
		return nil, nil
	}
	versions, ok := VersionsOf(values)
	if !ok {
		return nil, unreadable("If-Match")
	}
	return versions, nil
}

// VersionsOf returns the versions of a resource that a list of entity tags names; nil for *, which is any version. Only the version part
// of a tag counts: every representation that a client has read guards against the same lost update. The comparison is strong: a weak tag
// names none, nor does one of another form. ok is false for a list that cannot be read.
func VersionsOf(values []string) (versions *models.Versions, ok bool) {
	tags, anything, ok := entityTags(values)
	if anything {
		return nil, true
	}
	versions = &models.Versions{}
	for _, tag := range tags {
		if version := versionIn(tag); version != 0 {
			versions.Listed = append(versions.Listed, version)
		}
		versions.Weak = versions.Weak || !isStrong(tag)
	}
	return versions, ok
}

// CheckNoneMatch returns an error if a change is not meant for the present version (If-None-Match on an unsafe method).
func CheckNoneMatch(header http.Header, version int64) error {
	tags, anything, ok := entityTags(header.Values("If-None-Match"))
	if !ok {
		return unreadable("If-None-Match")
	}
	for i, tag := range tags {
		tags[i] = strings.TrimPrefix(tag, "W/")
	}
	if anything || slices.ContainsFunc(tags, func(tag string) bool { return versionIn(tag) == version }) {
		return &Error{
			Reason: PreconditionFailed, Message: "The resource is the version that If-None-Match names.", Header: "If-None-Match",
		}
	}
	return nil
}
