package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNoVault says that a database was never used with a secret key.
var ErrNoVault = errors.New("the database has no secret key yet")

// KeyError says why a secret key does not open a database.
type KeyError struct {
	// ID is that of the secret key, Live are those of the ones that open the database; none are known of a version before 00025.
	ID   string
	Live []string
	// RetiredAt is when it was retired, zero if the database does not know it. Damaged says that it does, and that what is kept for it is
	// not what it has sealed.
	RetiredAt time.Time
	Damaged   bool
}

func (e *KeyError) Error() string {
	switch {
	case e.Damaged:
		return "what the database keeps for the secret key " + e.ID + " is damaged"
	case !e.RetiredAt.IsZero():
		return "the secret key " + e.ID + " was retired on " + e.RetiredAt.UTC().Format(time.RFC3339)
	default:
		return "the database belongs to another secret key"
	}
}

// SecretKeyRow is a secret key as the database knows it.
type SecretKeyRow struct {
	ID        string
	CreatedAt time.Time
	OpenedAt  time.Time // when a server last started with it, or zero
	RetiredAt time.Time // zero: it opens the database
	sealed    []byte
}

// HasVault reports whether a database was ever used with a secret key. It fails with ErrNewerSchema if it cannot know.
func HasVault(ctx context.Context, db *DB) (bool, error) {
	if begun, _, err := keepsKeys(ctx, db); err != nil || !begun {
		return false, err
	}
	mark, err := installed(ctx, db, vaultMark, "")
	return mark != "", err
}

// Unlock gives a database its vault, which the secret key opens, and writes nothing. It fails with ErrNoVault if there is none yet, and
// with a KeyError if that is not the key. Without a check, a wrong one would look like every credential being wrong.
func Unlock(ctx context.Context, db *DB, key *SecretKey) error {
	begun, kept, err := keepsKeys(ctx, db)
	if err != nil {
		return err
	}
	if !begun {
		return ErrNoVault
	}
	vault, _, err := findVault(ctx, db, key, kept, "")
	if err == nil {
		db.vault = vault
	}
	return err
}

// SetUp is Unlock on a migrated database that is to be worked on. One that was never used with a secret key gets a vault of random keys;
// that of a version before 00025 is taken over as it is. Of several processes with different keys that set up an empty database at once one
// wins, and the others fail with a KeyError.
func SetUp(ctx context.Context, db *DB, key *SecretKey) error {
	fresh, err := randomVault()
	if err != nil {
		return err
	}
	vault, err := Resulting(ctx, db, func(tx *DB) (*Vault, error) {
		n, err := tx.Exec(ctx, `INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`,
			vaultMark, fresh.mark())
		if err != nil {
			return nil, fmt.Errorf("record secret key: %w", err)
		}
		if n == 1 {
			return fresh, putKey(ctx, tx, key, fresh)
		}
		vault, sealed, err := findVault(ctx, tx, key, true, tx.Locking(""))
		if err != nil {
			return nil, err
		}
		if !sealed {
			if err := setInstalled(ctx, tx, vaultDerived, key.ID()); err != nil {
				return nil, err
			}
			return vault, putKey(ctx, tx, key, vault)
		}
		return vault, nil
	})
	if err == nil {
		db.vault = vault
	}
	return err
}

// SecretKeys returns every secret key that a migrated database has had, the oldest first, and the id of the one that its vault was derived
// from by a version before 00025, "" for none: that one can make the vault whatever was retired since.
func SecretKeys(ctx context.Context, db *DB) (keys []SecretKeyRow, derivedFrom string, err error) {
	keys, err = secretKeys(ctx, db)
	if err != nil {
		return nil, "", err
	}
	derivedFrom, err = installed(ctx, db, vaultDerived, "")
	return keys, derivedFrom, err
}

// VerifyVault calls found with a sentence for everything that is wrong with the secret keys of a database that was unlocked. What another
// secret key has sealed cannot be opened; its form can be looked at.
func VerifyVault(ctx context.Context, db *DB, found func(sentence string)) error {
	same, err := HasSameVault(ctx, db)
	if err != nil {
		return err
	}
	if !same {
		found("the database has the mark of another pepper than that which its secret key opens")
	}
	keys, err := secretKeys(ctx, db)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.RetiredAt.IsZero() && (len(k.sealed) != sealedVaultSize || k.sealed[0] != sealVersion) {
			found("what is kept for the secret key " + k.ID + " has not the form that it must have: it cannot open the database")
		}
	}
	return nil
}

