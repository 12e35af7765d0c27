package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"roster/models/store"
)

// checkEvery is how often a server looks whether its database is in its place. What it answers meanwhile is lost to whoever has put another
// one there, and looking is one call.
const checkEvery = time.Second

// heldFile is the file of an embedded database as a server has opened it. It is held so that it can be asked whether it still has a name,
// and closed after the database: before that, it would end SQLite's locks.
type heldFile struct {
	file   *os.File
	opened fs.FileInfo
	path   string // of the place, whatever the directory is called that the server was started in

	// The mark that this server has put into the file, 0 for none, and whether it has been seen there: it comes by way of the log.
	mark   uint32
	marked atomic.Bool

	spoiled bool // it was written over, and the next server is to know
}

// holdFile opens the file of an embedded database beside SQLite, and marks it. On PostgreSQL it returns nil.
func (c *config) holdFile(ctx context.Context, db *store.DB) (*heldFile, error) {
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
	held := &heldFile{file: file, opened: opened, path: path}
	held.mark, _ = db.MarkFile(ctx) // likewise
	return held, nil
}

// isInPlace reports whether the file is where it was opened, and is still what it was.
func (f *heldFile) isInPlace() bool { return inItsPlace(f.path, f.opened) && !f.isWrittenOver() }

// isWrittenOver reports whether somebody has put another database into the file itself.
func (f *heldFile) isWrittenOver() bool {
	if f.mark == 0 {
		return false
	}
	mark, err := store.FileMark(f.file)
	if err == nil && mark == f.mark {
		f.marked.Store(true)
		return false
	}
	return f.marked.Load() && (err == nil || errors.Is(err, io.EOF))
}

// checkServed refuses a database that was put in the place of one which a server runs on, until that one has noticed and ended: the log
// beside it is of the other, and SQLite would read both as one, or put it into this one and destroy it. Nor does it let a command go on
// with one that was written over: what it writes would hide that from the next server.
func (c *config) checkServed() error {
	path, embedded := c.sqlitePath()
	if !embedded || c.claimed {
		return nil
	}
	path = followed(path)
	if err := checkSpoiled(path); err != nil {
		return err
	}
	served, err := overwritten(path + ".server")
	if err != nil || served == "" {
		return nil //nolint:nilerr // no server has said anything
	}
	if now, err := os.Stat(path); err != nil || fileIdentity(now) == served {
		return nil //nolint:nilerr // whoever opens it says what is wrong
	}
	// One that was killed has left what it noted. The lock is shared: commands do not take each other for a server.
	lock := flock.New(path+".server", flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if err != nil {
		return nil //nolint:nilerr // who may not lock may still read
	}
	if free {
		return lock.Close()
	}
	return fmt.Errorf("a server runs whose database was in the place of %s before, and whose log is there: wait until it has ended, "+
		"which takes a second or two", path)
}

// checkSpoiled refuses a database that was written over while the server before ran, until another one is there: whatever starts servers
// again would have the next one go on with what is of neither.
func checkSpoiled(path string) error {
	noted, err := overwritten(path + ".server")
	if err != nil || noted == "" {
		return nil //nolint:nilerr // nothing is known
	}
	if now, err := os.Stat(path); err != nil || spoiledIdentity(now) != noted {
		return nil //nolint:nilerr // whoever opens it says what is wrong
	}
	return fmt.Errorf("the database %s was written over while the server before this one ran, and is not whole: move it away and restore "+
		"a backup; whoever wants it as it is removes %[1]s.server", path)
}

// spoiledIdentity is fileIdentity of a file that was written over, as long as nobody writes into it. Numbers of files are used again, so
// the time belongs to it.
func spoiledIdentity(info fs.FileInfo) string {
	return fmt.Sprintf("written over %d %s", info.ModTime().UnixNano(), fileIdentity(info))
}

// Close closes a file that there is, after the database.
func (f *heldFile) Close() error {
	if f == nil {
		return nil
	}
	if now, err := f.file.Stat(); err == nil && f.spoiled {
		_ = overwrite(followed(f.path)+".server", spoiledIdentity(now)) // on a full disk, it has said so all the same
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
// copied. For one that was written over nothing can be done, but to say so before hours of work have gone into it.
func (a *app) watchFile(file *heldFile) {
	a.onStop(func() error {
		if file.isInPlace() {
			return nil
		}
		if inItsPlace(file.path, file.opened) {
			file.spoiled = true
			return fmt.Errorf("the database %s was written over while this server ran; neither what was in it, nor what was put there, is "+
				"whole: move it away, with the log %s-wal if there is one, and restore a backup", file.path, filepath.Base(file.path))
		}
		return errors.Join(a.sayWhereItIs(file), a.db.FoldLog(context.Background()))
	})
	a.background(func(ctx context.Context) {
		ticks := time.NewTicker(checkEvery)
		defer ticks.Stop()
		for file.isInPlace() {
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
