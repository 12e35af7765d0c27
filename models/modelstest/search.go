package modelstest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"roster/models"
)

// Search returns the columns, as table.column, in which a text stands in the clear.
func Search(t testing.TB, db *models.DB, text string) []string {
	t.Helper()
	pool := writable(db)
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
		rows, err := pool.QueryContext(t.Context(), `SELECT * FROM `+table)
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		values, targets := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(targets...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				raw, ok := v.([]byte)
				if !ok {
					raw = fmt.Append(nil, v)
				}
				if where := table + "." + names[i]; bytes.Contains(raw, []byte(text)) && !slices.Contains(found, where) {
					found = append(found, where)
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
