//go:build unix

package store

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// NewOwner returns to whom something is to be given that this process has made in a directory: what root makes, to whom the directory
// belongs to. give is false for what stays as it is.
func NewOwner(directory, made fs.FileInfo) (uid, gid int, give bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	owner, known := directory.Sys().(*syscall.Stat_t)
	of, both := made.Sys().(*syscall.Stat_t)
	// A file with a second name may be anybody's: whoever owns the directory could have put it there. Directories have none.
	own := made.Mode().IsRegular() && both && of.Nlink == 1 || made.IsDir()
	if !known || !both || !own || owner.Uid == 0 || of.Uid != 0 {
		return 0, 0, false
	}
	return int(owner.Uid), int(owner.Gid), true
}

// ownedBy says whom a directory belongs to.
func ownedBy(info fs.FileInfo) string {
	of, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return ""
	}
	return fmt.Sprintf(" and belongs to user %d", of.Uid)
}
