package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
)

// ErrNoBackup says that a database is backed up by its own tools.
var ErrNoBackup = errors.New("PostgreSQL is backed up with pg_dump")

// BackUp writes a copy of an SQLite database as it is at one moment to a new file, while others read and write, and returns its size in
// bytes. The file is on the disk and whole, or not there. It fails with ErrNoBackup on PostgreSQL, and with fs.ErrExist if the file exists.
func (db *DB) BackUp(ctx context.Context, path string) (size int64, err error) {
	if db.dialect != SQLite {
		return 0, ErrNoBackup
	}
	// The readers of the pool may write nothing, and this writes a file.
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: db.pools.path}).String()+"?_busy_timeout=10000")
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", db.pools.path, err)
	}
	defer pool.Close() //nolint:errcheck // it only read
	return db.copyFrom(ctx, pool, path)
}

// BackUpOpened is BackUp of the file that was opened, wherever that is by now, also if it has no name any more. Who writes waits.
func (db *DB) BackUpOpened(ctx context.Context, path string) (size int64, err error) {
	if db.dialect != SQLite {
		return 0, ErrNoBackup
	}
	if size, err = db.copyFrom(ctx, db.pools.write, path); err != nil {
		return 0, err
	}
	return size, GiveToOwner(path)
}

// copyFrom writes a copy of what a connection of a pool reads to a new file.
func (db *DB) copyFrom(ctx context.Context, pool *sql.DB, path string) (size int64, err error) {
	draft, err := NewDraft(path)
	if err != nil {
		return 0, err
	}
	defer draft.Close()
	if _, err := pool.ExecContext(ctx, "VACUUM INTO ?", draft.Path()); err != nil {
		return 0, fmt.Errorf("copy %s to %s: %w", db.pools.path, path, err)
	}
	if err := unmark(draft.Path()); err != nil {
		return 0, fmt.Errorf("write %s: %w", path, draft.withoutName(err))
	}
	return draft.Publish(path)
}

// CheckFile calls found with a sentence for everything that is wrong with the file of an SQLite database, at most a hundred: pages,
// indexes, and rows that refer to none. PostgreSQL looks after its own files.
func (db *DB) CheckFile(ctx context.Context, found func(sentence string)) error {
	if db.dialect != SQLite {
		return nil
	}
	return Snapshot(ctx, db, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'
			UNION ALL SELECT 'a row of ' || "table" || ' refers to one of ' || parent || ' that is not there' FROM pragma_foreign_key_check
			LIMIT 100`)
		if err != nil {
			return fmt.Errorf("check file: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var sentence string
			if err := rows.Scan(&sentence); err != nil {
				return fmt.Errorf("check file: %w", err)
			}
			found(sentence)
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("check file: %w", err)
		}
		return nil
	})
}
