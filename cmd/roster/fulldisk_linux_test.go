package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"roster/models/store"
)

// smallDisk mounts a disk of its own with room for so many bytes, or for so many files.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill leaves no room on a disk.
func fill(t *testing.T, dir string) {
	t.Helper()
	err := os.WriteFile(filepath.Join(dir, "fill"), make([]byte, 1<<20), 0o600)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
}

// TestAFullDiskIsToldOfByTheNameThatWasGiven: nobody has heard of a draft, and none is left.
func TestAFullDiskIsToldOfByTheNameThatWasGiven(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if code, _, stderr := command(t, nil, "migrate", "up", "--data-dir", data); code != exitOK {
		t.Fatal(stderr)
	}
	serve(t, data, noRoutes).stop()
	backup := filepath.Join(t.TempDir(), "backup.db")
	if code, _, stderr := command(t, nil, "backup", backup, "--data-dir", data); code != exitOK {
		t.Fatal(stderr)
	}
	check := func(dir, file string, args ...string) {
		t.Helper()
		before, _ := os.ReadDir(dir)
		code, stdout, stderr := command(t, nil, args...)
		if code != exitFailure || stdout != "" || !strings.Contains(stderr, file) || strings.Contains(stderr, "draft") ||
			strings.Count(stderr, "no space left on device")+strings.Count(stderr, "disk is full") != 1 {
			t.Errorf("%s on a full disk: %d %s %s", args[:2], code, stdout, stderr)
		}
		if after, _ := os.ReadDir(dir); len(after) != len(before) {
			t.Errorf("%s on a full disk leaves %v", args[:2], after)
		}
	}
	full := smallDisk(t, "size=64k")
	fill(t, full)
	key := filepath.Join(full, "new.key")
	check(full, key, "secret-key", "create", key)
	for files := range 4 { // the root of it, and each that is made on the way
		few := smallDisk(t, fmt.Sprintf("size=64k,nr_inodes=%d", files+2))
		if err := os.WriteFile(filepath.Join(few, "one"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		key := filepath.Join(few, "new.key")
		check(few, key, "secret-key", "create", key)
	}
	kept := filepath.Join(full, "kept.db")
	check(full, kept, "backup", kept, "--data-dir", data)
	restored := filepath.Join(full, "roster.db")
	check(full, restored, "restore", backup, "--database-url", "sqlite:"+restored, "--secret-key-file", filepath.Join(data, "secret.key"))
}

// TestAFirstStartOnAFullDiskIsBegunAgain, however far it came, when there is room.
func TestAFirstStartOnAFullDiskIsBegunAgain(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"a key of its own", "a key that is given"} {
		for _, room := range []int{4, 20, 40, 44, 60, 100, 200} {
			t.Run(fmt.Sprintf("%s, %d KiB", mode, room), func(t *testing.T) {
				t.Parallel()
				disk := smallDisk(t, fmt.Sprintf("size=%dk", room))
				where := []string{"--data-dir", filepath.Join(disk, "data")}
				if mode == "a key that is given" {
					key := filepath.Join(t.TempDir(), "secret.key")
					if err := writeSecretKey(key, store.NewSecretKey()); err != nil {
						t.Fatal(err)
					}
					where = append(where, "--secret-key-file", key)
				}
				for range 2 {
					code, _, stderr := command(t, nil, append([]string{"serve", "--listen", "127.0.0.1:0"}, where...)...)
					if code != exitFailure || !strings.Contains(stderr, "is full (13)") &&
						!strings.Contains(stderr, "there is no room on the disk of") {
						t.Errorf("on a full disk: %d %s", code, stderr)
					}
				}
				if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=20m"); err != nil {
					t.Fatal(err)
				}
				launch(t, append(where, "--listen", "127.0.0.1:0")...)
				if code, stdout, stderr := command(t, nil, append([]string{"verify"}, where...)...); code != exitOK {
					t.Errorf("%s%s", stdout, stderr)
				}
			})
		}
	}
}