// The names under which the installation keeps a MAC of a constant, by the pepper, and which secret key its vault was derived from.
const (
	vaultMark    = "vault_check"
	vaultDerived = "vault_derived_from"
)

func (v *Vault) mark() string { return hex.EncodeToString(v.Digest("check", "roster")) }

// findVault returns the vault that the secret key opens, and whether the database keeps it sealed, or its version is one that derived it.
func findVault(ctx context.Context, db *DB, key *SecretKey, kept bool, locking string) (vault *Vault, sealed bool, err error) {
	mark, err := installed(ctx, db, vaultMark, locking)
	switch {
	case err != nil:
		return nil, false, err
	case mark == "":
		return nil, false, ErrNoVault
	}
	var keys []SecretKeyRow
	if kept {
		if keys, err = secretKeys(ctx, db); err != nil {
			return nil, false, err
		}
	}
	if len(keys) == 0 {
		if !hmac.Equal([]byte(mark), []byte(key.old.mark())) {
			return nil, false, &KeyError{ID: key.ID()}
		}
		return key.old, false, nil
	}
	refused := &KeyError{ID: key.ID(), Live: live(keys)}
	at := slices.IndexFunc(keys, func(k SecretKeyRow) bool { return k.ID == key.ID() })
	if at < 0 {
		return nil, false, refused
	}
	if refused.RetiredAt = keys[at].RetiredAt; !refused.RetiredAt.IsZero() {
		return nil, false, refused
	}
	vault, err = key.open(keys[at].sealed)
	if err != nil || !hmac.Equal([]byte(mark), []byte(vault.mark())) {
		refused.Damaged = true
		return nil, false, refused
	}
	return vault, true, nil
}

// live returns the ids of the secret keys that open the database.
func live(keys []SecretKeyRow) (ids []string) {
	for _, k := range keys {
		if k.RetiredAt.IsZero() {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// keepsKeys reports whether a database has a schema, and whether it is one that keeps secret keys. It fails with ErrNewerSchema if it
// cannot know.
func keepsKeys(ctx context.Context, db *DB) (begun, kept bool, err error) {
	steps, err := db.Migrations(ctx)
	if err != nil || len(steps) == 0 || steps[0].Pending() {
		return false, false, err
	}
	if _, err := db.PendingMigrations(ctx); err != nil {
		return false, false, err
	}
	const since = 25
	return true, slices.ContainsFunc(steps, func(m Migration) bool { return m.Version == since && !m.Pending() }), nil
}

// installed returns what the installation keeps under a name, "" for nothing.
func installed(ctx context.Context, db *DB, name, locking string) (value string, err error) {
	err = db.Session(ctx).Raw(`SELECT value FROM installation WHERE name = ?`+locking, name).Row().Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read %s of the installation: %w", name, err)
	}
	return value, nil
}

func setInstalled(ctx context.Context, tx *DB, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
		name, value)
	if err != nil {
		return fmt.Errorf("write %s of the installation: %w", name, err)
	}
	return nil
}

// secretKeys returns every secret key that the database has had, the oldest first.
func secretKeys(ctx context.Context, db *DB) (keys []SecretKeyRow, err error) {
	rows, err := db.Session(ctx).Raw(`SELECT id, sealed, created_at, opened_at, retired_at FROM secret_keys ORDER BY created_at, id`).Rows()
	if err != nil {
		return nil, fmt.Errorf("read secret keys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k SecretKeyRow
		var opened, retired sql.NullTime
		if err := rows.Scan(&k.ID, &k.sealed, &k.CreatedAt, &opened, &retired); err != nil {
			return nil, fmt.Errorf("read secret keys: %w", err)
		}
		k.OpenedAt, k.RetiredAt = opened.Time, retired.Time
		keys = append(keys, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read secret keys: %w", err)
	}
	return keys, nil
}

// putKey keeps a vault for one more secret key.
func putKey(ctx context.Context, tx *DB, key *SecretKey, vault *Vault) error {
	_, err := tx.Exec(ctx, `INSERT INTO secret_keys (id, sealed, created_at) VALUES (?, ?, ?)`, key.ID(), key.seal(vault), tx.Now())
	if err != nil {
		return fmt.Errorf("record secret key: %w", err)
	}
	return nil
}

// NoteStart writes down that a server starts with a secret key.
func NoteStart(ctx context.Context, db *DB, key *SecretKey) error {
	if _, err := db.Exec(ctx, `UPDATE secret_keys SET opened_at = ? WHERE id = ?`, db.Now(), key.ID()); err != nil {
		return fmt.Errorf("note start with secret key: %w", err)
	}
	return nil
}
