package models_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// secretKey returns a secret key that is told from others by its first byte.
func secretKey(t *testing.T, firstByte byte) *store.SecretKey {
	t.Helper()
	return must(store.ParseSecretKey(base64.StdEncoding.EncodeToString(rawKey(firstByte))))(t)
}

func rawKey(firstByte byte) []byte {
	return append([]byte{firstByte}, make([]byte, store.SecretKeySize-1)...)
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

// refusedKey returns why a secret key does not open a database, nil if it does.
func refusedKey(t *testing.T, db *store.DB, key *store.SecretKey) *store.KeyError {
	t.Helper()
	err := store.Unlock(t.Context(), db, key)
	var refused *store.KeyError
	if err != nil && !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	return refused
}

func TestADatabaseBelongsToTheFirstKeyThatOpensIt(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		db, first, other := modelstest.OpenConfig(t, cfg), secretKey(t, 1), secretKey(t, 2)
		if err := store.Unlock(t.Context(), db, first); !errors.Is(err, store.ErrNoVault) {
			t.Errorf("before there is a key: %v", err)
		}
		for range 2 {
			if err := store.SetUp(t.Context(), db, first); err != nil {
				t.Errorf("the first key: %v", err)
			}
			var refused *store.KeyError
			if err := store.SetUp(t.Context(), db, other); !errors.As(err, &refused) || !slices.Equal(refused.Live, []string{first.ID()}) {
				t.Errorf("another key: %v", err)
			}
		}
		again := modelstest.OpenConfig(t, cfg)
		if refused := refusedKey(t, again, first); refused != nil || !bytes.Equal(db.Vault().Hash("x"), again.Vault().Hash("x")) {
			t.Errorf("it opens another vault: %v", refused)
		}
		derived := must(store.NewVault(rawKey(1)))(t)
		if bytes.Equal(db.Vault().Hash("x"), derived.Hash("x")) {
			t.Error("a new installation has what is derived from its secret key")
		}
	})
}

func TestOfKeysThatArriveAtOnceOneWins(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		results := make([]error, 6)
		dbs := make([]*store.DB, len(results))
		for n := range dbs {
			dbs[n] = modelstest.OpenConfig(t, cfg)
		}
		var all sync.WaitGroup
		for n, db := range dbs {
			key := secretKey(t, byte(n/2)) // two each
			all.Go(func() { results[n] = store.SetUp(t.Context(), db, key) })
		}
		all.Wait()
		var accepted []byte
		for n, err := range results {
			var refused *store.KeyError
			switch {
			case err == nil:
				if hash := dbs[n].Vault().Hash("x"); len(accepted) > 0 && !bytes.Equal(hash, accepted[:len(hash)]) {
					t.Error("two vaults were made")
				}
				accepted = append(accepted, dbs[n].Vault().Hash("x")...)
			case !errors.As(err, &refused):
				t.Errorf("unexpected: %v", err)
			}
		}
		if len(accepted) != 2*32 {
			t.Errorf("%d bytes of hashes, want those of the two with one key", len(accepted))
		}
	})
}

