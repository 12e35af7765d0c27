package openapi

import (
	"strings"

	"roster/jsonapi"
)

// rateLimit are the headers of every answer that say what is left of a budget. They are listed with the answer that nothing is; the
// introduction tells of them and of the other headers of every answer.
var rateLimit = []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}

// headers adds the components of the headers of answers.
func (g *generator) headers() {
	add := func(name string, always bool, s *schema, description string) {
		g.components.Headers.set(name, &header{Description: description, Required: always, Schema: s})
	}
	text, number := &schema{Type: "string"}, &schema{Type: "integer", Minimum: new(0)}
	fixed := func(value string) *schema { return textEnum(value) }
	add("X-RateLimit-Limit", false, number, "How many requests the caller may make in a window. Absent when there is no limit.")
	add("X-RateLimit-Remaining", false, number, "How many of them are left.")
	add("X-RateLimit-Reset", false, number, "Seconds until the window ends.")
	add("ETag", false, text, "The version of the resource, for If-Match and If-None-Match.")
	add("Location", true, &schema{Type: "string", Format: "uri-reference"}, "The URL of the new resource.")
	add("Accept-Ranges", false, fixed("bytes"), "Parts can be asked for by Range.")
	add("Content-Range", true, text, "Which part it is, and of how much.")
	add("Content-Disposition", false, text, "The name of a file for it, of the content of files and of exports.")
	add("Content-Security-Policy", true, text, "Keeps browsers from running anything.")
	add("Retry-After", false, number, "Seconds to wait before trying again.")
	add("Accept-Encoding", false, fixed("identity"), "The body was compressed, and must not be.")
	add("WWW-Authenticate", false, text, "With 401: how to authenticate.")
	add("Preference-Applied", false, text, "The preference that was applied, with the seconds that were.")
	add("Set-Cookie", false, text, "The cookie of the session, when it was signed in to, or what it is known by has changed.")
	add("Idempotency-Replayed", false, fixed("true"), "The answer is that of an earlier request with the same Idempotency-Key.")
}

// response adds the component of an answer.
func (g *generator) response(name, description string, headers []string, content *mediaObject) {
	r := &response{Description: description}
	for _, h := range headers {
		r.Headers.set(h, reference{"#/components/headers/" + h})
	}
	if content != nil {
		r.Content.set(g.media, content)
		if g.byCursor[strings.TrimSuffix(name, answerSuffix)] { // the same schema: what differs is in it
			r.Content.set(jsonapi.ContentType(nil, []string{jsonapi.CursorProfile}), &mediaObject{Schema: content.Schema})
		}
		if g.exports[strings.TrimSuffix(name, answerSuffix)] {
			text := func(description string) *mediaObject {
				return &mediaObject{Schema: &schema{Type: "string", Description: description}}
			}
			r.Content.set(jsonapi.NDJSON, text("All pages: a resource object in each line, and "+
				"{\"meta\":{\"complete\":true,\"count\":n}} in the last. Takes neither page nor include."))
			r.Content.set(jsonapi.CSVContent, text("All pages, with a line of names in front; the trailer Roster-Complete has "+
				"the number of resources. Takes neither page nor include."))
		}
	}
	g.components.Responses.set(name, r)
}

// requestHeaders adds the components of the headers of requests. Accept, Content-Type and Authorization are not among them: OpenAPI tells
// them in other places.
func (g *generator) requestHeaders() {
	add := func(name string, s *schema, example, description string) {
		g.components.Parameters.set(name, &parameter{Name: name, In: "header", Description: description, Schema: s, Example: example})
	}
	text := &schema{Type: "string"}
	add("If-None-Match", text, `"7-3f2a9c0b1d4e5f60"`,
		"ETags that the client has. If the resource still has one of them, the answer is 304; to a change, 412.")
	add("If-Match", text, `"7-3f2a9c0b1d4e5f60"`,
		"ETags that the request is meant for. If the resource, or what would be answered to GET, has none of them, the answer is 412.")
	add("Prefer", text, "wait=20", "wait=20: if the page has nothing and is the end of the list, the answer comes with the next event "+
		"that belongs there, "+
		"or after so many seconds; at most a minute, and less than a request may take (RFC 7240).")
	add("Idempotency-Key", &schema{Type: "string", MinLength: new(1), MaxLength: new(255)}, "8e03978e-40d5-43dd-bc93-6894a57f9324",
		"Makes a repetition of this request safe: within 24 hours the same key and body are answered with the stored answer.")
}
