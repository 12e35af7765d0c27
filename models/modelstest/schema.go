package modelstest

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"roster/models/store"
)

// A schema is what can be said about each table: one line for each column, key, check and index, written alike for both databases.
type schema map[string][]string

func (s schema) add(table, format string, args ...any) {
	s[table] = append(s[table], fmt.Sprintf(format, args...))
}

// SchemaDifferences migrates neither database; it returns one line for everything that only one of the two schemas has. The PostgreSQL
// one is changed by the comparison: SQLite's checks and indexes are made on it, so that one parser writes both alike.
func SchemaDifferences(t testing.TB, sqlite, postgres *store.DB) []string {
	t.Helper()
	ours, err := postgresSchema(t.Context(), Writable(postgres))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := sqliteSchema(t.Context(), Writable(sqlite), Writable(postgres))
	if err != nil {
		t.Fatal(err)
	}
	return differences(theirs, ours)
}

func differences(sqlite, postgres schema) []string {
	var out []string
	tables := slices.Sorted(maps.Keys(postgres))
	for table := range sqlite {
		if _, ok := postgres[table]; !ok {
			tables = append(tables, table)
		}
	}
	for _, table := range tables {
		for _, fact := range missing(sqlite[table], postgres[table]) {
			out = append(out, fmt.Sprintf("%s: only sqlite has    %s", table, fact))
		}
		for _, fact := range missing(postgres[table], sqlite[table]) {
			out = append(out, fmt.Sprintf("%s: only postgres has  %s", table, fact))
		}
	}
	return out
}

// missing returns what is in all and not in some, in order.
func missing(all, some []string) []string {
	var out []string
	for _, fact := range all {
		if !slices.Contains(some, fact) {
			out = append(out, fact)
		}
	}
	slices.Sort(out)
	return out
}

// column is one column of a table, in words that fit both databases.
type column struct {
	Table, Name, Family, Default string
	Nullable, Identity           bool
}

func (c column) String() string {
	line := "column " + c.Name + " " + c.Family
	if !c.Nullable {
		line += " NOT NULL"
	}
	if c.Identity {
		line += " IDENTITY"
	}
	if c.Default != "" {
		line += " DEFAULT " + c.Default
	}
	return line
}

// families say which types of the two databases hold the same things for the program.
var families = map[string]string{
	"text": "text", "uuid": "text", "json": "text", "jsonb": "text", "inet": "text",
	"smallint": "integer", "integer": "integer", "bigint": "integer",
	"real": "real", "double precision": "real",
	"boolean":                  "boolean",
	"timestamp":                "timestamp", // SQLite: microseconds since 1970
	"timestamp with time zone": "timestamp",
	"blob":                     "blob", "bytea": "blob",
}

// family returns the family of a declared type, or the type itself, which no column of the other database has, if it is of none.
func family(declared string, dialect store.Dialect) string {
	declared = strings.ToLower(declared)
	if f, ok := families[declared]; ok && (declared != "timestamp" || dialect == store.SQLite) {
		return f
	}
	return declared + " (" + string(dialect) + ")"
}

var casts = regexp.MustCompile(`::[a-z ]+`)

func defaultValue(text string) string {
	return strings.ToLower(casts.ReplaceAllString(text, ""))
}

// ignoredTables belong to the migration library, to SQLite, and to what it has for the indexes of texts (docs/adr/0117).
const ignoredTables = `'goose_db_version', 'sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4', 'search_texts', 'search_grams',
	'search_grams_config', 'search_grams_content', 'search_grams_data', 'search_grams_docsize', 'search_grams_idx'`

func readColumns(ctx context.Context, pool querier, dialect store.Dialect) ([]column, error) {
	query := `
		SELECT m.name, c.name, c.type, coalesce(c.dflt_value, ''), c."notnull" = 0, c.pk = 1 AND m.sql LIKE '%AUTOINCREMENT%'
		FROM sqlite_schema AS m
		JOIN pragma_table_xinfo(m.name) AS c
		WHERE m.type = 'table' AND m.name NOT IN (` + ignoredTables + `)
		ORDER BY m.name, c.cid`
	if dialect == store.Postgres {
		query = `
		SELECT t.relname, a.attname, format_type(a.atttypid, NULL), coalesce(pg_get_expr(d.adbin, d.adrelid), ''), NOT a.attnotnull,
			a.attidentity <> ''
		FROM pg_class AS t
		JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef AS d ON d.adrelid = t.oid AND d.adnum = a.attnum
		WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND t.relname NOT IN (` + ignoredTables + `)
		ORDER BY t.relname, a.attnum`
	}
	rows, err := pool.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read columns: %w", err)
	}
	defer rows.Close()
	var columns []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.Table, &c.Name, &c.Family, &c.Default, &c.Nullable, &c.Identity); err != nil {
			return nil, fmt.Errorf("read columns: %w", err)
		}
		c.Family, c.Default = family(c.Family, dialect), defaultValue(c.Default)
		columns = append(columns, c)
	}
	return columns, rows.Err()
}
