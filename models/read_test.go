package models_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestRowsAreReadAsGORMReadsThem reads every row of every collection both ways: as the program writes them, and then out of tables of the
// same columns, but without constraints, that have in each column nothing, the least and the most that there can be.
func TestRowsAreReadAsGORMReadsThem(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg, clock := modelstest.Config(t, dialect), modelstest.NewClock()
			cfg.Now = clock.Now
			db := modelstest.OpenConfig(t, cfg)
			modelstest.Grove(t, db, clock, rand.New(rand.NewPCG(1, 11)))
			for _, c := range models.Collections() {
				compareReads(t, db, bare(c), "as they were written")
				fillWithEnds(t, db, bare(c))
			}
			again := modelstest.OpenConfig(t, cfg) // without the statements that were prepared for the tables of before
			for _, c := range models.Collections() {
				compareReads(t, again, bare(c), "with ends")
			}
		})
	}
}

// bare returns the collection of all rows of a table, as they are in it.
func bare(c *collection.Collection) *collection.Collection {
	return &collection.Collection{Schema: c.Schema, Table: c.Table, Model: c.Model,
		Visible: func(collection.Scope) collection.Where { return collection.Always() }}
}

// compareReads compares what GORM reads with what is read by the wire, by prepared statements and in a transaction.
func compareReads(t *testing.T, db *store.DB, c *collection.Collection, how string) {
	t.Helper()
	list := reflect.New(reflect.SliceOf(reflect.PointerTo(c.Model)))
	if err := db.Session(t.Context()).Table(c.Table).Order("id").Find(list.Interface()).Error; err != nil {
		t.Fatalf("%s %s, by GORM: %v", c.Table, how, err)
	}
	var want []any
	for i := range list.Elem().Len() {
		want = append(want, list.Elem().Index(i).Interface())
	}
	compare := func(db *store.DB, where string) {
		got, err := collection.FindAll(t.Context(), db, c, collection.Everything(), ids(c, want), nil)
		if err != nil || !reflect.DeepEqual(want, got) { // which is the quicker by minutes
			t.Errorf("%s %s, %s: %v\n%.4000s", c.Table, how, where, err, cmp.Diff(want, got))
		}
	}
	compare(db, "past GORM")
	compare(db, "once more")
	if err := store.Transaction(t.Context(), db, func(tx *store.DB) error { compare(tx, "in a transaction"); return nil }); err != nil {
		t.Error(err)
	}
}

// fillWithEnds puts a table without constraints in the place of a collection's table, with the ends of what fits into its columns.
func fillWithEnds(t *testing.T, db *store.DB, c *collection.Collection) {
	t.Helper()
	pool := modelstest.Writable(db)
	run := func(statement string, args ...any) {
		t.Helper()
		if _, err := pool.ExecContext(t.Context(), db.Bind(statement), args...); err != nil {
			t.Fatalf("%.200s: %v", statement, err)
		}
	}
	rows, err := pool.QueryContext(t.Context(), "SELECT * FROM "+c.Table+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	for rows.Next() {
		t.Error("there are rows behind the limit")
	}
	if err := errors.Join(err, rows.Err()); err != nil {
		t.Fatal(err)
	}
	var definitions, names []string
	for _, column := range columns {
		definitions, names = append(definitions, column.Name()+" "+column.DatabaseTypeName()), append(names, column.Name())
	}
	kind, cascade := "TABLE ", " CASCADE"
	if c.Table == models.Events.Table || c.Table == models.WebhookDeliveries.Table {
		kind = "VIEW "
	}
	if db.Dialect() == store.SQLite {
		run("PRAGMA foreign_keys = off")
		cascade = ""
	}
	run("DROP " + kind + c.Table + cascade)
	run("CREATE TABLE " + c.Table + " (" + strings.Join(definitions, ", ") + ")")
	insert := "INSERT INTO " + c.Table + " (" + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
	for n := range 4 {
		values := make([]any, len(columns))
		for i, column := range columns {
			values[i] = end(fieldOf(c, column.Name()), column, n)
			if column.Name() == "id" && n == 0 {
				values[i] = "00000000-0000-7000-8000-000000000000"
			}
		}
		run(insert, values...)
	}
}

// fieldOf returns the type of the field that a column is read into, without its pointer; nil for a column that is not read.
func fieldOf(c *collection.Collection, column string) reflect.Type {
	for _, f := range reflect.VisibleFields(c.Model) {
		if tag, _, _ := strings.Cut(f.Tag.Get("gorm"), ";"); tag == "column:"+column {
			if f.Type.Kind() == reflect.Pointer {
				return f.Type.Elem()
			}
			return f.Type
		}
	}
	return nil
}

// end returns the n-th end of what a type and a column hold; the first is NULL.
func end(of reflect.Type, column *sql.ColumnType, n int) any {
	least, most := int64(math.MinInt64), int64(math.MaxInt64)
	if column.DatabaseTypeName() == "INT4" {
		least, most = math.MinInt32, math.MaxInt32
	}
	ends := map[reflect.Type][]any{
		reflect.TypeFor[string]():          {"", "\"\u00e9\u2028\U0001f600\x7f", strings.Repeat("ꙮ", 1<<17)},
		reflect.TypeFor[int64]():           {least, int64(0), most},
		reflect.TypeFor[bool]():            {false, true, true},
		reflect.TypeFor[[]byte]():          {[]byte{}, []byte{0}, []byte(strings.Repeat("\x00\xff", 1<<17))},
		reflect.TypeFor[jsonapi.Strings](): {"[]", `[""]`, `["a", "\u0000", "` + strings.Repeat("é", 1<<16) + `"]`},
		reflect.TypeFor[jsonapi.Raw]():     {"", "null", `{"a": [1, 2]}`},
	}
	moments := []any{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)}
	ends[reflect.TypeFor[jsonapi.Time]()], ends[reflect.TypeFor[jsonapi.Stamp]()] = moments, moments
	switch {
	case n == 0 || of == nil:
		return nil
	case column.DatabaseTypeName() == "UUID" || column.Name() == "id":
		return fmt.Sprintf("%c1912f6a-8c00-7abc-8def-0123456789ab", "0af"[n-1])
	}
	return ends[of][n-1]
}
