package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// databaseFile is what there is of an embedded database before it is opened.
type databaseFile struct {
	there      bool // a file that is not empty
	withoutLog bool // the beginning of one whose contents are in a write-ahead log that is gone
}

// databaseFileAt looks at the file of an embedded database.
func databaseFileAt(path string) (p databaseFile, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("look for the database: %w", err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	var header [32]byte
	n, err := io.ReadFull(file, header[:])
	if err != nil && n > 0 || n == 0 {
		return databaseFile{there: n > 0}, nil // SQLite says what is wrong with it
	}
	// https://www.sqlite.org/fileformat.html, 1.3: the read version is 2 for a database with a write-ahead log. One without tables has a page.
	const readVersion, pages = 19, 28
	p.there = true
	if header[readVersion] == 2 && binary.BigEndian.Uint32(header[pages:]) <= 1 {
		_, err := os.Lstat(path + "-wal")
		p.withoutLog = errors.Is(err, fs.ErrNotExist)
	}
	return p, nil
}

// checkPlace refuses to begin anew where something was: a database whose key is gone, a key whose database is gone, and a database that was
// copied without its log. Whoever begins again there would notice it much later.
func (c *config) checkPlace() error {
	path, embedded := c.sqlitePath()
	if !embedded {
		return nil
	}
	found, err := databaseFileAt(path)
	if err != nil {
		return err
	}
	_, err = os.Lstat(path)
	absent := errors.Is(err, fs.ErrNotExist)
	_, err = os.Lstat(c.secretKeyPath())
	keyless := errors.Is(err, fs.ErrNotExist)
	switch {
	case found.withoutLog:
		return fmt.Errorf("the database %s has nothing but its beginning: it was copied without its write-ahead log (%s-wal); "+
			"take both, or a copy that 'roster backup' has made", path, path)
	case c.secretKeyFile != "":
		return nil
	case found.there && keyless:
		return fmt.Errorf("there is a database %s, and no secret key %s that it was set up with; put the key file back, or name it with "+
			"--secret-key-file (ROSTER_SECRET_KEY_FILE)", path, c.secretKeyPath())
	case absent && !keyless:
		return fmt.Errorf("there is a secret key %s, and no database %s that it belongs to; put the database back, "+
			"with 'roster restore' for example, or move the key away to begin anew", c.secretKeyPath(), path)
	}
	return c.makeDatabaseFile() // before the key: a start that is interrupted has no key without a database
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
		return fmt.Errorf("open the database file: %w", err)
	}
	return nil
}
