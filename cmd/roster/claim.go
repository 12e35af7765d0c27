package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"roster/models/store"
)

// errServed says that a server runs on the embedded database.
var errServed = errors.New("a server runs on the database")

// claim makes this process the only server of an embedded database, until release is called or the process ends, however it does. It fails
// with errServed if there is one. Commands that work beside a server need no claim. On PostgreSQL there may be any number of servers.
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
	// A file of its own: SQLite locks parts of the database itself, and on some systems one lock would end the other.
	lock := flock.New(path+".server", flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR))
	switch taken, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("claim the database %s: %w", path, err)
	case !taken:
		return nil, fmt.Errorf("%w %s: stop it first", errServed, path)
	}
	if err := store.GiveToOwner(lock.Path()); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	store.RemoveDrafts(filepath.Dir(path))
	return lock.Close, nil
}
