package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"roster/models/store"
)

func (p *program) migrateCommand() *cli.Command {
	return &cli.Command{
		Name:  "migrate",
		Usage: "bring the schema of the database up to date, or show how far it is",
		Description: "It needs no secret key; one that it is given, or finds, has to be that of the database. " +
			"Any number of processes may migrate\n" +
			"at once: one works, the others wait. A schema that a newer version has migrated is left alone.\n\n" +
			"   roster migrate up --database-url postgres://roster@localhost/roster\n" +
			"   roster migrate status",
		Commands: []*cli.Command{
			{
				Name: "up", Usage: "apply every pending migration", Flags: p.flags(storage, logging),
				Action: func(ctx context.Context, cmd *cli.Command) error {
					return p.withSchema(ctx, cmd, store.Writing, (*config).makeDatabaseDir, p.migrateUp)
				},
			},
			{
				Name: "status", Usage: "list the migrations and when they were applied; exit code 1 while one is pending or unknown",
				Flags: p.flags(storage, logging),
				Action: func(ctx context.Context, cmd *cli.Command) error {
					return p.withSchema(ctx, cmd, store.Reading, (*config).findDatabase, p.migrateStatus)
				},
			},
		},
	}
}

// withSchema opens the database whatever the state of its schema, once there is a place for it.
func (p *program) withSchema(
	ctx context.Context, cmd *cli.Command, need store.Need, place func(*config) error, do func(context.Context, *config, *store.DB) error,
) (err error) {
	cfg, err := p.config(cmd)
	if err != nil {
		return err
	}
	if err := place(cfg); err != nil {
		return err
	}
	db, err := cfg.aside(need).connect(ctx) // migrations neither hash nor encrypt
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(ctx, cfg, db)
}

func (p *program) migrateUp(ctx context.Context, cfg *config, db *store.DB) error {
	if err := cfg.checkKey(ctx, db); err != nil {
		return err
	}
	steps, err := db.Migrate(ctx, func(s store.Migration) { fmt.Fprintf(p.stdout, "applied %s\n", s.Name) })
	if err == nil && len(steps) == 0 {
		fmt.Fprintln(p.stdout, "nothing to do")
	}
	return err
}

func (p *program) migrateStatus(ctx context.Context, _ *config, db *store.DB) error {
	steps, err := db.Migrations(ctx)
	if err != nil {
		return err
	}
	pending, unknown := 0, 0
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, s := range steps {
		name, applied := s.Name, s.AppliedAt.UTC().Format(time.RFC3339)
		switch {
		case s.Unknown():
			unknown++
			name = fmt.Sprintf("%05d (unknown to this program)", s.Version)
		case s.Pending():
			pending++
			applied = "pending"
		}
		fmt.Fprintf(table, "%s\t%s\n", name, applied)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	switch {
	case unknown > 0:
		return fmt.Errorf("%w: %d unknown", store.ErrNewerSchema, unknown)
	case pending > 0:
		return fmt.Errorf("the schema of the database is not up to date (%d pending)", pending)
	}
	return nil
}
