package models

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// Unavailable tells whether an error says that the database cannot be reached, or takes no writes at the moment: the same request may
// succeed later. It is meant for errors of this package.
func Unavailable(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg):
		return unavailablePostgres(pg.Code)
	case errors.As(err, &lite):
		return unavailableSQLite(lite.Code())
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF)
}

// TookTooLong tells whether PostgreSQL ended a statement because of its time limit, or a transaction because of others, more often than it is
// tried: the same request may succeed later, and a smaller one now.
func TookTooLong(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "57014" || refused(err))
}

// unavailablePostgres reads the class of an SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func unavailablePostgres(code string) bool {
	if len(code) != 5 {
		return false
	}
	switch code[:2] {
	case "08", "53": // connection exception; insufficient resources, a full disk among them
		return true
	case "57": // operator intervention: shut down, crashed, starting; not the end of one statement
		return code != "57014"
	}
	return code == "25006" // read-only: a standby, or set so by whoever looks after a server that is running full
}

// unavailableSQLite reads a result code without its extension (https://www.sqlite.org/rescode.html).
func unavailableSQLite(code int) bool {
	switch code & 0xff {
	case 5, 8, 10, 13, 14: // busy, read-only, I/O error, full, cannot open
		return true
	}
	return false
}
