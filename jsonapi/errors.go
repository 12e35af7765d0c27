package jsonapi

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// Code names one kind of error. Codes are stable: clients may branch on them. docs/errors.md has a section for each.
type Code string

// The codes, in the order of docs/errors.md.
const (
	MalformedBody        Code = "malformed_body"
	InvalidJSON          Code = "invalid_json"
	InvalidDocument      Code = "invalid_document"
	InvalidParameter     Code = "invalid_parameter"
	UnknownParameter     Code = "unknown_parameter"
	InvalidHeader        Code = "invalid_header"
	AmbiguousCredentials Code = "ambiguous_credentials"
	Unauthenticated      Code = "unauthenticated"
	SecondFactorRequired Code = "second_factor_required"
	Forbidden            Code = "forbidden"
	ReadOnly             Code = "read_only"
	ClientIDForbidden    Code = "client_id_forbidden"
	NotFound             Code = "not_found"
	RelatedNotFound      Code = "related_not_found"
	MethodNotAllowed     Code = "method_not_allowed"
	NotAcceptable        Code = "not_acceptable"
	RequestTimeout       Code = "request_timeout"
	Conflict             Code = "conflict"
	TypeMismatch         Code = "type_mismatch"
	IDMismatch           Code = "id_mismatch"
	PreconditionFailed   Code = "precondition_failed"
	BodyTooLarge         Code = "body_too_large"
	UnsupportedMediaType Code = "unsupported_media_type"
	InvalidValue         Code = "invalid_value"
	UnknownField         Code = "unknown_field"
	Required             Code = "required"
	IdempotencyMismatch  Code = "idempotency_mismatch"
	RateLimited          Code = "rate_limited"
	Internal             Code = "internal"
	Unavailable          Code = "unavailable"
)

// Meaning is what every error of one code has in common: the HTTP status and a title that never varies (§ Error Objects).
type Meaning struct {
	Status int
	Title  string
}

var codes = map[Code]Meaning{
	MalformedBody:        {http.StatusBadRequest, "The body did not arrive as it was announced"},
	InvalidJSON:          {http.StatusBadRequest, "The body is not valid JSON"},
	InvalidDocument:      {http.StatusBadRequest, "The body is not the JSON:API document this request needs"},
	InvalidParameter:     {http.StatusBadRequest, "A query parameter has a value that cannot be used"},
	UnknownParameter:     {http.StatusBadRequest, "A query parameter is not known here"},
	InvalidHeader:        {http.StatusBadRequest, "A header has a value that cannot be used"},
	AmbiguousCredentials: {http.StatusBadRequest, "The request carries two different credentials"},
	Unauthenticated:      {http.StatusUnauthorized, "A valid credential is needed"},
	SecondFactorRequired: {http.StatusUnauthorized, "A second factor is needed"},
	Forbidden:            {http.StatusForbidden, "This credential may not do that"},
	ReadOnly:             {http.StatusForbidden, "This member cannot be changed"},
	ClientIDForbidden:    {http.StatusForbidden, "The id cannot be chosen by the client"},
	NotFound:             {http.StatusNotFound, "Not found"},
	RelatedNotFound:      {http.StatusNotFound, "A related resource was not found"},
	MethodNotAllowed:     {http.StatusMethodNotAllowed, "The method is not possible on this path"},
	NotAcceptable:        {http.StatusNotAcceptable, "None of the accepted media types can be served"},
	RequestTimeout:       {http.StatusRequestTimeout, "The request took too long to arrive"},
	Conflict:             {http.StatusConflict, "The change conflicts with the present state"},
	TypeMismatch:         {http.StatusConflict, "The type is not the one this place takes"},
	IDMismatch:           {http.StatusConflict, "The id is not the one this place takes"},
	PreconditionFailed:   {http.StatusPreconditionFailed, "The resource has changed since it was read"},
	BodyTooLarge:         {http.StatusRequestEntityTooLarge, "The body is too large"},
	UnsupportedMediaType: {http.StatusUnsupportedMediaType, "The media type of the body is not supported"},
	InvalidValue:         {http.StatusUnprocessableEntity, "A value cannot be taken"},
	UnknownField:         {http.StatusUnprocessableEntity, "The resource has no such field"},
	Required:             {http.StatusUnprocessableEntity, "A required value is missing"},
	IdempotencyMismatch:  {http.StatusUnprocessableEntity, "The idempotency key was used with another request"},
	RateLimited:          {http.StatusTooManyRequests, "Too many requests"},
	Internal:             {http.StatusInternalServerError, "Something went wrong on our side"},
	Unavailable:          {http.StatusServiceUnavailable, "The service cannot answer right now"},
}

// Meanings returns what the errors of each code have in common, for the documentation of the API.
func Meanings() map[Code]Meaning { return maps.Clone(codes) }

