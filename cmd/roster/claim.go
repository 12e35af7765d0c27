package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"roster/models/store"
)

// errServed says that a server runs on the embedded database.
var errServed = errors.New("a server runs on the database")

// claim is the lock that makes a process the only server of an embedded database, until it is released or the process ends, however it
// does. It is on a file of its own beside the database, and what a server has to say to commands and to the next server is in that.
type claim struct {
	database string // the file that is locked for
	lock     *flock.Flock
	file     *os.File // that itself, locked as well; nil where it was not
}

// claim makes this process the only server of an embedded database. It fails with errServed if there is one. Commands that work beside a
// server need no claim. On PostgreSQL there may be any number of servers.
func (c *config) claim() (release func() error, err error) {
	path, embedded := c.sqlitePath()
	if !embedded {
		return func() error { return nil }, nil
	}
	if err := c.makeDataDir(); err != nil {
		return nil, err
	}
	if err := c.checkPlace(); err != nil {
		return nil, err
	}
	path = followed(path)
	claimed, err := lockDatabase(path, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if claimed.file, err = lockFile(path); err != nil {
		return nil, errors.Join(err, claimed.release())
	}
	before := noteAt(path)
	if err := errors.Join(before.checkSpoiled(path), before.checkLog(path)); err != nil {
		return nil, errors.Join(err, claimed.release())
	}
	// What the server before has noted goes first: the database may be another one by now, and a migration takes its time. Where the file
	// has another name, in a copy of links for example, it would be believed again once that is gone: this server takes one of its own.
	if claimed.note(note{}) != nil && os.Remove(claimed.lock.Path()) == nil {
		if err := claimed.keep(note{}); err != nil {
			return nil, errors.Join(err, claimed.release())
		}
	}
	c.claimed = claimed
	return claimed.release, nil
}

// lockPatience is how long a lock is tried again that somebody has: checkServed takes it for a moment.
const lockPatience = 100 * time.Millisecond

// lockDatabase is claim for what has found the place of the database. flags are those with which the file is opened that is locked.
func lockDatabase(path string, flags int) (*claim, error) {
	// A file of its own: SQLite locks parts of the database itself, and on some systems one lock would end the other.
	lock := flock.New(noteFile(path), flock.SetPermissions(0o600), flock.SetFlag(flags))
	patience, done := context.WithTimeout(context.Background(), lockPatience)
	defer done()
	taken, err := lock.TryLockContext(patience, lockPatience/10)
	if patience.Err() != nil && errors.Is(err, patience.Err()) {
		err = nil
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("claim the database %s: %w", path, store.AtPlace(path, err))
	case !taken:
		return nil, fmt.Errorf("%w %s: stop it first", errServed, path)
	}
	if err := store.GiveToOwner(lock.Path()); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	store.RemoveDrafts(filepath.Dir(path))
	return &claim{database: path, lock: lock}, nil
}

func (c *claim) release() (err error) {
	if c.file != nil {
		err = c.file.Close()
	}
	return errors.Join(err, c.lock.Close())
}

// isInPlace reports whether the file that is locked is where others look for it. Where that cannot be seen for now, it is.
func (c *claim) isInPlace() bool {
	held, err := c.lock.Stat()
	return err != nil || inItsPlace(c.lock.Path(), held)
}

// keep locks another file in the place of one that was removed, which has taken the lock along, and moves what was noted there. It fails
// with errServed if another server was faster.
func (c *claim) keep(noted note) error {
	if c.isInPlace() {
		return nil
	}
	again, err := lockDatabase(c.database, os.O_CREATE|os.O_RDWR)
	if errors.Is(err, errServed) {
		return err
	}
	if err != nil {
		return nil //nolint:nilerr // a full disk for example: it is tried again
	}
	_ = c.lock.Close() // of a file that nobody else can see
	c.lock = again.lock
	_ = c.note(noted)
	return nil
}

// keepFromServers is claim for a command that puts a database where none is: it makes nothing in a place that no server has ever had.
func keepFromServers(path string) (release func() error, err error) {
	claimed, err := lockDatabase(path, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	return claimed.release, nil
}

// keepFromOlderServers is claim for a command that migrates an embedded database before it does what it is asked for: a server that runs on
// an earlier schema is of an earlier version, and is not to find another one under it.
func (c *config) keepFromOlderServers(ctx context.Context, db *store.DB) (release func() error, err error) {
	none := func() error { return nil }
	path, embedded := c.sqlitePath()
	if !embedded || c.claimed != nil {
		return none, nil
	}
	schema, err := db.SchemaVersion(ctx)
	if err != nil || schema == 0 {
		return none, err
	}
	pending, err := db.PendingMigrations(ctx)
	if err != nil || pending == 0 {
		return none, err
	}
	if release, err = keepFromServers(followed(path)); errors.Is(err, errServed) {
		err = fmt.Errorf("%w, or use its version of this program; its schema is that of an earlier one (%d pending), and would be "+
			"migrated under it", err, pending)
	}
	return release, err
}
