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
		return Linkage{}, Errors{Fault(InvalidDocument, "The member data is missing.").At("")}
	}
	linkage, faults := decodeLinkage(data, "/data", rel)
	faults.Add(unknownLocals(linkage, "/data")...)
	return linkage, faults.Err()
}

// MaxLinkage bounds the identifiers of one relationship in a request.
const MaxLinkage = 1000

func decodeLinkage(data any, pointer string, rel *Relationship) (Linkage, Errors) {
	var faults Errors
	linkage := Linkage{Many: rel.Many}
	if !rel.Many {
		if data == nil {
			if rel.Required {
				faults.Add(Fault(InvalidValue, "%s must not be null.", rel.Name).At(pointer))
			}
			return linkage, faults
		}
		if _, isArray := data.([]any); isArray {
			return linkage, Errors{Fault(InvalidDocument, "%s leads to one resource: data must be an identifier or null.", rel.Name).
				At(pointer)}
		}
		if ref, ok := decodeRef(data, pointer, rel, &faults); ok {
			linkage.Refs = []Ref{ref}
		}
		return linkage, faults
	}
	array, ok := data.([]any)
	if !ok {
		return linkage, Errors{Fault(InvalidDocument, "%s leads to many resources: data must be an array of identifiers.", rel.Name).
			At(pointer)}
	}
	if len(array) > MaxLinkage {
		return linkage, Errors{Fault(InvalidValue, "At most %d identifiers can be sent at once.", MaxLinkage).At(pointer)}
	}
	for i, element := range array {
		if ref, ok := decodeRef(element, pointer+"/"+strconv.Itoa(i), rel, &faults); ok {
			linkage.Refs = append(linkage.Refs, ref)
		}
	}
	return linkage, faults
}

// decodeRef reads one resource identifier object (§ Resource Identifier Objects).
func decodeRef(v any, pointer string, rel *Relationship, faults *Errors) (Ref, bool) {
	d := decoder{}
	object, ok := d.object(v, pointer, "data")
	if ok {
		typ, id, lid := d.text(object, pointer, "type"), d.text(object, pointer, "id"), d.text(object, pointer, "lid")
		_, hasType := object["type"]
		_, hasID := object["id"]
		_, hasLID := object["lid"]
		switch {
		case !hasType:
			d.fault(InvalidDocument, pointer, "The identifier needs the member type.")
		case !hasID && !hasLID:
			d.fault(InvalidDocument, pointer, "The identifier needs the member id.")
		case hasID && hasLID:
			d.fault(InvalidDocument, pointer, "The members id and lid exclude each other.")
		case len(d.faults) > 0:
		case hasID && id == "":
			// Taken for no id it would empty the relationship.
			d.fault(InvalidDocument, pointer+"/id", "The member id must not be empty.")
		case hasLID && lid == "":
			d.fault(InvalidDocument, pointer+"/lid", "The member lid must not be empty.")
		case !rel.Polymorphic && typ != rel.Target.Type:
			d.fault(TypeMismatch, pointer+"/type", "%s leads to %s, not to %q.", rel.Name, rel.Target.Type, clip(typ))
		}
		if len(d.faults) == 0 {
			return Ref{Type: typ, ID: id, LID: lid}, true
		}
	}
	faults.Add(d.faults...)
	return Ref{}, false
}

// unknownLocals returns a fault for each identifier by lid: one resource alone has no other to name by it, and taken for no id it would
// empty the relationship.
func unknownLocals(linkage Linkage, pointer string) Errors {
	var faults Errors
	for i, ref := range linkage.Refs {
		if ref.LID == "" {
			continue
		}
		at := pointer + "/lid"
		if linkage.Many {
			at = Pointer(pointer, strconv.Itoa(i), "lid")
		}
		faults.Add(Fault(InvalidDocument, "The local id %q names no resource that this request creates.", clip(ref.LID)).At(at))
	}
	return faults
}
