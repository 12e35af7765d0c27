package jsonapi

import (
	"errors"
	"maps"
	"slices"
	"strconv"
)

// The members that the Atomic Operations extension adds to a document (https://jsonapi.org/ext/atomic).
const (
	operationsMember = "atomic:operations"
	resultsMember    = "atomic:results"
)

// MaxOperations bounds the operations of one request: all of them happen in one transaction, and others wait for what it has locked.
const MaxOperations = 100

// OperationCode says what an operation does.
type OperationCode string

// The operation codes.
const (
	AddOperation    OperationCode = "add"
	UpdateOperation OperationCode = "update"
	RemoveOperation OperationCode = "remove"
)

// Operation is one entry of atomic:operations, read and checked against the schema of what it is about.
type Operation struct {
	Code OperationCode
	// Collection is the one that it is about.
	Collection *Collection
	// Target is the resource that it changes, by id or by the lid of one that an earlier operation adds. It names no resource when the
	// operation adds one.
	Target Ref
	// Relationship is the one of the target that it changes; nil when it is about the resource itself.
	Relationship *Relationship
	// Input is the resource to add, or the changes of an update.
	Input *Input
	// Linkage is the data of an operation on a relationship.
	Linkage Linkage
	// IfMatch is the list of entity tags that meta.ifMatch names, "" if it names none: the versions that the operation is meant for.
	IfMatch string
	// Meta is that of the operation, as plain JSON; nil for none.
	Meta map[string]any

	pointer string
	named   string // the member that names the target: ref, href or data
}

// Pointer returns the JSON Pointer to the operation, or to a member of it that was sent.
func (op *Operation) Pointer(members ...string) string { return Pointer(op.pointer, members...) }

// PointerToTarget returns the JSON Pointer to the member that says what the operation is about.
func (op *Operation) PointerToTarget() string { return op.Pointer(op.named) }

// PointerToMember returns the JSON Pointer to one identifier of the operation's linkage.
func (op *Operation) PointerToMember(index int) string {
	if op.Linkage.Many {
		return op.Pointer("data", strconv.Itoa(index))
	}
	return op.Pointer("data")
}

