package openapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

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

// particular are the statuses that an operation names one by one. Any request may be answered with the others; they are its default.
var particular = []int{404, 409, 412, 422}

// otherErrors is the component of the answers with the other statuses.
const otherErrors = "OtherErrors"

// errors adds the components of the error documents: their schema, and for each status the answer, with an example.
func (g *generator) errors() {
	text := func(description string) *schema { return &schema{Type: "string", Description: description} }
	g.schema("ErrorLinks", object("Links of an error.", nil, members[*schema]{
		{"about", refTo("Link").describe("More about this very occurrence.")},
		{"type", refTo("Link").describe("The page that explains the code.")},
	}))
	g.schema("ErrorSource", object("What in the request caused the error.", nil, members[*schema]{
		{"pointer", text("A JSON Pointer (RFC 6901) into the request document.")},
		{"parameter", text("A query parameter.")},
		{"header", text("A request header.")},
	}))
	codes := text("What went wrong. Codes never change; each has its section in /docs/errors.")
	statuses := map[string]bool{}
	for _, code := range slices.Sorted(maps.Keys(jsonapi.Meanings())) {
		codes.Enum = append(codes.Enum, string(code))
		statuses[strconv.Itoa(jsonapi.Meanings()[code].Status)] = true
	}
	g.schema("Error", object("One error.", []string{"status", "code", "title", "links"}, members[*schema]{
		{"id", text("The X-Request-Id, where the log has more.")},
		{"links", refTo("ErrorLinks")},
		{"status", textEnum(slices.Sorted(maps.Keys(statuses))...).describe("The HTTP status of this error.")},
		{"code", codes},
		{"title", text("The error in general; it never varies for a code.")},
		{"detail", text("The error in this case.")},
		{"source", refTo("ErrorSource")},
		{"meta", refTo("Meta")},
	}))
	g.schema("ErrorDocument", object("The errors of a request, all that were found.", []string{"errors", "jsonapi"}, members[*schema]{
		{"errors", &schema{Type: "array", Items: refTo("Error"), MinItems: new(1), MaxItems: new(jsonapi.MaxErrors)}},
		{"jsonapi", refTo("Implementation")},
	}))
	var others []int
	for _, text := range slices.Sorted(maps.Keys(statuses)) {
		status, _ := strconv.Atoi(text) // made of a number
		switch {
		case slices.Contains(particular, status):
			g.errorAnswer(statusName(status), status)
		case status != http.StatusMethodNotAllowed: // which no operation answers: it is what paths say about the others
			others = append(others, status)
		}
	}
	g.errorAnswer(otherErrors, others...)
}

// errorAnswer adds the answer with error documents of those statuses.
func (g *generator) errorAnswer(name string, statuses ...int) {
	content := &mediaObject{Schema: refTo("ErrorDocument")}
	var described []string
	for _, status := range statuses {
		var codes []string
		for _, code := range slices.Sorted(maps.Keys(jsonapi.Meanings())) {
			meaning := jsonapi.Meanings()[code]
			if meaning.Status != status {
				continue
			}
			codes = append(codes, string(code))
			if len(codes) > 1 {
				continue // one example for each status: /docs/errors has the others
			}
			if g.addExample("error."+string(code), meaning.Title, g.examples.Errors[string(code)]) {
				content.Examples.set(string(code), reference{"#/components/examples/error." + string(code)})
			}
		}
		described = append(described, fmt.Sprintf("%d %s: %s.", status, http.StatusText(status), strings.Join(codes, ", ")))
	}
	if slices.Contains(statuses, http.StatusBadRequest) {
		described = append(described, "400 is also that of errors of several statuses of 4xx in one answer.") // § Processing Errors
	}
	var headers []string
	if name == otherErrors {
		headers = slices.Concat(rateLimit, []string{"WWW-Authenticate", "Accept-Encoding", "Retry-After"})
	}
	g.response(name, strings.Join(described, " "), headers, content)
}
