package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"roster/importing"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

func (p *program) importCommand() *cli.Command {
	return &cli.Command{
		Name:  "import",
		Usage: "bring in what other systems know",
		Commands: []*cli.Command{{
			Name:      "people",
			Usage:     "make people members of organizations",
			ArgsUsage: "FILE",
			Description: "FILE has one JSON object on each line, or is CSV with a line of names in front; - is stdin. What it can say\n" +
				"of people: " + strings.Join(importing.Columns(), ", ") + ".\n" +
				"Only email is needed. Roles are named by their keys or ids, in CSV with a semicolon between them.\n\n" +
				"   roster import people --organization ID staff.csv\n" +
				"   roster import people --organization ID --role viewer --dry-run --format ndjson - < staff\n\n" +
				"Who is not known yet becomes a user; who is gets the membership; who has that is left as they are, so that a file can\n" +
				"be imported again, after an interruption too. Lines that are refused are told on stderr with the reason, and keep no\n" +
				"other from being imported. It works on the database itself, beside running servers and without one. Passwords are not\n" +
				"imported.",
			ArgValidator: oneFile,
			Flags: append([]cli.Flag{
				&cli.StringFlag{Name: "organization", Usage: "`ID` of the organization of people for whom the file names none"},
				&cli.StringFlag{Name: "role", Usage: "`KEY` or id of the role of people for whom the file names none", Value: "member"},
				&cli.StringFlag{Name: "format", Usage: "ndjson or csv (default: by the ending of FILE: .ndjson, .jsonl or .csv)"},
				&cli.BoolFlag{Name: "dry-run", Usage: "try everything and keep nothing"},
			}, p.flags(storage, logging)...),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				wanted, err := importOf(cmd)
				if err != nil {
					return err
				}
				return p.withFoundDatabase(ctx, cmd, func(ctx context.Context, cmd *cli.Command, db *store.DB) error {
					return p.importPeople(ctx, db, wanted, cmd.Args().First())
				})
			},
		}},
	}
}

func oneFile(_ context.Context, cmd *cli.Command) error {
	if cmd.NArg() != 1 {
		return usageError{fmt.Errorf("'%s' takes one argument, the file, or - for stdin", cmd.FullName())}
	}
	return nil
}

// formats are those of files, by their endings.
var formats = map[string]importing.Format{".ndjson": importing.NDJSON, ".jsonl": importing.NDJSON, ".csv": importing.CSV}

// importOf returns the settings that the flags and the name of the file describe.
func importOf(cmd *cli.Command) (importing.Settings, error) {
	var role, format string
	s := importing.Settings{DryRun: cmd.Bool("dry-run")}
	for _, flag := range []struct {
		name string
		set  func(string) error
	}{
		{"organization", optional(identifier(&s.Organization))},
		{"role", required(text(&role))},
		{"format", optional(oneOf(&format, string(importing.NDJSON), string(importing.CSV)))},
	} {
		if value := cmd.String(flag.name); flag.set(value) != nil {
			return s, usageError{fmt.Errorf("--%s cannot be %q: %w", flag.name, value, flag.set(value))}
		}
	}
	s.Roles = []string{role}
	if s.Format = importing.Format(format); format == "" {
		s.Format = formats[strings.ToLower(filepath.Ext(cmd.Args().First()))]
	}
	if s.Format == "" {
		return s, usageError{errors.New("--format is needed for a file whose name does not end with .ndjson, .jsonl or .csv")}
	}
	return s, nil
}

// importPeople brings in the people of a file, and tells what became of them on stdout, and what of it was refused on stderr.
func (p *program) importPeople(ctx context.Context, db *store.DB, s importing.Settings, name string) (err error) {
	if s.Organization != "" {
		if _, err := collection.Find(ctx, db, models.Organizations, operator.Scope, s.Organization, nil); err != nil {
			return refusal(err)
		}
	}
	in, shown := os.Stdin, "stdin"
	if name != "-" {
		if in, err = os.Open(name); err != nil {
			return fmt.Errorf("open the file: %w", err)
		}
		defer func() { err = errors.Join(err, in.Close()) }()
		shown = name
	}
	s.Fault = func(line int, why string) { fmt.Fprintf(p.stderr, "%s:%d: %s\n", shown, line, printable(why)) }
	s.Progress = p.reportProgress(db.Now)
	sum, failure := importing.Run(ctx, db, operator, in, s)
	tried := ""
	if s.DryRun {
		tried = "dry run: "
	}
	_, err = fmt.Fprintf(p.stdout, "%sread %d, created %d people, %d memberships, %d already there, %d faults\n",
		tried, sum.Read, sum.Created, sum.Joined, sum.There, sum.Faults)
	return errors.Join(outcome(ctx, sum, failure), err)
}

// outcome returns what an import that was not complete tells its user.
func outcome(ctx context.Context, sum importing.Summary, failure error) error {
	switch {
	case failure == nil && sum.Faults > 0:
		return fmt.Errorf("%d of %d people were refused", sum.Faults, sum.Read)
	case failure == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("stopped after line %d; run it again for the rest", sum.Line)
	case sum.Line == 0:
		return failure
	default:
		return fmt.Errorf("after line %d, up to which all is done (run it again for the rest): %w", sum.Line, failure)
	}
}

// Progress is told once a second to who watches, and every so many people to a file.
const (
	progressEvery  = time.Second
	progressPeople = 10_000
)

// reportProgress returns a function that tells on stderr how far an import is, not every time that it is called.
func (p *program) reportProgress(now func() time.Time) func(importing.Summary) {
	terminal, last, told := p.onTerminal(), now(), 0
	return func(sum importing.Summary) {
		if terminal && now().Sub(last) < progressEvery || !terminal && sum.Read < told+progressPeople {
			return
		}
		last, told = now(), sum.Read
		fmt.Fprintf(p.stderr, "line %d: %d created, %d memberships, %d already there, %d faults\n",
			sum.Line, sum.Created, sum.Joined, sum.There, sum.Faults)
	}
}