// TestTheVaultOfAnEarlierVersionIsTakenOver brings a database up to date whose vault was derived from the secret key.
func TestTheVaultOfAnEarlierVersionIsTakenOver(t *testing.T) {
	t.Parallel()
	eachUnmigrated(t, func(t *testing.T, cfg models.Config) {
		ctx, key, next, former := t.Context(), secretKey(t, 1), secretKey(t, 2), must(store.NewVault(rawKey(1)))(t)
		db := modelstest.OpenConfig(t, cfg)
		if err := db.MigrateTo(ctx, 22); err != nil {
			t.Fatal(err)
		}
		_, err := db.Exec(ctx, `INSERT INTO installation (name, value) VALUES ('vault_check', ?)`,
			fmt.Sprintf("%x", former.Digest("check", "roster")))
		if err != nil {
			t.Fatal(err)
		}
		sealed := former.Seal("owner", "secret")
		same := func(when string, db *store.DB) {
			t.Helper()
			if text, err := db.Vault().Open("owner", sealed); err != nil || text != "secret" ||
				!bytes.Equal(db.Vault().Hash("x"), former.Hash("x")) {
				t.Errorf("%s the vault is another one: %v", when, err)
			}
		}
		if refused := refusedKey(t, db, next); refused == nil {
			t.Error("another key opens the earlier version")
		}
		if refused := refusedKey(t, db, key); refused != nil {
			t.Error(refused)
		}
		same("before the migration", db)
		if _, err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if refused := refusedKey(t, db, key); refused != nil {
			t.Error(refused)
		}
		same("before it is set up", db)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := store.SetUp(ctx, modelstest.OpenConfig(t, cfg), key); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if added, err := store.AddSecretKey(ctx, db, key, next); err != nil || !added {
			t.Errorf("%t %v", added, err)
		}
		if err := store.RetireSecretKey(ctx, db, next, key.ID()); err != nil {
			t.Error(err)
		}
		again := modelstest.OpenConfig(t, cfg)
		if refused := refusedKey(t, again, next); refused != nil {
			t.Fatal(refused)
		}
		same("after a rotation", again)
		if refused := refusedKey(t, modelstest.OpenConfig(t, cfg), key); refused == nil || refused.RetiredAt.IsZero() {
			t.Errorf("the old key: %v", refused)
		}
		if _, from, err := store.SecretKeys(ctx, db); err != nil || from != key.ID() {
			t.Errorf("derived from %q %v", from, err)
		}
	})
}

// TestTwoSecretKeysOpenADatabaseForATime rotates, and tries what must not be.
func TestTwoSecretKeysOpenADatabaseForATime(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		ctx, db, first, second, third := t.Context(), modelstest.OpenConfig(t, cfg), secretKey(t, 1), secretKey(t, 2), secretKey(t, 3)
		if err := store.SetUp(ctx, db, first); err != nil {
			t.Fatal(err)
		}
		hash := db.Vault().Hash("x")
		add := func(key, next *store.SecretKey, wanted bool, want error) {
			t.Helper()
			if added, err := store.AddSecretKey(ctx, db, key, next); added != wanted || !errors.Is(err, want) {
				t.Errorf("%v beside %v: %t %v, want %t %v", next, key, added, err, wanted, want)
			}
		}
		retire := func(key *store.SecretKey, id string, want error) {
			t.Helper()
			if err := store.RetireSecretKey(ctx, db, key, id); !errors.Is(err, want) {
				t.Errorf("retire %s with %v: %v, want %v", id, key, err, want)
			}
		}
		add(first, first, false, store.ErrSameKey)
		if _, err := store.AddSecretKey(ctx, db, second, third); err == nil {
			t.Error("a key that does not open the database adds another")
		}
		add(first, second, true, nil)
		add(first, second, false, nil) // again, after a crash
		add(second, first, false, nil)
		add(first, third, false, store.ErrTwoKeys)
		for _, key := range []*store.SecretKey{first, second} {
			one := modelstest.OpenConfig(t, cfg)
			if err := store.SetUp(ctx, one, key); err != nil || !bytes.Equal(one.Vault().Hash("x"), hash) {
				t.Errorf("%v: %v", key, err)
			}
		}
		retire(first, first.ID(), store.ErrSameKey)
		retire(first, third.ID(), store.ErrUnknownKey)
		retire(first, "", store.ErrUnknownKey)
		retire(second, first.ID(), nil)
		retire(second, first.ID(), nil) // again, after a lost connection
		if refused := refusedKey(t, db, first); refused == nil || refused.RetiredAt.IsZero() ||
			!slices.Equal(refused.Live, []string{second.ID()}) {
			t.Errorf("the retired key: %+v", refused)
		}
		add(second, first, false, store.ErrKnownKey)
		add(second, third, true, nil)
		retire(second, third.ID(), nil) // taken back
		if refused := refusedKey(t, db, second); refused != nil {
			t.Error(refused)
		}
	})
}

