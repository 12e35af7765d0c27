package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/gofrs/flock"

	"roster/models/store"
)

// note is what a server says of the file of its database in the one that it has locked, for commands beside it and for whoever comes after
// it. The zero note says nothing.
type note struct {
	file string // fileIdentity of the database, or spoiledIdentity
	mark uint32 // that the server has put into it; 0 where it need not be there
}

// noteFile returns the file beside a database that servers lock.
func noteFile(database string) string { return followed(database) + ".server" }

// note says something new of the database. It fails where the file that is locked is not in its place any more: what is there is of another
// server.
func (c *claim) note(n note) error {
	if !c.isInPlace() {
		return fmt.Errorf("%s is not in its place: %w", c.lock, fs.ErrNotExist)
	}
	if n.file == "" {
		return overwrite(c.lock.Path(), "")
	}
	return overwrite(c.lock.Path(), fmt.Sprintf("%s %d\n", n.file, n.mark))
}

// noteAt returns what the last server says of a database, nothing where that cannot be read.
func noteAt(database string) (n note) {
	text, err := overwritten(noteFile(database))
	if err != nil {
		return note{}
	}
	last := strings.LastIndexByte(strings.TrimSpace(text), ' ')
	if last < 0 {
		return note{}
	}
	if _, err := fmt.Sscan(text[last:], &n.mark); err != nil {
		return note{}
	}
	n.file = text[:last]
	return n
}

// checkServed refuses a database that was put in the place of one which a server runs on, until that one has noticed and ended: the log
// beside it is of the other, and SQLite would read both as one, or put it into this one and destroy it. Nor does it let a command go on
// with one that was written over: what it writes would hide that from the next server.
func (c *config) checkServed() error {
	path, embedded := c.sqlitePath()
	if !embedded || c.claimed != nil {
		return nil
	}
	path = followed(path)
	noted := noteAt(path)
	if err := noted.checkSpoiled(path); err != nil {
		return err
	}
	now, err := os.Stat(path)
	if err != nil || noted.file == "" {
		return nil //nolint:nilerr // whoever opens it says what is wrong
	}
	if foreign := noted.checkLog(path); foreign != nil || fileIdentity(now) != noted.file {
		// The lock is shared: commands do not take each other for a server.
		lock := flock.New(noteFile(path), flock.SetFlag(os.O_RDONLY))
		switch free, err := lock.TryRLock(); {
		case err != nil:
			return foreign // who may not lock may still read
		case free: // a server that was killed has left what it noted
			return errors.Join(foreign, lock.Close())
		}
		return fmt.Errorf("a server runs whose database was in the place of %s before, and whose log is there: wait until it has ended, "+
			"which takes a second or two", path)
	}
	return nil
}

// checkSpoiled refuses a database that was written over while the server before ran, until another one is there: whatever starts servers
// again would have the next one go on with what is of neither.
func (n note) checkSpoiled(path string) error {
	if now, err := os.Stat(path); n.file == "" || err != nil || spoiledIdentity(now) != n.file {
		return nil //nolint:nilerr // whoever opens it says what is wrong
	}
	return fmt.Errorf("the database %s was written over while the server before this one ran, and is not whole: move it away and restore "+
		"a backup; whoever wants it as it is removes %s, while no server runs", path, noteFile(path))
}

// checkLog refuses a database that was put in the place of one which a server had when it was killed, whose log is still there.
func (n note) checkLog(path string) error {
	file, err := openFile(path)
	if err != nil {
		return nil //nolint:nilerr // whoever opens it says what is wrong
	}
	defer file.Close() //nolint:errcheck // it is only read
	log := logFile(path)
	info, err := os.Stat(log)
	if err != nil || info.Size() == 0 || n.mark == 0 || store.IsBeginning(file) {
		return nil //nolint:nilerr // there is nothing that could harm it
	}
	if mark, err := store.FileMark(file); err != nil || mark == n.mark {
		return nil //nolint:nilerr // likewise
	}
	return fmt.Errorf("the write-ahead log %s is not of the database %s, but of the one that was in its place when the server before was "+
		"killed: move the log away and let 'roster verify' read what is there, or put that database back, which has what was written last "+
		"in it", log, path)
}

// spoiledIdentity is fileIdentity of a file that was written over, as long as nobody writes into it. Numbers of files are used again, so
// the time belongs to it.
func spoiledIdentity(info fs.FileInfo) string {
	return fmt.Sprintf("written over %d %s", info.ModTime().UnixNano(), fileIdentity(info))
}
