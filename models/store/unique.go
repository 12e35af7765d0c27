package store

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// Unique is a uniqueness in the words of both databases, and what a client is told of it.
type Unique struct{ Postgres, SQLite, Field, Message string }

// The result codes of a broken uniqueness: of PostgreSQL, and SQLite's extended ones (https://www.sqlite.org/rescode.html).
const (
	postgresUniqueViolation    = "23505"
	sqliteConstraintPrimaryKey = 1555
	sqliteConstraintUnique     = 2067
)

// Classify turns the database's refusal of a duplicate into a Conflict, if it is one of the uniquenesses that is broken, and leaves every
// other error as it is.
func Classify(err error, uniques []Unique) error {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg) && pg.Code == postgresUniqueViolation:
		for _, u := range uniques {
			if pg.ConstraintName == u.Postgres {
				return &Error{Kind: Conflict, Field: u.Field, Message: u.Message}
			}
		}
	case errors.As(err, &lite) && (lite.Code() == sqliteConstraintUnique || lite.Code() == sqliteConstraintPrimaryKey):
		// SQLite names the columns, and only in its message: "constraint failed: UNIQUE constraint failed: users.email_key (2067)".
		_, columns, _ := strings.Cut(lite.Error(), "UNIQUE constraint failed: ")
		columns, _, _ = strings.Cut(columns, " (")
		for _, u := range uniques {
			if columns == u.SQLite {
				return &Error{Kind: Conflict, Field: u.Field, Message: u.Message}
			}
		}
	}
	return err
}
