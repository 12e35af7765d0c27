package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// elsewhere is the error of a service that is not the database.
type elsewhere struct{ error }

func (e elsewhere) Unwrap() error { return e.error }

// Elsewhere returns an error that somebody other than the database has caused, a mail server or a bucket, marked as that: a connection
// that is refused looks alike, whoever refuses it. It returns nil for nil.
func Elsewhere(err error) error {
	if err == nil {
		return nil
	}
	return elsewhere{err}
}

// isElsewhere reports whether an error was marked by [Elsewhere].
func isElsewhere(err error) bool {
	var other elsewhere
	return errors.As(err, &other)
}

// Unavailable tells whether an error says that the database cannot be reached, or takes no writes at the moment: the same request may
// succeed later. It is meant for errors of this package; what is marked by [Elsewhere] says nothing of the database.
func Unavailable(err error) bool {
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case isElsewhere(err):
		return false
	case errors.As(err, &connect): // whatever the server says why
		return true
	case errors.As(err, &pg):
		return unavailablePostgres(pg.Code)
	case errors.As(err, &lite):
		return unavailableSQLite(lite.Code())
	case errors.Is(err, errEnded), errors.Is(err, errMoved):
		return true
	}
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) ||
		// "conn closed", whose type has no name: the end of a transaction whose connection broke before.
		pgconn.SafeToRetry(err) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// unavailablePostgres reads an SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func unavailablePostgres(code string) bool {
	switch code {
	case "40001", "40P01", "55P03": // refused because of concurrent transactions, more often than Transaction tries
		return true
	case "25006": // read-only: a standby, or set so by whoever looks after a server that is running full
		return true
	}
	if waitedInVain(code) {
		return true
	}
	// The classes: connection exception; insufficient resources, a full disk among them; operator intervention, which is shut down,
	// crashed, starting, or a statement that took too long.
	return inClass(code, "08", "53", "57")
}

// waitedInVain reports whether an SQLSTATE says that a transaction was ended that stood still for too long, or took too long as a whole.
func waitedInVain(code string) bool { return code == "25P03" || code == "25P04" }

// unavailableSQLite reads a result code without its extension (https://www.sqlite.org/rescode.html).
func unavailableSQLite(code int) bool {
	switch code & 0xff {
	case 5, 8, 10, 13, 14: // busy, read-only, I/O error, full, cannot open
		return true
	}
	return false
}

// inClass tells whether an SQLSTATE is in one of some classes: its first two characters.
func inClass(code string, classes ...string) bool {
	return len(code) == 5 && slices.Contains(classes, code[:2])
}

// SQLite's result codes for what it will refuse however often it is asked (https://www.sqlite.org/rescode.html).
const (
	sqliteTooBig     = 18
	sqliteConstraint = 19
	sqliteMismatch   = 20
)

// Unwritable reports whether a database refuses a value and will refuse it again: invalid text, values that are too large, constraints.
func Unwritable(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg):
		// Data exception, integrity constraint violation, program limit exceeded
		// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
		return inClass(pg.Code, "22", "23", "54")
	case errors.As(err, &lite):
		return slices.Contains([]int{sqliteTooBig, sqliteConstraint, sqliteMismatch}, lite.Code()&0xff)
	}
	return false
}
