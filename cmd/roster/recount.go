package main

import (
	"context"
	"errors"
	"fmt"

	"roster/models"
	"roster/models/store"

	"github.com/urfave/cli/v3"
)

func (p *program) recountCommand() *cli.Command {
	return &cli.Command{
		Name:  "recount",
		Usage: "set the counters of the database that do not agree with what counting finds",
		Description: "For what 'roster verify' says of counters: a replica of the version before, which went on after the schema had\n" +
			"counters that it does not know, has left them behind. Let it end, then count. Servers may run, and read as ever; on\n" +
			"PostgreSQL what changes a counter waits until all is counted, on SQLite every change does. Nothing else is changed,\n" +
			"and there are no events. What was set comes to stdout, a line each.\n\n" +
			"   roster recount",
		Flags:  p.flags(storage, logging),
		Action: p.onStorage(p.recount),
	}
}

func (p *program) recount(ctx context.Context, cfg *config, _ string) (err error) {
	cfg.statementTime = 0 // as for verify
	db, err := cfg.currentDatabase(ctx, store.Writing)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	n, err := models.Recount(ctx, db, func(sentence string) { fmt.Fprintln(p.stdout, sentence) })
	if err != nil {
		return err
	}
	if n == 0 {
		fmt.Fprintln(p.stdout, "every counter agrees")
		return nil
	}
	fmt.Fprintf(p.stdout, "set: %d\n", n)
	return nil
}
