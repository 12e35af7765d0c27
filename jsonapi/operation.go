package jsonapi

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// operationDecoder reads one operation object and collects its errors.
type operationDecoder struct {
	decoder
	api    *API
	op     *Operation
	object map[string]any
	// conditional: there is a precondition, though perhaps one that any version meets.
	conditional bool
}

func (d *operationDecoder) decode(v any) {
	object, ok := v.(map[string]any)
	if !ok {
		d.errorf(InvalidDocument, d.op.pointer, "Each operation must be an object.")
		return
	}
	d.object = object
	d.misspelt(object, d.op.pointer, "op", "ref", "href", "data", "meta")
	d.misplaced()
	d.code()
	d.precondition()
	if !d.target() || d.op.Code == "" {
		return
	}
	switch {
	case d.op.Relationship != nil:
		d.members()
	case d.op.Code == AddOperation:
		d.resource(Create)
	case d.op.Code == UpdateOperation:
		d.resource(Update)
	}
}

func (d *operationDecoder) code() {
	text, isText := d.object["op"].(string)
	code := OperationCode(text)
	switch {
	case code == AddOperation || code == UpdateOperation || code == RemoveOperation:
		d.op.Code = code
	case d.object["op"] == nil || !isText:
		pointer := d.op.pointer
		if _, sent := d.object["op"]; sent {
			pointer += "/op"
		}
		d.errorf(InvalidDocument, pointer, "An operation needs the member op: add, update or remove.")
	default:
		d.errorf(InvalidDocument, d.op.Pointer("op"), "op must be add, update or remove, not %q.", clip(text))
	}
}

// precondition reads meta.ifMatch, the If-Match of one operation.
func (d *operationDecoder) precondition() {
	sent, ok := d.object["meta"]
	if !ok {
		return
	}
	meta, ok := sent.(map[string]any)
	if !ok {
		d.errorf(InvalidDocument, d.op.Pointer("meta"), "The member meta must be an object.")
		return
	}
	d.op.Meta = meta
	d.misspelt(meta, d.op.Pointer("meta"), "ifMatch")
	tags, ok := meta["ifMatch"]
	if !ok {
		return
	}
	text, _ := tags.(string)
	d.op.IfMatch = text
	if text == "" || !d.api.AreTags(text) {
		d.errorf(InvalidDocument, d.op.Pointer("meta", "ifMatch"), "ifMatch must be a string with entity tags, as in the header If-Match.")
	}
	d.conditional = true
}

// misspelt refuses a member that is a known one but for its case, hyphens and underscores. Other members that the specification does not
// know are ignored, as it demands; ignoring this one would do what was not meant: change a resource in spite of its version, or the whole
// of it instead of one relationship.
func (d *operationDecoder) misspelt(object map[string]any, at string, known ...string) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		i := slices.IndexFunc(known, func(k string) bool { return spelling(k) == spelling(name) })
		if i >= 0 && known[i] != name {
			d.errorf(InvalidDocument, Pointer(at, name), "The member %q is spelled %s.", clip(name), known[i])
		}
	}
}

// spelling returns a member's name without its case, hyphens and underscores.
func spelling(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// misplaced refuses a precondition that stands where none is read, for the reason that misspelt has: beside the members of the
// operation, or anywhere in its ref and its data but in values of attributes, whose members are the client's.
func (d *operationDecoder) misplaced() {
	for _, name := range slices.Sorted(maps.Keys(d.object)) {
		switch {
		case spelling(name) == "ifmatch":
			d.errs.Add(misplacedPrecondition(d.op.Pointer(name)))
		case name == "ref" || name == "data":
			d.errs.Add(preconditionsIn(d.object[name], d.op.Pointer(name))...)
		}
	}
}

// preconditionsIn returns an error for each member of a value, at any depth, that looks like a precondition.
func preconditionsIn(v any, at string) (errs Errors) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			switch {
			case spelling(name) == "ifmatch":
				errs.Add(misplacedPrecondition(Pointer(at, name)))
			case name != "attributes":
				errs.Add(preconditionsIn(v[name], Pointer(at, name))...)
			}
		}
	case []any:
		for i, element := range v {
			errs.Add(preconditionsIn(element, at+"/"+strconv.Itoa(i))...)
		}
	}
	return errs
}

func misplacedPrecondition(at string) *Error {
	return NewError(InvalidDocument, "ifMatch is a member of the operation's meta.").At(at)
}

// target finds out what the operation is about: ref, href, or the identity of its data say it.
func (d *operationDecoder) target() bool {
	// Null stands for absent: some clients send every member they know.
	ref, href := d.object["ref"], d.object["href"]
	before := len(d.errs)
	switch {
	case ref != nil && href != nil:
		d.errorf(InvalidDocument, d.op.pointer, "The members ref and href exclude each other.")
	case ref != nil:
		d.op.named = "ref"
		d.fromRef(ref)
	case href != nil:
		d.op.named = "href"
		d.fromHref(href)
	default:
		d.op.named = "data"
		d.fromData()
	}
	if len(d.errs) == before && d.conditional && d.op.Code == AddOperation && d.op.Relationship == nil {
		d.errorf(InvalidDocument, d.op.Pointer("meta", "ifMatch"), "ifMatch is for a resource that is there already.")
	}
	return len(d.errs) == before
}

