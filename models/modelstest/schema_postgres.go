package modelstest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"roster/models/store"
)

// querier is a pool, or a connection.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func postgresSchema(ctx context.Context, pool querier) (schema, error) {
	columns, err := readColumns(ctx, pool, store.Postgres)
	if err != nil {
		return nil, err
	}
	s := schema{}
	for _, c := range columns {
		s.add(c.Table, "%v", c)
	}
	if err := addPostgresKeys(ctx, pool, s); err != nil {
		return nil, err
	}
	return s, addPostgresRules(ctx, pool, s)
}

// addPostgresKeys adds primary, unique and foreign keys.
func addPostgresKeys(ctx context.Context, pool querier, s schema) error {
	return eachPair(ctx, pool, `
		SELECT t.relname, pg_get_constraintdef(c.oid, true)
		FROM pg_constraint AS c
		JOIN pg_class AS t ON t.oid = c.conrelid
		WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f') AND t.relname NOT IN (`+ignoredTables+`)`,
		func(table, definition string) {
			s.add(table, "%s", strings.ReplaceAll(definition, `"`, "")) // which stand around keywords
		})
}

// addPostgresRules adds checks, and the indexes that no key brought with it.
func addPostgresRules(ctx context.Context, pool querier, s schema) error {
	err := eachPair(ctx, pool, `
		SELECT t.relname, pg_get_constraintdef(c.oid, true)
		FROM pg_constraint AS c
		JOIN pg_class AS t ON t.oid = c.conrelid
		WHERE c.connamespace = 'public'::regnamespace AND c.contype = 'c'`,
		func(table, definition string) { s.add(table, "%s", definition) })
	if err != nil {
		return err
	}
	return eachPair(ctx, pool, `
		SELECT t.relname, pg_get_indexdef(i.indexrelid, 0, true)
		FROM pg_index AS i
		JOIN pg_class AS t ON t.oid = i.indrelid
		JOIN pg_class AS x ON x.oid = i.indexrelid
		WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT IN (`+ignoredTables+`)
		  AND x.relam <> (SELECT oid FROM pg_am WHERE amname = 'gin') -- those of texts, which SQLite has as ignored tables
		  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))`,
		func(table, definition string) {
			// Ascending indexes of SQLite have NULLs first and cannot say so; those of PostgreSQL have to.
			definition = strings.ReplaceAll(definition, " NULLS FIRST", "")
			s.add(table, "%s", strings.TrimPrefix(definition, "CREATE "))
		})
}

// dropPostgresRules removes what addPostgresRules reads.
func dropPostgresRules(ctx context.Context, pool querier) error {
	var statements []string
	err := eachPair(ctx, pool, `
		SELECT conrelid::regclass::text, quote_ident(conname)
		FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace AND contype = 'c'`,
		func(table, check string) {
			statements = append(statements, "ALTER TABLE "+table+" DROP CONSTRAINT "+check)
		})
	if err != nil {
		return err
	}
	err = eachPair(ctx, pool, `
		SELECT indexrelid::regclass::text, ''
		FROM pg_index
		JOIN pg_class AS t ON t.oid = indrelid
		WHERE t.relnamespace = 'public'::regnamespace
		  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))`,
		func(index, _ string) { statements = append(statements, "DROP INDEX "+index) })
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := pool.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// eachPair calls fn with both columns of each row.
func eachPair(ctx context.Context, pool querier, query string, fn func(first, second string)) error {
	rows, err := pool.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var first, second string
		if err := rows.Scan(&first, &second); err != nil {
			return fmt.Errorf("read schema: %w", err)
		}
		fn(first, second)
	}
	return rows.Err()
}
