package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"roster/models/store"
)

func (p *program) secretKeyCommand() *cli.Command {
	return &cli.Command{
		Name:  "secret-key",
		Usage: "make the secret key, put another one in its place, or begin without the one that is lost",
		Description: "The secret key is kept outside of the database, and opens what is sealed in it. It is a file, named by\n" +
			"--secret-key-file or DATA-DIR/secret.key, or is in " + secretKeyVariable + ".\n\n" +
			"A new one takes its place without a restart at a bad moment; for a time both work:\n\n" +
			"   roster secret-key create new.key\n" +
			"   roster secret-key rotate new.key      (with the settings as they are)\n" +
			"   ...                                   (every server is started again with new.key)\n" +
			"   roster secret-key status\n" +
			"   roster secret-key retire ID           (with the new key in the settings; ID of the old one)",
		Commands: []*cli.Command{
			{
				Name:      "create",
				Usage:     "make a secret key, in a new file or on stdout",
				ArgsUsage: "[FILE]",
				Description: "It touches no database; on SQLite the first start makes the key by itself. Without FILE nothing but\n" +
					"the key goes to stdout, for a Secret or a variable:\n\n" +
					"   roster secret-key create roster-data/secret.key\n" +
					"   kubectl create secret generic roster --from-literal=secret.key=\"$(roster secret-key create)\"",
				ArgValidator: atMostOne("file"),
				Action:       func(_ context.Context, cmd *cli.Command) error { return p.createSecretKey(cmd.Args().First()) },
			},
			{
				Name:      "rotate",
				Usage:     "make a new secret key open the database, beside the present one",
				ArgsUsage: "NEW-FILE",
				Description: "The settings name the present key; NEW-FILE holds the new one, - is stdin. Servers that run go on,\n" +
					"and from now on start with either. What is in the database stays as it is: the two keys of its own that\n" +
					"everything is hashed and sealed with are sealed by one key more. Two can be live, not three.",
				ArgValidator: exactlyOne("the file of the new key"),
				Flags:        p.flags(storage, logging),
				Action:       p.onStorage(p.rotateSecretKey),
			},
			{
				Name:      "retire",
				Usage:     "make a secret key cease to open the database, when no server starts with it any more",
				ArgsUsage: "ID",
				Description: "The settings name the key that stays. It takes a rotation back, too: with the old key in the settings\n" +
					"and the ID of the new one. Servers that run go on until they end. Backups from before can be opened\n" +
					"with the old key as ever.",
				ArgValidator: exactlyOne("the id of a secret key; 'roster secret-key status' shows them"),
				Flags:        p.flags(storage, logging),
				Action:       p.onStorage(p.retireSecretKey),
			},
			{
				Name:        "status",
				Usage:       "list the secret keys by their ids, and when a server last started with each",
				Description: "An id tells nothing of its key. It needs no secret key.",
				Flags:       p.flags(storage, logging),
				Action:      p.onStorage(p.listSecretKeys),
			},
			p.secretKeyResetCommand(),
		},
	}
}

func atMostOne(what string) func(context.Context, *cli.Command) error {
	return func(_ context.Context, cmd *cli.Command) error {
		if cmd.NArg() > 1 {
			return usageError{fmt.Errorf("'%s' takes one %s at most", cmd.FullName(), what)}
		}
		return nil
	}
}

func exactlyOne(what string) func(context.Context, *cli.Command) error {
	return func(_ context.Context, cmd *cli.Command) error {
		if cmd.NArg() != 1 || cmd.Args().First() == "" { // as a variable is that is not set
			return usageError{fmt.Errorf("'%s' takes one argument, %s", cmd.FullName(), what)}
		}
		return nil
	}
}

func (p *program) createSecretKey(file string) error {
	key := store.NewSecretKey()
	if file == "" {
		return p.printLine(key.Text())
	}
	err := writeSecretKey(file, key)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is a file %s already; a secret key replaces none", file)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s in %s\nKeep a copy of it apart from the database: one is of no use without the other.\n", key, file)
	return err
}

// nextSecretKey returns the key that a rotation is to, which must be there.
func nextSecretKey(file string) (*store.SecretKey, error) {
	if file == "-" {
		return keyFrom(os.Stdin, "stdin")
	}
	key, err := readSecretKey(file)
	if isAbsent(err) {
		err = fmt.Errorf("%w; the one that a rotation is to is made before, with: roster secret-key create %s", err, file)
	}
	if err != nil {
		return nil, usageError{err}
	}
	return key, nil
}

