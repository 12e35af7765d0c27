package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

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
	path   string                 // of the place, whatever the directory is called that the server was started in
	beside map[string]fs.FileInfo // SQLite's own files, which stay the same ones as long as somebody has the database open

	// The mark that this server has put into the file, 0 for none, and whether it has been seen there: it comes by way of the log.
	mark   uint32
	marked bool

	claim   *claim
	noted   note // what the claim says of it
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
	held := &heldFile{file: file, opened: opened, path: path, claim: c.claimed}
	held.mark, _ = db.MarkFile(ctx) // without it, on a full disk for example, it serves as well
	held.beside = map[string]fs.FileInfo{}
	for _, name := range []string{logFile(path), followed(path) + "-shm"} {
		if held.beside[name], err = os.Stat(name); err != nil {
			delete(held.beside, name) // it cannot be looked after
		}
	}
	held.tell()
	return held, nil
}

// tell notes for commands, and for the next server, which file this is. Its mark is told once it is there, or if there is nothing yet that
// could have come without it.
func (f *heldFile) tell() {
	mark := f.mark
	if at, err := store.FileMark(f.file); (err != nil || at != mark) && !store.IsBeginning(f.file) {
		mark = 0
	}
	if now := (note{file: fileIdentity(f.opened), mark: mark}); now != f.noted && f.claim.note(now) == nil {
		f.noted = now
	}
}

// look fails with errServed if another server has claimed the database meanwhile, with errNotInPlace if its file is not where it was
// opened, or is not what it was any more, and with errLogNotInPlace if that is so for a file of SQLite beside it.
func (f *heldFile) look() error {
	if !inItsPlace(f.path, f.opened) {
		return errNotInPlace
	}
	for name, opened := range f.beside {
		if !inItsPlace(name, opened) {
			return fmt.Errorf("%w: %s", errLogNotInPlace, name)
		}
	}
	if err := f.claim.keep(f.noted); err != nil { // first: the other one puts its own mark into the file
		return err
	}
	if f.isWrittenOver() {
		return errNotInPlace
	}
	f.tell()
	return nil
}

// isWrittenOver reports whether somebody has put another database into the file itself.
func (f *heldFile) isWrittenOver() bool {
	if f.mark == 0 {
		return false
	}
	mark, err := store.FileMark(f.file)
	if err == nil && mark == f.mark {
		f.marked = true
		return false
	}
	return f.marked && (err == nil || errors.Is(err, io.EOF))
}

// Close closes a file that there is, after the database.
func (f *heldFile) Close() error {
	if f == nil {
		return nil
	}
	if now, err := f.file.Stat(); err == nil && f.spoiled {
		_ = f.claim.note(note{file: spoiledIdentity(now)}) // on a full disk, it has said so all the same
	}
	return f.file.Close()
}

// errNotInPlace ends a server whose database is not in its place any more. Its end says the rest, unless the file is back by then.
var errNotInPlace = errors.New("the database was not in its place while this server ran")

// errLogNotInPlace ends a server whose log others do not see any more, or do not share: nobody could recover what is in it if the server
// was killed.
var errLogNotInPlace = errors.New("a file of SQLite beside the database was moved or removed while this server ran")

// watchFile ends the server when the embedded database that it has opened is not in its place any more. Whoever moves its directory away
// takes the lock along with it, and nothing keeps another server from the old place. What cannot be told from others is not looked after.
//
// However such a server ends, also by a signal before it has noticed, it leaves no log behind: SQLite would put that into whatever file is
// in its place by then, a backup for example, and destroy it. A file that has no name any more ends with the process, so what is in it is
// copied. For one that was written over nothing can be done, but to say so before hours of work have gone into it.
func (a *app) watchFile(file *heldFile) {
	a.onStop(func() error {
		switch err := file.look(); {
		case err == nil:
			return nil
		case errors.Is(err, errServed):
			return fmt.Errorf("the lock %s was removed while this server ran, and another server has started on the database since; "+
				"nothing is lost, and that one goes on", noteFile(file.path))
		case errors.Is(err, errLogNotInPlace):
			if failed := a.db.FoldLog(context.Background()); failed != nil {
				return fmt.Errorf("%w; what was written last may be lost: %w", err, failed)
			}
			return fmt.Errorf("%w; all that was in it is in the database now, and nothing is lost: start the server again", err)
		case inItsPlace(file.path, file.opened):
			file.spoiled = true
			return fmt.Errorf("the database %s was written over while this server ran; neither what was in it, nor what was put there, is "+
				"whole: move it away, with the log %s if there is one, and restore a backup", file.path, logFile(file.path))
		}
		return errors.Join(a.sayWhereItIs(file), a.db.FoldLog(context.Background()))
	})
	a.background(func(ctx context.Context) {
		ticks := time.NewTicker(checkEvery)
		defer ticks.Stop()
		for {
			if err := file.look(); err != nil {
				a.end(errNotInPlace)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
		}
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
