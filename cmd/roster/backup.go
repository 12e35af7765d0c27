package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"roster/models"
	"roster/models/store"
)

func (p *program) backupCommand() *cli.Command {
	return &cli.Command{
		Name:      "backup",
		Usage:     "copy the embedded database to a file, beside a running server",
		ArgsUsage: "FILE",
		Description: "FILE is new. It has everything that was answered before the command began, with what is still in the\n" +
			"write-ahead log; a copy of roster.db alone does not. The secret key is not in it: keep that apart, in a place that\n" +
			"is as safe.\n\n" +
			"   roster backup /backups/roster-$(date +%F).db\n\n" +
			"PostgreSQL is backed up with its own tools: pg_dump, or its archive of the write-ahead log.",
		ArgValidator: exactlyOne("the file of the backup"),
		Flags:        p.flags(storage, logging),
		Action:       p.onInstallation(p.backUp),
	}
}

func (p *program) restoreCommand() *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "put a backup in the place of the embedded database, which must be empty",
		ArgsUsage: "FILE",
		Description: "The secret key that the database was used with has to be there before: it is compared.\n\n" +
			"   roster restore /backups/roster-2026-11-27.db --data-dir ./roster-data\n\n" +
			"FILE is checked and stays as it is. A database of an earlier version is brought up to date by the next start.",
		ArgValidator: exactlyOne("the file of the backup"),
		Flags:        p.flags(storage, logging),
		Action:       p.onInstallation(p.restore),
	}
}

func (p *program) verifyCommand() *cli.Command {
	return &cli.Command{
		Name:  "verify",
		Usage: "look for what does not agree in the database; exit code 1 if there is anything",
		Description: "It reads everything, at one moment and beside running servers: the file of SQLite, the closure against the\n" +
			"parents, the counters against counting, the rules that hold between resources; and opens everything that is sealed\n" +
			"with the secret key. Nothing is changed. What is wrong comes to stdout, a line each.\n\n" +
			"   roster verify",
		Flags:  p.flags(storage, logging),
		Action: p.onInstallation(p.verify),
	}
}

// onStorage returns the action of a command that looks after the place of the data, which needs no bucket or directory of files.
func (p *program) onStorage(do func(ctx context.Context, cfg *config, file string) error) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		cfg, err := p.config(cmd)
		if err != nil {
			return err
		}
		return do(ctx, cfg, cmd.Args().First())
	}
}

// onInstallation is onStorage for a command that is about all that there is, the directory of files included.
func (p *program) onInstallation(do func(ctx context.Context, cfg *config, file string) error) cli.ActionFunc {
	return p.onStorage(func(ctx context.Context, cfg *config, file string) error {
		if err := cfg.findFiles(); err != nil {
			return err
		}
		return do(ctx, cfg, file)
	})
}

// existingDatabase opens a database that is there, with the key that it belongs to, and changes nothing about it. On PostgreSQL the role
// has to have the rights that it is needed for.
func (c *config) existingDatabase(ctx context.Context, need store.Need) (*store.DB, error) {
	if err := c.findDatabase(); err != nil {
		return nil, err
	}
	key, lacking := c.secretKey()
	if isAbsent(lacking) {
		lacking = c.errKeyLost()
	} else if lacking != nil {
		return nil, lacking
	}
	db, err := c.aside(need).connect(ctx)
	if err != nil {
		return nil, err
	}
	if err = db.CheckRights(ctx); err == nil {
		_, err = db.PendingMigrations(ctx) // that the program is too old is told before what else is missing
	}
	switch {
	case err != nil:
	case lacking == nil:
		err = store.Unlock(ctx, db, key)
	default: // of a database that never had a key, which is mostly the wrong one, none was lost
		var used bool
		if used, err = store.HasVault(ctx, db); err == nil {
			err = lacking
			if !used {
				err = store.ErrNoVault
			}
		}
	}
	if errors.Is(err, store.ErrNoVault) {
		err = cmp.Or(neverMigrated(ctx, db), err)
	}
	if err != nil {
		return nil, errors.Join(explained(err), db.Close())
	}
	return db, nil
}

