package jsonapi

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Pointer returns the JSON Pointer to linkage that is the primary data of a document, or to one identifier of it.
func (l Linkage) Pointer(index int, one bool) string {
	if one && l.Many && index < len(l.Refs) {
		return "/data/" + strconv.Itoa(index)
	}
	return "/data"
}

// Input is a resource object that a client sent, read and checked: only values that fit the schema are in it.
type Input struct {
	Schema *Schema
	// ID is empty when the client named none.
	ID  string
	LID string
	// Attributes holds the decoded values of writable attributes that were sent, nil for null.
	Attributes map[string]any
	// ReadOnly holds read-only attributes that were sent, as plain JSON. They are fine as long as they say what is.
	ReadOnly map[string]any
	// Relationships holds the linkage of writable relationships that were sent.
	Relationships map[string]Linkage
	// Meta is that of the document of a single resource, nil for none.
	Meta map[string]any

	pointer string // of the resource object
	sent    any    // the resource object itself
}

// PointerTo returns the JSON Pointer to the value of a field within the request, or to the nearest object around it that was sent: a
// pointer always resolves.
func (in *Input) PointerTo(field string) string {
	object, _ := in.sent.(map[string]any)
	for _, container := range []string{"attributes", "relationships"} {
		members, ok := object[container].(map[string]any)
		if !ok {
			continue
		}
		if _, ok := members[field]; ok {
			return Pointer(in.pointer, container, field)
		}
	}
	if field == "id" {
		if _, ok := object["id"]; ok {
			return in.pointer + "/id"
		}
	}
	container := "attributes"
	if in.Schema.Relationship(field) != nil {
		container = "relationships"
	}
	if _, ok := object[container].(map[string]any); ok {
		return in.pointer + "/" + container
	}
	return in.pointer
}

// PointerToRef returns the JSON Pointer to one identifier of a relationship.
func (in *Input) PointerToRef(relationship string, index int) string {
	base := Pointer(in.pointer, "relationships", relationship, "data")
	if rel := in.Schema.Relationship(relationship); rel != nil && rel.Many {
		return base + "/" + strconv.Itoa(index)
	}
	return base
}

// Purpose is what a resource object is sent for.
type Purpose int

// The purposes of a resource object.
const (
	Create Purpose = iota
	Update
)

// DecodeResource reads the document of a request that creates or updates one resource of the schema (§ Creating Resources, § Updating
// Resources). id is the one in the path of an update; words stand for it where they are sent instead. It returns every error of the
// document at once, as Errors, each with its pointer.
func DecodeResource(body []byte, schema *Schema, purpose Purpose, id string, words ...string) (*Input, error) {
	document, err := readPlain(body)
	if err != nil {
		return nil, err
	}
	data, ok := document["data"]
	if !ok {
		return nil, Errors{NewError(InvalidDocument, "The member data is missing.").At("")}
	}
	object, _ := data.(map[string]any)
	if word, isText := object["id"].(string); isText && slices.Contains(words, word) {
		id = word
	}
	in, err := decodeAlone(data, "/data", schema, purpose, Ref{ID: id})
	if in != nil {
		in.Meta, _ = document["meta"].(map[string]any)
	}
	return in, err
}

// decodeAlone is decodeObject for an object that cannot refer to others of its document.
func decodeAlone(data any, pointer string, schema *Schema, purpose Purpose, target Ref) (*Input, error) {
	in, err := decodeObject(data, pointer, schema, purpose, target)
	if err != nil {
		return nil, err
	}
	var errs Errors
	linkages := in.linkages()
	for _, name := range slices.Sorted(maps.Keys(linkages)) {
		errs.Add(unknownLocals(linkages[name], Pointer(pointer, "relationships", name, "data"))...)
	}
	return in, errs.Err()
}

