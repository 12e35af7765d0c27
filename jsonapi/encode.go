package jsonapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// What follows appends a document as encoding/json would print it. A page is mostly links, and printing those through reflection and
// Marshalers, whose output encoding/json reads again, took most of a list's time (docs/performance.md).

// Encode returns the bytes of the document, without a trailing newline. It fails only for a document this program built wrongly.
func (d *Document) Encode() ([]byte, error) {
	e := &encoder{out: make([]byte, 0, d.sizeHint())}
	e.out = append(e.out, '{')
	if d.Data != nil {
		e.name("data")
		e.data(d.Data)
	}
	if len(d.Results) > 0 {
		e.name("atomic:results")
		e.value(d.Results)
	}
	if d.Included != nil {
		e.name("included")
		e.resources(d.Included)
	}
	if d.Links != nil {
		e.name("links")
		e.links(d.Links)
	}
	if d.Meta != nil {
		e.name("meta")
		e.value(d.Meta)
	}
	e.name("jsonapi")
	e.value(Implementation{Version: Version, Ext: d.Ext, Profile: d.Profile})
	e.out = append(e.out, '}')
	return e.out, e.err
}

// sizeHint is about the size of the document, so that its bytes are seldom moved while they grow.
func (d *Document) sizeHint() int {
	resources := 1 + len(d.Included)
	if page, ok := d.Data.([]*Resource); ok {
		resources += len(page)
	}
	return 1024 + resources*2560
}

// Encode returns the bytes of the resource object alone. It fails only for one that this program built wrongly.
func (r *Resource) Encode() ([]byte, error) {
	e := &encoder{out: make([]byte, 0, 2560)}
	e.resource(r)
	return e.out, e.err
}

// encoder appends JSON and keeps the first error.
type encoder struct {
	out []byte
	err error
}

// name begins a member of an object whose names need no escape.
func (e *encoder) name(name string) {
	e.comma()
	e.out = append(append(append(e.out, '"'), name...), `":`...)
}

// comma separates what follows from what stands before it in the same object or array.
func (e *encoder) comma() {
	if last := e.out[len(e.out)-1]; last != '{' && last != '[' {
		e.out = append(e.out, ',')
	}
}

// value appends anything, by reflection.
func (e *encoder) value(v any) {
	encoded, err := Marshal(v)
	if err != nil && e.err == nil {
		e.err = err
	}
	e.out = append(e.out, encoded...)
}

// text appends a string. Plain ASCII, which nearly all are, needs no escapes.
func (e *encoder) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			e.value(s)
			return
		}
	}
	e.out = append(append(append(e.out, '"'), s...), '"')
}

func (e *encoder) data(v any) {
	switch v := v.(type) {
	case *Resource:
		e.resource(v)
	case []*Resource:
		e.resources(v)
	case Identifier:
		e.identifier(v)
	case []Identifier:
		e.out = append(e.out, '[')
		for _, identifier := range v {
			e.comma()
			e.identifier(identifier)
		}
		e.out = append(e.out, ']')
	case json.RawMessage:
		e.out = append(e.out, v...) // Null
	default:
		e.value(v)
	}
}

func (e *encoder) resources(resources []*Resource) {
	e.out = append(e.out, '[')
	for _, r := range resources {
		e.comma()
		e.resource(r)
	}
	e.out = append(e.out, ']')
}

func (e *encoder) resource(r *Resource) {
	e.out = append(e.out, `{"type":`...)
	e.text(r.Type)
	e.name("id")
	e.text(r.ID)
	if len(r.Attributes) > 0 {
		e.name("attributes")
		e.out = append(e.out, '{')
		for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
			e.name(name)
			e.attribute(r.Attributes[name])
		}
		e.out = append(e.out, '}')
	}
	if len(r.Relationships) > 0 {
		e.name("relationships")
		e.out = append(e.out, '{')
		for _, name := range slices.Sorted(maps.Keys(r.Relationships)) {
			e.name(name)
			e.relationship(r.Relationships[name])
		}
		e.out = append(e.out, '}')
	}
	if r.Links != nil {
		e.name("links")
		e.links(r.Links)
	}
	if len(r.Meta) > 0 {
		e.name("meta")
		e.value(r.Meta)
	}
	e.out = append(e.out, '}')
}

// attribute appends the value of an attribute: the kinds that models have without reflection, others with.
func (e *encoder) attribute(v any) {
	switch v := v.(type) {
	case nil:
		e.out = append(e.out, "null"...)
	case string:
		e.text(v)
	case *string:
		if v == nil {
			e.out = append(e.out, "null"...)
			return
		}
		e.text(*v)
	case bool:
		e.out = strconv.AppendBool(e.out, v)
	case int64:
		e.out = strconv.AppendInt(e.out, v, 10)
	case Stamp:
		e.out = v.UTC().AppendFormat(e.out, `"`+secondLayout+`"`)
	default:
		e.value(v)
	}
}

func (e *encoder) relationship(r *RelationshipObject) {
	e.out = append(e.out, '{')
	if r.Links != nil {
		e.name("links")
		e.links(r.Links)
	}
	if r.Data != nil {
		e.name("data")
		e.data(r.Data)
	}
	if len(r.Meta) > 0 {
		e.name("meta")
		e.value(r.Meta)
	}
	e.out = append(e.out, '}')
}

func (e *encoder) identifier(i Identifier) {
	e.out = append(e.out, `{"type":`...)
	e.text(i.Type)
	e.name("id")
	e.text(i.ID)
	if len(i.Meta) > 0 {
		e.name("meta")
		e.value(i.Meta)
	}
	e.out = append(e.out, '}')
}

func (e *encoder) links(links *Links) {
	e.out = append(e.out, '{')
	e.link("self", links.Self)
	e.link("related", links.Related)
	e.link("first", links.First)
	e.link("prev", links.Prev)
	e.link("next", links.Next)
	e.link("last", links.Last)
	e.link("describedby", links.DescribedBy)
	e.out = append(e.out, '}')
}

func (e *encoder) link(name string, link *Link) {
	switch {
	case link == nil:
	case link.Null || link.Type != "":
		e.name(name)
		e.value(link)
	default:
		e.name(name)
		e.text(link.Href)
	}
}
