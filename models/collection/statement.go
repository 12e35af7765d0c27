package collection

import (
	"context"
	"strconv"
	"strings"

	"roster/models/store"
)

// statement is a SELECT, in its parts.
type statement struct {
	// with are the common tables that the rest names.
	with    Where
	columns string
	// bound are the arguments of the columns.
	bound []any
	// from is a table, or what stands for one.
	from  Where
	conds []Where
	order []string
	// size is how many rows there are at most, 0 for all; start how many come before them.
	size, start int
	// steady: one plan is right whatever the arguments are.
	steady bool
}

// on returns the SELECT as it is best for a database.
//
// SQLite prepares a statement again each time that it runs if its LIMIT is an argument. On PostgreSQL a LIMIT that is written out lets one
// plan serve every request, which is right where the arguments change nothing: where there are none, for a single row, and where the
// statement is steady. What a scope or a filter leaves may be everything or next to nothing: as long as PostgreSQL is not told how few rows
// are wanted, plans for any arguments seem dear to it, and it makes one for these.
func (s statement) on(dialect store.Dialect) Where {
	var b strings.Builder
	b.Grow(1024)
	for _, part := range [...]string{s.with.SQL, "SELECT ", s.columns, " FROM ", s.from.SQL} {
		b.WriteString(part)
	}
	args := append(append(append(make([]any, 0, 8), s.with.Args...), s.bound...), s.from.Args...)
	joint := " WHERE ("
	for _, w := range s.conds {
		if w.SQL != "" {
			b.WriteString(joint)
			b.WriteString(w.SQL)
			b.WriteByte(')')
			args, joint = append(args, w.Args...), " AND ("
		}
	}
	for i, term := range s.order {
		b.WriteString(either(i == 0, " ORDER BY ", ", ") + term)
	}
	bind := func(word string, n int, written bool) {
		switch {
		case n <= 0:
		case written || dialect == store.SQLite:
			b.WriteString(word + strconv.Itoa(n))
		default:
			b.WriteString(word + "?")
			args = append(args, n)
		}
	}
	bind(" LIMIT ", s.size, len(args) == 0 || s.size == 1 || s.steady)
	bind(" OFFSET ", s.start, false)
	return Condition(b.String(), args...)
}

// as returns the SELECT in the place of a table of that name.
func (s statement) as(name string, dialect store.Dialect) Where {
	inner := s.on(dialect)
	return Condition("("+inner.SQL+") AS "+name, inner.Args...)
}

// number returns the query of a SELECT of one number.
func number(sql Where, n *int64) store.Query {
	return store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
		*n = a.Number(0, 0)
		return nil
	}}
}

// askNumber returns the number that a SELECT finds.
func askNumber(ctx context.Context, db *store.DB, sql Where) (n int64, err error) {
	err = db.Ask(ctx, number(sql, &n))
	return n, err
}
