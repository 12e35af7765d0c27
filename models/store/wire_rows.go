package store

import (
	"database/sql/driver"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// wireRows are what the last statement of a batch has found, as database/sql reads it.
type wireRows struct {
	pgx.Rows
	batch       *batch
	types       *pgtype.Map
	ahead, more bool // the first row was looked for before it was asked for, and whether it is there
}

// Columns implements driver.Rows.
func (r *wireRows) Columns() []string {
	return Column(r.FieldDescriptions(), func(f pgconn.FieldDescription) string { return f.Name })
}

// Close implements driver.Rows.
func (r *wireRows) Close() error {
	r.Rows.Close()
	return r.batch.Close()
}

// Next implements driver.Rows.
func (r *wireRows) Next(into []driver.Value) (err error) {
	if !r.ahead {
		r.more = r.Rows.Next()
	}
	r.ahead = false
	if !r.more {
		if err := r.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	columns := r.FieldDescriptions()
	for i, raw := range r.RawValues() {
		if into[i], err = valueOf(r.types, &columns[i], raw); err != nil {
			return err
		}
	}
	return nil
}