// DecodeResources reads the document of a request with one new resource of the schema, or with up to most of them in a list, and reports
// whether it was a list. It returns every error of the document at once, as Errors, each with its pointer.
func DecodeResources(body []byte, schema *Schema, most int) (inputs []*Input, list bool, err error) {
	document, err := readPlain(body)
	if err != nil {
		return nil, false, err
	}
	data, ok := document["data"]
	if !ok {
		return nil, false, Errors{NewError(InvalidDocument, "The member data is missing.").At("")}
	}
	objects, list := data.([]any)
	switch {
	case !list:
		in, err := decodeAlone(data, "/data", schema, Create, Ref{})
		return []*Input{in}, false, err
	case len(objects) == 0 || len(objects) > most:
		return nil, true, Errors{NewError(InvalidValue, "The list must have 1 to %d elements, not %d.", most, len(objects)).At("/data")}
	}
	var errs Errors
	for i, object := range objects {
		in, err := decodeAlone(object, "/data/"+strconv.Itoa(i), schema, Create, Ref{})
		var wrong Errors
		if errors.As(err, &wrong) {
			errs.Add(wrong...)
		} else if err != nil {
			return nil, true, err
		}
		inputs = append(inputs, in)
	}
	return inputs, true, errs.Err()
}

// readDocument returns the top-level object of a request.
func readDocument(body []byte) (map[string]any, error) {
	root, e := ReadJSON(body)
	if e != nil {
		return nil, Errors{e}
	}
	document, ok := root.(map[string]any)
	if !ok {
		return nil, Errors{NewError(InvalidDocument, "The document must be an object.").At("")}
	}
	return document, nil
}

// readPlain is readDocument for a request without an extension.
func readPlain(body []byte) (map[string]any, error) {
	document, err := readDocument(body)
	if err != nil {
		return nil, err
	}
	if meta, sent := document["meta"]; sent {
		if _, ok := meta.(map[string]any); !ok {
			return nil, Errors{NewError(InvalidDocument, "The member meta must be an object.").At("/meta")}
		}
	}
	return document, nil
}

// decodeObject reads one resource object that stands at a pointer. target is the resource that an update is about.
func decodeObject(data any, pointer string, schema *Schema, purpose Purpose, target Ref) (*Input, error) {
	object, ok := data.(map[string]any)
	if !ok {
		return nil, Errors{NewError(InvalidDocument, "The primary data must be one resource object.").At(pointer)}
	}
	d := decoder{in: &Input{
		Schema: schema, Attributes: map[string]any{}, ReadOnly: map[string]any{}, Relationships: map[string]Linkage{},
		pointer: pointer, sent: object,
	}}
	d.identity(object, purpose, target)
	if typ, isText := object["type"].(string); isText && typ != "" && typ != schema.Type {
		return d.in, d.errs // what a resource of another type has would only look wrong
	}
	if meta, ok := object["meta"]; ok {
		d.object(meta, pointer+"/meta", "meta")
		d.errs.Add(misplaced(object, pointer, schema.Options)...)
	}
	d.attributes(object, purpose)
	d.relationships(object, purpose)
	return d.in, d.errs.Err()
}

// misplaced returns an error for each option that stands in the meta of a resource, or of its identifier, and not in that of the document,
// where it is read: what the client asks for must not be passed over. Other members are, since clients send back what they have read.
func misplaced(resource any, pointer string, options []string) (errs Errors) {
	object, _ := resource.(map[string]any)
	meta, _ := object["meta"].(map[string]any)
	for _, name := range options {
		if _, sent := meta[name]; sent {
			errs.Add(NewError(InvalidDocument, "The member %s stands in the meta that is beside data, not in that of the resource.", name).
				At(Pointer(pointer, "meta", name)))
		}
	}
	return errs
}

// decoder collects the errors of one resource object.
type decoder struct {
	in   *Input
	errs Errors
}

func (d *decoder) errorf(code Code, pointer, detail string, args ...any) {
	d.errs.Add(NewError(code, detail, args...).At(pointer))
}

// object returns v as an object, or notes that it is none.
func (d *decoder) object(v any, pointer, name string) (map[string]any, bool) {
	object, ok := v.(map[string]any)
	if !ok {
		d.errorf(InvalidDocument, pointer, "The member %s must be an object.", name)
	}
	return object, ok
}