// Error is one error object (§ Error Objects).
type Error struct {
	ID     string         `json:"id,omitempty"`
	Links  *ErrorLinks    `json:"links,omitempty"`
	Status int            `json:"status,string"`
	Code   Code           `json:"code"`
	Title  string         `json:"title"`
	Detail string         `json:"detail,omitempty"`
	Source *Source        `json:"source,omitempty"`
	Meta   map[string]any `json:"meta,omitempty"`

	cause error
}

// ErrorLinks are the links of an error object. Type identifies the kind of error and leads to its documentation.
type ErrorLinks struct {
	About string `json:"about,omitempty"`
	Type  string `json:"type,omitempty"`
}

// Source says which part of the request caused an error: exactly one of its members is set. Pointer is a pointer to a string
// because "" is a valid JSON Pointer, the whole document (RFC 6901 §5).
type Source struct {
	Pointer   *string `json:"pointer,omitempty"`
	Parameter string  `json:"parameter,omitempty"`
	Header    string  `json:"header,omitempty"`
}

// NewError returns an error object of that code; the detail is formatted as by fmt.Sprintf. An unknown code is a mistake in this
// program and answers as Internal.
func NewError(code Code, detail string, args ...any) *Error {
	m, ok := codes[code]
	if !ok {
		code, m = Internal, codes[Internal]
	}
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Error{Status: m.Status, Code: code, Title: m.Title, Detail: detail}
}

// At sets the JSON Pointer (RFC 6901) of the cause within the request document and returns the error.
func (e *Error) At(pointer string) *Error {
	e.Source = &Source{Pointer: &pointer}
	return e
}

// parameter returns the query parameter that caused the error, "" for none.
func (e *Error) parameter() string {
	if e.Source == nil {
		return ""
	}
	return e.Source.Parameter
}

// InParameter sets the query parameter that caused the error and returns the error. One without a name cannot be named.
func (e *Error) InParameter(name string) *Error {
	if name != "" {
		e.Source = &Source{Parameter: name}
	}
	return e
}

// InHeader sets the request header that caused the error and returns the error.
func (e *Error) InHeader(name string) *Error {
	e.Source = &Source{Header: name}
	return e
}

// Because sets the error that this one tells of, which is for this program alone, and returns the error.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// Unwrap returns the error that this one tells of, or nil.
func (e *Error) Unwrap() error { return e.cause }

// WithMeta adds a member to the error's meta and returns the error.
func (e *Error) WithMeta(name string, value any) *Error {
	if e.Meta == nil {
		e.Meta = map[string]any{}
	}
	e.Meta[name] = value
	return e
}

// Error implements error for logs and tests.
func (e *Error) Error() string {
	where := ""
	if e.Source != nil {
		switch {
		case e.Source.Pointer != nil:
			where = " at " + fmt.Sprintf("%q", *e.Source.Pointer)
		case e.Source.Parameter != "":
			where = " in parameter " + e.Source.Parameter
		case e.Source.Header != "":
			where = " in header " + e.Source.Header
		}
	}
	return string(e.Code) + where + ": " + e.Detail
}

// Errors is every error found in one request. An empty list is no error: use Err to return it.
type Errors []*Error

// Error implements error.
func (es Errors) Error() string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap returns the errors of the list.
func (es Errors) Unwrap() []error {
	all := make([]error, len(es))
	for i, e := range es {
		all[i] = e
	}
	return all
}

// Err returns nil for an empty list and the list otherwise.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

// Status returns the HTTP status for the whole list: the one they share, otherwise the most generally applicable
// one, 500 or 400 (§ Processing Errors).
func (es Errors) Status() int {
	if len(es) == 0 {
		return http.StatusInternalServerError
	}
	status := es[0].Status
	for _, e := range es[1:] {
		if e.Status == status {
			continue
		}
		if e.Status >= 500 || status >= 500 {
			return http.StatusInternalServerError
		}
		status = http.StatusBadRequest
	}
	return status
}

// MaxErrors bounds the error objects of one answer, so that a hostile document cannot make a large one.
const MaxErrors = 100

// Add appends errors, up to the limit of one answer.
func (es *Errors) Add(errs ...*Error) {
	for _, e := range errs {
		if len(*es) < MaxErrors {
			*es = append(*es, e)
		}
	}
}

// pointerEscaper escapes a member name for use as a reference token (RFC 6901 §3).
var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer appends reference tokens to a JSON Pointer, escaping each.
func Pointer(base string, tokens ...string) string {
	var b strings.Builder
	b.WriteString(base)
	for _, t := range tokens {
		b.WriteByte('/')
		b.WriteString(pointerEscaper.Replace(t))
	}
	return b.String()
}
