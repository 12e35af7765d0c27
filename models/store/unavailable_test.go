package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"roster/models/store"
)

// TestAFileThatAnotherProcessWritesIsUnavailable asks SQLite itself for the error that a server gets when its patience is over.
func TestAFileThatAnotherProcessWritesIsUnavailable(t *testing.T) {
	t.Parallel()
	begin := func(path string) error {
		db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() }) // together with what it began
		tx, err := db.BeginTx(t.Context(), nil)
		if err == nil {
			_, err = tx.ExecContext(t.Context(), "CREATE TABLE t (id)")
		}
		return err
	}
	path := filepath.Join(t.TempDir(), "roster.db")
	if err := begin(path); err != nil {
		t.Fatal(err)
	}
	if err := begin(path); !store.Unavailable(err) {
		t.Errorf("%v says that the database cannot be used at any time", err)
	}
	if err := begin(filepath.Dir(path)); !store.Unavailable(err) {
		t.Errorf("a file that cannot be opened: %v", err)
	}
}
