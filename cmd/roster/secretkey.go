package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"roster/models/store"
)

// secretKeyVariable is the environment variable that may hold the secret key itself. There is no flag for it: everybody on a machine sees
// the command lines.
const secretKeyVariable = "ROSTER_SECRET_KEY"

// secretKey returns the secret key of the settings. It makes none: where its file is not there, the error is an absentKey.
func (c *config) secretKey() (*store.SecretKey, error) {
	if text := c.getenv(secretKeyVariable); text != "" {
		if c.secretKeyFile != "" {
			return nil, usageError{errors.New("--secret-key-file (ROSTER_SECRET_KEY_FILE) and " + secretKeyVariable +
				" are both given, and there is one secret key; take one of them away")}
		}
		key, err := store.ParseSecretKey(strings.TrimSpace(text))
		if err != nil {
			return nil, usageError{fmt.Errorf("%s cannot be used: %w", secretKeyVariable, err)}
		}
		return key, nil
	}
	key, err := readSecretKey(c.secretKeyPath())
	if err != nil && !isAbsent(err) && c.secretKeyFile != "" {
		err = refuseKeyFile(err)
	}
	return key, err
}

func refuseKeyFile(err error) error {
	return usageError{fmt.Errorf("--secret-key-file (ROSTER_SECRET_KEY_FILE) cannot be used: %w", err)}
}

// keyToOpen is secretKey for who opens the database next, which has to say what it means that there is no key: then it is nil. Where the
// key has a name and there is no database either, it fails.
func (c *config) keyToOpen() (*store.SecretKey, error) {
	key, err := c.secretKey()
	if !isAbsent(err) {
		return key, err
	}
	if path, embedded := c.sqlitePath(); embedded && c.secretKeyFile != "" {
		found, err := c.databaseFileAt(followed(path))
		if err != nil {
			return nil, err
		}
		if found != filled {
			return nil, c.errKeyToMake()
		}
	}
	return nil, nil //nolint:nilnil // there is none, and nothing is wrong yet
}

// keptSecretKey is secretKey for a command that needs one which was there before.
func (c *config) keptSecretKey() (*store.SecretKey, error) {
	key, err := c.secretKey()
	if isAbsent(err) {
		return nil, c.errKeyLost()
	}
	return key, err
}

// usesDefaultKey reports whether the secret key is in the data directory, where nobody says otherwise.
func (c *config) usesDefaultKey() bool {
	return c.secretKeyFile == "" && c.getenv(secretKeyVariable) == ""
}

// setUp makes the schema and the vault of a database that was opened, once it is certain that the secret key is that of the database:
// nothing is written before. key is nil where its file is not there. On SQLite the default one is made then, for a database that never had
// a key. It is not on PostgreSQL: each of several replicas, or each new container, would make one of its own.
func (c *config) setUp(ctx context.Context, db *store.DB, key *store.SecretKey, migrate func() error) error {
	if err := c.agree(ctx, db, key); err != nil {
		return err
	}
	if err := c.checkFirstKeyFileOf(ctx, db); err != nil {
		return err
	}
	if err := migrate(); err != nil {
		return err
	}
	if key == nil { // after the schema: a start that is interrupted leaves no key without its database
		if err := makeSecretKey(c.secretKeyPath()); err != nil {
			return err
		}
		var err error
		if key, err = c.secretKey(); err != nil {
			return err
		}
	}
	return explained(store.SetUp(ctx, db, key))
}

// noteSecretKey writes down which secret key a server started with, for whoever wants to retire another.
func (a *app) noteSecretKey(ctx context.Context) error {
	key, err := a.cfg.secretKey()
	if err != nil {
		return err
	}
	return store.NoteStart(ctx, a.db, key)
}

// agree fails unless a secret key is that of the database, which may have none yet, or is nil and may be made.
func (c *config) agree(ctx context.Context, db *store.DB, key *store.SecretKey) error {
	if key != nil {
		err := store.Unlock(ctx, db, key)
		if errors.Is(err, store.ErrNoVault) {
			return nil
		}
		return explained(err)
	}
	used, err := store.HasVault(ctx, db)
	switch {
	case err != nil:
		return err
	case used:
		return c.errKeyLost()
	case db.Dialect() == store.Postgres || c.secretKeyFile != "":
		return c.errKeyToMake()
	}
	return nil
}

// checkKey is agree for a command that needs no key and changes the schema: with another one the settings are those of another
// installation, or the URL is. Nothing is known where no key is named, and none is in the place that it has then.
func (c *config) checkKey(ctx context.Context, db *store.DB) error {
	key, err := c.secretKey()
	switch {
	case err != nil && !isAbsent(err):
		return err
	case key == nil && c.secretKeyFile == "":
		return nil
	}
	return c.agree(ctx, db, key)
}

// checkVault ends a server whose database was given a new vault: what it hashes and seals, nobody else can compare or open.
func (a *app) checkVault(ctx context.Context) {
	if same, err := store.HasSameVault(ctx, a.db); err != nil || same { // an outage is told of elsewhere
		return
	}
	a.end(errors.New("the secret key of the database was reset while this server ran; start it again, with the new key"))
}

