package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

// Numbers of four bytes in the header of an SQLite file (SQLite's file format, section 1.3): how many pages it has, and the "user version",
// which SQLite keeps for applications. The mark of a server is there.
const (
	pagesAt = 28
	markAt  = 60
)

// MarkFile writes a new random number, never 0, into the header of an SQLite file and returns it. Copies that [DB.BackUp] makes have none.
// It is in the file itself, where FileMark reads it, when the log has been put into it. That is done at once, unless the file has nothing
// but its beginning: then a copy without the log can be told from a whole one, and would not be any more. On PostgreSQL it returns 0.
func (db *DB) MarkFile(ctx context.Context) (mark uint32, err error) {
	if db.dialect != SQLite {
		return 0, nil
	}
	mark = 1 + rand.Uint32N(1<<31-1) //nolint:gosec // it is no secret
	if _, err := db.pools.write.ExecContext(ctx, fmt.Sprint("PRAGMA user_version = ", mark)); err != nil {
		return 0, fmt.Errorf("mark the file: %w", err)
	}
	const page = 4096 // it is not opened to be asked: closing it would end SQLite's locks
	if file, err := os.Stat(db.pools.path); err != nil || file.Size() <= page {
		return mark, err //nolint:wrapcheck // it names the file
	}
	if _, err := db.pools.write.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil {
		return 0, fmt.Errorf("mark the file: %w", err)
	}
	return mark, nil
}

// FileMark reads the mark of an SQLite file, 0 for none.
func FileMark(file io.ReaderAt) (uint32, error) {
	return headerNumber(file, markAt)
}

// IsBeginning reports whether an SQLite file has no more than its first page, so that the rest of the database is in its log.
func IsBeginning(file io.ReaderAt) bool {
	pages, err := headerNumber(file, pagesAt)
	return err == nil && pages <= 1
}

func headerNumber(file io.ReaderAt, at int64) (uint32, error) {
	var number [4]byte
	_, err := file.ReadAt(number[:], at)
	return binary.BigEndian.Uint32(number[:]), err //nolint:wrapcheck // the file's own
}

// unmark removes the mark from a file that nobody has open.
func unmark(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	if _, err = file.WriteAt(make([]byte, 4), markAt); err != nil {
		_ = file.Close() // the error is that of writing
		return err       //nolint:wrapcheck // it names the file
	}
	return file.Close() //nolint:wrapcheck // it names the file
}
