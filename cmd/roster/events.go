package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/urfave/cli/v3"

	"roster/handlers"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

func (p *program) eventsCommand() *cli.Command {
	return &cli.Command{
		Name:  "events",
		Usage: "read the audit trail",
		Commands: []*cli.Command{{
			Name:  "export",
			Usage: "write the events to a file or to stdout",
			Description: "It reads the database itself, beside running servers and without one, and writes what GET /public/v2/events " +
				"exports, in the\norder of position, up to the last event there is when it begins.\n\n" +
				"   roster events export --since 2027-01-01 --until 2027-02-01 --output january.ndjson\n" +
				"   roster events export --organization ID --format csv\n\n" +
				"NDJSON ends with a line that says that it is complete and has the number of events, which is told on stderr as well.\n" +
				"A file is called FILE.part until it is complete.",
			Flags: append([]cli.Flag{
				&cli.StringFlag{Name: "since", Usage: "no event before this `time`: 2027-01-31 or 2027-01-31T12:00:00Z"},
				&cli.StringFlag{Name: "until", Usage: "no event from this `time` on"},
				&cli.StringFlag{Name: "organization", Usage: "`ID` of the organization in which they happened"},
				&cli.StringFlag{Name: "format", Usage: "ndjson or csv", Value: "ndjson"},
				&cli.StringFlag{Name: "output", Usage: "`file` to write, which must not exist (default: stdout)"},
			}, p.flags(storage, logging)...),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				wanted, organization, err := exportOf(cmd)
				if err != nil {
					return err
				}
				// It gives events their positions that have none yet.
				return p.withCurrentDatabase(ctx, cmd, store.Writing, func(ctx context.Context, cmd *cli.Command, db *store.DB) error {
					if err := findOrganization(ctx, db, organization); err != nil {
						return err
					}
					return p.exportEvents(ctx, db, wanted, cmd.String("output"))
				})
			},
		}},
	}
}

// exportOf returns the export that the flags describe, and the organization that it is of, "" for all.
func exportOf(cmd *cli.Command) (export *handlers.Export, organization string, err error) {
	var format string
	var since, until time.Time
	for _, flag := range []struct {
		name string
		set  func(string) error
	}{
		{"since", optional(instant(&since))},
		{"until", optional(instant(&until))},
		{"organization", optional(identifier(&organization))},
		{"format", oneOf(&format, "ndjson", "csv")},
	} {
		if value := cmd.String(flag.name); flag.set(value) != nil {
			return nil, "", usageError{fmt.Errorf("--%s cannot be %q: %w", flag.name, value, flag.set(value))}
		}
	}
	if !until.IsZero() && !since.Before(until) {
		return nil, "", usageError{fmt.Errorf("--until cannot be %q: it must be later than --since, %s", cmd.String("until"),
			cmd.String("since"))}
	}
	q := &jsonapi.Query{}
	occurred := func(op jsonapi.Op, at time.Time) {
		if !at.IsZero() {
			a := models.Events.Schema.Attribute("occurredAt")
			q.Filters = append(q.Filters, jsonapi.Condition{Field: a.Name, Attribute: a, Op: op, Value: at})
		}
	}
	occurred(jsonapi.OpGreaterEqual, since)
	occurred(jsonapi.OpLess, until)
	if organization != "" {
		q.Filters = append(q.Filters, jsonapi.Condition{Field: "organizationId", Op: jsonapi.OpEqual, Value: organization})
	}
	form := map[string]string{"ndjson": jsonapi.NDJSON, "csv": jsonapi.CSV}[format]
	return handlers.NewExport(models.Events, models.Events.Schema.URL(), q, form), organization, nil
}

// findOrganization makes sure that there is an organization, deleted or not, unless none is named.
func findOrganization(ctx context.Context, db *store.DB, id string) error {
	if id == "" {
		return nil
	}
	found, err := models.HasOrganization(ctx, db, id)
	if err == nil && !found {
		return fmt.Errorf("there is no organization %s", id)
	}
	return err
}

// instant reads a date in UTC, or a time.
func instant(into *time.Time) func(string) error {
	return func(value string) error {
		at, err := time.Parse(time.DateOnly, value)
		if err != nil {
			var ok bool
			if at, _, ok = jsonapi.ParseTime(value); !ok {
				return errors.New("it must be a date or a time, such as 2027-01-31 or 2027-01-31T12:00:00Z")
			}
		}
		*into = at
		return nil
	}
}

// exportEvents writes events to a new file, or to stdout for "". The file has its name once it is complete; until then, and for ever if it
// does not come to that, it is called FILE.part.
func (p *program) exportEvents(ctx context.Context, db *store.DB, export *handlers.Export, output string) error {
	if output == "" {
		count, err := writeExport(ctx, db, export, p.stdout)
		return p.tellExport(ctx, "the output", count, err)
	}
	if _, err := os.Lstat(output); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open the output %s: %w", output, cmp.Or(err, fs.ErrExist))
	}
	part := output + ".part"
	if info, err := os.Lstat(part); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("open the output: %s is no file, and the name of what is not complete yet", part)
	}
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("open the output: %w", err)
	}
	count, err := writeExport(ctx, db, export, file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(part, output)
	}
	return p.tellExport(ctx, part, count, err)
}

// tellExport says how many events there are, or returns what whoever finds an export that broke off has to know.
func (p *program) tellExport(ctx context.Context, where string, count int64, err error) error {
	switch {
	case err == nil:
		_, err = fmt.Fprintf(p.stderr, "%d events\n", count)
		return err
	case ctx.Err() != nil: // what the database says of that is of no use
		return fmt.Errorf("stopped; %s holds %d events and is not complete", where, count)
	default:
		return fmt.Errorf("%s is not complete: %w", where, err)
	}
}

// writeExport writes an export of everything in large pieces, and returns how many events it has, also if it broke off.
func writeExport(ctx context.Context, db *store.DB, export *handlers.Export, out io.Writer) (int64, error) {
	buffered := bufio.NewWriterSize(out, 1<<16)
	count, err := export.Run(ctx, db, buffered, func(context.Context) (collection.Scope, error) { return collection.Everything(), nil },
		func(context.Context) error { return nil })
	return count, errors.Join(err, buffered.Flush())
}
