package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"modernc.org/sqlite"
)

// Source is the file of an SQLite database that nobody else has open, and nobody can open, until it is closed.
type Source struct {
	pool *sql.DB
	conn *sql.Conn
}

// ErrInUse says that another process has a database open.
var ErrInUse = errors.New("another process has the database open")

// OpenSource opens the file of a database that is there. It fails with ErrInUse if anybody else has it open.
func OpenSource(ctx context.Context, path string) (*Source, error) {
	// With a write-ahead log each connection has a lock on the file for as long as it is there, which one in the exclusive mode does not
	// share (https://www.sqlite.org/wal.html, 6).
	registerFunctions()
	values := url.Values{"_pragma": {"busy_timeout(0)", "locking_mode(exclusive)", "temp_store(file)"}, "_txlock": {"immediate"}}
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String()+"?"+values.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Source{pool: pool}
	if s.conn, err = pool.Conn(ctx); err == nil {
		_, err = s.conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	}
	if err == nil {
		_, err = s.conn.ExecContext(ctx, "ROLLBACK") // the lock of the exclusive mode stays
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s alone: %w", path, inUse(err)), s.Close())
	}
	return s, nil
}

// inUse tells of a database that cannot be opened because somebody else has it open.
func inUse(err error) error {
	var lite *sqlite.Error
	if errors.As(err, &lite) && lite.Code()&0xff == 5 { // SQLITE_BUSY
		return ErrInUse
	}
	return err
}

// Close gives the file back.
func (s *Source) Close() error {
	if s.conn != nil {
		_ = s.conn.Close() // into the pool
	}
	return s.pool.Close()
}

// rows calls each with the rows of a table in order, behind the first so many. A row is there until the next call.
func (s *Source) rows(ctx context.Context, t *copyTable, behind int64, each func(row []any) error) error {
	rows, err := s.conn.QueryContext(ctx, t.ordered()+" LIMIT -1 OFFSET ?", behind)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	defer rows.Close()
	row, into := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read %s: %w", t.name, err)
		}
		if err := each(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", t.name, err)
	}
	return nil
}

// mostUnwritable is how many values that PostgreSQL does not take are told of.
const mostUnwritable = 20

// look reads everything once: whether PostgreSQL can hold it, how much it is, and a digest by which the same state is known again.
func (s *Source) look(ctx context.Context, tables []copyTable) (digest string, counts map[string]int64, err error) {
	sum, unwritable := sha256.New(), []string{}
	counts = map[string]int64{}
	for i := range tables {
		t := &tables[i]
		var line []byte
		err := s.rows(ctx, t, 0, func(row []any) error {
			counts[t.name]++
			var wrong error
			if line, wrong = t.appendRow(line[:0], row); wrong != nil {
				unwritable = append(unwritable, wrong.Error())
				if len(unwritable) == mostUnwritable {
					return errUnwritable(unwritable)
				}
			}
			_, _ = sum.Write(line) // never fails
			return nil
		})
		if err != nil {
			return "", nil, err
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n", t.name, counts[t.name])
	}
	if len(unwritable) > 0 {
		return "", nil, errUnwritable(unwritable)
	}
	return hex.EncodeToString(sum.Sum(nil)), counts, nil
}

func errUnwritable(unwritable []string) error {
	return fmt.Errorf("nothing was copied, because PostgreSQL cannot hold everything: %s", strings.Join(unwritable, "; "))
}

// appendRow appends a row in the binary format of COPY (https://www.postgresql.org/docs/current/sql-copy.html): the number of its fields,
// then each with its length, which is -1 for NULL. The error names the row by its key and the column.
func (t *copyTable) appendRow(to []byte, row []any) (_ []byte, err error) {
	to = binary.BigEndian.AppendUint16(to, uint16(len(row))) // PostgreSQL has 1600 columns at most
	for i, value := range row {
		begin := len(to)
		to = binary.BigEndian.AppendUint32(to, 0xffff_ffff)
		if value == nil {
			continue
		}
		if to, err = appendWire(to, t.columns[i].oid, value); err != nil {
			return nil, fmt.Errorf("%s in %s: %w", t.columns[i].name, t.named(row), err)
		}
		binary.BigEndian.PutUint32(to[begin:], uint32(len(to)-begin-4)) // SQLite holds 2 GB at most
	}
	return to, nil
}

// named names a row by its key, of which nothing is a secret: hashes are bytes, and bytes are not told.
func (t *copyTable) named(row []any) string {
	name := t.name
	for i, c := range t.columns {
		for _, key := range t.key {
			if key != c.name {
				continue
			}
			if _, bytes := row[i].([]byte); !bytes {
				name += fmt.Sprintf(" %s=%.80q", key, fmt.Sprint(row[i]))
			}
		}
	}
	return name
}

// next returns the last number that was given to rows of each table which numbers them, also of rows that are gone.
func (s *Source) next(ctx context.Context, tables []copyTable) (map[string]int64, error) {
	next := map[string]int64{}
	for _, t := range tables {
		if t.identity == "" {
			continue
		}
		var last sql.NullInt64
		err := s.conn.QueryRowContext(ctx, `SELECT MAX(n) FROM (SELECT seq AS n FROM sqlite_sequence WHERE name = ?
			UNION ALL SELECT MAX(`+quoted(t.identity)+`) FROM `+quoted(t.name)+`)`, t.name).Scan(&last)
		if err != nil {
			return nil, fmt.Errorf("ask for the last number of %s: %w", t.name, err)
		}
		next[t.name] = last.Int64
	}
	return next, nil
}
