package modelstest

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"roster/models/store"
)

// sqliteSchema reads an SQLite schema. Its checks and indexes are made on scratch, a migrated PostgreSQL database that has its own
// removed before, and read from there.
func sqliteSchema(ctx context.Context, pool, scratch querier) (schema, error) {
	columns, err := readColumns(ctx, pool, store.SQLite)
	if err != nil {
		return nil, err
	}
	s := schema{}
	identity := map[string]bool{}
	for _, c := range columns {
		s.add(c.Table, "%v", c)
		identity[c.Table] = identity[c.Table] || c.Identity
	}
	if err := addSQLiteKeys(ctx, pool, s, identity); err != nil {
		return nil, err
	}
	if err := addSQLiteForeignKeys(ctx, pool, s); err != nil {
		return nil, err
	}
	if err := dropPostgresRules(ctx, scratch); err != nil {
		return nil, err
	}
	if err := replaySQLiteRules(ctx, pool, scratch, s); err != nil {
		return nil, err
	}
	return s, addPostgresRules(ctx, scratch, s)
}

// addSQLiteKeys adds primary and unique keys in PostgreSQL's words. SQLite counts up nothing but a primary key: where a table has such an
// identity, that is a unique key like any other, and its unique id is the primary key.
func addSQLiteKeys(ctx context.Context, pool querier, s schema, identity map[string]bool) error {
	err := eachPair(ctx, pool, `
		SELECT m.name, (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_xinfo(m.name) WHERE pk > 0 ORDER BY pk))
		FROM sqlite_schema AS m
		WHERE m.type = 'table' AND m.name NOT IN (`+ignoredTables+`)
		  AND EXISTS (SELECT 1 FROM pragma_table_xinfo(m.name) WHERE pk > 0)`,
		func(table, columns string) {
			if identity[table] {
				s.add(table, "UNIQUE (%s)", columns)
				return
			}
			s.add(table, "PRIMARY KEY (%s)", columns)
		})
	if err != nil {
		return err
	}
	return eachPair(ctx, pool, `
		SELECT m.name, (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
		FROM sqlite_schema AS m
		JOIN pragma_index_list(m.name) AS i ON i.origin = 'u'
		WHERE m.type = 'table' AND m.name NOT IN (`+ignoredTables+`)`,
		func(table, columns string) {
			if identity[table] && columns == "id" {
				s.add(table, "PRIMARY KEY (id)")
				return
			}
			s.add(table, "UNIQUE (%s)", columns)
		})
}

func addSQLiteForeignKeys(ctx context.Context, pool querier, s schema) error {
	return eachPair(ctx, pool, `
		SELECT name, 'FOREIGN KEY (' || group_concat("from", ', ') || ') REFERENCES ' || "table" || '(' || group_concat("to", ', ') || ')'
		  || CASE on_update WHEN 'NO ACTION' THEN '' ELSE ' ON UPDATE ' || on_update END
		  || CASE on_delete WHEN 'NO ACTION' THEN '' ELSE ' ON DELETE ' || on_delete END
		FROM (
			SELECT m.name, f.*
			FROM sqlite_schema AS m
			JOIN pragma_foreign_key_list(m.name) AS f
			WHERE m.type = 'table'
			ORDER BY m.name, f.id, f.seq
		)
		GROUP BY name, id`,
		func(table, definition string) { s.add(table, "%s", definition) })
}

// replaySQLiteRules makes SQLite's checks and indexes on scratch. What PostgreSQL does not understand is added to s as it stands.
func replaySQLiteRules(ctx context.Context, pool, scratch querier, s schema) error {
	var failed error
	replay := func(table, statement string) {
		if _, err := scratch.ExecContext(ctx, statement); err != nil {
			s.add(table, "%s (which PostgreSQL refuses: %v)", strings.Join(strings.Fields(statement), " "), err)
		}
	}
	err := eachPair(ctx, pool, `
		SELECT tbl_name, sql
		FROM sqlite_schema
		WHERE type IN ('table', 'index') AND sql IS NOT NULL AND tbl_name NOT IN (`+ignoredTables+`)`,
		func(table, statement string) {
			if !strings.HasPrefix(strings.ToUpper(statement), "CREATE TABLE") {
				replay(table, statement)
				return
			}
			found, err := checks(statement)
			if err != nil {
				failed = fmt.Errorf("read checks of %s: %w", table, err)
			}
			for _, check := range found {
				replay(table, "ALTER TABLE "+table+" ADD CHECK "+check)
			}
		})
	if err != nil {
		return err
	}
	return failed
}

// sqlTokens splits SQL into quoted text, comments, words and single characters.
var sqlTokens = regexp.MustCompile(`(?s)'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\w+|.`)

// checks returns the conditions of the CHECK constraints in a CREATE TABLE statement, each in its parentheses.
func checks(statement string) ([]string, error) {
	var out []string
	tokens := sqlTokens.FindAllString(statement, -1)
	for i, token := range tokens {
		if !strings.EqualFold(token, "CHECK") {
			continue
		}
		condition, closed := parenthesized(tokens[i+1:])
		if !closed {
			return nil, fmt.Errorf("%q does not end", condition)
		}
		out = append(out, condition)
	}
	return out, nil
}

// parenthesized returns the first expression in parentheses, without comments, and whether its last parenthesis is there.
func parenthesized(tokens []string) (string, bool) {
	var text strings.Builder
	depth := 0
	for _, token := range tokens {
		if strings.HasPrefix(token, "--") || strings.HasPrefix(token, "/*") {
			continue
		}
		text.WriteString(token)
		switch token {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return strings.TrimSpace(text.String()), true
			}
		}
	}
	return text.String(), false
}
