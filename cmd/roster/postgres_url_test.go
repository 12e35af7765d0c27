package main

import (
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

func TestAParameterOfAURLThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ rest, wrong string }{
		{"db/x?sslmode=disablex", `its parameter sslmode cannot be "disablex": sslmode is invalid`},
		{"db/x?application_name=a&sslmode=disablex&connect_timeout=9", `its parameter sslmode cannot be "disablex": sslmode is invalid`},
		{"db/x?target_session_attrs=both", `its parameter target_session_attrs cannot be "both"`},
		{"db/x?connect_timeout=soon", `its parameter connect_timeout cannot be "soon": strconv.ParseInt: parsing "soon": invalid syntax`},
		{"db/x?sslrootcert=/nowhere/ca.pem", `its parameter sslrootcert cannot be "/nowhere/ca.pem": unable to read CA file: ` +
			`open /nowhere/ca.pem: no such file or directory`},
		{"db/x?sslcert=/nowhere/c.pem", `its parameter sslcert cannot be "/nowhere/c.pem": both "sslcert" and "sslkey" are required`},
		{"db/x?sslcert=/nowhere/c.pem&sslkey=/nowhere/k.pem&sslpassword=hunter2", `its parameter sslcert cannot be "/nowhere/c.pem": ` +
			`unable to read sslkey: open /nowhere/k.pem: no such file or directory`},
		{"db/x?sslkey=" + pipe, `its parameter sslkey cannot be "` + pipe + `": it is no file`},
		{"db/x?min_protocol_version=3.2&max_protocol_version=3.0", `its parameters cannot be used together`},
		{"db:70000/x?sslmode=disable", `its host and port cannot be used, or a variable PG… of the environment that goes with them: ` +
			`a port is a number from 1 to 65535`},
	} {
		value := "postgres://root:hunter2@" + test.rest
		for line, want := range map[string]string{
			"serve":            "roster: --database-url (ROSTER_DATABASE_URL) cannot be used: ",
			"copy-to " + value: "roster: the URL of the target cannot be used: ",
		} {
			env := map[string]string{}
			if line == "serve" {
				env["ROSTER_DATABASE_URL"] = value
			}
			code, _, stderr := command(t, env, strings.Fields(line)...)
			if code != exitUsage || stderr != want+test.wrong+"\n" {
				t.Errorf("%s: %d\n got %s want %s", test.rest, code, stderr, want+test.wrong)
			}
		}
	}
}

// TestAParameterThatTheServerRefusesIsAWrongSetting gives it one that it does not know, and a value that it does not take.
func TestAParameterThatTheServerRefusesIsAWrongSetting(t *testing.T) {
	t.Parallel()
	at, err := url.Parse(modelstest.UnmigratedURL(t, store.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	for parameter, says := range map[string]string{
		"sslmod=disable":     `unrecognized configuration parameter "sslmod"`,
		"work_mem=very-much": `invalid value for parameter "work_mem": "very-much"`,
	} {
		with := *at
		with.RawQuery += "&" + parameter
		code, _, stderr := command(t, nil, "migrate", "up", "--database-url", with.String())
		want := "roster: --database-url (ROSTER_DATABASE_URL) cannot be used: its server says: " + says + "\n"
		if code != exitUsage || stderr != want {
			t.Errorf("%s: %d\n got %s want %s", parameter, code, stderr, want)
		}
	}
}