// DecodeOperations reads the document of an atomic request. Nothing is executed here, but everything that can be known without the data
// is checked: the form of the document and of each operation, targets, values, and that each lid is defined, once, before it is used.
// It returns every error at once, as Errors, each with a pointer that resolves in the document.
func DecodeOperations(body []byte, api *API) ([]*Operation, error) {
	document, err := readDocument(body)
	if err != nil {
		return nil, err
	}
	var errs Errors
	for _, name := range []string{"data", "included", "errors", resultsMember} {
		if _, sent := document[name]; sent {
			errs.Add(NewError(InvalidDocument, "The member %s cannot stand beside %s.", name, operationsMember).At(Pointer("", name)))
		}
	}
	if meta, sent := document["meta"]; sent {
		if _, ok := meta.(map[string]any); !ok {
			errs.Add(NewError(InvalidDocument, "The member meta must be an object.").At("/meta"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(document)) {
		switch {
		case spelling(name) == "ifmatch":
			errs.Add(misplacedPrecondition(Pointer("", name)))
		case name == "meta":
			errs.Add(preconditionsIn(document[name], Pointer("", name))...)
		}
	}
	sent, ok := document[operationsMember]
	if !ok {
		errs.Add(NewError(InvalidDocument, "The member %s is missing.", operationsMember).At(""))
		return nil, errs
	}
	at := Pointer("", operationsMember)
	array, ok := sent.([]any)
	switch {
	case !ok || len(array) == 0:
		errs.Add(NewError(InvalidDocument, "%s must be an array of at least one operation.", operationsMember).At(at))
		return nil, errs
	case len(array) > MaxOperations:
		e := NewError(InvalidDocument, "At most %d operations can be sent at once, not %d.", MaxOperations, len(array))
		errs.Add(e.At(at).WithMeta("limit", MaxOperations))
		return nil, errs
	}
	operations := make([]*Operation, len(array))
	locals := locals{}
	for i, element := range array {
		d := operationDecoder{api: api, op: &Operation{pointer: Pointer(at, strconv.Itoa(i))}}
		d.decode(element)
		errs.Add(d.errs...)
		errs.Add(locals.check(d.op)...)
		errs.Add(locals.define(element, d.op)...)
		operations[i] = d.op
	}
	errs.Add(checkIdentifiers(operations)...)
	return operations, errs.Err()
}

// checkIdentifiers bounds the identifiers in all linkage of a request, as one relationship is bounded.
func checkIdentifiers(operations []*Operation) Errors {
	n := 0
	for _, op := range operations {
		for range op.refs() {
			n++
		}
		if n > MaxLinkage {
			e := NewError(InvalidDocument, "All operations together can have at most %d identifiers.", MaxLinkage)
			return Errors{e.At(op.pointer).WithMeta("limit", MaxLinkage)}
		}
	}
	return nil
}

// locals are the resources that the operations so far add under a lid. A lid is scoped by the type: the same one for two types names two
// resources (§ Identification).
type locals map[Ref]bool

// check returns an error for each lid that an operation uses and no earlier one defines.
func (l locals) check(op *Operation) Errors {
	var errs Errors
	unknown := func(ref Ref, pointer string) {
		if ref.LID != "" && !l[ref] {
			errs.Add(NewError(InvalidDocument, "No earlier operation adds a resource of the type %s with the lid %q.",
				clip(ref.Type), clip(ref.LID)).At(pointer + "/lid"))
		}
	}
	if op.Code != AddOperation || op.Relationship != nil {
		unknown(op.Target, op.PointerToTarget())
	}
	for pointer, ref := range op.refs() {
		unknown(ref, pointer)
	}
	return errs
}

// define notes the lid of an operation that adds a resource, also when something else is wrong with it, so that one error does not make
// others of every use.
func (l locals) define(element any, op *Operation) Errors {
	object, _ := element.(map[string]any)
	data, _ := object["data"].(map[string]any)
	typ, _ := data["type"].(string)
	lid, _ := data["lid"].(string)
	if object["op"] != string(AddOperation) || op.Relationship != nil || lid == "" {
		return nil
	}
	ref := Ref{Type: typ, LID: lid}
	if l[ref] {
		return Errors{NewError(InvalidDocument, "An earlier operation adds a resource of the type %s with the lid %q already.",
			clip(typ), clip(lid)).At(op.Pointer("data", "lid"))}
	}
	l[ref] = true
	return nil
}

// refs returns the identifiers in the linkage of an operation, each with its JSON Pointer.
func (op *Operation) refs() func(yield func(string, Ref) bool) {
	return func(yield func(string, Ref) bool) {
		for i, ref := range op.Linkage.Refs {
			if !yield(op.PointerToMember(i), ref) {
				return
			}
		}
		if op.Input == nil {
			return
		}
		linkages := op.Input.linkages()
		for _, name := range slices.Sorted(maps.Keys(linkages)) {
			for i, ref := range linkages[name].Refs {
				if !yield(op.Input.PointerToRef(name, i), ref) {
					return
				}
			}
		}
	}
}

// linkages returns the linkage of every relationship that was sent, whether it can be changed or not.
func (in *Input) linkages() map[string]Linkage {
	all := maps.Clone(in.Relationships)
	for name, value := range in.ReadOnly {
		if linkage, ok := value.(Linkage); ok {
			all[name] = linkage
		}
	}
	return all
}

// Resolve returns the linkage with the ids of the resources that it names by lid. ids is keyed by type and lid.
func (l Linkage) Resolve(ids map[Ref]string) Linkage {
	l.Refs = slices.Clone(l.Refs)
	for i, ref := range l.Refs {
		l.Refs[i] = ref.Resolve(ids)
	}
	return l
}

// Resolve returns the identifier with the id of the resource that it names by lid.
func (r Ref) Resolve(ids map[Ref]string) Ref {
	if r.LID == "" {
		return r
	}
	return Ref{Type: r.Type, ID: ids[r]}
}

// Resolve returns a copy of the input whose linkage has the ids of the resources that it names by lid.
func (in *Input) Resolve(ids map[Ref]string) *Input {
	resolved := *in
	resolved.Relationships, resolved.ReadOnly = maps.Clone(in.Relationships), maps.Clone(in.ReadOnly)
	for name, linkage := range in.Relationships {
		resolved.Relationships[name] = linkage.Resolve(ids)
	}
	for name, value := range in.ReadOnly {
		if linkage, ok := value.(Linkage); ok {
			resolved.ReadOnly[name] = linkage.Resolve(ids)
		}
	}
	return &resolved
}

// errorsIn returns the errors that an error of this package consists of.
func errorsIn(err error) Errors {
	var errs Errors
	errors.As(err, &errs)
	return errs
}
