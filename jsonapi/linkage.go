package jsonapi

import "strconv"

// Linkage is the data of one relationship in a request.
type Linkage struct {
	Many bool
	// Refs has at most one element for a to-one; none means null, or an empty to-many.
	Refs []Ref
}

// Ref is a resource identifier in a request: an id, or the local id of a resource that the same request creates.
type Ref struct {
	Type, ID, LID string
}

// One returns the id of a to-one linkage, "" for null.
func (l Linkage) One() string {
	if len(l.Refs) == 0 {
		return ""
	}
	return l.Refs[0].ID
}

// DecodeLinkage reads the document of a request to a relationship URL (§ Updating Relationships): data must be there, and have the
// shape of the relationship.
func DecodeLinkage(body []byte, rel *Relationship) (Linkage, error) {
	document, err := readPlain(body)
	if err != nil {
		return Linkage{}, err
	}
	data, ok := document["data"]
	if !ok {
		return Linkage{}, Errors{NewError(InvalidDocument, "The member data is missing.").At("")}
	}
	linkage, errs := decodeLinkage(data, "/data", rel)
	errs.Add(unknownLocals(linkage, "/data")...)
	return linkage, errs.Err()
}

// MaxLinkage bounds the identifiers of one relationship in a request.
const MaxLinkage = 1000

func decodeLinkage(data any, pointer string, rel *Relationship) (Linkage, Errors) {
	var errs Errors
	linkage := Linkage{Many: rel.Many}
	if !rel.Many {
		if data == nil {
			if rel.Required {
				errs.Add(NewError(InvalidValue, "%s must not be null.", rel.Name).At(pointer))
			}
			return linkage, errs
		}
		if _, isArray := data.([]any); isArray {
			return linkage, Errors{NewError(InvalidDocument, "%s leads to one resource: data must be an identifier or null.", rel.Name).
				At(pointer)}
		}
		if ref, ok := decodeRef(data, pointer, rel, &errs); ok {
			linkage.Refs = []Ref{ref}
		}
		return linkage, errs
	}
	array, ok := data.([]any)
	if !ok {
		return linkage, Errors{NewError(InvalidDocument, "%s leads to many resources: data must be an array of identifiers.", rel.Name).
			At(pointer)}
	}
	if len(array) > MaxLinkage {
		return linkage, Errors{NewError(InvalidValue, "At most %d identifiers can be sent at once.", MaxLinkage).At(pointer)}
	}
	for i, element := range array {
		if ref, ok := decodeRef(element, pointer+"/"+strconv.Itoa(i), rel, &errs); ok {
			linkage.Refs = append(linkage.Refs, ref)
		}
	}
	return linkage, errs
}

// decodeRef reads one resource identifier object (§ Resource Identifier Objects).
func decodeRef(v any, pointer string, rel *Relationship, errs *Errors) (Ref, bool) {
	d := decoder{}
	object, ok := d.object(v, pointer, "data")
	if ok {
		typ, id, lid := d.text(object, pointer, "type"), d.text(object, pointer, "id"), d.text(object, pointer, "lid")
		_, hasType := object["type"]
		_, hasID := object["id"]
		_, hasLID := object["lid"]
		switch {
		case !hasType:
			d.errorf(InvalidDocument, pointer, "The identifier needs the member type.")
		case !hasID && !hasLID:
			d.errorf(InvalidDocument, pointer, "The identifier needs the member id.")
		case hasID && hasLID:
			d.errorf(InvalidDocument, pointer, "The members id and lid exclude each other.")
		case len(d.errs) > 0:
		case hasID && id == "":
			// Taken for no id it would empty the relationship.
			d.errorf(InvalidDocument, pointer+"/id", "The member id must not be empty.")
		case hasLID && lid == "":
			d.errorf(InvalidDocument, pointer+"/lid", "The member lid must not be empty.")
		case !rel.LeadsTo(typ):
			d.errorf(TypeMismatch, pointer+"/type", "%s leads to %s, not to %q.", rel.Name, rel.Target.Type, clip(typ))
		}
		if len(d.errs) == 0 {
			return Ref{Type: typ, ID: id, LID: lid}, true
		}
	}
	errs.Add(d.errs...)
	return Ref{}, false
}

// unknownLocals returns an error for each identifier by lid: one resource alone has no other to name by it, and taken for no id it would
// empty the relationship.
func unknownLocals(linkage Linkage, pointer string) Errors {
	var errs Errors
	for i, ref := range linkage.Refs {
		if ref.LID == "" {
			continue
		}
		at := pointer + "/lid"
		if linkage.Many {
			at = Pointer(pointer, strconv.Itoa(i), "lid")
		}
		errs.Add(NewError(InvalidDocument, "The local id %q names no resource that this request creates.", clip(ref.LID)).At(at))
	}
	return errs
}
