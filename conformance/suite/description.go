package suite

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Description tells the suite what a server offers. What is left out is not
// tested: its rows are reported as not applicable, with the missing field named.
type Description struct {
	// Name is printed in the report.
	Name string `json:"name"`
	// Credential says how requests authenticate; the value is never part of the description.
	Credential *Credential `json:"credential,omitempty"`
	// Resources lists the types in order of preference: a row takes the first that can show its rule.
	Resources []*Resource `json:"resources"`
	Paging    Paging      `json:"paging"`
	Atomic    *Atomic     `json:"atomic,omitempty"`
	// OpenAPI is the path of an OpenAPI document, if there is one.
	OpenAPI string `json:"openapi,omitempty"`
	// UnknownPath is a path the server has no route for.
	UnknownPath string `json:"unknownPath,omitempty"`
	Limits      Limits `json:"limits"`
	// QueryParameters are parameters of the server's own, besides those of the specification.
	QueryParameters []string `json:"queryParameters,omitempty"`
	// Conditional lists what the server serves with an ETag and protects with If-Match: "resources", "relationships".
	Conditional []string `json:"conditional,omitempty"`
	// OptOut maps the id of an expectation (a row of level P, or "<row>/pick") to the reason
	// why this server decided otherwise. Rows of other levels cannot be opted out of.
	OptOut map[string]string `json:"optOut,omitempty"`
	// Exceptions are places where the server breaks a rule on purpose and says so in its documentation.
	Exceptions []*Exception `json:"exceptions,omitempty"`
	// Schema is the address of the schema of descriptions, for editors.
	Schema string `json:"$schema,omitempty"`
}

// Exception is a place that breaks a rule on purpose, in the resource objects of one type or in the documents of some URLs. The report
// prints it with its reason instead of failing the row, which fails all the same where the rule is broken at any other place.
type Exception struct {
	Row string `json:"row"`
	// Type is the type of the resource objects that hold the place.
	Type string `json:"type,omitempty"`
	// URL is a pattern (as in path.Match) of the paths of the documents that hold the place.
	URL string `json:"url,omitempty"`
	// Place is a JSON Pointer within the resource object, or the document.
	Place  string `json:"place"`
	Reason string `json:"reason"`
}

// covers tells whether a failure is at the place.
func (e *Exception) covers(f Failure) bool {
	if e.Type != "" {
		return f.typ == e.Type && f.within == e.Place
	}
	if f.Exchange == nil || f.at != e.Place {
		return false
	}
	match, err := path.Match(e.URL, strings.TrimPrefix(f.Exchange.URL.Path, f.Exchange.base))
	return err == nil && match
}

func (e *Exception) String() string {
	if e.Type != "" {
		return fmt.Sprintf("%s of %s: %s", e.Place, e.Type, e.Reason)
	}
	return fmt.Sprintf("%s of %s: %s", e.Place, e.URL, e.Reason)
}

// Credential names the header that carries the caller's secret.
type Credential struct {
	Header string `json:"header"`
	// Env is the environment variable the command line reads the header's value from.
	Env string `json:"env,omitempty"`
	// Wrong is a well-formed value the server refuses with 401.
	Wrong string `json:"wrong,omitempty"`
	// LimitedEnv is the environment variable with the value of a caller who may create the
	// resources marked with limitedCreate, but not choose their ids.
	LimitedEnv string `json:"limitedEnv,omitempty"`
}

// Limits are the boundaries a client can run into; zero means unknown.
type Limits struct {
	IncludeDepth int `json:"includeDepth,omitempty"`
	// BodyBytes is the size above which a request body is refused.
	BodyBytes int `json:"bodyBytes,omitempty"`
}

// Paging says how collections are divided.
type Paging struct {
	// Style of plain paging: "number", "offset" or "" (none).
	Style       string `json:"style,omitempty"`
	SizeDefault int    `json:"sizeDefault,omitempty"`
	SizeMax     int    `json:"sizeMax,omitempty"`
	// Cursor is true if the server offers the cursor pagination profile.
	Cursor bool `json:"cursor,omitempty"`
}

