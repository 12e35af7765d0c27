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
	release, err = lockDatabase(followed(path), os.O_CREATE|os.O_RDWR)
	c.claimed = err == nil
	return release, err
}

// lockDatabase is claim for what has found the place of the database. flags are those with which the file is opened that is locked.
func lockDatabase(path string, flags int) (release func() error, err error) {
	// A file of its own: SQLite locks parts of the database itself, and on some systems one lock would end the other.
	lock := flock.New(path+".server", flock.SetPermissions(0o600), flock.SetFlag(flags))
	switch taken, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("claim the database %s: %w", path, store.AtPlace(path, err))
	case !taken:
		return nil, fmt.Errorf("%w %s: stop it first", errServed, path)
	}
	if err := store.GiveToOwner(lock.Path()); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	store.RemoveDrafts(filepath.Dir(path))
	return lock.Close, nil
}

// keepFromServers is claim for a command that puts a database where none is: it makes nothing in a place that no server has ever had.
func keepFromServers(path string) (release func() error, err error) {
	release, err = lockDatabase(path, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return func() error { return nil }, nil
	}
	return release, err
}

// keepFromOlderServers is claim for a command that migrates an embedded database before it does what it is asked for: a server that runs on
// an earlier schema is of an earlier version, and is not to find another one under it.
func (c *config) keepFromOlderServers(ctx context.Context, db *store.DB) (release func() error, err error) {
	none := func() error { return nil }
	path, embedded := c.sqlitePath()
	if !embedded || c.claimed {
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

// checkEvery is how often a server looks whether its database is in its place. What it answers meanwhile is lost to whoever has put another
// one there, and looking is one call.
const checkEvery = time.Second

// heldFile is the file of an embedded database as a server has opened it. It is held so that it can be asked whether it still has a name,
// and closed after the database: before that, it would end SQLite's locks.
type heldFile struct {
	file   *os.File
	opened fs.FileInfo
	path   string // of the place, whatever the directory is called that the server was started in
}

// holdFile opens the file of an embedded database beside SQLite. On PostgreSQL it returns nil.
func (c *config) holdFile() (*heldFile, error) {
	path, embedded := c.sqlitePath()
	if !embedded {
		return nil, nil //nolint:nilnil // there is none, and nothing is wrong
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("look where the database is: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("look after the database: %w", err)
	}
	opened, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("look after the database: %w", errors.Join(err, file.Close()))
	}
	// For commands beside it. Without it, on a full disk for example, it serves as well.
	_ = overwrite(followed(path)+".server", fileIdentity(opened))
	return &heldFile{file, opened, path}, nil
}

// checkServed refuses a database that was put in the place of one which a server runs on, until that one has noticed and ended: the log
// beside it is of the other, and SQLite would read both as one, or put it into this one and destroy it.
func (c *config) checkServed() error {
	path, embedded := c.sqlitePath()
	if !embedded || c.claimed {
		return nil
	}
	path = followed(path)
	served, err := os.ReadFile(path + ".server")
	if err != nil || len(served) == 0 {
		return nil //nolint:nilerr // no server has said anything
	}
	if now, err := os.Stat(path); err != nil || fileIdentity(now) == string(served) {
		return nil //nolint:nilerr // whoever opens it says what is wrong
	}
	release, err := keepFromServers(path) // one that was killed has left what it noted
	if errors.Is(err, errServed) {
		return fmt.Errorf("a server runs whose database was in the place of %s before, and whose log is there: wait until it has ended, "+
			"which takes a second or two", path)
	}
	if err != nil {
		return nil //nolint:nilerr // who may not lock may still read
	}
	return release()
}

// Close closes a file that there is.
func (f *heldFile) Close() error {
	if f == nil {
		return nil
	}
	return f.file.Close()
}

// errNotInPlace ends a server whose database is not in its place any more. Its end says the rest, unless the file is back by then.
var errNotInPlace = errors.New("the database was not in its place while this server ran")

// watchFile ends the server when the embedded database that it has opened is not in its place any more. Whoever moves its directory away
// takes the lock along with it, and nothing keeps another server from the old place. What cannot be told from others is not looked after.
//
// However such a server ends, also by a signal before it has noticed, it leaves no log behind: SQLite would put that into whatever file is
// in its place by then, a backup for example, and destroy it. A file that has no name any more ends with the process, so what is in it is
// copied.
func (a *app) watchFile(file *heldFile) {
	a.onStop(func() error {
		if inItsPlace(file.path, file.opened) {
			return nil
		}
		return errors.Join(a.sayWhereItIs(file), a.db.FoldLog(context.Background()))
	})
	a.background(func(ctx context.Context) {
		ticks := time.NewTicker(checkEvery)
		defer ticks.Stop()
		for inItsPlace(file.path, file.opened) {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
		}
		a.end(errNotInPlace)
	})
}

// sayWhereItIs tells of a database that is not in its place where what the server has written is. Where the file has no name any more, that
// is a copy, which this makes.
func (a *app) sayWhereItIs(file *heldFile) error {
	if !withoutName(file.file) {
		return fmt.Errorf("the database %s was moved, removed or replaced while this server ran; what it has written since is in the file "+
			"that it had opened, with the log of that: look for them before anything else is done", file.path)
	}
	kept := file.path + ".kept-" + time.Now().UTC().Format("20060102T150405Z")
	if _, err := a.db.BackUpOpened(context.Background(), kept); err != nil {
		return fmt.Errorf("the database %s was removed or replaced while this server ran, and the file that it had opened has no name any "+
			"more; what was in it, and what was written since, is lost, because no copy could be made: %w", file.path, err)
	}
	return fmt.Errorf("the database %s was removed or replaced while this server ran, and the file that it had opened has no name any "+
		"more; what was in it, with what was written since, is in %s now: look at it before anything else is done", file.path, kept)
}

// inItsPlace reports whether a file is where it was opened. A directory that cannot be looked into for now says nothing of the kind.
func inItsPlace(path string, opened fs.FileInfo) bool {
	now, err := os.Stat(path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	return os.SameFile(opened, now)
}
