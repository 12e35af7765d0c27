package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// GiveToOwner gives a file or a directory that root has made to whom the directory belongs to that it is in, so that a command of root's
// leaves nothing behind that the server cannot write. SQLite does so with the files that it makes beside a database.
func GiveToOwner(path string) error { return giveToOwner(path, filepath.Dir(path)) }

// giveToOwner gives what root has made to whom a directory belongs to.
func giveToOwner(path, owned string) error {
	directory, err := os.Stat(owned)
	if err != nil {
		return fmt.Errorf("look whom %s is for: %w", path, err)
	}
	made, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look whom %s belongs to: %w", path, err)
	}
	uid, gid, give := NewOwner(directory, made)
	if !give {
		return nil
	}
	if err := os.Lchown(path, uid, gid); err != nil {
		return fmt.Errorf("give %s to the owner of its directory: %w", path, err)
	}
	return nil
}

// MakeDirectory makes a directory that only its owner can use, and those that it is in, unless they are there. What root makes is given to
// whom the one above belongs to.
func MakeDirectory(path string) error {
	err := os.Mkdir(path, 0o700)
	if above := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && above != path {
		if err := MakeDirectory(above); err != nil {
			return err
		}
		err = os.Mkdir(path, 0o700)
	}
	if err == nil {
		return GiveToOwner(path)
	}
	if info, missing := os.Stat(path); missing == nil && info.IsDir() {
		return nil
	}
	return err
}
