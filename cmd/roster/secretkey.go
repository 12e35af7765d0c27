package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"roster/models/store"
)

// vault returns the vault of the secret key. A file that was named must exist: making one after a typing mistake would leave the
// installation with two keys. The default file is made on the first start; store.CheckVault refuses a database of another key.
func (c *config) vault(ctx context.Context) (*store.Vault, error) {
	if c.secretKeyFile == "" {
		if err := c.needSecretKey(ctx); err != nil {
			return nil, err
		}
	}
	return c.keptVault()
}

// needSecretKey makes the default file if there is none, and the database was never used with a key.
func (c *config) needSecretKey(ctx context.Context) (err error) {
	path := c.secretKeyPath()
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	if file, embedded := c.sqlitePath(); embedded {
		found, err := databaseFileAt(file)
		if err != nil {
			return err
		}
		if found != filled {
			return makeSecretKey(path)
		}
	}
	db, err := c.connect(ctx, nil) // it neither hashes nor encrypts
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	switch used, err := store.HasVault(ctx, db); {
	case err != nil:
		return err
	case used:
		return errNoSecretKey(path)
	}
	return makeSecretKey(path)
}

// keptVault returns the vault of a secret key that is there.
func (c *config) keptVault() (*store.Vault, error) {
	master, err := readSecretKey(c.secretKeyPath())
	switch {
	case err == nil:
		return store.NewVault(master)
	case c.secretKeyFile != "":
		return nil, usageError{fmt.Errorf("--secret-key-file (ROSTER_SECRET_KEY_FILE) cannot be used: %w", err)}
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoSecretKey(c.secretKeyPath())
	}
	return nil, err
}

// errNoSecretKey says what to do where a database has a secret key, and its file is not there.
func errNoSecretKey(path string) error {
	return fmt.Errorf("there is no secret key %s, which the database was set up with; put the key file back, or name it with "+
		"--secret-key-file (ROSTER_SECRET_KEY_FILE)", path)
}

// secretKeyPath returns the file of the secret key.
func (c *config) secretKeyPath() string {
	if c.secretKeyFile != "" {
		return c.secretKeyFile
	}
	return filepath.Join(c.dataDir, "secret.key")
}

// readSecretKey reads a key file that nobody but its owner can read.
func readSecretKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, absentKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("look at the secret key file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the secret key file %s can be read by others (mode %04o); correct it with: chmod 600 %s", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret key file: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != store.MasterKeySize { // the content is never repeated
		return nil, fmt.Errorf("the secret key file %s must hold %d bytes in base64", path, store.MasterKeySize)
	}
	return key, nil
}

// absentKey is the path of a key file that does not exist.
type absentKey string

func (path absentKey) Error() string {
	return fmt.Sprintf("the secret key file %s does not exist; make one with: (umask 077; head -c 32 /dev/urandom | base64 > %[1]s)",
		string(path))
}

// Is makes it fs.ErrNotExist.
func (absentKey) Is(target error) bool { return target == fs.ErrNotExist }

// makeSecretKey writes a random key unless the file exists. Of two processes that start at once one wins.
func makeSecretKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	err := writeSecret(path, base64.StdEncoding.EncodeToString(store.NewMasterKey()))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// writeSecret writes a line to a new file that nobody but its owner can read. It appears under its name only when complete. It fails with
// fs.ErrExist if something has the name.
func writeSecret(path, secret string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(draft.Name()) //nolint:errcheck // a leftover draft is of no use and no harm
	_, err = draft.WriteString(secret + "\n")
	if err := errors.Join(err, draft.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = store.Publish(draft.Name(), path)
	return err
}
