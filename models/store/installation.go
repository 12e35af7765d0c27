package store

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrForeignVault says that the database belongs to another master key.
var ErrForeignVault = errors.New("the database belongs to another secret key")

// CheckVault makes sure that the database is used with one master key only: the first one leaves its mark, with every other the error is
// ErrForeignVault. Without this check a wrong key would look like every credential being wrong, and new secrets would be sealed with a
// key that nobody keeps.
func CheckVault(ctx context.Context, db *DB) error {
	mark := hex.EncodeToString(db.vault.Digest("check", "roster"))
	// Of two processes that start at once on an empty database one inserts; both then compare with what it left.
	_, err := db.Exec(ctx, "INSERT INTO installation (name, value) VALUES ('vault_check', ?) ON CONFLICT (name) DO NOTHING", mark)
	if err != nil {
		return fmt.Errorf("record secret key: %w", err)
	}
	var kept string
	if err := db.Session(ctx).Raw("SELECT value FROM installation WHERE name = 'vault_check'").Row().Scan(&kept); err != nil {
		return fmt.Errorf("check secret key: %w", err)
	}
	if !hmac.Equal([]byte(kept), []byte(mark)) {
		return ErrForeignVault
	}
	return nil
}

// HasVault reports whether a database was ever used with a master key. It fails with ErrNewerSchema if it cannot know.
func HasVault(ctx context.Context, db *DB) (bool, error) {
	steps, err := db.Migrations(ctx)
	if err != nil {
		return false, err
	}
	if len(steps) == 0 || steps[0].Pending() {
		return false, nil
	}
	if _, err := db.PendingMigrations(ctx); err != nil {
		return false, err
	}
	var marks int
	if err := db.Session(ctx).Raw("SELECT COUNT(*) FROM installation WHERE name = 'vault_check'").Row().Scan(&marks); err != nil {
		return false, fmt.Errorf("look for the mark of a secret key: %w", err)
	}
	return marks > 0, nil
}
