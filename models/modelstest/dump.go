package modelstest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"roster/models/store"
)

// Dump returns everything that a database holds, as text: what whoever gets hold of it could read.
func Dump(t testing.TB, db *store.DB) string {
	t.Helper()
	var all strings.Builder
	for _, table := range tables(t, db) {
		fmt.Fprintln(&all, rows(t, db, "SELECT * FROM "+table))
	}
	return all.String()
}

// RowsNaming returns the rows of all tables that name one of some ids, each as one text that begins with its table, in order.
func RowsNaming(t testing.TB, db *store.DB, ids ...string) (found []string) {
	t.Helper()
	for _, table := range tables(t, db) {
		for _, row := range rows(t, db, "SELECT * FROM "+table) {
			if slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(row, id) }) {
				found = append(found, table+": "+row)
			}
		}
	}
	slices.Sort(found)
	return found
}

// tables returns the names of all tables.
func tables(t testing.TB, db *store.DB) []string {
	t.Helper()
	return rows(t, db, map[store.Dialect]string{
		store.SQLite:   `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
		store.Postgres: `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
	}[db.Dialect()])
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
