package jsonapitest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"roster/jsonapi"
)

// Source makes values that are hard to print of bytes: of a fuzzer, or of chance. After its end they are all alike.
type Source struct{ Bytes []byte }

// Next returns a number below n, which is at most 256.
func (s *Source) Next(n int) int {
	if len(s.Bytes) == 0 {
		return 0
	}
	b := s.Bytes[0]
	s.Bytes = s.Bytes[1:]
	return int(b) % n
}

// pieces are what texts are made of: all that JSON or encoding/json escapes, bytes that are no UTF-8, and beginnings of characters.
var pieces = []string{
	"plain", `"`, `\`, "<a>", "&", "\u2028", "\u2029", "\x7f", "ü", "\U0001F600", "\ufffd", "\xff", "\xe2\x80", "\xed\xa0\x80",
	"\xf4\x90\x80\x80", "\x00", "\b", "\t", "\n", "\f", "\r", "\x1f", "/", "'",
}

// Text returns a text, which may be empty and no UTF-8.
func (s *Source) Text() string {
	var text strings.Builder
	for range s.Next(6) {
		if i := s.Next(len(pieces) + 1); i < len(pieces) {
			text.WriteString(pieces[i])
		} else {
			text.WriteByte(byte(s.Next(256)))
		}
	}
	return text.String()
}

// number returns an integer, as extreme as they are.
func (s *Source) number() int64 {
	n := int64(0)
	for range s.Next(9) {
		n = n<<8 | int64(s.Next(256))
	}
	return n
}

// moment returns a time of any year that can be printed, in any zone; often the zero one.
func (s *Source) moment() time.Time {
	if s.Next(4) == 0 {
		return time.Time{}
	}
	at := time.Unix(s.number()%(1<<38), int64(s.Next(256))*3906251)
	if s.Next(2) == 0 {
		return at.UTC()
	}
	return at.In(time.FixedZone("", (s.Next(256)-128)*451))
}

// raws are JSON as it may be kept, and texts that are none.
var raws = []string{
	"", "null", `{"b":1,"a":[true, {"x" : null}]}`, " [1,\n\t2 ] ", `"<&>\u2028"`, `{"a":1e400,"a":2}`, "\"\xff\u2028\"", "{", "1 2",
}

// value returns a value of a type that attributes have, and false for another type.
func (s *Source) value(t reflect.Type) (v any, ok bool) {
	switch t {
	case reflect.TypeFor[string]():
		return s.Text(), true
	case reflect.TypeFor[bool]():
		return s.Next(2) == 0, true
	case reflect.TypeFor[int64]():
		return s.number(), true
	case reflect.TypeFor[jsonapi.Time]():
		return jsonapi.Time{Time: s.moment()}, true
	case reflect.TypeFor[jsonapi.Stamp]():
		return jsonapi.Stamp{Time: s.moment()}, true
	case reflect.TypeFor[jsonapi.Raw]():
		return jsonapi.Raw(raws[s.Next(len(raws))]), true
	case reflect.TypeFor[jsonapi.Strings]():
		if s.Next(4) == 0 {
			return jsonapi.Strings(nil), true
		}
		list := jsonapi.Strings{}
		for range s.Next(4) {
			list = append(list, s.Text())
		}
		return list, true
	default:
		return nil, false
	}
}

// Fill sets the fields of a model, given as a pointer, that have types of attributes; pointers to them often to nil.
func (s *Source) Fill(model any) {
	v := reflect.ValueOf(model).Elem()
	for i := range v.NumField() {
		field := v.Field(i)
		if field.Kind() != reflect.Pointer {
			if value, ok := s.value(field.Type()); ok {
				field.Set(reflect.ValueOf(value))
			}
			continue
		}
		if value, ok := s.value(field.Type().Elem()); ok && s.Next(3) > 0 {
			field.Set(reflect.New(field.Type().Elem()))
			field.Elem().Set(reflect.ValueOf(value))
		}
	}
}

// Object is a resource object to be printed by encoding/json.
type Object struct {
	Type          string                  `json:"type"`
	ID            string                  `json:"id"`
	Attributes    map[string]any          `json:"attributes,omitempty"`
	Relationships map[string]Relationship `json:"relationships,omitempty"`
	Links         *Links                  `json:"links,omitempty"`
	Meta          map[string]any          `json:"meta,omitempty"`
}

// Relationship is one of its relationships. Data is that of [jsonapi.Linked.Data].
type Relationship struct {
	Links *Links `json:"links,omitempty"`
	Data  any    `json:"data,omitempty"`
}

// Links are the links of an object, a relationship or a document. Null ones are json.RawMessage("null"), nil ones are left out.
type Links struct {
	Self        any `json:"self,omitempty"`
	Related     any `json:"related,omitempty"`
	First       any `json:"first,omitempty"`
	Prev        any `json:"prev,omitempty"`
	Next        any `json:"next,omitempty"`
	Last        any `json:"last,omitempty"`
	DescribedBy any `json:"describedby,omitempty"`
}

// Expect returns the resource object of a model as google/jsonapi and encoding/json print it: with those fields, all for nil, and with the
// linkage that is given by the names of relationships, whose links it makes itself. The error is that of a value that is no JSON.
func Expect(s *jsonapi.Schema, id string, model any, base string, fields map[string]bool, linkage map[string]any) ([]byte, error) {
	wants := func(name string) bool { return fields == nil || fields[name] }
	attributes, err := jsonapi.Attributes(model)
	if err != nil {
		return nil, err
	}
	object := Object{Type: s.Type, ID: id, Attributes: map[string]any{}, Relationships: map[string]Relationship{}}
	for name, value := range attributes {
		if wants(name) {
			object.Attributes[name] = value
		}
	}
	self := base + "/" + id
	for _, rel := range s.Relationships {
		if rel.WriteOnly || !wants(rel.Name) {
			continue
		}
		links := &Links{Related: self + "/" + rel.Name}
		if rel.ListedBy != "" {
			links.Related = rel.Target.URL() + "?filter[" + rel.ListedBy + "]=" + id
		}
		if rel.Changeable() {
			links.Self = self + "/relationships/" + rel.Name
		}
		if base == "" {
			links = nil
		}
		object.Relationships[rel.Name] = Relationship{Links: links, Data: linkage[rel.Name]}
	}
	if base != "" {
		object.Links = &Links{Self: self}
	}
	return Marshal(object)
}

// Marshal encodes a value by encoding/json, without escaping for HTML.
func Marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