// text returns the string member of that name. A missing member is not an error.
func (d *decoder) text(object map[string]any, base, name string) string {
	v, ok := object[name]
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		d.errorf(InvalidDocument, Pointer(base, name), "The member %s must be a string.", name)
	}
	return s
}

func (d *decoder) identity(object map[string]any, purpose Purpose, target Ref) {
	p := d.in.pointer
	if object["type"] == nil {
		d.missing(object, "type")
	} else if typ, isText := object["type"].(string); !isText || typ == "" {
		d.errorf(InvalidDocument, p+"/type", "The member type must be a string that is not empty.")
	} else if typ != d.in.Schema.Type {
		d.errorf(TypeMismatch, p+"/type", "The type here is %q, not %q.", d.in.Schema.Type, clip(typ))
	}
	// "id": null and no id are the same to clients that send every member they know.
	if object["id"] != nil {
		d.in.ID = d.text(object, p, "id")
		_, isText := object["id"].(string)
		switch {
		case !isText:
		case purpose == Update && target.LID != "":
			d.errorf(IDMismatch, p+"/id", "The target is named by the lid %q, not by an id.", clip(target.LID))
		case purpose == Update && d.in.ID != target.ID:
			d.errorf(IDMismatch, p+"/id", "The id here is %q.", clip(target.ID))
		case purpose == Create && !IsID(d.in.ID):
			d.errorf(InvalidValue, p+"/id", "The id %s.", notAnID)
		}
	} else if purpose == Update && target.LID == "" {
		d.missing(object, "id")
	}
	d.localIdentity(object, purpose, target)
}

// localIdentity reads the lid of a resource object.
func (d *decoder) localIdentity(object map[string]any, purpose Purpose, target Ref) {
	p := d.in.pointer
	if object["lid"] == nil {
		if purpose == Update && target.LID != "" && object["id"] == nil {
			d.missing(object, "lid")
		}
		return
	}
	d.in.LID = d.text(object, p, "lid")
	_, isText := object["lid"].(string)
	switch {
	case object["id"] != nil:
		d.errorf(InvalidDocument, p+"/lid", "The members id and lid exclude each other.")
	case isText && target.LID != "" && d.in.LID != target.LID:
		d.errorf(IDMismatch, p+"/lid", "The lid here is %q.", clip(target.LID))
	}
}

// missing notes that a member of the resource object is absent, or null, which for these is the same.
func (d *decoder) missing(object map[string]any, name string) {
	pointer := d.in.pointer
	if _, ok := object[name]; ok {
		pointer += "/" + name
	}
	d.errorf(InvalidDocument, pointer, "The resource object needs the member %s.", name)
}

func (d *decoder) attributes(object map[string]any, purpose Purpose) {
	sent, present := object["attributes"]
	base := d.in.pointer + "/attributes"
	var members map[string]any
	if present {
		members, _ = d.object(sent, base, "attributes")
	}
	schema := d.in.Schema
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if strings.HasPrefix(name, "@") {
			continue // @-members are ignored everywhere (§ @-Members)
		}
		pointer, value := Pointer(base, name), members[name]
		a := schema.Attribute(name)
		switch {
		case a == nil && schema.Relationship(name) != nil:
			d.errorf(UnknownField, pointer, "%s is a relationship of %s, not an attribute.", name, schema.Type)
		case a == nil:
			d.errorf(UnknownField, pointer, "The type %s has no attribute %q.", schema.Type, clip(name))
		case a.ReadOnly || a.CreateOnly && purpose == Update:
			d.in.ReadOnly[name] = value
		default:
			decoded, wrong := a.Decode(value)
			if wrong != "" {
				d.errorf(InvalidValue, pointer, "%s %s.", name, wrong)
				continue
			}
			d.in.Attributes[name] = decoded
		}
	}
	if purpose != Create {
		return
	}
	for _, a := range schema.Attributes {
		if _, ok := members[a.Name]; a.Required && !ok {
			d.errorf(Required, d.in.PointerTo(a.Name), "%s is required.", a.Name)
		}
	}
}

