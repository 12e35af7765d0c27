package modelstest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"testing"

	"roster/models/store"
)

// Search returns the columns, as table.column, in which a text stands in the clear.
func Search(t testing.TB, db *store.DB, text string) []string {
	t.Helper()
	pool := Writable(db)
	columns, err := readColumns(t.Context(), pool, db.Dialect())
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]bool{}
	for _, c := range columns {
		tables[c.Table] = true
	}
	var found []string
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		names, err := columnsWith(t.Context(), pool, table, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			found = append(found, table+"."+name)
		}
	}
	return found
}

// columnsWith returns the columns of a table in which a text stands.
func columnsWith(ctx context.Context, pool *sql.DB, table string, text []byte) (found []string, err error) {
	rows, err := pool.QueryContext(ctx, `SELECT * FROM `+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, targets := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		for i, v := range values {
			raw, ok := v.([]byte)
			if !ok {
				raw = fmt.Append(nil, v)
			}
			if bytes.Contains(raw, text) && !slices.Contains(found, names[i]) {
				found = append(found, names[i])
			}
		}
	}
	return found, rows.Err()
}
