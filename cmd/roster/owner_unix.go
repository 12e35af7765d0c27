//go:build unix

package main

import (
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

// withoutName reports whether a file that is open was removed, under each of its names.
func withoutName(file *os.File) bool {
	info, err := file.Stat()
	if err != nil {
		return false
	}
	of, known := info.Sys().(*syscall.Stat_t)
	return known && of.Nlink == 0
}
