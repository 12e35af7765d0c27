package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Why a secret key is not made one of a database, or not taken away.
var (
	ErrSameKey     = errors.New("it is the secret key that the database is opened with")
	ErrTwoKeys     = errors.New("two secret keys open the database already")
	ErrKnownKey    = errors.New("it was a secret key of the database before, and was retired")
	ErrUnknownKey  = errors.New("no such secret key opens the database")
	ErrOpensAnyway = errors.New("the secret key opens the database")
)

// AddSecretKey makes a second secret key open a database, which the first one opens: what it seals is the same vault, so that nothing else
// changes, and what runs goes on. It reports whether it was needed: doing it again is not an error. Two keys are live at most.
func AddSecretKey(ctx context.Context, db *DB, key, next *SecretKey) (added bool, err error) {
	err = Transaction(ctx, db, func(tx *DB) error {
		added = false
		vault, keys, err := lockedKeys(ctx, tx, key)
		if err != nil {
			return err
		}
		if next.ID() == key.ID() {
			return ErrSameKey
		}
		if at := slices.IndexFunc(keys, func(k SecretKeyRow) bool { return k.ID == next.ID() }); at >= 0 {
			if !keys[at].RetiredAt.IsZero() {
				return ErrKnownKey
			}
			_, _, err := findVault(ctx, tx, next, true, "")
			return err
		}
		if len(live(keys)) > 1 {
			return ErrTwoKeys
		}
		added = true
		return putKey(ctx, tx, next, vault)
	})
	return added, err
}

// RetireSecretKey makes a secret key cease to open a database, which another one opens. What runs with it goes on until it ends. It fails
// with ErrUnknownKey, and with ErrSameKey for the one that the database is opened with: one is left, whatever happens.
func RetireSecretKey(ctx context.Context, db *DB, key *SecretKey, id string) error {
	return Transaction(ctx, db, func(tx *DB) error {
		_, keys, err := lockedKeys(ctx, tx, key)
		if err != nil {
			return err
		}
		switch {
		case id == key.ID():
			return ErrSameKey
		case slices.ContainsFunc(keys, func(k SecretKeyRow) bool { return k.ID == id && !k.RetiredAt.IsZero() }):
			return nil // done already
		case !slices.Contains(live(keys), id):
			return ErrUnknownKey
		}
		return retireKeys(ctx, tx, id)
	})
}

// lockedKeys returns the vault and the secret keys of a database, and keeps others from changing them until the transaction ends.
func lockedKeys(ctx context.Context, tx *DB, key *SecretKey) (*Vault, []SecretKeyRow, error) {
	vault, _, err := findVault(ctx, tx, key, true, tx.Locking(""))
	if err != nil {
		return nil, nil, err
	}
	keys, err := secretKeys(ctx, tx)
	return vault, keys, err
}

func retireKeys(ctx context.Context, tx *DB, ids ...string) error {
	_, err := tx.Exec(ctx, `UPDATE secret_keys SET sealed = NULL, retired_at = ? WHERE id IN ?`, tx.Now(), ids)
	if err != nil {
		return fmt.Errorf("retire secret key: %w", err)
	}
	return nil
}

// ReplaceVault gives a migrated database whose secret keys are lost a new vault of random keys, which a new secret key opens and no other.
// Within the same transaction, void has to do away with everything that the former vault is needed for; it can seal with the new one. It
// fails with ErrNoVault where nothing is lost, with ErrOpensAnyway if the key is one that opens the database, and with ErrKnownKey if it
// was one.
func ReplaceVault(ctx context.Context, db *DB, key *SecretKey, void func(tx *DB) error) error {
	fresh, err := randomVault()
	if err != nil {
		return err
	}
	err = Transaction(ctx, db, func(tx *DB) error {
		if err := checkLost(ctx, tx, key); err != nil {
			return err
		}
		keys, err := secretKeys(ctx, tx)
		if err != nil {
			return err
		}
		if ids := live(keys); len(ids) > 0 {
			if err := retireKeys(ctx, tx, ids...); err != nil {
				return err
			}
		}
		if err := putKey(ctx, tx, key, fresh); err != nil {
			return err
		}
		if err := setInstalled(ctx, tx, vaultMark, fresh.mark()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM installation WHERE name = ?`, vaultDerived); err != nil {
			return fmt.Errorf("forget former vault: %w", err)
		}
		tx.vault = fresh
		return void(tx)
	})
	if err == nil {
		db.vault = fresh
	}
	return err
}

// HasSameVault reports whether the vault of an unlocked database is still the one that the database has.
func HasSameVault(ctx context.Context, db *DB) (bool, error) {
	mark, err := installed(ctx, db, vaultMark, "")
	return mark == db.vault.mark(), err
}

// CheckLost fails as ReplaceVault does, and changes nothing.
func CheckLost(ctx context.Context, db *DB, key *SecretKey) error {
	return Transaction(ctx, db, func(tx *DB) error { return checkLost(ctx, tx, key) })
}

func checkLost(ctx context.Context, tx *DB, key *SecretKey) error {
	_, _, err := findVault(ctx, tx, key, true, tx.Locking(""))
	var refused *KeyError
	switch {
	case err == nil:
		return ErrOpensAnyway
	case !errors.As(err, &refused):
		return err
	case refused.Damaged || !refused.RetiredAt.IsZero():
		return ErrKnownKey
	}
	return nil
}