func (d *decoder) relationships(object map[string]any, purpose Purpose) {
	sent, present := object["relationships"]
	if !present {
		return
	}
	base := d.in.pointer + "/relationships"
	members, _ := d.object(sent, base, "relationships")
	schema := d.in.Schema
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if strings.HasPrefix(name, "@") {
			continue
		}
		pointer := Pointer(base, name)
		rel := schema.Relationship(name)
		if rel == nil {
			d.errorf(UnknownField, pointer, "The type %s has no relationship %q.", schema.Type, clip(name))
			continue
		}
		relationship, ok := d.object(members[name], pointer, name)
		if !ok {
			continue
		}
		data, ok := relationship["data"]
		if !ok {
			// A to-many that was not included is sent to clients with links only; one that comes back like that says nothing.
			if links, _ := relationship["links"].(map[string]any); rel.Many && len(links) > 0 {
				continue
			}
			d.errorf(InvalidDocument, pointer, "The relationship %s needs the member data.", name)
			continue
		}
		linkage, errs := decodeLinkage(data, pointer+"/data", rel)
		d.errs.Add(errs...)
		switch {
		case len(errs) > 0:
		case rel.ReadOnly || rel.CreateOnly && purpose == Update || rel.UpdateOnly && purpose == Create:
			d.in.ReadOnly[name] = linkage
		default:
			d.in.Relationships[name] = linkage
		}
	}
}

// clip shortens text of a client that is quoted back.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// PlainMeta reads the top-level meta of a request as plain JSON, nil for none. It fails with Errors if one of the options stands in the
// meta of data in its place.
func PlainMeta(body []byte, options ...string) (map[string]any, error) {
	document, err := readPlain(body)
	if err != nil {
		return nil, err
	}
	meta, _ := document["meta"].(map[string]any)
	return meta, misplaced(document["data"], "/data", options).Err()
}

// DecodeMetaNumber reads a whole number from the top-level meta of a request without data. given tells whether it was there.
func DecodeMetaNumber(body []byte, name string, least, most int64) (n int64, given bool, err error) {
	meta, err := PlainMeta(body, name)
	if err != nil {
		return 0, false, err
	}
	v, given := meta[name]
	if !given {
		return 0, false, nil
	}
	number, _ := v.(json.Number)
	n, parseErr := strconv.ParseInt(number.String(), 10, 64)
	if parseErr != nil || n < least || n > most {
		return 0, true, Errors{NewError(InvalidValue, "%s must be a whole number from %d to %d.", name, least, most).
			At(Pointer("/meta", name))}
	}
	return n, true, nil
}

// DecodeMeta reads members of the top-level meta of a request without data, as the attributes of a schema. It returns those that were sent,
// nil for null, or every error at once, as Errors, each with its pointer. Other members are ignored, unless they are these in the meta of
// data.
func DecodeMeta(body []byte, schema *Schema) (map[string]any, error) {
	document, err := readPlain(body)
	if err != nil {
		return nil, err
	}
	base := ""
	sent, ok := document["meta"].(map[string]any)
	if ok {
		base = "/meta"
	}
	members, names := map[string]any{}, make([]string, len(schema.Attributes))
	for i, a := range schema.Attributes {
		names[i] = a.Name
	}
	errs := misplaced(document["data"], "/data", names)
	for _, a := range schema.Attributes {
		value, given := sent[a.Name]
		if !given {
			if a.Required {
				errs.Add(NewError(Required, "meta.%s is required.", a.Name).At(base))
			}
			continue
		}
		decoded, wrong := a.Decode(value)
		if wrong != "" {
			errs.Add(NewError(InvalidValue, "%s %s.", a.Name, wrong).At(Pointer(base, a.Name)))
			continue
		}
		members[a.Name] = decoded
	}
	return members, errs.Err()
}
