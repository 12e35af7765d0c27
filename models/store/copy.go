package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// CopyProgress is how far a copy has come.
type CopyProgress struct {
	Step  string // "migrate", "look", "copy" or "compare"
	Table string // or the step of the schema that was taken
	Rows  int64 // of the table
	Of    int64 // rows that the table has, 0 while nobody knows
}

// ErrCopying says that a PostgreSQL database is being filled by another process.
var ErrCopying = errors.New("the target is filled by another process at this moment")

// The numbers of the locks that are had by who fills a database, and by each of its transactions: the bytes of "roster", and the next.
const (
	copyLock = 0x726f73746572
	copyStep = copyLock + 1
)

// CopyTo copies everything into a PostgreSQL database that has nothing, which was opened as [Config.Filling], and compares both row by row.
// It returns how many rows there are. The schema is migrated; rows go over as they are, in batches. From before that until all are there and
// were found to be the same, the target is marked, and [Open] fails with ErrHalfCopied. If it is interrupted, calling it again goes on behind
// the last batch, unless the source was changed. It fails before it writes anything if PostgreSQL cannot hold a value, and with ErrCopying while another
// one fills the target. tell is called every few thousand rows and must not wait.
func (s *Source) CopyTo(ctx context.Context, target *DB, tell func(CopyProgress)) (rows int64, err error) {
	alone := &advisoryLock{connect: target.pools.connect, id: copyLock}
	defer alone.release() //nolint:errcheck // what counts is in the target
	if err := alone.begin(ctx); err != nil {
		return 0, fmt.Errorf("look for others that copy: %w", err)
	}
	// One that was killed a moment ago has the lock until PostgreSQL finds out.
	if first, err := alone.take(ctx, 5*time.Second); err != nil {
		return 0, fmt.Errorf("look for others that copy: %w", err)
	} else if !first {
		return 0, ErrCopying
	}
	// The mark comes first: no server is to begin on the target while it is migrated, and while what is copied is looked at.
	if err := target.asTarget(ctx, func(to *copyTarget) error { return to.reserve(ctx) }); err != nil {
		return 0, err
	}
	_, err = target.Migrate(ctx, func(m Migration) { tell(CopyProgress{Step: "migrate", Table: m.Name}) })
	if err != nil {
		ctx := context.WithoutCancel(ctx)
		return 0, errors.Join(err, target.asTarget(ctx, func(to *copyTarget) error { return to.giveBack(ctx) }))
	}
	err = target.asTarget(ctx, func(to *copyTarget) error {
		rows, err = copyAll(ctx, s, to, tell)
		return err
	})
	return rows, err
}

// asTarget calls with the database as the target of a copy, once what another one has left to be done there is done.
func (db *DB) asTarget(ctx context.Context, do func(to *copyTarget) error) error {
	conn, err := db.pools.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	defer conn.Close() //nolint:errcheck // into the pool
	return Beneath(ctx, conn, func(pg *pgx.Conn) error {
		to := &copyTarget{Conn: pg}
		if err := to.settle(ctx); err != nil {
			return err
		}
		if err := to.readTables(ctx); err != nil {
			return err
		}
		return do(to)
	})
}

func copyAll(ctx context.Context, source *Source, to *copyTarget, tell func(CopyProgress)) (rows int64, err error) {
	state, counts, err := beginCopy(ctx, source, to, tell)
	if err != nil {
		return 0, errors.Join(err, to.giveBack(context.WithoutCancel(ctx)))
	}
	for i := range to.tables {
		t := &to.tables[i]
		if err := copyTableTo(ctx, source, to, t, counts[t.name], tell); err != nil {
			return 0, err
		}
	}
	next, err := source.next(ctx, to.tables)
	if err != nil {
		return 0, err
	}
	if err := to.complete(ctx, state.references, next); err != nil {
		return 0, err
	}
	for i := range to.tables {
		t := &to.tables[i]
		if err := compareTable(ctx, source, to, t); err != nil {
			return 0, err
		}
		rows += counts[t.name]
		if n := counts[t.name]; n > 0 {
			tell(CopyProgress{"compare", t.name, n, n})
		}
	}
	return rows, to.release(ctx)
}

