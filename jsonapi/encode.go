package jsonapi

import (
	"encoding/json"
	"maps"
)

// What follows appends a document as google/jsonapi and encoding/json would print it, without the maps and the reflection that took most of
// a list's time (docs/adr/0094, docs/performance.md).

// Append appends the document to out, without a trailing newline. fleeting tells that it has attributes that are others at each reading.
// It fails only for a document this program built wrongly.
func (d *Document) Append(out []byte) (body []byte, fleeting bool, err error) {
	e := &encoder{out: out}
	e.document(d)
	return e.out, e.fleeting, e.err
}

// AppendSettled is Append without the fleeting attributes: what the ETag of the document is made of.
func (d *Document) AppendSettled(out []byte) ([]byte, error) {
	e := &encoder{out: out, settled: true}
	e.document(d)
	return e.out, e.err
}

func (e *encoder) document(d *Document) {
	e.out = append(e.out, '{')
	if d.Data != nil {
		e.name("data")
		e.data(d.Data)
	}
	if len(d.Results) > 0 {
		e.name("atomic:results")
		each(e, d.Results, e.result)
	}
	if d.Included != nil {
		e.name("included")
		each(e, d.Included, e.resource)
	}
	if d.Links != nil {
		e.name("links")
		e.links(d.Links)
	}
	if d.Meta != nil {
		e.name("meta")
		e.object(d.Meta)
	}
	e.name("jsonapi")
	e.out = append(e.out, `{"version":"`+Version+`"`...)
	e.applied("ext", d.Ext)
	e.applied("profile", d.Profile)
	e.out = append(e.out, '}', '}')
}

// applied appends the URIs of what was applied to the document, if anything was.
func (e *encoder) applied(name string, uris []string) {
	if len(uris) > 0 {
		e.name(name)
		each(e, uris, e.text)
	}
}

func (e *encoder) result(r Result) {
	e.out = append(e.out, '{')
	if r.Data != nil {
		e.name("data")
		e.data(r.Data)
	}
	e.meta(r.Meta)
	e.out = append(e.out, '}')
}

func (e *encoder) data(v any) {
	switch v := v.(type) {
	case *Resource:
		e.resource(v)
	case []*Resource:
		each(e, v, e.resource)
	case Identifier:
		e.identifier(v)
	case []Identifier:
		each(e, v, e.identifier)
	case json.RawMessage:
		e.out = append(e.out, v...) // Null
	default:
		e.reflected(v)
	}
}

func (e *encoder) resource(r *Resource) {
	e.out = append(e.out, r.form.head...)
	start := len(e.out)
	e.escaped(r.ID)
	id := e.out[start:]
	e.out = append(e.out, '"')
	e.attributes(r)
	e.relationships(r, id)
	switch {
	case r.Links != nil:
		e.name("links")
		e.links(r.Links)
	case r.form.foot != "":
		e.out = append(append(append(e.out, r.form.foot...), id...), `"}`...)
	}
	e.metaOf(r)
	e.out = append(e.out, '}')
}

// metaOf appends the meta of a resource, in which its cursor is meta.page.cursor (profile "Cursor Pagination").
func (e *encoder) metaOf(r *Resource) {
	switch {
	case r.Cursor == "":
		e.meta(r.Meta)
	case len(r.Meta) > 0:
		meta := map[string]any{"page": map[string]any{"cursor": r.Cursor}}
		maps.Copy(meta, r.Meta)
		e.meta(meta)
	default:
		e.out = append(e.out, `,"meta":{"page":{"cursor":`...)
		e.text(r.Cursor)
		e.out = append(e.out, `}}`...)
	}
}

func (e *encoder) attributes(r *Resource) {
	start := len(e.out)
	e.out = append(e.out, `,"attributes":{`...)
	for i := range r.form.fields {
		f := &r.form.fields[i]
		e.fleeting = e.fleeting || f.Fleeting
		if f.Fleeting && e.settled {
			continue
		}
		if value, printed := f.of(r); printed {
			e.comma()
			e.out = append(e.out, f.label...)
			e.value(value)
		}
	}
	if e.out[len(e.out)-1] == '{' { // none
		e.out = e.out[:start]
		return
	}
	e.out = append(e.out, '}')
}

func (e *encoder) relationships(r *Resource, id []byte) {
	if len(r.linked) == 0 {
		return
	}
	e.out = append(e.out, `,"relationships":{`...)
	for i := range r.linked {
		arrow, linked := &r.form.arrows[i], &r.linked[i]
		e.comma()
		e.around(arrow.texts, id)
		if arrow.page != nil {
			if linked.many != nil && linked.many.rest != "" {
				e.out = append(e.out, `,"prev":null,"next":"`...)
				e.around(arrow.page, id)
				e.escaped(linked.many.rest)
				e.out = append(e.out, '"')
			}
			e.out = append(e.out, '}')
		}
		e.linkage(linked)
		e.out = append(e.out, '}')
	}
	e.out = append(e.out, '}')
}

// around appends texts with the id between each two.
func (e *encoder) around(texts []string, id []byte) {
	for i, text := range texts {
		if i > 0 {
			e.out = append(e.out, id...)
		}
		e.out = append(e.out, text...)
	}
}

func (e *encoder) linkage(l *Linked) {
	if !l.stated {
		return
	}
	e.name("data")
	switch {
	case l.many != nil:
		each(e, l.many.identifiers, e.identifier)
	case l.id == "":
		e.out = append(e.out, Null...)
	default:
		e.identifier(Identifier{Type: l.typ, ID: l.id})
	}
}

func (e *encoder) identifier(i Identifier) {
	e.out = append(e.out, `{"type":`...)
	e.text(i.Type)
	e.name("id")
	e.text(i.ID)
	e.meta(i.Meta)
	e.out = append(e.out, '}')
}

// meta appends the member meta, if there is anything to say.
func (e *encoder) meta(meta map[string]any) {
	if len(meta) > 0 {
		e.name("meta")
		e.object(meta)
	}
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
	case link.Null:
		e.name(name)
		e.out = append(e.out, Null...)
	case link.Type != "":
		e.name(name)
		e.out = append(e.out, `{"href":`...)
		e.text(link.Href)
		e.name("type")
		e.text(link.Type)
		e.out = append(e.out, '}')
	default:
		e.name(name)
		e.text(link.Href)
	}
}
