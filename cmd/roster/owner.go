package main

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// checkKeyMode makes sure that nobody reads a key file but its owner and, where that is root, who root lets: a Secret that Kubernetes
// mounts belongs to root and the group of the pod. PostgreSQL has the same rule for its private keys.
func checkKeyMode(path string, info fs.FileInfo) error {
	mode, of := info.Mode().Perm(), ownerOfFile(info)
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("the secret key file %s is no file", path)
	case mode&0o007 != 0:
		return fmt.Errorf("the secret key file %s can be read by others (mode %04o); %s", path, mode, of.correction(path, thisReader()))
	case mode&0o070 != 0 && !of.isRoot():
		return fmt.Errorf("the secret key file %s can be read by its group (mode %04o), and it does not belong to root; %s",
			path, mode, of.correction(path, thisReader()))
	case mode&0o030 != 0:
		return fmt.Errorf("the secret key file %s can be changed by its group (mode %04o); correct it with: chmod 440 %s", path, mode, path)
	}
	return nil
}

// fileOwner is whom a file belongs to, by numbers; nobody where the system does not say.
type fileOwner struct {
	user, group int
	known       bool
}

func (o fileOwner) isRoot() bool { return o.known && o.user == 0 }

// fileReader is who reads a file, by numbers.
type fileReader struct {
	user   int
	groups []int // its own first
}

func thisReader() fileReader {
	others, _ := os.Getgroups() // no system that has some refuses to tell
	return fileReader{user: os.Geteuid(), groups: append([]int{os.Getegid()}, others...)}
}

// correction says how the file of a secret key is made one that r reads and no stranger does.
func (o fileOwner) correction(path string, r fileReader) string {
	switch {
	case !o.known || r.user == o.user || r.user == 0:
		return fmt.Sprintf("correct it with: chmod 600 %s", path)
	case o.user != 0:
		return fmt.Sprintf("correct it, as root, with: chown %d %s && chmod 600 %[2]s", r.user, path)
	case slices.Contains(r.groups, o.group):
		return fmt.Sprintf("correct it, as root, with: chmod 0440 %s; this program reads it as a member of its group, %d. A Secret of "+
			"Kubernetes is mounted so with defaultMode: 0440", path, o.group)
	}
	return fmt.Sprintf("correct it, as root, with: chgrp %d %s && chmod 0440 %[2]s; this program reads it as a member of that group then. "+
		"A Secret of Kubernetes is mounted so with defaultMode: 0440 and fsGroup", r.groups[0], path)
}
