package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v3"

	"roster/models/store"
	"roster/server"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a mistake on the command line or in a setting, as opposed to something that went wrong afterwards.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// program is what the commands share: where they read settings and where they write.
type program struct {
	environment environment
	warned      bool // of variables that are no setting
	stdout      *output
	stderr      io.Writer
	doors       func(*app) []*server.Door
	log         *slog.Logger // of a server, once there is one: what it ends with is a line of that
}

// run executes the command line, the name of the program first, and returns the exit code. It ends early, and tidily, when ctx does.
// What a command prints for its user goes to stdout; the log and all errors go to stderr.
func run(
	ctx context.Context, args []string, environ environment, stdout, stderr io.Writer, doors func(*app) []*server.Door,
) int {
	printed := &output{to: stdout}
	p := &program{environment: environ, stdout: printed, stderr: stderr, doors: doors}
	err := printed.check(p.command().Run(ctx, helpOf(args)))
	if err == nil {
		return exitOK
	}
	if wasInterrupted(ctx, err) {
		err = fmt.Errorf("interrupted: %w", err)
	}
	if store.Denied(err) {
		err = fmt.Errorf("%w; the role of the database lacks a right: name the one that owns the schema and its tables in the URL, or let "+
			"that one GRANT what is lacking: CONNECT ON DATABASE; USAGE ON SCHEMA, and CREATE for migrations; SELECT, INSERT, UPDATE, "+
			"DELETE ON ALL TABLES IN SCHEMA; USAGE ON ALL SEQUENCES IN SCHEMA", err)
	}
	oneLine := inOneLine(err.Error())
	if p.log != nil {
		p.log.Error("ended", "error", oneLine)
	} else {
		fmt.Fprintf(stderr, "roster: %s\n", oneLine)
	}
	var usage usageError
	var library cli.ExitCoder // the library's own: an unknown topic of help
	if errors.As(err, &usage) || errors.As(err, &library) {
		return exitUsage
	}
	return exitFailure
}

// inOneLine returns a text without breaks. What does not belong to a text, such as bytes of a damaged file that an error quotes, is
// escaped: it would steer the terminal.
func inOneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\t' }), " ")
	var line strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if char := text[:size]; unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			line.WriteString(char)
		} else {
			line.WriteString(strings.Trim(strconv.Quote(char), `"`))
		}
		text = text[size:]
	}
	return line.String()
}

// wasInterrupted reports whether something failed because a signal ended ctx. A connection that ended with it may be all that is told of.
func wasInterrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, driver.ErrBadConn))
}

// helpOf returns a command line that asks for help on a command of a command, "help key create", as the library understands it.
func helpOf(args []string) []string {
	if len(args) < 4 || args[1] != "help" {
		return args
	}
	return append(append([]string{args[0]}, args[2:]...), "--help")
}

// command returns the tree of commands.
func (p *program) command() *cli.Command {
	root := &cli.Command{
		Name:    "roster",
		Usage:   "keeps organizations, the people in them and what they may do",
		Version: version(),
		Description: "Every setting is a flag and an environment variable; the flag wins. Start with:\n\n" +
			"   roster serve\n\n" +
			"Exit codes: 0 done, 1 failed, 2 wrong usage or a setting that cannot be used.",
		Writer:                p.stdout,
		ErrWriter:             p.stderr,
		EnableShellCompletion: true,
		ConfigureShellCompletionCommand: func(c *cli.Command) {
			c.Hidden = false
			c.Usage = "print the completion script for bash, zsh, fish or pwsh"
		},
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // run decides
		ArgValidator:   noArguments,
		Commands: []*cli.Command{
			p.serveCommand(),
			p.migrateCommand(),
			p.backupCommand(),
			p.restoreCommand(),
			p.verifyCommand(),
			p.recountCommand(),
			p.copyToCommand(),
			p.secretKeyCommand(),
			p.keyCommand(),
			p.eventsCommand(),
			p.importCommand(),
			p.demoCommand(),
			p.listenCommand(),
			p.healthcheckCommand(),
			p.openapiCommand(),
			p.versionCommand(),
		},
	}
	inform(root)
	return root
}

// inform makes every command report wrong flags as usage errors.
func inform(cmd *cli.Command) {
	cmd.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
		return usageError{fmt.Errorf("%w; see '%s --help'", err, cmd.FullName())}
	}
	for _, sub := range cmd.Commands {
		inform(sub)
	}
}

// noArguments refuses what is neither a flag nor a command. Commands with arguments set a validator of their own; the library's own two
// check theirs.
func noArguments(_ context.Context, cmd *cli.Command) error {
	if !cmd.Args().Present() || cmd.HasName("help") || cmd.HasName("completion") {
		return nil
	}
	if len(cmd.VisibleCommands()) > 0 {
		return usageError{fmt.Errorf("there is no command %q; see '%s --help'", cmd.Args().First(), cmd.FullName())}
	}
	return usageError{fmt.Errorf("'%s' takes no argument, such as %q", cmd.FullName(), cmd.Args().First())}
}
