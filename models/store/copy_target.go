package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// ErrHalfCopied says that a PostgreSQL database is being filled with a copy of another one, and not whole yet.
var ErrHalfCopied = errors.New("the database is half of a copy")

// copyMark is the table that a PostgreSQL database has as long as it is half of a copy. Nothing but the copying opens it meanwhile.
const copyMark = "roster_copying"

// seeded are the tables that migrations put rows into. The copy has the rows of the source instead.
var seeded = []string{"event_horizon", "event_sequences", "role_permissions", "roles"}

// copyTarget is the PostgreSQL database that is filled.
type copyTarget struct {
	*pgx.Conn
	tables []copyTable
}

// copyTable is a table that is copied, row by row in the order of its key.
type copyTable struct {
	name     string
	columns  []copyColumn
	key      []string // of all columns, if the table has none
	identity string   // the column that PostgreSQL numbers, "" for none
}

type copyColumn struct {
	name string
	oid  uint32
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// list returns the quoted names of the columns.
func (t *copyTable) list() string {
	return strings.Join(Column(t.columns, func(c copyColumn) string { return quoted(c.name) }), ", ")
}

// ordered returns a query for all rows in order. Text compares by its bytes in both databases, and so do ids.
func (t *copyTable) ordered() string {
	return "SELECT " + t.list() + " FROM " + quoted(t.name) + " ORDER BY " + strings.Join(Column(t.key, quoted), ", ")
}

// readTables finds out what there is to copy, so that a table of a later migration is not forgotten.
func (c *copyTarget) readTables(ctx context.Context) error {
	rows, err := c.Query(ctx, `SELECT t.relname, a.attname, a.atttypid, a.attidentity <> '',
			COALESCE((SELECT array_position(i.indkey::int[], a.attnum::int) FROM pg_index i
				WHERE i.indrelid = t.oid AND i.indisprimary), -1)
		FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND t.relkind = 'r' AND t.relname <> ALL ($1)
		ORDER BY t.relname, a.attnum`, []string{goose.DefaultTablename, copyMark})
	if err != nil {
		return fmt.Errorf("look at the tables: %w", err)
	}
	keys := map[string]map[int]string{}
	var table, name string
	var oid uint32
	var numbered bool
	var place int
	_, err = pgx.ForEachRow(rows, []any{&table, &name, &oid, &numbered, &place}, func() error {
		if len(c.tables) == 0 || c.tables[len(c.tables)-1].name != table {
			c.tables = append(c.tables, copyTable{name: table})
			keys[table] = map[int]string{}
		}
		t := &c.tables[len(c.tables)-1]
		t.columns = append(t.columns, copyColumn{name, oid})
		if numbered {
			t.identity = name
		}
		if place >= 0 {
			keys[table][place] = name
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look at the tables: %w", err)
	}
	for i := range c.tables {
		t := &c.tables[i]
		for _, place := range sortedKeys(keys[t.name]) {
			t.key = append(t.key, keys[t.name][place])
		}
		if len(t.key) == 0 {
			t.key = Column(t.columns, func(c copyColumn) string { return c.name })
		}
	}
	return nil
}

// copyState is what the mark says.
type copyState struct {
	digest     string
	references []reference
}

// reference is a foreign key. Rows come in the order of their own keys, and tables refer to each other in circles, so references are
// checked once at the end.
type reference struct{ Table, Name, Definition string }

// reserve marks a database that has nothing, so that nobody opens it, or finds that it is marked.
func (c *copyTarget) reserve(ctx context.Context) error {
	marked, err := c.marked(ctx)
	if err != nil || marked {
		return err
	}
	if err := c.empty(ctx); err != nil {
		return err
	}
	err = c.step(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE `+copyMark+` AS SELECT '' AS digest, '[]' AS "references"`)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark the target of a copy: %w", err)
	}
	return nil
}

// step runs fn in a transaction that waits for the one that is under way. A process that is killed gives the lock of the copy back at
// once, but what PostgreSQL was told by it last goes on until it is done.
func (c *copyTarget) step(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, c.Conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, copyStep); err != nil {
			return err
		}
		return fn(tx)
	})
}

// settle waits for what a process that was killed has left to be done.
func (c *copyTarget) settle(ctx context.Context) error {
	if err := c.step(ctx, func(pgx.Tx) error { return nil }); err != nil {
		return fmt.Errorf("wait for what is done in the target: %w", err)
	}
	return nil
}

// giveBack takes the mark away from a database that nothing was written to.
func (c *copyTarget) giveBack(ctx context.Context) error {
	state, err := c.state(ctx)
	if err != nil || state.digest != "" {
		return err
	}
	return c.release(ctx)
}

// begin makes a database that is reserved the half of a copy of a source, or finds that it is that.
func (c *copyTarget) begin(ctx context.Context, digest string) (state copyState, err error) {
	if state, err = c.state(ctx); err != nil {
		return state, err
	}
	if state.digest == digest {
		return state, nil
	}
	if state.digest != "" {
		return state, errors.New("what is there is half of a copy of another state of the embedded database; go on with that, or empty " +
			"the target (DROP DATABASE, CREATE DATABASE) and begin anew")
	}
	if err := c.empty(ctx); err != nil { // a server that had opened it before it was marked
		return state, err
	}
	state.digest = digest
	err = c.step(ctx, func(tx pgx.Tx) error {
		if state.references, err = readReferences(ctx, tx); err != nil {
			return err
		}
		kept, err := json.Marshal(state.references)
		if err != nil {
			return err
		}
		statements := []string{
			`UPDATE ` + copyMark + ` SET digest = ` + literal(digest) + `, "references" = ` + literal(string(kept)),
		}
		for _, table := range seeded {
			statements = append(statements, `DELETE FROM `+table)
		}
		for _, r := range state.references {
			statements = append(statements, `ALTER TABLE `+quoted(r.Table)+` DROP CONSTRAINT `+quoted(r.Name))
		}
		statements = append(statements, `DELETE FROM taken_ids`) // of the roles that were deleted just now
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return state, fmt.Errorf("begin to copy: %w", err)
	}
	return state, nil
}

func (c *copyTarget) marked(ctx context.Context) (marked bool, err error) {
	return marked, c.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, copyMark).Scan(&marked)
}

func (c *copyTarget) state(ctx context.Context) (state copyState, err error) {
	var kept string
	if err := c.QueryRow(ctx, `SELECT digest, "references" FROM `+copyMark).Scan(&state.digest, &kept); err != nil {
		return state, err
	}
	return state, json.Unmarshal([]byte(kept), &state.references)
}

// empty refuses a database that has anything but what its migrations have put there.
func (c *copyTarget) empty(ctx context.Context) error {
	for _, t := range c.tables {
		if slices.Contains(seeded, t.name) {
			continue
		}
		var filled bool
		if err := c.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+quoted(t.name)+`)`).Scan(&filled); err != nil {
			return fmt.Errorf("look for rows: %w", err)
		}
		if filled {
			return fmt.Errorf("the target has data already (in %s); an embedded database is copied into an empty one", t.name)
		}
	}
	return nil
}

func readReferences(ctx context.Context, tx pgx.Tx) ([]reference, error) {
	rows, err := tx.Query(ctx, `SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
		WHERE c.contype = 'f' AND c.connamespace = CAST(current_schema() AS regnamespace) ORDER BY 1, 2`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[reference])
}

// complete sets the references again, which checks them, and the numbers that are to be given next.
func (c *copyTarget) complete(ctx context.Context, references []reference, next map[string]int64) error {
	err := c.step(ctx, func(tx pgx.Tx) error {
		there, err := readReferences(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range references {
			if slices.Contains(there, r) { // an interrupted run came as far
				continue
			}
			statement := `ALTER TABLE ` + quoted(r.Table) + ` ADD CONSTRAINT ` + quoted(r.Name) + ` ` + r.Definition
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("check the references of %s: %w", r.Table, err)
			}
		}
		for _, t := range c.tables {
			if last := next[t.name]; last > 0 {
				_, err := tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence($1, $2), $3)`, quoted(t.name), t.identity, last)
				if err != nil {
					return fmt.Errorf("number %s: %w", t.name, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := c.Exec(ctx, `ANALYZE`); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	return nil
}

// release takes the mark away: the copy is whole.
func (c *copyTarget) release(ctx context.Context) error {
	err := c.step(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DROP TABLE `+copyMark)
		return err
	})
	if err != nil {
		return fmt.Errorf("take the mark of a copy away: %w", err)
	}
	return nil
}
