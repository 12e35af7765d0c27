package openapi

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"roster/jsonapi"
)

// statusName returns the name of the components that an HTTP status has: NotFound.
func statusName(status int) string { return pascal(slug(http.StatusText(status))) }

// slug joins the words of a text with hyphens.
func slug(text string) string {
	out := []rune{}
	for _, r := range text {
		if r == ' ' || r == '-' {
			r = '-'
		}
		if r != '\'' {
			out = append(out, r)
		}
	}
	return string(out)
}

// codesOf returns the codes that an answer with a status can hold, in alphabetical order. Problems of several statuses in one answer make
// it a 400 (§ Processing Errors).
func codesOf(status int) []jsonapi.Code {
	var codes []jsonapi.Code
	for code, problem := range jsonapi.Problems() {
		if problem.Status == status || status == http.StatusBadRequest && problem.Status < http.StatusInternalServerError {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// errors adds the components of the error documents: for each status its schema, its answer, and an example for each of its codes.
func (g *generator) errors() {
	g.schema("ErrorLinks", object("Links of an error.", nil, members[*schema]{
		{"about", refTo("Link").describe("More about this very occurrence.")},
		{"type", refTo("Link").describe("The page that explains the code.")},
	}))
	g.schema("ErrorSource", object("What in the request caused the error.", nil, members[*schema]{
		{"pointer", &schema{Type: "string", Description: "A JSON Pointer (RFC 6901) into the request document."}},
		{"parameter", &schema{Type: "string", Description: "A query parameter."}},
		{"header", &schema{Type: "string", Description: "A request header."}},
	}))
	statuses := map[int]bool{}
	for _, problem := range jsonapi.Problems() {
		if problem.Status != http.StatusMethodNotAllowed { // no operation answers it: it is what paths say about the others
			statuses[problem.Status] = true
		}
	}
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		g.errorDocument(status)
	}
}

func (g *generator) errorDocument(status int) {
	name := statusName(status)
	codes, statuses := &schema{Type: "string", Description: "What went wrong. Codes never change; each has its section in /docs/errors."}, map[string]bool{}
	for _, code := range codesOf(status) {
		codes.Enum = append(codes.Enum, string(code))
		statuses[strconv.Itoa(jsonapi.Problems()[code].Status)] = true
	}
	text := func(description string) *schema { return &schema{Type: "string", Description: description} }
	g.schema(name+"Error", object("One problem.", []string{"status", "code", "title", "links"}, members[*schema]{
		{"id", text("The X-Request-Id, where the log has more.")},
		{"links", refTo("ErrorLinks")},
		{"status", textEnum(slices.Sorted(maps.Keys(statuses))...).describe("The HTTP status of this problem.")},
		{"code", codes},
		{"title", text("The problem in general; it never varies for a code.")},
		{"detail", text("The problem in this case.")},
		{"source", refTo("ErrorSource")},
		{"meta", refTo("Meta")},
	}))
	g.schema(name+"Document", object("The problems of a request, all that were found.", []string{"errors", "jsonapi"}, members[*schema]{
		{"errors", &schema{Type: "array", Items: refTo(name + "Error"), MinItems: new(1), MaxItems: new(jsonapi.MaxErrors)}},
		{"jsonapi", refTo("Implementation")},
	}))
	content := &mediaObject{Schema: refTo(name + "Document")}
	description := http.StatusText(status) + ":"
	for i, code := range codesOf(status) {
		if status == http.StatusBadRequest && jsonapi.Problems()[code].Status != status {
			continue
		}
		if i > 0 && description[len(description)-1] != ':' {
			description += ","
		}
		description += " " + string(code)
		if g.addExample("error."+string(code), jsonapi.Problems()[code].Title, g.examples.Errors[string(code)]) {
			content.Examples.set(string(code), reference{"#/components/examples/error." + string(code)})
		}
	}
	headers := slices.Clone(everyAnswer)
	switch status {
	case http.StatusUnauthorized:
		headers = append(headers, "WWW-Authenticate")
	case http.StatusUnsupportedMediaType:
		headers = append(headers, "Accept-Encoding")
	case http.StatusTooManyRequests:
		headers = append(headers, "Retry-After")
	}
	g.response(name, description+".", headers, content)
}
