//go:build !unix

package main

import (
	"io/fs"
	"os"
)

// ownerOfFile returns whom a file belongs to, which this system does not say in numbers.
func ownerOfFile(fs.FileInfo) fileOwner { return fileOwner{} }

// fileIdentity returns "": this system does not replace files that are open.
func fileIdentity(fs.FileInfo) string { return "" }

func overwrite(string, string) error { return nil }

func overwritten(string) (string, error) { return "", nil }

// withoutName returns false: this system does not remove files that are open.
func withoutName(*os.File) bool { return false }

// sameDevice reports whether two files are one.
func sameDevice(one, other fs.FileInfo) bool { return os.SameFile(one, other) }
