package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// checkPostgresURL refuses what is no URL of a database, above all one with a password that would be read as something else, and told in
// the error of that; and one with a parameter that nobody could connect with.
func checkPostgresURL(value string) error {
	_, rest, _ := strings.Cut(value, ":")
	u, err := url.Parse(value)
	behind, found := strings.CutPrefix(rest, "//")
	server, _, _ := strings.Cut(behind, "/")
	if err != nil || !found || u.Path == "" || u.Path == "/" || u.Fragment != "" || strings.Count(server, "@") > 1 {
		return errors.New("it must look like postgres://user:password@host:5432/name, with special characters percent-encoded " +
			"(# is %23, / is %2F, ? is %3F, @ is %40, % is %25)")
	}
	return checkParameters(u)
}

// checkParameters looks for the parameter that keeps a URL from being used. Its error never has that of pgx in it, which quotes the URL.
func checkParameters(u *url.URL) error {
	query := u.Query()
	for _, name := range []string{"sslrootcert", "sslcert", "sslkey", "passfile", "servicefile"} { // which are opened to look at the URL
		if info, err := os.Stat(query.Get(name)); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
			return fmt.Errorf("its parameter %s cannot be %q: it is no file", name, query.Get(name))
		}
	}
	if parses(u, query) == nil {
		return nil
	}
	if parses(u, nil) != nil {
		return errors.New("its host and port cannot be used, or a variable PG… of the environment that goes with them: " +
			"a port is a number from 1 to 65535")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		err := parses(u, together(query, name))
		if err == nil {
			continue
		}
		why := ""
		if cause := errors.Unwrap(err); cause != nil {
			why = ": " + cause.Error()
		}
		return fmt.Errorf("its parameter %s cannot be %q%s", name, query.Get(name), why)
	}
	return errors.New("its parameters cannot be used together")
}

// together returns a parameter with those that are of no use without it, or it without them.
func together(query url.Values, name string) url.Values {
	of := url.Values{name: query[name]}
	if certificate := []string{"sslcert", "sslkey", "sslpassword"}; slices.Contains(certificate, name) {
		for _, other := range certificate {
			if values, given := query[other]; given {
				of[other] = values
			}
		}
	}
	return of
}

// parses returns the error of a URL with these parameters in place of its own.
func parses(u *url.URL, query url.Values) error {
	other := *u
	other.RawQuery = query.Encode()
	_, err := pgx.ParseConfig(other.String())
	return err
}

// refusedByServer makes a usage error of what a server says to the parameters of a URL when a connection begins: one that it does not know,
// or a value that it does not take. Other errors stay as they are.
func (c *config) refusedByServer(err error) error {
	const unknown, invalid = "42704", "22023" // https://www.postgresql.org/docs/current/errcodes-appendix.html
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Severity != "FATAL" || refused.Code != unknown && refused.Code != invalid {
		return err
	}
	which := "--database-url (ROSTER_DATABASE_URL)"
	if c.filling {
		which = "the URL of the target"
	}
	return usageError{fmt.Errorf("%s cannot be used: its server says: %s", which, refused.Message)}
}