// currentDatabase opens a database that is there and up to date, for a command that leaves the schema as it is.
func (c *config) currentDatabase(ctx context.Context, need store.Need) (*store.DB, error) {
	db, err := c.existingDatabase(ctx, need)
	if err != nil {
		return nil, err
	}
	if err := upToDate(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// neverMigrated returns an error for a database that has nothing of this program yet, or not all of its schema.
func neverMigrated(ctx context.Context, db *store.DB) error {
	schema, err := db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if schema == 0 {
		return errors.New("the database is empty: it was never migrated; is it the right one? If it is, 'roster migrate up' makes the " +
			"schema, and 'roster serve' begins with it")
	}
	return upToDate(ctx, db)
}

// aside returns the settings to open a database for what a command does with it, without where files are kept, which would be made if it
// is not there.
func (c *config) aside(need store.Need) *config {
	aside := *c
	aside.files, aside.need = nil, need
	return &aside
}

func (p *program) backUp(ctx context.Context, cfg *config, file string) (err error) {
	if _, embedded := cfg.sqlitePath(); !embedded {
		return usageError{errors.New("PostgreSQL is backed up with its own tools, for example: " +
			"pg_dump --format=custom --file=FILE \"$ROSTER_DATABASE_URL\"; and restored with: pg_restore --dbname=URL FILE")}
	}
	db, err := cfg.existingDatabase(ctx, store.Reading)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	size, err := db.BackUp(ctx, file)
	if err != nil {
		return inTheWay(err, file)
	}
	fmt.Fprintf(p.stdout, "%d bytes in %s\nThe secret key is not in it. Keep a copy of %s apart: without it nothing that is sealed can be "+
		"read.\n", size, file, cfg.secretKeyPlace())
	if cfg.files != nil {
		fmt.Fprintln(p.stdout, "Logos and avatars are not in it: they are where --files (ROSTER_FILES) says. Copy them after the database.")
	}
	return nil
}

// restore checks a backup beside where it is to be, and gives it its name there if it is good.
func (p *program) restore(ctx context.Context, cfg *config, file string) (err error) {
	path, embedded := cfg.sqlitePath()
	if !embedded {
		return usageError{errors.New("a backup of 'roster backup' is put in the place of an embedded database; PostgreSQL is restored " +
			"with pg_restore")}
	}
	// First, for what one has left that was killed when everything was in its place.
	store.RemoveDrafts(filepath.Dir(path))
	for _, there := range []string{path, path + "-wal", path + "-journal"} { // SQLite would play them into what is restored
		if _, err := os.Lstat(there); err == nil {
			return errNotEmpty(there)
		}
	}
	key, err := cfg.keptSecretKey()
	if err != nil {
		return err
	}
	release, err := keepFromServers(path) // one goes on with a file that was moved away
	if err != nil {
		return err
	}
	defer release() //nolint:errcheck // it ends with the process
	if err := aloneEnough(file); err != nil {
		return err
	}
	draft, err := copyBeside(file, path)
	if err != nil {
		return err
	}
	defer draft.Close()
	if err := cfg.checkBackup(ctx, draft.Path(), key); err != nil {
		return fmt.Errorf("%s is not restored: %w", file, err)
	}
	if err := draft.GiveToOwner(); err != nil {
		return err
	}
	size, err := draft.Publish(path)
	if errors.Is(err, fs.ErrExist) {
		return errNotEmpty(path)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d bytes in %s\n'roster verify' compares what is in it.\n", size, path)
	return nil
}

func errNotEmpty(path string) error {
	return fmt.Errorf("there is a file %s already; restore into an empty place, or move it away", path)
}

// checkBackup makes sure that a file is a whole database of this program and of the secret key.
func (c *config) checkBackup(ctx context.Context, file string, key *store.SecretKey) (err error) {
	aside := c.aside(store.Reading)
	aside.databaseURL = "sqlite:" + file
	db, err := aside.connect(ctx)
	if at := (*fs.PathError)(nil); errors.As(err, &at) && at.Path == file {
		return at.Err // nobody has heard of a draft
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	applied, err := db.Migrations(ctx)
	if err != nil {
		return err
	}
	if len(applied) == 0 || applied[0].Pending() {
		return errors.New("it is no database of this program")
	}
	if err := store.Unlock(ctx, db, key); err != nil && !errors.Is(err, store.ErrNoVault) {
		return explained(err)
	}
	var wrong error
	err = db.CheckFile(ctx, func(sentence string) {
		if wrong == nil {
			wrong = fmt.Errorf("it is damaged: %s", sentence)
		}
	})
	return errors.Join(err, wrong)
}

func (p *program) verify(ctx context.Context, cfg *config, _ string) (err error) {
	cfg.statementTime = 0 // what reads everything takes as long as there is much of it
	db, err := cfg.currentDatabase(ctx, store.Reading)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	wrong := false
	say := func(sentence string) {
		wrong = true
		fmt.Fprintln(p.stdout, sentence)
	}
	if err := db.CheckFile(ctx, say); err != nil {
		return err
	}
	if err := store.VerifyVault(ctx, db, say); err != nil {
		return err
	}
	if err := models.Verify(ctx, db, say); err != nil {
		return err
	}
	if wrong {
		return errors.New("not everything agrees; what it says of counters, 'roster recount' sets right")
	}
	fmt.Fprintln(p.stdout, "everything agrees")
	return nil
}

// inTheWay explains why a file was not written.
func inTheWay(err error, file string) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is a file %s already; a backup replaces none", file)
	}
	return err
}

// aloneEnough refuses to restore the file of a database that has a log beside it, as that of a server which runs or was killed does: what
// was written last is in the log, and would be lost without a word.
func aloneEnough(file string) error {
	for _, log := range []string{followed(file) + "-wal", followed(file) + "-journal"} {
		if info, err := os.Stat(log); err == nil && info.Size() > 0 {
			return fmt.Errorf("%s is not restored: it is a database in use and not a backup, and what was written last is in %s beside "+
				"it; make a backup of both with 'roster backup FILE --database-url sqlite:%[1]s', and restore that", file, log)
		}
	}
	return nil
}

// copyBeside copies a file into a draft of another one.
func copyBeside(file, path string) (*store.Draft, error) {
	from, err := openFile(file)
	if err != nil {
		return nil, fmt.Errorf("open the backup: %w", err)
	}
	defer from.Close() //nolint:errcheck // it is only read
	draft, err := store.NewDraft(path)
	if err != nil {
		return nil, err
	}
	if err := draft.Fill(from); err != nil {
		draft.Close()
		return nil, fmt.Errorf("copy the backup: %w", err)
	}
	return draft, nil
}