// Atomic describes the endpoint of the Atomic Operations extension.
type Atomic struct {
	Path          string `json:"path"`
	MaxOperations int    `json:"maxOperations,omitempty"`
	// Href is true if operations may address their target by href.
	Href bool `json:"href,omitempty"`
}

// Resource describes one type.
type Resource struct {
	Type string `json:"type"`
	Path string `json:"path"`
	// Operations out of list, read, create, update, delete; empty means all five.
	Operations []string `json:"operations,omitempty"`
	// Create is the template of a new resource.
	Create Template `json:"create"`
	// ClientIDs is true if a client may choose the id (a UUID), and false if that is refused.
	ClientIDs *bool `json:"clientIds,omitempty"`
	// LimitedCreate is true if the limited caller may create it, too, with an id of the server's choice.
	LimitedCreate bool `json:"limitedCreate,omitempty"`
	// Update is a string attribute that may be changed freely.
	Update *Sample `json:"update,omitempty"`
	// Nullable is an attribute that may be null, with a value it may have instead.
	Nullable *Sample `json:"nullable,omitempty"`
	// Required is an attribute that must not be null.
	Required string `json:"required,omitempty"`
	// Unique is an attribute no two resources may share, with a template for its value.
	Unique *Sample `json:"unique,omitempty"`
	// ReadOnly is an attribute clients cannot set, with a value that differs from the real one.
	ReadOnly  *Sample    `json:"readOnly,omitempty"`
	Timestamp *Timestamp `json:"timestamp,omitempty"`
	Sort      *Sort      `json:"sort,omitempty"`
	// Scope is a query that selects exactly the resources made with one {{group}}.
	Scope string `json:"scope,omitempty"`
	// Filter is a filter on an attribute by equality.
	Filter             *Filter             `json:"filter,omitempty"`
	RelationshipFilter *RelationshipFilter `json:"relationshipFilter,omitempty"`
	Relationships      []*Relationship     `json:"relationships,omitempty"`
}

// Template is the body of a new resource. Strings may hold {{unique}}, {{group}}, {{n}}
// (three digits, counting within the group), {{uuid}} and {{new:type}} (the id of a
// resource made for the purpose).
type Template struct {
	Attributes    map[string]any `json:"attributes,omitempty"`
	Relationships map[string]any `json:"relationships,omitempty"`
}

// Sample is an attribute with an example value, which may hold placeholders.
type Sample struct {
	Attribute string `json:"attribute"`
	Value     any    `json:"value"`
}

// Timestamp is a writable date-time attribute. Precision is "seconds" or
// "milliseconds" (the default): what survives a round trip.
type Timestamp struct {
	Attribute string `json:"attribute"`
	Precision string `json:"precision,omitempty"`
}

// Sort names what collections can be ordered by.
type Sort struct {
	// Attribute differs between the resources of a group and grows with {{n}}.
	Attribute string `json:"attribute"`
	// Ties is a sortable attribute that is equal within a group.
	Ties string `json:"ties,omitempty"`
	// Unsortable is an existing attribute that cannot be sorted by.
	Unsortable string `json:"unsortable,omitempty"`
	// Unpageable is a sort the server offers, but not under the cursor profile.
	Unpageable string `json:"unpageable,omitempty"`
}

// Filter is a query parameter that compares an attribute.
type Filter struct {
	Parameter string `json:"parameter"`
	Attribute string `json:"attribute"`
}

// RelationshipFilter is a query parameter that takes ids of related resources.
type RelationshipFilter struct {
	Parameter    string `json:"parameter"`
	Relationship string `json:"relationship"`
	// Multiple is true if several ids may be given, separated by commas.
	Multiple bool `json:"multiple,omitempty"`
}

