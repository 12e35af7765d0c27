package modelstest

import (
	"fmt"
	"strings"
	"testing"

	"roster/models/store"
)

// Dump returns everything that a database holds, as text: what whoever gets hold of it could read.
func Dump(t testing.TB, db *store.DB) string {
	t.Helper()
	list := map[store.Dialect]string{
		store.SQLite:   `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
		store.Postgres: `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
	}
	var all strings.Builder
	for _, table := range rows(t, db, list[db.Dialect()]) {
		fmt.Fprintln(&all, rows(t, db, "SELECT * FROM "+table))
	}
	return all.String()
}

// rows returns the rows of a query, each as one text.
func rows(t testing.TB, db *store.DB, query string) (texts []string) {
	t.Helper()
	found, err := Writable(db).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		parts := make([]string, len(values))
		for i, value := range values {
			if b, isBytes := value.([]byte); isBytes {
				value = string(b)
			}
			parts[i] = fmt.Sprint(value)
		}
		texts = append(texts, strings.Join(parts, " | "))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}