func (p *program) rotateSecretKey(ctx context.Context, cfg *config, file string) (err error) {
	next, err := nextSecretKey(file)
	if err != nil {
		return err
	}
	db, key, err := cfg.databaseOfKey(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	added, err := store.AddSecretKey(ctx, db, key, next)
	switch {
	case errors.Is(err, store.ErrSameKey):
		return usageError{fmt.Errorf("the new key is the present one, %s; make another with 'roster secret-key create FILE'", key.ID())}
	case errors.Is(err, store.ErrKnownKey):
		return usageError{fmt.Errorf("%s was retired before; make another one with 'roster secret-key create FILE'", next)}
	case errors.Is(err, store.ErrTwoKeys):
		return errors.New("a rotation is under way: two secret keys open the database; retire one of them first " +
			"('roster secret-key status')")
	case err != nil:
		return explained(err)
	}
	already := ""
	if !added {
		already = " already"
	}
	_, err = fmt.Fprintf(p.stdout, `%s opens the database%s, and so does %s.
Start every server again with the new one. Then, with the new one in the settings:

  roster secret-key retire %s

`, next, already, key, key.ID())
	return err
}

func (p *program) retireSecretKey(ctx context.Context, cfg *config, id string) (err error) {
	db, key, err := cfg.databaseOfKey(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = store.RetireSecretKey(ctx, db, key, id)
	switch {
	case errors.Is(err, store.ErrSameKey):
		return usageError{fmt.Errorf("%s is the key of the settings; name the one that stays there, with --secret-key-file "+
			"(ROSTER_SECRET_KEY_FILE) or in %s", id, secretKeyVariable)}
	case errors.Is(err, store.ErrUnknownKey):
		return usageError{fmt.Errorf("no secret key with the id %q opens the database; 'roster secret-key status' shows those that do",
			printable(id))}
	case err != nil:
		return explained(err)
	}
	_, err = fmt.Fprintf(p.stdout, "secret key %s is retired: no server starts with it any more.\n", id)
	return err
}

// databaseOfKey opens a database that is there and up to date, with the key that opens it.
func (c *config) databaseOfKey(ctx context.Context) (*store.DB, *store.SecretKey, error) {
	db, err := c.existingDatabase(ctx, store.Writing)
	if err != nil {
		return nil, nil, err
	}
	key, err := c.keptSecretKey()
	if err == nil {
		err = upToDate(ctx, db)
	}
	if err == nil {
		err = explained(store.SetUp(ctx, db, key)) // takes over what an earlier version left
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, key, nil
}

// upToDate refuses a schema of an earlier version.
func upToDate(ctx context.Context, db *store.DB) error {
	pending, err := db.PendingMigrations(ctx)
	if err == nil && pending > 0 {
		err = fmt.Errorf("the schema of the database is not up to date (%d pending); run 'roster migrate up' first", pending)
	}
	return err
}

func (p *program) listSecretKeys(ctx context.Context, cfg *config, _ string) (err error) {
	db, err := cfg.lockedDatabase(ctx, store.Reading)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keys, derivedFrom, err := store.SecretKeys(ctx, db)
	if err != nil {
		return err
	}
	given := ""
	if key, err := cfg.secretKey(); err == nil {
		given = key.ID()
	} else if !isAbsent(err) || !cfg.usesDefaultKey() { // whoever looks here without a key in its place need not have one
		fmt.Fprintf(p.stderr, "the secret key of the settings cannot be read, so that none is said to be in them: %v\n", err)
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTATE\tSINCE\tLAST START\tIN THE SETTINGS")
	for _, k := range keys {
		state, since, here := "live", k.CreatedAt, "no"
		if !k.RetiredAt.IsZero() {
			state, since = "retired", k.RetiredAt
		}
		if k.ID == given {
			here = "yes"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.ID, state, since.UTC().Format(time.RFC3339), orNever(optionalTime(k.OpenedAt)), here)
	}
	if err := table.Flush(); err != nil || derivedFrom == "" {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "\nAn earlier version derived the keys of the database from %s: whoever has that one can open a copy "+
		"of the database,\nwhether it is retired or not.\n", derivedFrom)
	return err
}

func optionalTime(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// lockedDatabase opens a database that is there and up to date, without its vault. On PostgreSQL the role has to have the rights that it is
// needed for.
func (c *config) lockedDatabase(ctx context.Context, need store.Need) (*store.DB, error) {
	if err := c.findDatabase(); err != nil {
		return nil, err
	}
	db, err := c.aside(need).connect(ctx)
	if err != nil {
		return nil, err
	}
	if err = db.CheckRights(ctx); err == nil {
		err = upToDate(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
