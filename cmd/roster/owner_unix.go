//go:build unix

package main

import (
	"io/fs"
	"syscall"
)

// ofRoot reports whether a file belongs to root.
func ofRoot(info fs.FileInfo) bool {
	of, known := info.Sys().(*syscall.Stat_t)
	return known && of.Uid == 0
}
