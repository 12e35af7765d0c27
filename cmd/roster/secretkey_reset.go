package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"roster/models"
	"roster/models/store"
)

const acceptLoss = "accept-loss"

func (p *program) secretKeyResetCommand() *cli.Command {
	return &cli.Command{
		Name:  "reset",
		Usage: "begin with another secret key when the one of the database is lost, at the cost of all that it protects",
		Description: "It costs every key, token, session and second factor, every URL and secret of a webhook, and every link in a\n" +
			"mail. Organizations, people with their passwords, memberships, roles, events and files stay.\n" +
			"Without --" + acceptLoss + " it says how many there are of each and changes nothing. A server that still runs has\n" +
			"the vault in its memory: look for the key before you stop the last one. With all of them stopped:\n\n" +
			"   roster secret-key create new.key\n" +
			"   roster secret-key reset --secret-key-file new.key\n" +
			"   roster secret-key reset --secret-key-file new.key --" + acceptLoss + "\n" +
			"   roster serve --secret-key-file new.key       (prints a first management key)",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: acceptLoss, Usage: "do it", HideDefault: true},
		}, p.flags(storage, logging)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			cfg, err := p.config(cmd)
			if err != nil {
				return err
			}
			return p.resetSecretKey(ctx, cfg, cmd.Bool(acceptLoss))
		},
	}
}

func (p *program) resetSecretKey(ctx context.Context, cfg *config, accepted bool) (err error) {
	key, err := cfg.secretKey()
	if isAbsent(err) && cfg.secretKeyFile != "" {
		return refuseKeyFile(fmt.Errorf("%w; a new secret key is needed, which is made with: roster secret-key create %s", err,
			cfg.secretKeyFile))
	}
	if isAbsent(err) {
		return usageError{fmt.Errorf("a new secret key is needed: make one with 'roster secret-key create FILE', and name it with "+
			"--secret-key-file (ROSTER_SECRET_KEY_FILE); where %s is, it need not be named", cfg.secretKeyPath())}
	}
	if err != nil {
		return err
	}
	if accepted {
		release, err := cfg.claimExisting()
		if err != nil {
			return err
		}
		defer release() //nolint:errcheck // it ends with the process
	}
	cfg.statementTime = 0 // one statement changes all there is of a kind
	db, err := cfg.lockedDatabase(ctx, store.Writing)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	lost, err := models.LostWithSecretKey(ctx, db, key)
	if err == nil && accepted {
		lost, err = models.ResetSecretKey(ctx, db, key)
	}
	switch {
	case errors.Is(err, store.ErrOpensAnyway):
		return fmt.Errorf("%s opens the database: nothing is lost, and nothing was changed", key)
	case errors.Is(err, store.ErrKnownKey):
		return fmt.Errorf("%s was one of the database before; make another with 'roster secret-key create FILE'", key)
	case err != nil:
		return explained(err)
	}
	return p.tellLost(key, lost, accepted)
}

// claimExisting keeps servers from a database that is there: one would go on with what it has in its memory, and write what nobody can
// open. It is called before the database is opened, and released after that is closed: whoever closes the file of an SQLite database ends
// the locks that SQLite has in it in this process.
func (c *config) claimExisting() (release func() error, err error) {
	if err := c.findDatabase(); err != nil {
		return nil, err
	}
	return c.claim()
}

// tellLost prints what is lost, or would be.
func (p *program) tellLost(key *store.SecretKey, lost []models.Loss, accepted bool) error {
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, l := range lost {
		fmt.Fprintf(table, "%d\t%s\t%s\n", l.Count, l.What, l.Then)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if !accepted {
		return fmt.Errorf("nothing was changed: that is what it costs to begin with %s; stop every server, and give --%s to do it", key,
			acceptLoss)
	}
	_, err := fmt.Fprintf(p.stdout, "\nThe database has %s now, and no other. The next 'roster serve' prints a first management key.\n",
		key)
	return err
}
