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

// Need is what a database is opened for.
type Need int

// What a database is opened for.
const (
	Writing Need = iota
	Reading      // and nothing else: a standby is enough, and a role that may only read
)

// CheckRights returns an error with the command to give if the role of a PostgreSQL database lacks a right on the tables and sequences of
// this program that is needed for what it was opened for, not on what others have in the same schema: a server that lacks one finds out by
// the first request that needs it.
func (db *DB) CheckRights(ctx context.Context) error {
	if db.dialect == SQLite {
		return nil
	}
	rights := []string{"SELECT"}
	if db.need == Writing {
		rights = append(rights, "INSERT", "UPDATE", "DELETE")
	}
	// What a role has on each of several is asked one by one: of a list, PostgreSQL says whether there is any.
	has := make([]string, len(rights))
	for i, right := range rights {
		has[i] = "has_table_privilege(oid, '" + right + "')"
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
			WHEN 'r' THEN NOT (`+strings.Join(has, " AND ")+`)
			WHEN 'v' THEN NOT has_table_privilege(oid, 'SELECT')
			WHEN 'S' THEN CAST(? AS boolean) AND NOT has_sequence_privilege(oid, 'USAGE')
			ELSE false END
		ORDER BY relname`, goose.DefaultTablename, db.need == Writing)
	if err != nil || len(lacking) == 0 {
		return err
	}
	more := ""
	if len(lacking) > mostLacking {
		lacking, more = lacking[:mostLacking], " and others"
	}
	role, schema = pgx.Identifier{role}.Sanitize(), pgx.Identifier{schema}.Sanitize()
	grant := fmt.Sprintf("GRANT %s ON ALL TABLES IN SCHEMA %s TO %s", strings.Join(rights, ", "), schema, role)
	if db.need == Writing {
		grant += fmt.Sprintf(" and GRANT USAGE ON ALL SEQUENCES IN SCHEMA %s TO %s", schema, role)
	}
	return fmt.Errorf("the role %s lacks rights on %s%s: let the owner of the tables give it %s, or name the role that owns them in "+
		"the URL", role, strings.Join(lacking, ", "), more, grant)
}

// mostLacking is how many tables and sequences are named.
const mostLacking = 3
