package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v3"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

func (p *program) keyCommand() *cli.Command {
	return &cli.Command{
		Name:  "key",
		Usage: "create, list and revoke keys",
		Description: "The commands work on the database itself, beside running servers and without one. A key that is revoked is dead " +
			"at once,\n" +
			"everywhere.",
		Commands: []*cli.Command{
			p.createKeyCommand(),
			{
				Name:  "first",
				Usage: "create the first management key of an installation that never had one and print it, as serve does",
				Description: "For automation that must not look for the key in the log of a server: run it before the first one starts. " +
					"Nothing but the\n" +
					"key goes to stdout. Where there is one already nothing does, stderr says so, and the exit code is 0, so that\n" +
					"it can be run before each start. A key that cannot be printed is not made: the exit code is 1, and it can be\n" +
					"tried again.\n\n" +
					"   roster key first --database-url postgres://roster@localhost/roster > first.key",
				Flags: p.flags(storage, logging),
				Action: func(ctx context.Context, cmd *cli.Command) error {
					return p.withDatabase(ctx, cmd, p.firstKey)
				},
			},
			{
				Name:  "list",
				Usage: "list the keys; never their secrets",
				Flags: append([]cli.Flag{
					&cli.BoolFlag{Name: "json", Usage: "print the JSON:API document of the API instead of a table"},
				}, p.flags(storage, logging)...),
				Action: func(ctx context.Context, cmd *cli.Command) error {
					return p.withCurrentDatabase(ctx, cmd, store.Reading, p.listKeys)
				},
			},
			{
				Name:         "revoke",
				Usage:        "end a key at once",
				ArgsUsage:    "ID",
				ArgValidator: oneID,
				Flags:        p.flags(storage, logging),
				Action:       func(ctx context.Context, cmd *cli.Command) error { return p.withFoundDatabase(ctx, cmd, p.revokeKey) },
			},
		},
	}
}

func (p *program) createKeyCommand() *cli.Command {
	return &cli.Command{
		Name:  "create",
		Usage: "create a key and print it, the only time it is shown",
		Description: "Nothing but the key goes to stdout.\n\n" +
			"Kinds, which say whom it acts for:\n\n" +
			"   management     whoever runs this installation, or a partner: everything, or with --organization that\n" +
			"                  one and all below it; the only kind that comes to /public/v2/management\n" +
			"   organization   one organization: itself and what hangs on it, such as its people and webhooks\n" +
			"   user           one person: what their roles allow at this moment, wherever they are a member\n\n" +
			"   roster key create --kind management --name 'Console' --expires 90d\n" +
			"   roster key create --kind management --organization ID --name 'Partner'  " +
			"(sees that organization and all below it)\n" +
			"   roster key create --kind organization --organization ID --scopes users:read,events:read --name 'Sync'\n" +
			"   roster key create --kind user --user ada@example.com --name 'Script'  (acts as that person)\n\n" +
			"Scopes, which say what it may do for them: " + strings.Join(models.Scopes(), ", ") + ",\n" +
			"and words of applications, such as invoices:approve. Write includes read. They are the words that roles\n" +
			"consist of as permissions: a key of a user may do what is in both, its scopes and the roles. Give the\n" +
			"fewest: a reader of the audit trail needs events:read, a sign-up form users:write and memberships:write,\n" +
			"a server that asks /public/v2/authorize about others memberships:read.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "kind", Usage: "management, organization or user"},
			&cli.StringFlag{Name: "name", Usage: "what the key is for"},
			&cli.StringFlag{Name: "organization", Usage: "`ID` of the organization it belongs to"},
			&cli.StringFlag{Name: "user", Usage: "`ID` or email of the user that a key of the kind user acts as"},
			&cli.StringFlag{Name: "scopes", Usage: "what it may do, separated by commas; * is everything",
				Value: models.EveryScope},
			&cli.StringFlag{Name: "expires",
				Usage: "when it ceases to work: 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z (default: never)"},
		}, p.flags(storage, logging)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			wanted, err := keyChange(cmd, time.Now()) // first: a mistake on the command line makes no database
			if err != nil {
				return err
			}
			return p.withDatabase(ctx, cmd, func(ctx context.Context, _ *cli.Command, db *store.DB) error {
				return p.createKey(ctx, db, wanted, cmd.String("user"))
			})
		},
	}
}

// withDatabase runs a command that has nothing to do with files on the database that the settings name. It makes one only at a place that
// somebody has named.
func (p *program) withDatabase(ctx context.Context, cmd *cli.Command, do func(context.Context, *cli.Command, *store.DB) error) error {
	cfg, err := p.config(cmd)
	if err != nil {
		return err
	}
	return p.onDatabase(ctx, cmd, cfg.aside(store.Writing), do)
}

