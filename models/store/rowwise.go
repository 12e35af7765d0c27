package store

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// RowColumn is a column of a statement over many rows, to which each row gives a value.
type RowColumn[R any] struct {
	name       string
	dataType   string        // on PostgreSQL
	value      func(R) any   // of one row
	values     func([]R) any // of all rows, in a slice of their own type
	key        bool
	expression string
}

// Col returns the column with that name, that type on PostgreSQL, and what reads its value off a row.
func Col[R, V any](name, dataType string, value func(R) V) RowColumn[R] {
	return RowColumn[R]{
		name: name, dataType: dataType, expression: "u." + name,
		value:  func(row R) any { return value(row) },
		values: func(rows []R) any { return Column(rows, value) },
	}
}

// Fixed returns a column that every row has the same expression for.
func Fixed[R any](name, expression string) RowColumn[R] {
	return RowColumn[R]{name: name, expression: expression}
}

// Key makes the column one that rows are found by: an update does not set it.
func (c RowColumn[R]) Key() RowColumn[R] {
	c.key = true
	return c
}

// As makes the column be set to an expression, in which its value is u.name.
func (c RowColumn[R]) As(expression string) RowColumn[R] {
	c.expression = expression
	return c
}

// Rowwise is a statement over many rows. PostgreSQL takes them as arrays, one for each column, in one statement; SQLite, which is called
// and not asked over a wire, takes row after row. It is made once, from its columns.
type Rowwise[R any] struct {
	doing    string
	postgres string
	arrays   []RowColumn[R] // its arguments
	sqlite   string
	values   []RowColumn[R] // its arguments, in the order in which it names them
}

// ForRows returns a statement that is written for each database. In it u.name is the value of the column with that name; PostgreSQL finds
// u in the FROM item ROWS.
func ForRows[R any](doing, postgres, sqlite string, columns ...RowColumn[R]) *Rowwise[R] {
	s := &Rowwise[R]{doing: doing}
	var arrays, names []string
	named := map[string]RowColumn[R]{}
	for _, c := range columns {
		if c.value != nil {
			s.arrays = append(s.arrays, c)
			arrays, names = append(arrays, "?::"+c.dataType+"[]"), append(names, c.name)
			named["u."+c.name] = c
		}
	}
	rows := "unnest(" + strings.Join(arrays, ", ") + ") AS u (" + strings.Join(names, ", ") + ")"
	s.postgres = strings.Replace(postgres, "ROWS", rows, 1)
	s.sqlite = ofRow.ReplaceAllStringFunc(sqlite, func(name string) string {
		c, ok := named[name]
		if !ok {
			return name // which PostgreSQL does not know either
		}
		s.values = append(s.values, c)
		return "?"
	})
	return s
}

var ofRow = regexp.MustCompile(`\bu\.[a-z0-9_]+`)

// InsertRows returns the statement that inserts a row for each. end is what follows the rows: ON CONFLICT, or WHERE for those to insert.
func InsertRows[R any](doing, table, end string, columns ...RowColumn[R]) *Rowwise[R] {
	var names, values []string
	for _, c := range columns {
		names, values = append(names, c.name), append(values, c.expression)
	}
	insert, list := "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") ", strings.Join(values, ", ")
	one := "VALUES (" + list + ") "
	if strings.HasPrefix(end, "WHERE ") {
		one = "SELECT " + list + " "
	}
	return ForRows(doing, insert+"SELECT "+list+" FROM ROWS "+end, insert+one+end, columns...)
}

// UpdateRows returns the statement that updates the row with the key of each, if a further condition holds; "" is none. In the condition,
// u.name is the new value of a column, and table.name the one that the row has.
func UpdateRows[R any](doing, table, condition string, columns ...RowColumn[R]) *Rowwise[R] {
	var set, where []string
	for _, c := range columns {
		if c.key {
			where = append(where, table+"."+c.name+" = "+c.expression)
		} else {
			set = append(set, c.name+" = "+c.expression)
		}
	}
	if condition != "" {
		where = append(where, condition)
	}
	update, found := "UPDATE "+table+" SET "+strings.Join(set, ", "), " WHERE "+strings.Join(where, " AND ")
	return ForRows(doing, update+" FROM ROWS"+found, update+found, columns...)
}

// Postgres returns the statement as PostgreSQL is sent it, to be made part of another. Its arguments are those of Arrays.
func (s *Rowwise[R]) Postgres() string { return s.postgres }

// Arrays returns the arguments for PostgreSQL: a slice for each column.
func (s *Rowwise[R]) Arrays(rows []R) []any {
	arrays := make([]any, len(s.arrays))
	for i, c := range s.arrays {
		arrays[i] = c.values(rows)
	}
	return arrays
}

// Run executes the statement for every row, and returns the number of rows that it changed. There may be none.
func (s *Rowwise[R]) Run(ctx context.Context, tx *DB, rows []R) (changed int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	if tx.dialect == Postgres {
		changed, err = tx.Run(ctx, s.postgres, s.Arrays(rows)...)
	} else {
		changed, err = s.runOneByOne(ctx, tx, rows)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.doing, err)
	}
	return changed, nil
}

// Later executes the statement for every row, and nobody waits until it has (see [DB.Later]).
func (s *Rowwise[R]) Later(ctx context.Context, tx *DB, rows []R) error {
	if tx.dialect == Postgres && len(rows) > 0 {
		return tx.Later(ctx, s.doing, s.postgres, s.Arrays(rows)...)
	}
	_, err := s.Run(ctx, tx, rows)
	return err
}

// valuesOf returns the arguments for SQLite.
func (s *Rowwise[R]) valuesOf(row R) []any {
	values := make([]any, len(s.values))
	for i, c := range s.values {
		values[i] = c.value(row)
	}
	return values
}

func (s *Rowwise[R]) runOneByOne(ctx context.Context, tx *DB, rows []R) (changed int64, err error) {
	statement, err := tx.Conn().PrepareContext(ctx, s.sqlite)
	if err != nil {
		return 0, err
	}
	defer statement.Close() //nolint:errcheck // it was prepared for this only
	for _, row := range rows {
		res, err := statement.ExecContext(uninterrupted(ctx), s.valuesOf(row)...)
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}
