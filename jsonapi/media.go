package jsonapi

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// URIs of the extension and the profile that are served.
const (
	AtomicExt     = "https://jsonapi.org/ext/atomic"
	CursorProfile = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination"
)

// Negotiated is what client and server agreed on for one exchange.
type Negotiated struct {
	// Profiles that the client asked for and that are known.
	Profiles []string
}

// Wants reports whether the client asked for that profile.
func (n Negotiated) Wants(profile string) bool { return slices.Contains(n.Profiles, profile) }

// ContentType returns the media type of a document with those extensions and profiles applied (§ Media Type Parameters).
func ContentType(ext, profiles []string) string {
	out := MediaType
	if len(ext) > 0 {
		out += `; ext="` + strings.Join(ext, " ") + `"`
	}
	if len(profiles) > 0 {
		out += `; profile="` + strings.Join(profiles, " ") + `"`
	}
	return out
}

// Negotiate checks the Content-Type and the Accept header of a request (§ Server Responsibilities). ext names the extensions that the
// path uses: a request must apply exactly these. hasBody says that a body was sent: then it must have a media type. besides are the media
// types that the path serves as well, which an error names.
func Negotiate(header http.Header, hasBody bool, ext []string, besides ...string) (Negotiated, error) {
	var n Negotiated
	if e := checkContentType(header.Values("Content-Type"), hasBody, ext); e != nil {
		return n, Errors{e.InHeader("Content-Type")}
	}
	profiles, e := checkAccept(header.Values("Accept"), ext, besides)
	if e != nil {
		return n, Errors{e.InHeader("Accept")}
	}
	n.Profiles = profiles
	return n, nil
}

func checkContentType(values []string, hasBody bool, ext []string) *Error {
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "" {
		if hasBody {
			return NewError(UnsupportedMediaType, "A body needs the Content-Type %s.", ContentType(ext, nil))
		}
		return nil
	}
	if len(values) > 1 {
		return NewError(UnsupportedMediaType, "There must be one Content-Type.")
	}
	base, params, err := parseMedia(values[0])
	switch {
	case err != nil:
		return NewError(UnsupportedMediaType, "The Content-Type cannot be read: %s.", err.Error())
	case base != MediaType && !hasBody:
		return nil // of a body that is not there: some clients always send one
	case base != MediaType:
		return NewError(UnsupportedMediaType, "The Content-Type must be %s, not %s.", ContentType(ext, nil), clip(base))
	}
	for name := range params {
		if name != "ext" && name != "profile" {
			return NewError(UnsupportedMediaType, "The media type %s takes no parameter but ext and profile, not %q.", MediaType,
				clip(name))
		}
	}
	asked := strings.Fields(params["ext"])
	for _, uri := range asked {
		if !slices.Contains(ext, uri) {
			return NewError(UnsupportedMediaType, "The extension %q is not supported here.", clip(uri))
		}
	}
	if hasBody {
		for _, uri := range ext {
			if !slices.Contains(asked, uri) {
				return NewError(UnsupportedMediaType, "This path needs the extension %q in the Content-Type.", uri)
			}
		}
	}
	return nil
}

// The media ranges that match the media type.
const (
	anyType        = "*/*"
	anyApplication = "application/*"
)

// maxAccept bounds the media ranges that are looked at.
const maxAccept = 100

// checkAccept returns the profiles of the best acceptable instance of the media type: of equal ones the one with a profile that is known,
// which was asked for and should be applied, wherever it stands. By the letter of the specification an Accept header in which every
// instance of the JSON:API media type carries foreign parameters or unsupported extensions is refused, even beside */*.
func checkAccept(values, ext, besides []string) (profiles []string, e *Error) {
	ranges := split(strings.Join(values, ","), ',')
	if len(ranges) == 0 {
		return nil, nil
	}
	if len(ranges) > maxAccept {
		return nil, NewError(NotAcceptable, "At most %d media ranges are read.", maxAccept)
	}
	instances, usable := 0, false
	best, wildcards := 0.0, map[string]float64{}
	for _, text := range ranges {
		base, params, err := parseMedia(text)
		if err != nil {
			if strings.HasPrefix(strings.ToLower(text), MediaType) {
				instances++ // an instance that cannot be read cannot be served
			}
			continue
		}
		q := weight(params)
		delete(params, "q")
		switch base {
		case MediaType:
			instances++
			asked := known(strings.Fields(params["profile"]))
			if (q > best || q == best && len(asked) > len(profiles)) && serves(params, ext) {
				usable, best, profiles = true, q, asked
			}
		case anyType, anyApplication:
			wildcards[base] = max(wildcards[base], q)
		}
	}
	wildcard := wildcards[anyType] > 0
	if q, given := wildcards[anyApplication]; given { // the more specific range decides (RFC 9110 §12.5.1)
		wildcard = q > 0
	}
	switch {
	case usable || instances == 0 && wildcard:
		return profiles, nil
	case instances > 0:
		return nil, NewError(NotAcceptable, "No instance of %s in Accept can be served: here it takes %s.", MediaType, parametersHere(ext))
	default:
		return nil, NewError(NotAcceptable, "What is served here: %s.", strings.Join(append([]string{MediaType}, besides...), ", "))
	}
}

func parametersHere(ext []string) string {
	if len(ext) == 0 {
		return "no parameter but profile"
	}
	return `ext="` + strings.Join(ext, " ") + `" and profile`
}

// serves reports whether an instance with those parameters can be the answer of a path that applies ext.
func serves(params map[string]string, ext []string) bool {
	for name := range params {
		if name != "ext" && name != "profile" {
			return false
		}
	}
	asked := strings.Fields(params["ext"])
	slices.Sort(asked)
	return slices.Equal(slices.Compact(asked), ext)
}

// known returns the profiles that are served. That of cursors is published with a slash at its end, and asked for without.
func known(profiles []string) []string {
	if slices.Contains(profiles, CursorProfile) || slices.Contains(profiles, CursorProfile+"/") {
		return []string{CursorProfile}
	}
	return nil
}

// weight returns the quality value (RFC 9110 §12.4.2), 0 for one that cannot be read.
func weight(params map[string]string) float64 {
	text, ok := params["q"]
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}

// parseMedia reads a media type or a media range. Parameters may be empty (RFC 9110 §5.6.6), which package mime does not take.
func parseMedia(text string) (base string, params map[string]string, err error) {
	return mime.ParseMediaType(strings.Join(split(text, ';'), ";"))
}

// split splits a header at the separators that are not inside a quoted string, and drops empty parts.
func split(s string, separator byte) []string {
	var parts []string
	quoted, start := false, 0
	add := func(part string) {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			add(s[start:i])
			start = i + 1
		}
	}
	add(s[start:])
	return parts
}
