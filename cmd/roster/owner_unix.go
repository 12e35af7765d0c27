//go:build unix

package main

import (
	"io/fs"
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