// Relationship describes one relationship of a type.
type Relationship struct {
	Name string `json:"name"`
	// Kind is "one" or "many".
	Kind   string `json:"kind"`
	Target string `json:"target"`
	// Writable is true if it can be changed through the resource and its relationship endpoint, and false if that is refused.
	Writable *bool `json:"writable,omitempty"`
	// Required is true for a to-one that must not be null.
	Required bool `json:"required,omitempty"`
	// Inverse is the relationship of the target that shows the other side.
	Inverse string `json:"inverse,omitempty"`
	// Include is true if it can be included, and false if that is refused. Left out, it is tried, and 400 is no failure.
	Include *bool `json:"include,omitempty"`
	// Endpoint is the path of its linkage below the resource, for a relationship that has no self link.
	Endpoint string `json:"endpoint,omitempty"`
}

// The answers of a description that may be left out: a row about what is refused needs a no, not silence.
func (r *Resource) takesClientIDs() bool    { return r.ClientIDs != nil && *r.ClientIDs }
func (r *Resource) refusesClientIDs() bool  { return r.ClientIDs != nil && !*r.ClientIDs }
func (r *Relationship) writable() bool      { return r.Writable != nil && *r.Writable }
func (r *Relationship) readOnly() bool      { return r.Writable != nil && !*r.Writable }
func (r *Relationship) mayBeIncluded() bool { return r.Include == nil || *r.Include }

// validate checks what the schema cannot say: names that must lead to something else.
func (d *Description) validate() error {
	if len(d.Resources) == 0 {
		return errors.New("/resources: is empty")
	}
	if d.UnknownPath == "" {
		d.UnknownPath = path.Join(path.Dir(strings.TrimSuffix(d.Resources[0].Path, "/")), "conformance-no-such-path")
	}
	var errs []error
	for i, r := range d.Resources {
		if d.resource(r.Type) != r {
			errs = append(errs, fmt.Errorf("/resources/%d/type: %q is there twice", i, r.Type))
		}
		if f := r.RelationshipFilter; f != nil && r.relationship(f.Relationship) == nil {
			errs = append(errs, fmt.Errorf("/resources/%d/relationshipFilter/relationship: %s has no relationship %q",
				i, r.Type, f.Relationship))
		}
	}
	return errors.Join(append(errs, d.validateExpectations()...)...)
}

// validateExpectations refuses to opt out of what is no expectation, and exceptions to rows that do not exist.
func (d *Description) validateExpectations() []error {
	var errs []error
	known := map[string]Level{}
	for _, row := range Rows() {
		known[row.ID] = row.Level
	}
	for id := range d.OptOut {
		base, isPick := strings.CutSuffix(id, pickSuffix)
		level, found := known[base]
		switch {
		case !found:
			errs = append(errs, fmt.Errorf("/optOut/%s: there is no row %s", id, id))
		case level != Pick && !isPick:
			errs = append(errs, fmt.Errorf("/optOut/%s: %s is not an expectation but a rule of the specification", id, id))
		}
	}
	for i, e := range d.Exceptions {
		if _, found := known[e.Row]; !found {
			errs = append(errs, fmt.Errorf("/exceptions/%d/row: there is no row %s", i, e.Row))
		}
		if _, err := path.Match(e.URL, ""); err != nil {
			errs = append(errs, fmt.Errorf("/exceptions/%d/url: %w", i, err))
		}
		if e.Type != "" && d.resource(e.Type) == nil {
			errs = append(errs, fmt.Errorf("/exceptions/%d/type: the description has no resource %q", i, e.Type))
		}
	}
	return errs
}

var allOperations = []string{"list", "read", "create", "update", "delete"}

// can tells whether the resource offers every one of the operations.
func (r *Resource) can(operations ...string) bool {
	for _, op := range operations {
		if len(r.Operations) > 0 && !slices.Contains(r.Operations, op) {
			return false
		}
	}
	return true
}

func (r *Resource) relationship(name string) *Relationship {
	for _, rel := range r.Relationships {
		if rel.Name == name {
			return rel
		}
	}
	return nil
}

// resource returns the description of a type, or nil.
func (d *Description) resource(typ string) *Resource {
	for _, r := range d.Resources {
		if r.Type == typ {
			return r
		}
	}
	return nil
}
