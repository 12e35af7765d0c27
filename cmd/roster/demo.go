package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/cheggaaa/pb/v3"
	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"roster/models"
	"roster/models/store"
)

func (p *program) demoCommand() *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "fill a database with organizations and people that look real",
		Description: "The organizations form trees of up to four levels; some are outside of their validity, the larger ones have " +
			"a logo. The same numbers and the same seed\n" +
			"give the same data, ids included, but for what people did lately. It adds to what is there: run again, it adds what is\n" +
			"missing after an interruption, or nothing; another seed or other numbers add other data.\n\n" +
			"   roster demo --organizations 1000 --users 5000\n" +
			"   roster demo --organizations 1000000 --seed 7 --database-url postgres://roster@localhost/roster --migrate\n\n" +
			"The data comes without events and without tokens; POST /public/v2/management/refresh-token/ID gives an organization a token." +
			"\n\nSeven people of one tree can sign in, with one password: they are printed once, with what each sees. The others have\n" +
			"none, since keeping one is slow by design. What these seven did in the last weeks depends on the day and has events: roles\n" +
			"of the company's own, invitations in every state, keys that are about to end, organizations that moved. Endpoints of\n" +
			"theirs do well, fail, are paused or disabled, with deliveries of weeks that nobody was ever sent. What is worth a look is\n" +
			"printed, too. A demo whose trees have fewer than eight people has nobody who signs in.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "organizations", Usage: "how many organizations", Value: "100"},
			&cli.StringFlag{Name: "users", Usage: "how many people, at most a thousand for each organization", Value: "500"},
			&cli.StringFlag{Name: "seed", Usage: "what the data is made from, a whole number", Value: "1"},
			&cli.StringFlag{Name: "password", Usage: "what some people sign in with, 12 to 200 characters (default: a random one)"},
		}, p.flags(storage, logging)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			d, err := newDemo(cmd)
			if err != nil {
				return err
			}
			password := cmd.String("password")
			if cmd.IsSet("password") {
				if err := checkPassword(password); err != nil {
					return usageError{fmt.Errorf("--password cannot be used: %w", err)}
				}
			}
			cfg, err := p.config(cmd)
			if err != nil {
				return err
			}
			return p.onDatabase(ctx, cmd, cfg, func(ctx context.Context, _ *cli.Command, db *store.DB) error {
				if err := p.fill(ctx, db, d); err != nil || d.cast == nil {
					return err
				}
				return d.cast.play(ctx, db, password, p.stdout)
			})
		},
	}
}

// The most that one run makes.
const (
	maxDemo        = 100_000_000
	maxUsersOfEach = 1000
	maxSeed        = 1<<31 - 1
	batchOfTheDemo = 5000 // organizations and users, about: a transaction of less than a second
)

// newDemo returns the data that the flags describe.
func newDemo(cmd *cli.Command) (*demo, error) {
	var organizations, users, seed int
	for _, flag := range []struct {
		name string
		set  func(string) error
	}{
		{"organizations", number(&organizations, 1, maxDemo)},
		{"users", number(&users, 0, maxDemo)},
		{"seed", number(&seed, 0, maxSeed)},
	} {
		if err := flag.set(cmd.String(flag.name)); err != nil {
			return nil, usageError{fmt.Errorf("--%s cannot be %q: %w", flag.name, cmd.String(flag.name), err)}
		}
	}
	if users > organizations*maxUsersOfEach {
		return nil, usageError{fmt.Errorf("--users cannot be %q: %d organizations take at most %d", cmd.String("users"), organizations,
			organizations*maxUsersOfEach)}
	}
	return makeDemo(organizations, users, seed), nil
}

// fill writes the demo, batch by batch. Each batch is whole trees with all that belongs to them, in one transaction.
func (p *program) fill(ctx context.Context, db *store.DB, d *demo) error {
	bar := p.progress(d.organizations)
	defer bar.Finish()
	organizations, users := 0, 0
	for batch := d.next(); batch != nil; batch = d.next() {
		there, err := models.HasOrganization(ctx, db, batch.Organizations[0].ID)
		if err != nil {
			return err
		}
		if !there {
			if err := models.InsertBatch(ctx, db, batch); err != nil {
				return fmt.Errorf("write demo (what is written is complete; run it again for the rest): %w", err)
			}
			organizations += len(batch.Organizations)
			users += len(batch.Users)
		}
		bar.Add(len(batch.Organizations))
	}
	if err := models.Analyze(ctx, db); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.stdout, "added %d organizations and %d users\n", organizations, users)
	return err
}

// progress returns a bar on stderr if that is a terminal, and one that shows nothing otherwise.
func (p *program) progress(total int) *pb.ProgressBar {
	bar := pb.New(total).SetWriter(io.Discard)
	if p.onTerminal() {
		bar.SetWriter(p.stderr)
	}
	return bar.Start()
}

// onTerminal reports whether somebody watches stderr.
func (p *program) onTerminal() bool {
	file, ok := p.stderr.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