func (p *program) onDatabase(
	ctx context.Context, cmd *cli.Command, cfg *config, do func(context.Context, *cli.Command, *store.DB) error,
) (err error) {
	if err := cfg.findUnlessNamed(); err != nil {
		return err
	}
	db, err := cfg.openDatabase(ctx, cfg.logger(p.stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(ctx, cmd, db)
}

// withFoundDatabase does the same for a command that has nothing to do where there is no database: it makes none.
func (p *program) withFoundDatabase(ctx context.Context, cmd *cli.Command, do func(context.Context, *cli.Command, *store.DB) error) error {
	cfg, err := p.config(cmd)
	if err == nil {
		err = cfg.findDatabase()
	}
	if err != nil {
		return err
	}
	return p.withDatabase(ctx, cmd, do)
}

// withCurrentDatabase runs a command on a database that is there, and that it does not bring up to date.
func (p *program) withCurrentDatabase(
	ctx context.Context, cmd *cli.Command, need store.Need, do func(context.Context, *cli.Command, *store.DB) error,
) (err error) {
	cfg, err := p.config(cmd)
	if err != nil {
		return err
	}
	db, err := cfg.currentDatabase(ctx, need)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(ctx, cmd, db)
}

// operator is whom the events name for what is done on the command line.
var operator = models.System("command line")

func (p *program) createKey(ctx context.Context, db *store.DB, wanted *models.Change, user string) error {
	if user != "" {
		found, err := models.FindUserNamed(ctx, db, operator.Scope, user)
		if err != nil {
			return refusal(err)
		}
		wanted.Links["user"] = models.Links{found.ID}
	}
	return refusal(handOver(ctx, db, func(tx *store.DB) (string, error) {
		key, err := models.CreateAPIKey(ctx, tx, operator, wanted)
		if err != nil {
			return "", err
		}
		return *key.Key, nil
	}, p.printLine))
}

// printLine prints what is shown only once, where somebody can see it.
func (p *program) printLine(text string) error {
	if err := p.stdout.seen(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.stdout, text)
	return err
}

// firstKey prints the first management key, or says that there is one.
func (p *program) firstKey(ctx context.Context, _ *cli.Command, db *store.DB) error {
	made := false
	err := handOver(ctx, db, func(tx *store.DB) (string, error) {
		key, err := models.CreateFirstManagementKey(ctx, tx)
		made = key != ""
		return key, err
	}, p.printLine)
	if err != nil {
		return fmt.Errorf("make the first management key: %w", err)
	}
	if !made {
		fmt.Fprintln(p.stderr, "nothing is printed: this installation was given its first management key before; "+
			"'roster key create --kind management --name NAME' makes another one")
	}
	return nil
}

// keyChange returns what the flags describe.
func keyChange(cmd *cli.Command, now time.Time) (*models.Change, error) {
	var kind, name, organization string
	var scopes []string
	var expires *jsonapi.Time
	for _, flag := range []struct {
		name string
		set  func(string) error
	}{
		{"kind", oneOf(&kind, string(models.ManagementKey), string(models.OrganizationKey), string(models.UserKey))},
		{"name", required(keyName(&name))},
		{"organization", optional(identifier(&organization))},
		{"scopes", scopeList(&scopes)},
		{"expires", optional(moment(&expires, now))},
	} {
		if value := cmd.String(flag.name); flag.set(value) != nil {
			return nil, usageError{fmt.Errorf("--%s cannot be %q: %w", flag.name, value, flag.set(value))}
		}
	}
	if kind == string(models.OrganizationKey) && organization == "" {
		return nil, usageError{errors.New("--organization is needed for a key of the kind organization")}
	}
	if (kind == string(models.UserKey)) != (cmd.String("user") != "") {
		return nil, usageError{errors.New("--user is needed for a key of the kind user, and for no other")}
	}
	in := &models.Change{
		Attributes: map[string]any{"name": name, "kind": kind, "scopes": jsonapi.Strings(scopes)}, Links: map[string]models.Links{},
	}
	if expires != nil {
		in.Attributes["expiresAt"] = *expires
	}
	if organization != "" {
		in.Links["organization"] = models.Links{organization}
	}
	return in, nil
}

// refusal returns what models refuses as a sentence for users. One about a value that was given is a usage error; any other says that what
// was asked for cannot be done now.
func refusal(err error) error {
	all := store.ErrorsOf(err)
	if all == nil {
		return err
	}
	sentence := errors.New(strings.TrimSuffix(all[0].Message, "."))
	switch all[0].Kind {
	case store.Invalid, store.Required, store.RelatedNotFound:
		return usageError{sentence}
	default:
		return sentence
	}
}

func keyName(into *string) func(string) error {
	return func(value string) error {
		if !utf8.ValidString(value) {
			return errors.New("it must be UTF-8")
		}
		if _, wrong := models.APIKeys.Schema.Attribute("name").Decode(value); wrong != "" {
			return errors.New("it " + wrong)
		}
		return text(into)(value)
	}
}

func identifier(into *string) func(string) error {
	return func(value string) error {
		*into = strings.ToLower(value)
		if !jsonapi.IsID(*into) {
			return errors.New("it must be a UUID, as the API prints it")
		}
		return nil
	}
}

func scopeList(into *[]string) func(string) error {
	return func(value string) error {
		*into = list(value)
		for _, scope := range *into {
			if !models.IsScope(scope) {
				return fmt.Errorf("%q is no scope: it is one of %s, or a word of an application", scope,
					strings.Join(models.Scopes(), ", "))
			}
		}
		if len(*into) == 0 {
			return errors.New("a key without a scope can do nothing")
		}
		return nil
	}
}

// moment reads a time to come: a number of days, a duration, or a date in UTC with or without a time.
func moment(into **jsonapi.Time, now time.Time) func(string) error {
	return func(value string) error {
		at, ok := parseMoment(value, now)
		switch {
		case !ok:
			return errors.New("it must be a time to come, such as 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z")
		case !at.After(now):
			return errors.New("it must be a time to come")
		case at.Year() > 9999:
			return errors.New("it must be before the year 10000")
		}
		*into = &jsonapi.Time{Time: at.Truncate(time.Second)}
		return nil
	}
}

// maxDays keeps the arithmetic of moments far from where it overflows.
const maxDays = 36500

func parseMoment(value string, now time.Time) (time.Time, bool) {
	if days, ok := strings.CutSuffix(value, "d"); ok {
		var n int
		err := number(&n, 1, maxDays)(days)
		return now.AddDate(0, 0, n), err == nil
	}
	if d, err := time.ParseDuration(value); err == nil {
		return now.Add(d), true
	}
	if at, err := time.Parse(time.DateOnly, value); err == nil {
		return at, true
	}
	at, _, ok := jsonapi.ParseTime(value)
	return at, ok
}

func (p *program) listKeys(ctx context.Context, cmd *cli.Command, db *store.DB) error {
	keys, err := allKeys(ctx, db)
	if err != nil {
		return err
	}
	if cmd.Bool("json") {
		return p.printKeys(ctx, db, keys)
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tKIND\tORGANIZATION\tSCOPES\tCREATED\tEXPIRES\tLAST USED")
	for _, item := range keys {
		key := item.(*models.APIKey)
		var expires, used *time.Time
		if key.ExpiresAt != nil {
			expires = &key.ExpiresAt.Time
		}
		if key.LastUsedAt != nil {
			used = &key.LastUsedAt.Time
		}
		organization := "all"
		if key.OrganizationID != nil {
			organization = *key.OrganizationID
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", key.ID, printable(key.Name), key.Kind, organization,
			strings.Join(key.Scopes, ","), orNever(&key.CreatedAt.Time), orNever(expires), orNever(used))
	}
	return table.Flush()
}

// printable keeps a name, which anybody with a key for keys may have chosen, from steering the terminal or the table.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, name)
}

func orNever(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return at.UTC().Format(time.RFC3339)
}

// printKeys prints keys as the API does.
func (p *program) printKeys(ctx context.Context, db *store.DB, keys []any) error {
	resources, err := collection.Render(ctx, db, models.APIKeys, collection.Everything(), keys, models.APIKeys.Schema.URL(), nil)
	if err != nil {
		return err
	}
	document, _, err := (&jsonapi.Document{Data: resources, Meta: map[string]any{"total": len(keys)}}).Append(nil)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n", document)
	return err
}

// allKeys reads every key, page by page.
func allKeys(ctx context.Context, db *store.DB) ([]any, error) {
	var keys []any
	for number := 1; ; number++ {
		q := &jsonapi.Query{Page: jsonapi.Page{Number: number, Size: jsonapi.MaxPageSize}}
		page, err := collection.List(ctx, db, models.APIKeys, collection.Everything(), q)
		if err != nil {
			return nil, err
		}
		keys = append(keys, page.Items...)
		if len(page.Items) < jsonapi.MaxPageSize {
			return keys, nil
		}
	}
}

func oneID(_ context.Context, cmd *cli.Command) error {
	if cmd.NArg() != 1 {
		return usageError{fmt.Errorf("'%s' takes one argument, the id of a key; 'roster key list' shows them", cmd.FullName())}
	}
	var id string
	if err := identifier(&id)(cmd.Args().First()); err != nil {
		return usageError{fmt.Errorf("the id of a key cannot be %q: %w; 'roster key list' shows them", cmd.Args().First(), err)}
	}
	return nil
}

func (p *program) revokeKey(ctx context.Context, cmd *cli.Command, db *store.DB) error {
	id := strings.ToLower(cmd.Args().First())
	err := models.DeleteAPIKey(ctx, db, operator, id, nil)
	if store.IsKind(err, store.NotFound) {
		return fmt.Errorf("there is no key with the id %s; 'roster key list' shows those there are", id)
	}
	return refusal(err)
}
