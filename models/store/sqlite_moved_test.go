package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

// TestNothingIsReadFromAFileThatWasPutInThePlace of the database, since its log is still there: a connection more would read both, and put
// the log into that file when it closes. What was opened keeps all that was written, and no file is made or changed.
func TestNothingIsReadFromAFileThatWasPutInThePlace(t *testing.T) {
	t.Parallel()
	for what, put := range map[string]func(place, other string) error{
		"none":      func(string, string) error { return nil },
		"another":   func(place, other string) error { return os.Rename(other, place) },
		"empty one": func(place, _ string) error { return os.WriteFile(place, nil, 0o600) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			place, other, moved := filepath.Join(dir, "roster.db"), filepath.Join(dir, "other.db"), filepath.Join(dir, "moved.db")
			if err := writeNote(t, other, "of another database").Close(); err != nil {
				t.Fatal(err)
			}
			db := writeNote(t, place, "before")
			held, err := db.Pools()["read"].Conn(t.Context())
			if err == nil {
				err = errors.Join(os.Rename(place, moved), put(place, other))
			}
			if err != nil {
				t.Fatal(err)
			}
			before, none := os.ReadFile(place)
			if _, err := db.Exec(t.Context(), `INSERT INTO notes VALUES ('after')`); err != nil {
				t.Errorf("who has the file open goes on: %v", err)
			}
			for range 3 {
				if conn, err := db.Pools()["read"].Conn(t.Context()); !store.Unavailable(err) {
					t.Errorf("a connection more: %v %v", conn, err)
				}
			}
			if err := errors.Join(held.Close(), db.FoldLog(t.Context()), db.Close()); err != nil {
				t.Fatal(err)
			}
			now, err := os.ReadFile(place)
			if !bytes.Equal(now, before) || errors.Is(err, fs.ErrNotExist) != errors.Is(none, fs.ErrNotExist) {
				t.Errorf("what is in the place has changed from %d to %d bytes: %v", len(before), len(now), err)
			}
			var notes int
			old := modelstest.OpenConfig(t, modelstest.ConfigAt("sqlite:"+moved))
			if err := old.Session(t.Context()).Raw(`SELECT count(*) FROM notes`).Scan(&notes).Error; err != nil || notes != 2 {
				t.Errorf("%d notes in the file that was opened: %v", notes, err)
			}
		})
	}
}

// writeNote makes a database of notes, with one.
func writeNote(t *testing.T, path, note string) *store.DB {
	t.Helper()
	db := modelstest.OpenConfig(t, modelstest.ConfigAt("sqlite:"+path))
	for _, statement := range []string{`CREATE TABLE notes (text TEXT NOT NULL)`, `INSERT INTO notes VALUES ('` + note + `')`} {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return db
}
