package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// ErrNoBackup says that a database is backed up by its own tools.
var ErrNoBackup = errors.New("PostgreSQL is backed up with pg_dump")

// BackUp writes a copy of an SQLite database as it is at one moment to a new file, while others read and write, and returns its size in
// bytes. The file is on the disk and whole, or not there. It fails with ErrNoBackup on PostgreSQL, and with fs.ErrExist if the file exists.
func (db *DB) BackUp(ctx context.Context, path string) (size int64, err error) {
	if db.dialect != SQLite {
		return 0, ErrNoBackup
	}
	draft, err := draftBeside(path)
	if err != nil {
		return 0, err
	}
	defer os.Remove(draft) //nolint:errcheck // a leftover draft is of no use and no harm
	// The readers of the pool may write nothing, and this writes a file.
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: db.pools.path}).String()+"?_busy_timeout=10000")
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", db.pools.path, err)
	}
	defer pool.Close() //nolint:errcheck // it only read
	if _, err := pool.ExecContext(ctx, "VACUUM INTO ?", draft); err != nil {
		return 0, fmt.Errorf("copy %s: %w", db.pools.path, err)
	}
	return Publish(draft, path)
}

// draftBeside returns the name of an empty file that only its owner can read, in the directory of another one that must not be there yet.
func draftBeside(path string) (string, error) {
	if _, err := os.Lstat(path); err == nil {
		return "", &fs.PathError{Op: "write", Path: path, Err: fs.ErrExist}
	}
	draft, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return draft.Name(), draft.Close()
}

// Publish gives a file that is written a name which nothing has yet, once it is on the disk, and returns its size in bytes. It fails with
// fs.ErrExist if something has the name.
func Publish(draft, path string) (size int64, err error) {
	file, err := os.OpenFile(draft, os.O_RDWR, 0) // what is to be synchronized has to be open for writing on some systems
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	info, err := file.Stat()
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Link(draft, path); err != nil { // unlike a renaming, it replaces nothing
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	return info.Size(), syncDirectory(filepath.Dir(path))
}

// syncDirectory has the names in a directory written to the disk, where the system can.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer dir.Close() //nolint:errcheck // it was only read
	if err := dir.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrInvalid) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
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
