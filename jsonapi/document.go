package jsonapi

import (
	"encoding/json"
)

// MediaType is the media type of every document (§ Content Negotiation).
const MediaType = "application/vnd.api+json"

// Version is the version of the specification that every document names in its jsonapi object.
const Version = "1.1"

// Document is a top-level document with primary data, or with meta alone (§ Top Level).
type Document struct {
	// Data is a *Resource, []*Resource, an Identifier, []Identifier or Null. Nil leaves the member out.
	Data any
	// Included is nil when the client asked for no inclusion; an empty slice is printed as [].
	Included []*Resource
	Links    *Links
	Meta     map[string]any
	// Results are the atomic:results of the Atomic Operations extension; nil leaves them out.
	Results []Result
	Ext     []string
	Profile []string
}

// Result is one entry of atomic:results.
type Result struct {
	Data any // as that of a document
	Meta map[string]any
}

// Null is primary data or linkage that is empty: printed as null.
var Null = json.RawMessage("null")

// EncodeErrors returns the bytes of an error document (§ Errors).
func EncodeErrors(errs Errors) ([]byte, error) {
	return Marshal(struct {
		Errors  Errors            `json:"errors"`
		JSONAPI map[string]string `json:"jsonapi"`
	}{errs, map[string]string{"version": Version}})
}

// Marshal encodes a value as every document is encoded: without escaping <, > and &, which would turn links into unreadable ones.
func Marshal(v any) ([]byte, error) {
	e := &encoder{}
	if e.value(v); e.err != nil {
		return nil, e.err
	}
	return e.out, nil
}

// Link is a URL, printed as a string, or as a link object when it has more to say (§ Links).
type Link struct {
	Href string
	// Type is the media type of the target, given when an extension or a profile was applied.
	Type string
	// Null prints null: there is no such page.
	Null bool
}

// Href returns a link to that URL.
func Href(url string) *Link { return &Link{Href: url} }

// Links are the links of a document, a resource or a relationship. Nil members are left out.
type Links struct {
	Self        *Link
	Related     *Link
	First       *Link
	Prev        *Link
	Next        *Link
	Last        *Link
	DescribedBy *Link
}

// Identifier is a resource identifier object (§ Resource Identifier Objects).
type Identifier struct {
	Type string         `json:"type"`
	ID   string         `json:"id"`
	Meta map[string]any `json:"meta,omitempty"`
}