// errKeyLost says what to do where a database has a secret key, and its file is not there.
func (c *config) errKeyLost() error {
	path := c.secretKeyPath()
	if c.secretKeyFile != "" {
		return refuseKeyFile(fmt.Errorf("%w; is its name right? The database was set up with a secret key: put the file of that one in "+
			"this place, or name the place where it is; 'roster secret-key reset' tells what can be done when it is lost", absentKey(path)))
	}
	return fmt.Errorf("there is no secret key %s, which the database was set up with; put the key file back, or name it with "+
		"--secret-key-file (ROSTER_SECRET_KEY_FILE), or give it in %s; 'roster secret-key reset' tells what can be done when it is lost",
		path, secretKeyVariable)
}

// errKeyToMake says how an installation begins whose key nobody makes unasked: on PostgreSQL, or where the key is to be in a named file.
func (c *config) errKeyToMake() error {
	path := c.secretKeyPath()
	if c.secretKeyFile != "" {
		return refuseKeyFile(fmt.Errorf("%w; is its name right? There is no database yet that has a key, and one for a new database is "+
			"made with: roster secret-key create %s", absentKey(path), path))
	}
	return usageError{fmt.Errorf("there is no secret key yet, and on PostgreSQL, which several servers can share, none is made unasked; "+
		"make one with 'roster secret-key create %s', keep a copy of it apart from the database, and give the same one to every server: "+
		"in that place, with --secret-key-file (ROSTER_SECRET_KEY_FILE), or in %s", path, secretKeyVariable)}
}

// explained says what to do about a secret key that does not open the database.
func explained(err error) error {
	if errors.Is(err, store.ErrNoVault) {
		return fmt.Errorf("%w; the first 'roster serve' makes it, or takes that of the settings", err)
	}
	var refused *store.KeyError
	if !errors.As(err, &refused) {
		return err
	}
	live := strings.Join(refused.Live, " or ")
	switch {
	case refused.Damaged:
		return fmt.Errorf("%w; start with another secret key that opens it, if there are two (%s), or restore a backup; with the key "+
			"alone nothing can be opened", refused, live)
	case !refused.RetiredAt.IsZero():
		return fmt.Errorf("%w; give this server the one that took its place, %s, with --secret-key-file (ROSTER_SECRET_KEY_FILE) or in %s",
			refused, live, secretKeyVariable)
	}
	which := ""
	if live != "" {
		which = fmt.Sprintf(" (it is %s, and the database has %s)", refused.ID, live)
	}
	return fmt.Errorf("the secret key is not the one this database was set up with%s; put the original key back where the "+
		"settings have it, which is a file, named with --secret-key-file (ROSTER_SECRET_KEY_FILE), or %s; 'roster secret-key reset' tells "+
		"what can be done when it is lost", which, secretKeyVariable)
}

// secretKeyPath returns the file of the secret key.
func (c *config) secretKeyPath() string {
	if c.secretKeyFile != "" {
		return c.secretKeyFile
	}
	return filepath.Join(c.dataDir, "secret.key")
}

// secretKeyPlace says where the secret key is.
func (c *config) secretKeyPlace() string {
	if c.getenv(secretKeyVariable) != "" {
		return secretKeyVariable
	}
	return c.secretKeyPath()
}

// readSecretKey reads a key file.
func readSecretKey(path string) (*store.SecretKey, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, absentKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("look at the secret key file: %w", err)
	}
	if err := checkKeyMode(path, info); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("read the secret key file: %w; %s", err, ownerOfFile(info).correction(path, thisReader()))
	}
	if err != nil {
		return nil, fmt.Errorf("read the secret key file: %w", err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	return keyFrom(file, "the secret key file "+path)
}

// keyFrom reads a secret key. The error names the source, and repeats nothing of what is in it.
func keyFrom(in io.Reader, source string) (*store.SecretKey, error) {
	const enough = 1024 // for the key and white space around it
	text, err := io.ReadAll(io.LimitReader(in, enough))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", source, err)
	}
	key, err := store.ParseSecretKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s must hold %d bytes in base64", source, store.SecretKeySize)
	}
	return key, nil
}

// absentKey is the path of a key file that does not exist.
type absentKey string

func (path absentKey) Error() string {
	return fmt.Sprintf("the secret key file %s does not exist", string(path))
}

func isAbsent(err error) bool {
	var absent absentKey
	return errors.As(err, &absent)
}

// Is makes it fs.ErrNotExist.
func (absentKey) Is(target error) bool { return target == fs.ErrNotExist }

// makeSecretKey writes a random key unless the file exists. Of two processes that start at once one wins.
func makeSecretKey(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	err := writeSecretKey(path, store.NewSecretKey())
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// writeSecretKey writes a key to a new file, in a directory that is made if it is not there.
func writeSecretKey(path string, key *store.SecretKey) error {
	if err := store.MakeDirectory(filepath.Dir(path)); err != nil {
		return fmt.Errorf("make the directory of the secret key: %w", err)
	}
	return writeSecret(path, key.Text())
}

// writeSecret writes a line to a new file that nobody but its owner can read. It appears under its name only when complete. It fails with
// fs.ErrExist if something has the name.
func writeSecret(path, secret string) error {
	draft, err := store.NewDraft(path)
	if err != nil {
		return err
	}
	defer draft.Close()
	if err := draft.Fill(strings.NewReader(secret + "\n")); err != nil {
		return err
	}
	if err := draft.GiveToOwner(); err != nil {
		return err
	}
	_, err = draft.Publish(path)
	return err
}
