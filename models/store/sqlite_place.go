package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"modernc.org/sqlite"
)

// AtPlace adds to an error that a file of an SQLite database cannot be used, or one beside it, what the place has to be like, if it is the
// place that is wrong. Other errors stay as they are.
func AtPlace(path string, err error) error {
	dir := filepath.Dir(path)
	if errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w; SQLite writes beside a database also when it is read, so it has to be where that is possible: "+
			"'roster restore' puts a backup there", err)
	}
	if lacksRoom(err) {
		return fmt.Errorf("%w; there is no room on the disk of %s, where SQLite writes also when a database is read: make some", err, dir)
	}
	if !errors.Is(err, fs.ErrPermission) && !refusedBySQLite(err) {
		return err
	}
	info, missing := os.Stat(dir)
	if missing != nil {
		return err
	}
	return fmt.Errorf("%w; whoever runs this (user %d) has to be able to write the database and its directory %s, where SQLite writes "+
		"also when it is read: the directory has the mode %04o%s", err, os.Geteuid(), dir, info.Mode().Perm(), ownedBy(info))
}

// lacksRoom reports whether SQLite could not make the index of its log as large as that has to be, which is the first that it does. Where
// it finds the disk full later, it says so itself.
func lacksRoom(err error) bool {
	const indexSize = 10 | 19<<8
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code() == indexSize
}

// refusedBySQLite reports whether SQLite cannot write a database, or open what is beside it (https://www.sqlite.org/rescode.html).
func refusedBySQLite(err error) bool {
	const readOnly, cannotOpen = 8, 14
	var lite *sqlite.Error
	return errors.As(err, &lite) && slices.Contains([]int{readOnly, cannotOpen}, lite.Code()&0xff)
}
