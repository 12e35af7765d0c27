// Command conformance tests a server against JSON:API 1.1, row by row, and prints a report. The server is known by its base URL
// and a description of its resources alone. It exits with 1 if a MUST or MUST NOT fails, and with 2 if the run could not be done.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"

	"roster/conformance/suite"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	conformant    = 0
	nonConformant = 1
	notDone       = 2
)

type flags struct {
	target, description, only, format, failOn string
	headers, limited                          headerFlag
	reports                                   reportFlag
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	var f flags
	set := flag.NewFlagSet("conformance", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&f.target, "target", "http://127.0.0.1:8080", "base `URL` of the server")
	set.StringVar(&f.description, "description", "", "JSON `file` that describes the server's resources")
	set.StringVar(&f.only, "only", "", "rows to run, separated by commas, with * as a wildcard: NEG-6,CRUD-*")
	set.StringVar(&f.format, "format", "text", "what is printed: "+strings.Join(suite.Formats(), ", "))
	set.Var(&f.reports, "report", "one more report, as in `FORMAT=FILE`: junit=dist/conformance.xml; may be repeated")
	set.StringVar(&f.failOn, "fail-on", "must", "what makes the exit code 1: must, should or any failed row")
	set.Var(&f.headers, "header", "`header` sent with every request, as in \"Authorization: secret\"; may be repeated")
	set.Var(&f.limited, "limited-header", "`header` of a caller with fewer rights, for the rows that need one")
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return conformant
		}
		return notDone
	}
	code, err := test(ctx, f, getenv, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "conformance:", err)
		return notDone
	}
	return code
}

func test(ctx context.Context, f flags, getenv func(string) string, stdout io.Writer) (int, error) {
	if f.description == "" {
		return 0, errors.New("a --description is needed")
	}
	d, err := suite.LoadDescription(f.description)
	if err != nil {
		return 0, err
	}
	levels, ok := map[string][]suite.Level{
		"must":   {suite.Must, suite.MustNot},
		"should": {suite.Must, suite.MustNot, suite.Should},
		"any":    {suite.Must, suite.MustNot, suite.Should, suite.HTTP, suite.Note, suite.Pick},
	}[f.failOn]
	if !ok {
		return 0, fmt.Errorf("--fail-on %q is none of must, should, any", f.failOn)
	}
	if !slices.Contains(suite.Formats(), f.format) {
		return 0, fmt.Errorf("--format %q is none of %s", f.format, strings.Join(suite.Formats(), ", "))
	}
	if d.Credential == nil {
		d.Credential = &suite.Credential{}
	}
	o := suite.Options{
		Header:  credential(f.headers, d.Credential.Header, getenv(d.Credential.Env)),
		Limited: credential(f.limited, d.Credential.Header, getenv(d.Credential.LimitedEnv)),
	}
	if f.only != "" {
		o.Only = strings.Split(f.only, ",")
	}
	report, err := suite.Run(ctx, f.target, d, o)
	if err != nil {
		return 0, err
	}
	report.Counting = levels
	if err := report.Write(stdout, f.format); err != nil {
		return 0, err
	}
	for _, one := range f.reports {
		if err := writeFile(report, one.format, one.file); err != nil {
			return 0, err
		}
	}
	if len(report.Failed(levels...)) > 0 {
		return nonConformant, nil
	}
	return conformant, nil
}

func writeFile(report *suite.Report, format, name string) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := errors.Join(report.Write(file, format), file.Close()); err != nil {
		return fmt.Errorf("write report %s: %w", name, err)
	}
	return nil
}

// reportFlag collects reports of the form "FORMAT=FILE".
type reportFlag []struct{ format, file string }

func (r *reportFlag) String() string { return "" }

func (r *reportFlag) Set(s string) error {
	format, file, ok := strings.Cut(s, "=")
	if !ok || file == "" || !slices.Contains(suite.Formats(), format) {
		return fmt.Errorf("want FORMAT=FILE with one of %s", strings.Join(suite.Formats(), ", "))
	}
	*r = append(*r, struct{ format, file string }{format, file})
	return nil
}

// credential returns the headers of a caller: those of the command line, else the described
// one with its value from the environment.
func credential(given headerFlag, name, value string) http.Header {
	if len(given) > 0 || name == "" || value == "" {
		return http.Header(given)
	}
	return http.Header{http.CanonicalHeaderKey(name): {value}}
}

// headerFlag collects headers of the form "Name: value".
type headerFlag http.Header

func (h headerFlag) String() string { return "" }

func (h *headerFlag) Set(s string) error {
	name, value, ok := strings.Cut(s, ":")
	if !ok {
		return errors.New("want the form \"Name: value\"")
	}
	if *h == nil {
		*h = headerFlag{}
	}
	http.Header(*h).Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}
