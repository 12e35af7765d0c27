package models

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func openWithKey(t *testing.T, path string, firstByte byte) *DB {
	t.Helper()
	master := make([]byte, MasterKeySize)
	master[0] = firstByte
	vault, err := NewVault(master)
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Config{URL: "sqlite:" + path, MaxConnections: 2, Vault: vault, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestADatabaseBelongsToTheFirstKeyThatOpensIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	first, other := openWithKey(t, path, 1), openWithKey(t, path, 2)
	if _, err := first.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := CheckVault(t.Context(), first); err != nil {
			t.Errorf("the first key: %v", err)
		}
		if err := CheckVault(t.Context(), other); !errors.Is(err, ErrForeignVault) {
			t.Errorf("another key: %v", err)
		}
	}
}

func TestOfKeysThatArriveAtOnceOneWins(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	dbs := make([]*DB, 6)
	for n := range dbs {
		dbs[n] = openWithKey(t, path, byte(n))
	}
	if _, err := dbs[0].Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	results := make([]error, len(dbs))
	var all sync.WaitGroup
	for n, db := range dbs {
		all.Go(func() { results[n] = CheckVault(t.Context(), db) })
	}
	all.Wait()
	accepted := 0
	for _, err := range results {
		switch {
		case err == nil:
			accepted++
		case !errors.Is(err, ErrForeignVault):
			t.Errorf("unexpected: %v", err)
		}
	}
	if accepted != 1 {
		t.Errorf("%d keys were accepted", accepted)
	}
}
