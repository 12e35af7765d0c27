package models_test

import (
	"errors"
	"sync"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// withKey opens the database of cfg with a master key that is told from others by its first byte.
func withKey(t *testing.T, cfg models.Config, firstByte byte) *store.DB {
	t.Helper()
	master := make([]byte, store.MasterKeySize)
	master[0] = firstByte
	vault, err := store.NewVault(master)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Vault = vault
	return modelstest.OpenConfig(t, cfg)
}

func onBothDatabases(t *testing.T, test func(t *testing.T, cfg models.Config)) {
	t.Helper()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, modelstest.Config(t, dialect))
		})
	}
}

func TestADatabaseBelongsToTheFirstKeyThatOpensIt(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		first, other := withKey(t, cfg, 1), withKey(t, cfg, 2)
		for range 2 {
			if err := store.CheckVault(t.Context(), first); err != nil {
				t.Errorf("the first key: %v", err)
			}
			if err := store.CheckVault(t.Context(), other); !errors.Is(err, store.ErrForeignVault) {
				t.Errorf("another key: %v", err)
			}
		}
	})
}

func TestOfKeysThatArriveAtOnceOneWins(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		dbs := make([]*store.DB, 6)
		for n := range dbs {
			dbs[n] = withKey(t, cfg, byte(n))
		}
		results := make([]error, len(dbs))
		var all sync.WaitGroup
		for n, db := range dbs {
			all.Go(func() { results[n] = store.CheckVault(t.Context(), db) })
		}
		all.Wait()
		accepted := 0
		for _, err := range results {
			switch {
			case err == nil:
				accepted++
			case !errors.Is(err, store.ErrForeignVault):
				t.Errorf("unexpected: %v", err)
			}
		}
		if accepted != 1 {
			t.Errorf("%d keys were accepted", accepted)
		}
	})
}
