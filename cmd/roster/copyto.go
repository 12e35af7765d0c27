package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"roster/models/store"
)

func (p *program) copyToCommand() *cli.Command {
	return &cli.Command{
		Name:      "copy-to",
		Usage:     "copy the embedded database into an empty PostgreSQL database",
		ArgsUsage: "URL",
		Description: "Stop the server first: the command refuses a database that another process has open, and nobody can open it\n" +
			"meanwhile. It is not changed. The target is migrated and filled in batches, then compared row by row; a server\n" +
			"refuses it until that is done. If it is interrupted, the same command goes on where it was.\n\n" +
			"   roster copy-to postgres://roster@localhost/roster\n\n" +
			"The servers of the target need the same secret key.",
		ArgValidator: oneTarget,
		Flags:        p.flags(storage, logging),
		Action:       p.onInstallation(p.copyTo),
	}
}

func oneTarget(_ context.Context, cmd *cli.Command) error {
	target := cmd.Args().First()
	if cmd.NArg() != 1 || !strings.HasPrefix(target, "postgres://") && !strings.HasPrefix(target, "postgresql://") {
		return usageError{fmt.Errorf("'%s' takes one argument, the URL of the target: postgres://user:password@host/name", cmd.FullName())}
	}
	if err := checkPostgresURL(target); err != nil {
		return usageError{fmt.Errorf("the URL of the target cannot be used: %w", err)}
	}
	return nil
}

func (p *program) copyTo(ctx context.Context, cfg *config, url string) (err error) {
	path, embedded := cfg.sqlitePath()
	if !embedded {
		return usageError{errors.New("what is copied is an embedded database; PostgreSQL is moved with pg_dump and pg_restore")}
	}
	if err := cfg.checkSource(ctx); err != nil {
		return err
	}
	source, err := store.OpenSource(ctx, path)
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%w: stop the server on it first, or wait for the command that works on it", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	logger := cfg.logger(p.stderr)
	target, err := cfg.openTarget(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	rows, err := source.CopyTo(ctx, target, func(done store.CopyProgress) {
		switch done.Step {
		case "migrate":
			logger.InfoContext(ctx, "migration applied", "name", done.Table)
		case "look":
			logger.InfoContext(ctx, "looking at everything that is to be copied")
		default:
			logger.InfoContext(ctx, copySteps[done.Step], "table", done.Table, "rows", done.Rows, "of", done.Of)
		}
	})
	switch {
	case errors.Is(err, store.ErrCopying):
		return fmt.Errorf("%w: a copy is under way, and this one has not begun; wait until that is done, or end it and run this command "+
			"again, which goes on where it was", err)
	case ctx.Err() != nil:
		return errors.New("the copying was interrupted; the same command goes on where it was")
	case err != nil:
		return err
	}
	fmt.Fprintf(p.stdout, "%d rows were copied, and compared one by one.\n"+
		"Start the servers with this database and the same secret key, %s. %s is as it was; do not start a server on it again.\n",
		rows, cfg.secretKeyPlace(), path)
	return nil
}

// copySteps are what the log says of each.
var copySteps = map[string]string{"copy": "copied", "compare": "compared"}

// checkSource makes sure that the embedded database can be copied: it is there, of the secret key, and of this version.
func (c *config) checkSource(ctx context.Context) (err error) {
	source, err := c.existingDatabase(ctx, store.Reading)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	pending, err := source.PendingMigrations(ctx)
	if err == nil && pending > 0 {
		err = fmt.Errorf("the schema of the embedded database is not up to date (%d pending); run 'roster migrate up' on it first", pending)
	}
	return err
}

// openTarget opens a PostgreSQL database that is to be filled.
func (c *config) openTarget(ctx context.Context, url string) (*store.DB, error) {
	aside := c.aside(store.Writing)
	aside.databaseURL, aside.filling = url, true
	aside.statementTime = 0 // large tables are read by one statement
	target, err := aside.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the target: %w", err)
	}
	return target, nil
}