// TestOfRotationsAtOnceOneWins rotates to several keys at the same time, beside starts.
func TestOfRotationsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		ctx, db, first := t.Context(), modelstest.OpenConfig(t, cfg), secretKey(t, 1)
		if err := store.SetUp(ctx, db, first); err != nil {
			t.Fatal(err)
		}
		won := make([]bool, 6)
		var all sync.WaitGroup
		for n := range won {
			next, pool, starting := secretKey(t, byte(10+n)), modelstest.OpenConfig(t, cfg), modelstest.OpenConfig(t, cfg)
			all.Go(func() {
				var err error
				if won[n], err = store.AddSecretKey(ctx, pool, first, next); err != nil && !errors.Is(err, store.ErrTwoKeys) {
					t.Error(err)
				}
			})
			all.Go(func() {
				if err := store.SetUp(ctx, starting, first); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		n := slices.Index(won, true)
		if n < 0 || slices.Contains(won[n+1:], true) {
			t.Fatalf("won: %v", won)
		}
		if refused := refusedKey(t, db, secretKey(t, byte(10+n))); refused != nil {
			t.Error(refused)
		}
	})
}

// TestADamagedSealIsToldOf changes what the database keeps for a secret key.
func TestADamagedSealIsToldOf(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		ctx, db, first, second := t.Context(), modelstest.OpenConfig(t, cfg), secretKey(t, 1), secretKey(t, 2)
		if err := store.SetUp(ctx, db, first); err != nil {
			t.Fatal(err)
		}
		if _, err := store.AddSecretKey(ctx, db, first, second); err != nil {
			t.Fatal(err)
		}
		var seal []byte
		if err := db.Session(ctx).Raw(`SELECT sealed FROM secret_keys WHERE id = ?`, second.ID()).Row().Scan(&seal); err != nil {
			t.Fatal(err)
		}
		changed := slices.Clone(seal)
		changed[40]++
		var others []byte
		if err := db.Session(ctx).Raw(`SELECT sealed FROM secret_keys WHERE id = ?`, first.ID()).Row().Scan(&others); err != nil {
			t.Fatal(err)
		}
		for name, sealed := range map[string][]byte{
			"cut": seal[:20], "nothing": {}, "longer": append(slices.Clone(seal), 1), "changed": changed, "of another key": others,
			"of another version": append([]byte{9}, seal[1:]...),
		} {
			if _, err := db.Exec(ctx, `UPDATE secret_keys SET sealed = ? WHERE id = ?`, sealed, second.ID()); err != nil {
				t.Fatal(err)
			}
			if refused := refusedKey(t, db, second); refused == nil || !refused.Damaged {
				t.Errorf("%s: %+v", name, refused)
			}
			if refused := refusedKey(t, db, first); refused != nil {
				t.Errorf("%s: the other key: %v", name, refused)
			}
			if _, err := store.AddSecretKey(ctx, db, first, second); err == nil {
				t.Errorf("%s: a rotation to it says that it works", name)
			}
			said := 0
			if err := store.VerifyVault(ctx, db, func(string) { said++ }); err != nil {
				t.Error(err)
			}
			if formless := name != "changed" && name != "of another key"; formless != (said == 1) {
				t.Errorf("%s: verify says %d things", name, said)
			}
		}
		if _, err := db.Exec(ctx, `UPDATE installation SET value = 'x' WHERE name = 'vault_check'`); err != nil {
			t.Fatal(err)
		}
		if refused := refusedKey(t, db, first); refused == nil || !refused.Damaged {
			t.Errorf("with the mark of another vault: %+v", refused)
		}
	})
}

// TestASecretKeyIsNotPrinted prints one in every way.
func TestASecretKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	key := store.NewSecretKey()
	raw := must(base64.StdEncoding.DecodeString(key.Text()))(t)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{key, *key, must(store.NewVault(raw))(t)} {
			printed := fmt.Sprintf(format, value)
			for _, secret := range []string{key.Text(), fmt.Sprintf("%x", raw), string(raw)} {
				if len(printed) >= len(secret) && bytes.Contains([]byte(printed), []byte(secret[:len(secret)/2])) {
					t.Errorf("%s of %T: %s", format, value, printed)
				}
			}
		}
	}
}