// fromRef takes the target from a ref object: type and id, or lid, and perhaps a relationship.
func (d *operationDecoder) fromRef(v any) {
	at := d.op.Pointer("ref")
	ref, ok := d.decoder.object(v, at, "ref")
	if !ok {
		return
	}
	d.misspelt(ref, at, "type", "id", "lid", "relationship")
	before := len(d.errs) // of other members
	typ, id, lid, name := d.text(ref, at, "type"), d.text(ref, at, "id"), d.text(ref, at, "lid"), d.text(ref, at, "relationship")
	_, hasType := ref["type"]
	_, hasID := ref["id"]
	_, hasLID := ref["lid"]
	_, hasRelationship := ref["relationship"]
	switch {
	case len(d.errs) > before:
	case !hasType:
		d.errorf(InvalidDocument, at, "ref needs the member type.")
	case hasID == hasLID:
		d.errorf(InvalidDocument, at, "ref needs either the member id or the member lid.")
	case hasLID && lid == "":
		d.errorf(InvalidDocument, at+"/lid", "The member lid must not be empty.")
	case d.op.Code == AddOperation && !hasRelationship:
		d.errorf(InvalidDocument, at, "A resource is added without ref; with the member relationship, ref says where to add members.")
	default:
		d.op.Target = Ref{Type: typ, ID: id, LID: lid}
		if d.collection(typ, at+"/type") && hasRelationship {
			d.relationship(name, at+"/relationship")
		}
	}
}

// fromHref takes the target from a URL, to the same result as ref.
func (d *operationDecoder) fromHref(v any) {
	at := d.op.Pointer("href")
	href, ok := v.(string)
	if !ok {
		d.errorf(InvalidDocument, at, "The member href must be a string.")
		return
	}
	found, e := d.api.locate(href)
	switch {
	case e != nil:
		d.errs.Add(e.At(at))
		return
	case d.op.Code == AddOperation && found.id != "" && found.relationship == "":
		d.errorf(InvalidDocument, at, "A resource is added to a collection: href must not be the URL of a resource.")
		return
	case d.op.Code != AddOperation && d.op.Code != "" && found.id == "":
		d.errorf(InvalidDocument, at, "href must be the URL of a resource or of a relationship, not of a collection.")
		return
	}
	d.op.Collection = found.collection
	d.op.Target = Ref{Type: found.collection.Schema.Type, ID: found.id}
	if found.relationship != "" {
		d.relationship(found.relationship, at)
	}
}

// fromData takes the target from the resource object itself.
func (d *operationDecoder) fromData() {
	sent, ok := d.object["data"]
	switch {
	case d.op.Code == RemoveOperation:
		d.errorf(InvalidDocument, d.op.pointer, "remove needs the member ref or the member href.")
		return
	case !ok:
		d.errorf(InvalidDocument, d.op.pointer, "The operation needs the member data.")
		return
	}
	at := d.op.Pointer("data")
	data, ok := sent.(map[string]any)
	if !ok {
		d.errorf(InvalidDocument, at, "Without ref or href the member data must be one resource object.")
		return
	}
	typ, ok := data["type"].(string)
	if !ok {
		if _, sent := data["type"]; sent {
			at += "/type"
		}
		d.errorf(InvalidDocument, at, "The resource object needs the member type, a string.")
		return
	}
	if d.op.Code == UpdateOperation {
		d.op.Target.ID, _ = data["id"].(string) // what is wrong with it is found with the rest of the data
		d.op.Target.LID, _ = data["lid"].(string)
		if d.op.Target.ID != "" {
			d.op.Target.LID = ""
		}
	}
	d.op.Target.Type = typ
	d.collection(typ, at+"/type")
}

// collection finds the one of a type.
func (d *operationDecoder) collection(typ, pointer string) bool {
	if d.op.Collection = d.api.collectionOf(typ); d.op.Collection == nil {
		d.errorf(NotFound, pointer, "There are no resources of the type %q.", clip(typ))
	}
	return d.op.Collection != nil
}

// relationship finds the relationship of that name. One that is only written when a resource is added has no linkage of its own.
func (d *operationDecoder) relationship(name, pointer string) {
	rel := d.op.Collection.Schema.Relationship(name)
	if rel == nil || rel.WriteOnly {
		d.errorf(NotFound, pointer, "The type %s has no relationship %q.", d.op.Collection.Schema.Type, clip(name))
		return
	}
	d.op.Relationship = rel
}

// members reads the linkage of an operation on a relationship.
func (d *operationDecoder) members() {
	rel := d.op.Relationship
	if !rel.Changeable() {
		d.errorf(ReadOnly, d.op.PointerToTarget(), "The relationship %s cannot be changed.", rel.Name)
		return
	}
	if !rel.Many && d.op.Code != UpdateOperation {
		d.errorf(ReadOnly, d.op.Pointer("op"), "%s leads to one resource: replace it with update.", rel.Name)
		return
	}
	data, ok := d.data()
	if !ok {
		return
	}
	linkage, errs := decodeLinkage(data, d.op.Pointer("data"), rel)
	d.op.Linkage = linkage
	d.errs.Add(errs...)
	d.errs.Add(misplaced(data, d.op.Pointer("data"), d.op.Collection.Schema.Options)...)
}

// resource reads the resource object of an operation.
func (d *operationDecoder) resource(purpose Purpose) {
	data, ok := d.data()
	if !ok {
		return
	}
	in, err := decodeObject(data, d.op.Pointer("data"), d.op.Collection.Schema, purpose, d.op.Target)
	d.op.Input = in
	d.errs.Add(errorsIn(err)...)
}

func (d *operationDecoder) data() (any, bool) {
	data, ok := d.object["data"]
	if !ok {
		d.errorf(InvalidDocument, d.op.pointer, "The operation needs the member data.")
	}
	return data, ok
}
