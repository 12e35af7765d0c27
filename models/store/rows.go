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

// The statements of the delivery queue, and those that read resources (ask.go), go past GORM, whose reflection and rewriting would be most
// of their cost. They are written with ? for both databases.

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

// bound returns a statement as the database is sent it, with its arguments. Texts behind IN are one argument, so that statements do not
// differ by how many they are; other lists are as many arguments as they have values.
func (db *DB) bound(statement string, args []any) (string, []any) {
	if !slices.ContainsFunc(args, isList) {
		return db.Bind(statement), args
	}
	var b strings.Builder
	var all []any
	for _, arg := range args {
		before, after, _ := strings.Cut(statement, "?")
		statement = after
		texts, are := textsOf(arg)
		list, _ := arg.([]any)
		switch in, ends := strings.CutSuffix(before, " IN "); {
		case are && ends:
			among, one := db.Among(in, texts)
			b.WriteString(among)
			all = append(all, one)
		case list != nil:
			b.WriteString(before + "(" + strings.TrimSuffix(strings.Repeat("?, ", len(list)), ", ") + ")")
			all = append(all, list...)
		default:
			b.WriteString(before + "?")
			all = append(all, arg)
		}
	}
	return db.Bind(b.String() + statement), all
}

func isList(arg any) bool {
	switch arg.(type) {
	case []string, []any:
		return true
	}
	return false
}

// textsOf returns a list of texts as such, and false for anything else.
func textsOf(arg any) ([]string, bool) {
	switch v := arg.(type) {
	case []string:
		return v, true
	case []any:
		texts := make([]string, len(v))
		for i, one := range v {
			text, ok := one.(string)
			if !ok {
				return nil, false
			}
			texts[i] = text
		}
		return texts, true
	}
	return nil, false
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
	if db.dialect == Postgres && !db.frozen {
		return " FOR UPDATE" + how
	}
	return ""
}

// Sharing returns the end of a SELECT that keeps what it finds from being changed until the transaction ends.
func (db *DB) Sharing(of string) string {
	if db.dialect == Postgres && !db.frozen {
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