// beginCopy looks at everything that is to be copied. Until it has found nothing that PostgreSQL cannot hold, nothing is written.
func beginCopy(ctx context.Context, source *Source, to *copyTarget, tell func(CopyProgress)) (copyState, map[string]int64, error) {
	tell(CopyProgress{Step: "look"})
	digest, counts, err := source.look(ctx, to.tables)
	if err != nil {
		return copyState{}, nil, err
	}
	state, err := to.begin(ctx, digest)
	return state, counts, err
}

// A batch ends with either. It is one COPY, in a transaction.
const (
	batchRows  = 5_000
	batchBytes = 4 << 20
)

// copyHead is the beginning of data in the binary format, and copyTail its end.
var (
	copyHead = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyTail = []byte{0xff, 0xff}
)

// copyTableTo copies the rows of a table that are not there yet. They are in order on both sides, so what is there is the beginning.
func copyTableTo(ctx context.Context, source *Source, to *copyTarget, t *copyTable, of int64, tell func(CopyProgress)) error {
	var there int64
	if err := to.QueryRow(ctx, `SELECT COUNT(*) FROM `+quoted(t.name)).Scan(&there); err != nil {
		return fmt.Errorf("count %s: %w", t.name, err)
	}
	batch, n := slices.Clone(copyHead), 0
	send := func() error {
		if n == 0 {
			return nil
		}
		statement := `COPY ` + quoted(t.name) + ` (` + t.list() + `) FROM STDIN (FORMAT binary)`
		err := to.step(ctx, func(pgx.Tx) error {
			_, err := to.PgConn().CopyFrom(ctx, bytes.NewReader(append(batch, copyTail...)), statement)
			return err
		})
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
		there += int64(n)
		batch, n = batch[:len(copyHead)], 0
		tell(CopyProgress{"copy", t.name, there, of})
		return nil
	}
	err := source.rows(ctx, t, there, func(row []any) (err error) {
		if batch, err = t.appendRow(batch, row); err != nil {
			return err
		}
		if n++; n < batchRows && len(batch) < batchBytes {
			return nil
		}
		return send()
	})
	if err == nil {
		err = send()
	}
	return err
}

// compareTable compares all rows of a table, one after the other.
func compareTable(ctx context.Context, source *Source, to *copyTarget, t *copyTable) error {
	found := to.PgConn().ExecParams(ctx, t.ordered(), nil, nil, nil, []int16{pgtype.BinaryFormatCode})
	var line, other []byte
	err := source.rows(ctx, t, 0, func(row []any) (err error) {
		if !found.NextRow() {
			if _, err := found.Close(); err != nil {
				return fmt.Errorf("compare %s: %w", t.name, err)
			}
			return fmt.Errorf("the copy lacks %s", t.named(row))
		}
		if line, err = t.appendRow(line[:0], row); err != nil {
			return err
		}
		if other = appendFound(other[:0], found.Values()); !bytes.Equal(line, other) {
			return fmt.Errorf("the copy differs from %s", t.named(row))
		}
		return nil
	})
	if err == nil && found.NextRow() {
		err = fmt.Errorf("the copy has more rows in %s", t.name)
	}
	if err != nil {
		_ = to.Close(context.WithoutCancel(ctx)) // what the server has still to say may be much
		_, _ = found.Close()                     // with the same error
		return err
	}
	if _, err := found.Close(); err != nil {
		return fmt.Errorf("compare %s: %w", t.name, err)
	}
	return nil
}

// appendFound appends a row that PostgreSQL has found as appendRow does.
func appendFound(to []byte, values [][]byte) []byte {
	to = binary.BigEndian.AppendUint16(to, uint16(len(values))) // PostgreSQL has 1600 columns at most
	for _, v := range values {
		if v == nil {
			to = binary.BigEndian.AppendUint32(to, 0xffff_ffff)
			continue
		}
		to = append(binary.BigEndian.AppendUint32(to, uint32(len(v))), v...) // PostgreSQL holds 1 GB at most
	}
	return to
}

func sortedKeys(m map[int]string) []int { return slices.Sorted(maps.Keys(m)) }
