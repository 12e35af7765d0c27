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
		return fmt.Errorf("%w; SQLite writes beside a database also when it is read, so it has to be where that is possible: 'roster restore' "+
			"puts a backup there", err)
	}
	if !errors.Is(err, fs.ErrPermission) && !refusedBySQLite(err) {
		return err
	}
	info, missing := os.Stat(dir)
	if missing != nil {
		return err
	}
	return fmt.Errorf("%w; whoever runs this (user %d) has to be able to write the database and its directory %s, where SQLite writes also "+
		"when it is read: the directory has the mode %04o%s", err, os.Geteuid(), dir, info.Mode().Perm(), ownedBy(info))
}

// refusedBySQLite reports whether SQLite cannot write a database, or open what is beside it (https://www.sqlite.org/rescode.html).
func refusedBySQLite(err error) bool {
	const readOnly, cannotOpen = 8, 14
	var lite *sqlite.Error
	return errors.As(err, &lite) && slices.Contains([]int{readOnly, cannotOpen}, lite.Code()&0xff)
}
