//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// ownerOfFile returns whom a file belongs to.
func ownerOfFile(info fs.FileInfo) fileOwner {
	of, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return fileOwner{}
	}
	return fileOwner{user: int(of.Uid), group: int(of.Gid), known: true}
}

// fileIdentity returns what tells a file from the others of its file system, "" where the system does not say. The number of that is left
// out: it may be another one in another container.
func fileIdentity(info fs.FileInfo) string {
	of, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return ""
	}
	return fmt.Sprintf("%d\n", of.Ino)
}

// overwrite puts a text into a file that is there under this one name. A link could lead to anybody's, and who runs this may be root.
func overwrite(path, text string) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if of, known := info.Sys().(*syscall.Stat_t); !known || !info.Mode().IsRegular() || of.Nlink != 1 {
		return fmt.Errorf("%s has other names, or is no file", path)
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return err
}

// withoutName reports whether a file that is open was removed, under each of its names.
func withoutName(file *os.File) bool {
	info, err := file.Stat()
	if err != nil {
		return false
	}
	of, known := info.Sys().(*syscall.Stat_t)
	return known && of.Nlink == 0
}
