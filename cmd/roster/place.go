package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"roster/models/store"
)

// databaseFile is the state of the file of an embedded database before it is opened.
type databaseFile int

const (
	absent databaseFile = iota
	empty
	withoutLog // the beginning of one whose contents are in a write-ahead log that is gone
	filled
)

// databaseFileAt looks at the file of an embedded database. One that another process makes at this moment has its beginning first and then
// its log: it is looked at for a second before it is taken for one without that. One whose server was killed between the two is empty.
func (c *config) databaseFileAt(path string) (found databaseFile, err error) {
	const looks, pause = 20, 50 * time.Millisecond
	for range looks {
		if found, err = lookAtDatabase(path); found != withoutLog {
			break
		}
		time.Sleep(pause)
	}
	if found == withoutLog && c.isFirstStart(path) {
		found = empty
	}
	return found, err
}

func lookAtDatabase(path string) (databaseFile, error) {
	file, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return absent, nil
	}
	if err != nil {
		return absent, fmt.Errorf("look for the database: %w", err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	var header [32]byte
	switch n, err := io.ReadFull(file, header[:]); {
	case n == 0:
		return empty, nil
	case err != nil:
		return filled, nil // SQLite says what is wrong with it
	}
	// https://www.sqlite.org/fileformat.html, 1.3: the read version is 2 for a database with a write-ahead log, and one without tables has
	// one page.
	const readVersion = 19
	if header[readVersion] != 2 || !store.IsBeginning(file) {
		return filled, nil
	}
	// SQLite has made that page in a transaction with a journal, which it takes back where that is left.
	for _, log := range []string{"-wal", "-journal"} {
		if _, err := os.Lstat(path + log); !errors.Is(err, fs.ErrNotExist) {
			return filled, nil
		}
	}
	return withoutLog, nil
}

// logFile returns the write-ahead log of a database, which SQLite has beside the file that a link leads to.
func logFile(database string) string { return followed(database) + "-wal" }

// openFile opens a file for reading that is one: a named pipe would keep whoever opens it waiting, also for the end that a signal asks
// for.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	return os.Open(path)
}

// readFile reads a file that is one, as openFile opens it.
func readFile(path string) ([]byte, error) {
	file, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it is only read
	return io.ReadAll(file)
}

func errWithoutLog(path string) error {
	return fmt.Errorf("the database %s has nothing but its beginning: it was copied without its write-ahead log (%s-wal); "+
		"take both, or a copy that 'roster backup' has made", path, path)
}

// checkPlace refuses to begin anew where an embedded database was: where its key or its log is left, or, if its key is elsewhere, what it
// was locked with when its schema was made; and where it was copied without its log. Whoever begins again there would notice it much later,
// and SQLite would throw the log away.
func (c *config) checkPlace() error {
	path, embedded := c.sqlitePath()
	if !embedded {
		return nil
	}
	path = followed(path)
	found, err := c.databaseFileAt(path)
	switch {
	case err != nil:
		return err
	case found == withoutLog:
		return errWithoutLog(path)
	case found == filled:
		return nil
	}
	if _, err := os.Lstat(path + "-wal"); err == nil {
		return fmt.Errorf("there is a write-ahead log %s-wal, and no database %s that it belongs to; put the database back, "+
			"or move the log away to begin anew", path, path)
	}
	if _, err := os.Lstat(c.secretKeyPath()); err == nil && c.usesDefaultKey() {
		return fmt.Errorf("there is a secret key %s, and no database %s that it belongs to; put the database back, "+
			"with 'roster restore' for example, or move the key away to begin anew", c.secretKeyPath(), path)
	}
	if lock := store.MigrationLock(path); found == absent && !c.usesDefaultKey() {
		if _, err := os.Lstat(lock); err == nil {
			return fmt.Errorf("there was a database %s, of which %s is left; put the database back, with 'roster restore' for example, "+
				"or move that file away to begin anew", path, lock)
		}
	}
	return nil
}

// isFirstStart reports whether a server has claimed a place and ended, because it was killed or found the disk full, before it made
// anything but the beginning of a database: it makes the secret key after that, and says what it has opened at the end.
func (c *config) isFirstStart(path string) bool {
	claimed, err := os.Lstat(noteFile(path))
	if err != nil || claimed.Size() > 0 {
		return false
	}
	if !c.usesDefaultKey() {
		return true
	}
	_, err = os.Lstat(c.secretKeyPath())
	return errors.Is(err, fs.ErrNotExist)
}

// followed returns the file that a link leads to, where SQLite keeps its own files as well, or makes it; what is no link, as it is.
func followed(path string) string {
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real
	}
	to, unread := os.Readlink(path)
	if unread != nil || !errors.Is(err, fs.ErrNotExist) { // links that lead to each other
		return path
	}
	if !filepath.IsAbs(to) {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return path
		}
		to = filepath.Join(dir, to)
	}
	return followed(to)
}

// makeDatabaseFile makes an empty file of an embedded database, unless there is one. SQLite gives its companion files the mode of the
// database, so the first file decides.
func (c *config) makeDatabaseFile() error {
	path, embedded := c.sqlitePath()
	if !embedded {
		return nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return fmt.Errorf("open the database file: %w", store.AtPlace(path, err))
	}
	return store.GiveToOwner(path)
}
