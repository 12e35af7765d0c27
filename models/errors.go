package models

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
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
)

// Error is a refusal with its reason in words for the client. Every other error of this package is a failure: its text is for the log.
type Error struct {
	Kind Kind
	// Field is the attribute or relationship at fault, or "".
	Field string
	// Parameter is the query parameter at fault, or "".
	Parameter string
	// Index is the position of the identifier at fault within a to-many relationship.
	Index int
	// Whole: the request is refused as a whole, whatever else is in it.
	Whole   bool
	Message string
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

// notFound has one message for what is missing and for what must not be seen.
func notFound(typ, id string) error {
	return &Error{Kind: NotFound, Message: fmt.Sprintf("There is no resource of type %s with the id %.60q.", typ, id)}
}

// relatedNotFound is the answer to an identifier in a request that names nothing the caller can see.
func relatedNotFound(relationship string, index int, typ, id string) *Error {
	return &Error{
		Kind: RelatedNotFound, Field: relationship, Index: index,
		Message: fmt.Sprintf("There is no resource of type %s with the id %.60q.", typ, id),
	}
}

// idTaken is what a client is told of an id that is there.
const idTaken = "That id is taken."

// uniques returns every uniqueness that a change can break.
func uniques() []unique {
	all := []unique{credentialUnique}
	for _, c := range collections {
		all = append(all, unique{c.table + "_pkey", c.table + ".id", "id", idTaken})
		all = append(all, c.unique...)
	}
	return all
}

// SQLite's extended result codes for a broken uniqueness (https://www.sqlite.org/rescode.html).
const (
	sqliteConstraintPrimaryKey = 1555
	sqliteConstraintUnique     = 2067
)

// classify turns the database's refusal of a duplicate into a Conflict and leaves every other error as it is.
func classify(err error) error {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg) && pg.Code == "23505":
		for _, u := range uniques() {
			if pg.ConstraintName == u.postgres {
				return &Error{Kind: Conflict, Field: u.field, Message: u.message}
			}
		}
	case errors.As(err, &lite) && (lite.Code() == sqliteConstraintUnique || lite.Code() == sqliteConstraintPrimaryKey):
		// SQLite names the columns, and only in its message: "constraint failed: UNIQUE constraint failed: users.email_key (2067)".
		_, columns, _ := strings.Cut(lite.Error(), "UNIQUE constraint failed: ")
		columns, _, _ = strings.Cut(columns, " (")
		for _, u := range uniques() {
			if columns == u.sqlite {
				return &Error{Kind: Conflict, Field: u.field, Message: u.message}
			}
		}
	}
	return err
}
