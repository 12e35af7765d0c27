package store

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestWhatIsWrongWithThePlaceOfADatabase(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/roster.db"
	for _, test := range []struct {
		err  error
		says string // "" for nothing more
	}{
		{syscall.EROFS, "; SQLite writes beside a database also when it is read, so it has to be where that is possible"},
		{syscall.EACCES, "; whoever runs this (user "},
		{syscall.ENOSPC, ""},
		{syscall.ENOENT, ""},
	} {
		err := &fs.PathError{Op: "open", Path: path, Err: test.err}
		said := AtPlace(path, err)
		if more := strings.TrimPrefix(said.Error(), err.Error()); !errors.Is(said, test.err) || !strings.HasPrefix(more, test.says) ||
			test.says == "" && more != "" {
			t.Errorf("%v: %v", test.err, said)
		}
	}
}
