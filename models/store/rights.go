package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

// Denied reports whether PostgreSQL refused something because the role of the connection lacks a right.
func Denied(err error) bool {
	var pg *pgconn.PgError
	// Insufficient privilege, and no schema to make a table in: one without USAGE is as one that is not there.
	return errors.As(err, &pg) && (pg.Code == "42501" || pg.Code == "3F000")
}

// CheckRights returns an error with the command to give if the role of a PostgreSQL database cannot read and write all of its tables, and
// take numbers of its sequences, not of what others have in the same schema: a server that lacks a right finds out by the first request
// that needs it.
func (db *DB) CheckRights(ctx context.Context) error {
	if db.dialect == SQLite {
		return nil
	}
	var role, schema string
	var lacking []string
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var table string
		err := rows.Scan(&role, &schema, &table)
		lacking = append(lacking, table)
		return err
	}, `SELECT current_user, current_schema(), relname FROM pg_class
		WHERE relnamespace = CAST(current_schema() AS regnamespace)
			AND relowner = (SELECT relowner FROM pg_class WHERE oid = to_regclass(?)) AND CASE relkind
			WHEN 'r' THEN NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
				AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
			WHEN 'v' THEN NOT has_table_privilege(oid, 'SELECT')
			WHEN 'S' THEN NOT has_sequence_privilege(oid, 'USAGE')
			ELSE false END
		ORDER BY relname`, goose.DefaultTablename)
	if err != nil || len(lacking) == 0 {
		return err
	}
	more := ""
	if len(lacking) > mostLacking {
		lacking, more = lacking[:mostLacking], " and others"
	}
	role, schema = pgx.Identifier{role}.Sanitize(), pgx.Identifier{schema}.Sanitize()
	return fmt.Errorf("the role %s lacks rights on %s%s: let the owner of the tables give it GRANT SELECT, INSERT, UPDATE, DELETE ON ALL "+
		"TABLES IN SCHEMA %s TO %[1]s and GRANT USAGE ON ALL SEQUENCES IN SCHEMA %[4]s TO %[1]s, or name the role that owns them in "+
		"the URL", role, strings.Join(lacking, ", "), more, schema)
}

// mostLacking is how many tables and sequences are named.
const mostLacking = 3
