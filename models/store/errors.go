package store

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is the kind of an error that a caller can do something about.
type Kind string

// The kinds of error.
const (
	NotFound           Kind = "not found"
	RelatedNotFound    Kind = "related not found"
	Conflict           Kind = "conflict"
	Invalid            Kind = "invalid"
	Required           Kind = "required"
	Forbidden          Kind = "forbidden"
	ReadOnly           Kind = "read-only"
	PreconditionFailed Kind = "precondition failed"
	OtherRequest       Kind = "other request"
	// Unauthenticated: who it is was not proven; SecondFactor: by a password alone.
	Unauthenticated Kind = "unauthenticated"
	SecondFactor    Kind = "second factor"
	// TooMany: it was tried too often; Busy: there is more of it to do than can be done at once.
	TooMany Kind = "too many"
	Busy    Kind = "busy"
	// Unsupported: what was sent is of a kind that is not taken.
	Unsupported Kind = "unsupported"
)

// Error is a refusal with its reason in words for the client. Every other error of what stands on a database is a failure: its text is for
// the log.
type Error struct {
	Kind Kind
	// Field is the attribute or relationship at fault, or "".
	Field string
	// Parameter is the query parameter at fault, or "".
	Parameter string
	// Index is the position of the identifier at fault within a to-many relationship.
	Index int
	// Member is the one at fault of an element of a list beside the resource, whose place is Index; "" for none.
	Member string
	// Whole: the request is refused as a whole, whatever else is in it.
	Whole   bool
	Message string
	// Wait is after how long to try again, 0 for what does not pass by itself.
	Wait time.Duration

	// Discloses is what the caller learns by the refusal of what it does not see, "" for nothing. It is for who bounds how often.
	Discloses string
	// Permission is the word that a caller lacks who is Forbidden, and At the organization where, as far as that is known. They are for who
	// keeps a record of it: the caller need not see the organization.
	Permission, At string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Kind) + ": " + e.Message
	}
	return fmt.Sprintf("%s: %s: %s", e.Kind, e.Field, e.Message)
}

// Errors are several refusals of one request.
type Errors []*Error

// Error implements error.
func (es Errors) Error() string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}

// Err returns nil for an empty list and the list otherwise.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

// ErrorsOf returns the refusals that an error consists of, nil if it is none.
func ErrorsOf(err error) Errors {
	var several Errors
	var one *Error
	switch {
	case errors.As(err, &several):
		return several
	case errors.As(err, &one):
		return Errors{one}
	default:
		return nil
	}
}

// IsKind reports whether err is a refusal of that kind.
func IsKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// NoResource returns the refusal of an id: one message for what is missing and for what must not be seen.
func NoResource(typ, id string) error {
	return &Error{Kind: NotFound, Message: fmt.Sprintf("There is no resource of type %s with the id %.60q.", typ, id)}
}

// NoRelated returns the refusal of an identifier in a request that names nothing the caller can see.
func NoRelated(relationship string, index int, typ, id string) *Error {
	return &Error{
		Kind: RelatedNotFound, Field: relationship, Index: index,
		Message: fmt.Sprintf("There is no resource of type %s with the id %.60q.", typ, id),
	}
}
