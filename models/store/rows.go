package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// The statements of the delivery queue go past GORM, whose reflection and rewriting would be most of their cost. They are written with ?
// for both databases.

// Conn returns what statements of a transaction go through.
func (db *DB) Conn() gorm.ConnPool { return db.gorm.Statement.ConnPool }

// Bind numbers the parameters for PostgreSQL.
func (db *DB) Bind(statement string) string {
	if db.dialect != Postgres {
		return statement
	}
	var b strings.Builder
	b.Grow(len(statement) + 16)
	n := 0
	for {
		before, after, found := strings.Cut(statement, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		statement = after
	}
}

// Run executes one statement and returns the number of rows it changed.
func (db *DB) Run(ctx context.Context, statement string, args ...any) (int64, error) {
	res, err := db.Conn().ExecContext(ctx, db.Bind(statement), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Read runs a query and calls scan for each row.
func (db *DB) Read(ctx context.Context, scan func(*sql.Rows) error, statement string, args ...any) error {
	rows, err := db.Conn().QueryContext(ctx, db.Bind(statement), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Among returns the condition that a column is one of some texts, with its one argument.
func (db *DB) Among(column string, values []string) (string, any) {
	if db.dialect == Postgres {
		return column + " = ANY(?)", values
	}
	encoded, _ := json.Marshal(values) // strings always encode
	return column + " IN (SELECT value FROM json_each(?))", string(encoded)
}

// Locking returns the end of a SELECT that locks what it finds; a write transaction of SQLite is alone anyway.
func (db *DB) Locking(how string) string {
	if db.dialect == Postgres {
		return " FOR UPDATE" + how
	}
	return ""
}

// Sharing returns the end of a SELECT that keeps what it finds from being changed until the transaction ends.
func (db *DB) Sharing(of string) string {
	if db.dialect == Postgres {
		return " FOR SHARE" + of
	}
	return ""
}

// Column collects one value of each row.
func Column[R, V any](rows []R, value func(R) V) []V {
	values := make([]V, len(rows))
	for i, r := range rows {
		values[i] = value(r)
	}
	return values
}

// SortedUnique returns the different texts in order.
func SortedUnique(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return slices.Compact(texts)
}
