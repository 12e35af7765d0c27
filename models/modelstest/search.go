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

// Search returns the columns, as table.column, in which one of the texts stands in the clear.
func Search(t testing.TB, db *store.DB, texts ...string) []string {
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
		names, err := columnsWith(t.Context(), pool, table, texts)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			found = append(found, table+"."+name)
		}
	}
	return found
}

// columnsWith returns the columns of a table in which one of the texts stands.
func columnsWith(ctx context.Context, pool *sql.DB, table string, texts []string) (found []string, err error) {
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
			there := func(text string) bool { return bytes.Contains(raw, []byte(text)) }
			if !slices.Contains(found, names[i]) && slices.ContainsFunc(texts, there) {
				found = append(found, names[i])
			}
		}
	}
	return found, rows.Err()
}
