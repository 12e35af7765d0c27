//go:build unix

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// GiveToOwner gives a file that root has made to whom its directory belongs to, so that a command of root's leaves nothing behind that the
// server cannot write. SQLite does so with the files that it makes beside a database.
func GiveToOwner(path string) error { return giveToOwner(path, filepath.Dir(path)) }

// giveToOwner gives a file that root has made to whom a directory belongs to.
func giveToOwner(path, owned string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	directory, err := os.Stat(owned)
	if err != nil {
		return fmt.Errorf("look whom %s is for: %w", path, err)
	}
	file, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look whom %s belongs to: %w", path, err)
	}
	owner, known := directory.Sys().(*syscall.Stat_t)
	made, both := file.Sys().(*syscall.Stat_t)
	// A file with a second name may be anybody's: whoever owns the directory could have put it there.
	if !known || !both || owner.Uid == 0 || made.Uid != 0 || made.Nlink != 1 || !file.Mode().IsRegular() {
		return nil
	}
	if err := os.Lchown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("give %s to the owner of its directory: %w", path, err)
	}
	return nil
}
