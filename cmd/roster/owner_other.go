//go:build !unix

package main

import "io/fs"

// ownerOfFile returns whom a file belongs to, which this system does not say in numbers.
func ownerOfFile(fs.FileInfo) fileOwner { return fileOwner{} }
