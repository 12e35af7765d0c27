package collection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"roster/models/store"
)

// insertion is how a model becomes a row, compiled once from the columns of its struct.
type insertion struct {
	given  string // the column of the number that the database gives, "" for none
	index  []int  // of its field
	fields []field
	// own has all columns but that, which SQLite fills in with the row; numbered has that, too, as the last.
	own, numbered string
}

// insertion returns that of the columns, given being the one that the database has the number of.
func (l *layout) insertion(names []string, given string) insertion {
	in := insertion{given: given}
	var columns []string
	for _, name := range names {
		if name != given {
			in.fields, columns = append(in.fields, l.fields[name]), append(columns, name)
		}
	}
	in.own = insertInto(l.table, columns)
	if given != "" {
		in.index, in.numbered = l.fields[given].index, insertInto(l.table, append(columns, given))
	}
	return in
}

func insertInto(table string, columns []string) string {
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
}

// statement returns the INSERT of a model, with the arguments.
func (in *insertion) statement(tx *store.DB, model any) (text string, args []any) {
	row := reflect.ValueOf(model).Elem()
	args = make([]any, len(in.fields), len(in.fields)+1)
	for i, f := range in.fields {
		args[i] = row.FieldByIndex(f.index).Interface()
	}
	if in.given == "" || tx.Dialect() == store.SQLite {
		return in.own, args
	}
	return in.numbered, append(args, row.FieldByIndex(in.index).Interface())
}

// Draw returns the number of the next resource of a collection that has numbers, without a transaction or within one: it is not given
// again, whatever becomes of that. SQLite gives the number with the row, and none, 0, before.
func (c *Collection) Draw(ctx context.Context, db *store.DB) (number int64, err error) {
	if db.Dialect() == store.SQLite {
		return 0, nil
	}
	err = db.Ask(ctx, store.Query{SQL: "SELECT nextval('" + c.Table + "_" + c.Number + "_seq')",
		Take: func(a *store.Answer) error {
			number = a.Number(0, 0)
			return nil
		}})
	if err != nil {
		return 0, fmt.Errorf("draw a number of %s: %w", c.Schema.Type, err)
	}
	return number, nil
}

// Insert inserts a model, of a collection that has numbers with the one that was drawn for it. On PostgreSQL that is held back (see
// [store.DB.LaterOr]). refusal returns what its error is for the client.
func (c *Collection) Insert(ctx context.Context, tx *store.DB, model any, refusal func(error) error) error {
	in := &c.layout().insert
	text, args := in.statement(tx, model)
	if in.given == "" || tx.Dialect() == store.Postgres {
		return tx.LaterOr(ctx, refusal, text, args...)
	}
	if _, err := in.numberedBySQLite(ctx, tx, model, text, args); err != nil {
		return refusal(err)
	}
	return nil
}

// InsertFree inserts a model unless a row is there that has the same, by the end of a statement: ON CONFLICT … DO NOTHING. It reports
// whether it did, and on PostgreSQL assumes so, as long as it can (see [store.DB.AssumeFree]).
func (c *Collection) InsertFree(ctx context.Context, tx *store.DB, model any, unless string) (inserted bool, err error) {
	in := &c.layout().insert
	text, args := in.statement(tx, model)
	if assumed, err := tx.AssumeFree(ctx, text, args...); assumed || err != nil {
		return assumed, err
	}
	text += " " + unless
	if in.given != "" && tx.Dialect() == store.SQLite {
		return in.numberedBySQLite(ctx, tx, model, text, args)
	}
	n, err := tx.Run(ctx, text, args...)
	return n == 1, err
}

// numberedBySQLite runs an INSERT and sets the number that the row has got, if there is one.
func (in *insertion) numberedBySQLite(ctx context.Context, tx *store.DB, model any, text string, args []any) (inserted bool, err error) {
	number := reflect.ValueOf(model).Elem().FieldByIndex(in.index)
	err = tx.Conn().QueryRowContext(ctx, text+" RETURNING "+in.given, args...).Scan(number.Addr().Interface())
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
