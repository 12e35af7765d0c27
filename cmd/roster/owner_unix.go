//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
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
	return fmt.Sprint(of.Ino)
}

// openAlone opens a file that is there under this one name. A link could lead to anybody's, and who runs this may be root.
func openAlone(path string, flag int) (*os.File, error) {
	file, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0) // a named pipe would keep it waiting
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if of, known := info.Sys().(*syscall.Stat_t); !known || !info.Mode().IsRegular() || of.Nlink != 1 {
		return nil, errors.Join(fmt.Errorf("%s has other names, or is no file", path), file.Close())
	}
	return file, nil
}

// overwrite puts a text into a file that openAlone opens.
func overwrite(path, text string) (err error) {
	file, err := openAlone(path, os.O_WRONLY)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return err
}

// overwritten returns what overwrite has put into a file. Where it would put nothing now, what is there is of an earlier time: in a file
// that got a second name since, with a copy of links for example.
func overwritten(path string) (string, error) {
	file, err := openAlone(path, os.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // it is only read
	text, err := io.ReadAll(file)
	return string(text), err
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

// sameDevice reports whether two files are one device, which may have more than one place: a unit or a container has a /dev of its own.
func sameDevice(one, other fs.FileInfo) bool {
	a, known := one.Sys().(*syscall.Stat_t)
	b, alike := other.Sys().(*syscall.Stat_t)
	const device = fs.ModeDevice | fs.ModeCharDevice
	return known && alike && one.Mode()&device == device && other.Mode()&device == device && a.Rdev == b.Rdev
}
