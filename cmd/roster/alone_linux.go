package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// lockFile locks the file of an embedded database itself, so that no other server opens it under another name, which has a log of its own:
// the lock of claim is on a file that belongs to one name. On Linux these locks and those that SQLite has in the file do not see each
// other. It fails with errServed, and returns nil where there is no file yet, or none that can be locked so. It is closed after the
// database: before that, it would end SQLite's locks.
func lockFile(path string) (*os.File, error) {
	file, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // whoever makes it is alone with it
	}
	if err != nil {
		return nil, fmt.Errorf("claim the database: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(fmt.Errorf("%w %s, which it has under another name, or whose lock %s was removed: stop it first", errServed,
			path, noteFile(path)), file.Close())
	}
	return file, nil // on other errors as well: network file systems want to write it for that
}
