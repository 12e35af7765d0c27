package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrongValuesAreRefusedInOneSentence(t *testing.T) {
	t.Parallel()
	const notFiles = "it must be file:///directory, or s3://bucket/prefix?endpoint=https://host&region=name"
	const notPostgres = "it must look like postgres://user:password@host:5432/name, with special characters percent-encoded " +
		"(# is %23, / is %2F, ? is %3F, @ is %40, % is %25)"
	for _, test := range []struct{ flag, value, wrong string }{
		{"listen", "8080", `cannot be "8080": it must be host:port with a port number, for example 127.0.0.1:8080 or :8080`},
		{"listen", ":http", `cannot be ":http": it must be host:port with a port number, for example 127.0.0.1:8080 or :8080`},
		{"metrics-listen", "x:70000", `cannot be "x:70000": it must be host:port with a port number, for example 127.0.0.1:8080 or :8080`},
		{"base-url", "roster.example.com",
			`cannot be "roster.example.com": it must be an http or https URL without a query, for example https://roster.example.com`},
		{"rate-limit", "-1", `cannot be "-1": it must be a whole number from 0 to 1000000000`},
		{"max-body", "1MB", `cannot be "1MB": it must be a whole number from 1024 to 1073741824`},
		{"database-connections", "0", `cannot be "0": it must be a whole number from 1 to 1000`},
		{"read-timeout", "30", `cannot be "30": it must be a duration from 1ms to 24h, for example 30s`},
		{"idle-timeout", "0s", `cannot be "0s": it must be a duration from 1ms to 24h, for example 30s`},
		{"write-timeout", "30s",
			`cannot be "30s": it must be longer than --request-timeout, 30s, or an answer that came late could not be sent`},
		{"log-level", "loud", `cannot be "loud": it must be debug, info, warn or error`},
		{"log-format", "xml", `cannot be "xml": it must be text or json`},
		{"trusted-proxies", "10.0.0.0/8,10.0.0.1",
			`cannot be "10.0.0.0/8,10.0.0.1": "10.0.0.1" is not a network such as 10.0.0.0/8 or fd00::/8`},
		{"allow-private-webhook-targets", "10.0.0.1/8",
			`cannot be "10.0.0.1/8": "10.0.0.1/8" is not a network such as 10.0.0.0/8 or fd00::/8`},
		{"cors-origins", "https://a.example.com/",
			`cannot be "https://a.example.com/": "https://a.example.com/" is not an origin such as https://console.example.com`},
		{"cors-origins", "*,https://a.example.com", `cannot be "*,https://a.example.com": * stands alone`},
		{"tls-cert", "cert.pem", `and --tls-key (ROSTER_TLS_KEY) must be given together`},
		{"database-url", "mysql://root:hunter2@localhost/x", `cannot be used: it must start with postgres:// or be sqlite: and a file`},
		{"database-url", "postgres://root:hunt%er2@localhost/x",
			"cannot be used: " + notPostgres},
		{"database-url", "postgres://root:hunter2@localhost",
			"cannot be used: " + notPostgres},
		{"database-url", "postgres://root:hunter2@localhost/x\n",
			"cannot be used: white space is around it, as the line break at the end of a file that a Secret was made of"},
		{"database-url", "sqlite::memory:", `cannot be used: it must name a file after sqlite:, without options`},
		{"database-url", "sqlite:x?mode=ro", `cannot be used: it must name a file after sqlite:, without options`},
		{"database-url", "sqlite:x\n",
			"cannot be used: white space is around it, as the line break at the end of a file that a Secret was made of"},
		{"smtp-url", "smtp://root:hunter2@", `cannot be used: it must look like smtps://user:password@host:465 or smtp://host:587, ` +
			`with special characters percent-encoded`},
		{"smtp-url", "smtp://localhost", `needs --mail-from (ROSTER_MAIL_FROM), and --base-url (ROSTER_BASE_URL) for the links in mails`},
		{"smtp-url", "smtp://root:hunter2@host:99999", `cannot be used: its port must be a number from 1 to 65535`},
		{"mail-from", "no-reply@example.com",
			`cannot be "<no-reply@example.com>": without --smtp-url (ROSTER_SMTP_URL) no mail is sent`},
		{"session-idle", "2161h", `cannot be "2161h0m0s": it must not be longer than --session-lifetime, 2160h0m0s`},
		{"mail-from", "Roster", `cannot be "Roster": it must be an address, for example Roster <no-reply@example.com>`},
		{"files", "/srv/files", "cannot be used: " + notFiles},
		{"files", "file://host/srv", "cannot be used: " + notFiles},
		{"files", "file:///srv?x=1", "cannot be used: " + notFiles},
		{"files", "s3://bucket", "cannot be used: " + notFiles},
		{"files", "s3://bucket?endpoint=s3.example.com&region=x", "cannot be used: " + notFiles},
		{"files", "s3://key:secret@bucket?endpoint=https://s3.example.com&region=x", "cannot be used: " + notFiles},
		{"files", "s3://bucket?endpoint=https://s3.example.com&region=x",
			`cannot be "s3://bucket?endpoint=https://s3.example.com&region=x": ` +
				`a bucket needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment`},
		{"file-url-lifetime", "25h", `cannot be "25h": it must be a duration from 1s to 24h, for example 30s`},
		{"otlp-endpoint", "collector:4317", "cannot be used: it must be an http or https URL, for example http://127.0.0.1:4318"},
		{"debug-listen", "6060", `cannot be "6060": it must be host:port with a port number, for example 127.0.0.1:8080 or :8080`},
		{"migrate", "perhaps", `cannot be "perhaps": it must be true or false`},
	} {
		variable := "ROSTER_" + strings.ToUpper(strings.ReplaceAll(test.flag, "-", "_"))
		sentence := "roster: --" + test.flag + " (" + variable + ") " + test.wrong + "\n"
		code, _, stderr := command(t, map[string]string{variable: test.value}, "serve")
		if code != 2 || stderr != sentence {
			t.Errorf("%s=%s: %d\n got %s want %s", variable, test.value, code, stderr, sentence)
		}
		if test.flag == "migrate" { // a flag without a value
			continue
		}
		code, _, stderr = command(t, nil, "serve", "--"+test.flag+"="+test.value)
		if code != 2 || stderr != sentence {
			t.Errorf("--%s=%s: %d\n got %s want %s", test.flag, test.value, code, stderr, sentence)
		}
	}
}

func TestACertificateThatCannotBeUsedLeavesEverythingAsItIs(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	code, _, stderr := command(t, nil, "serve", "--data-dir", data, "--tls-cert", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem")
	if code != 2 || !strings.Contains(stderr, `--tls-cert (ROSTER_TLS_CERT) "/nowhere/cert.pem"`) {
		t.Errorf("%d %s", code, stderr)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("before the certificate was looked at, %s was made: %v", data, err)
	}
}

func TestTheTableIsWhatHelpSaysAndWhatStarts(t *testing.T) {
	t.Parallel()
	c := new(config)
	code, help, _ := command(t, map[string]string{"ROSTER_DATABASE_URL": "postgres://root:hunter2@localhost/x"}, "serve", "--help")
	if code != 0 || strings.Contains(help, "hunter2") {
		t.Errorf("%d\n%s", code, help)
	}
	seen := map[string]bool{}
	for _, s := range c.settings() {
		if err := s.set(s.value); err != nil {
			t.Errorf("--%s does not take its own default: %v", s.flag, err)
		}
		if !strings.Contains(help, "--"+s.flag+" ") || !strings.Contains(help, "[$"+s.variable()+"]") {
			t.Errorf("--%s or %s is not in the help", s.flag, s.variable())
		}
		if seen[s.flag] {
			t.Errorf("--%s is in the table twice", s.flag)
		}
		seen[s.flag] = true
	}
	if err := c.check(); err != nil {
		t.Errorf("the defaults do not fit each other: %v", err)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args   string
		code   int
		stdout string // a part of it
		stderr string
	}{
		{"", 0, "roster - keeps organizations", ""},
		{"--help", 0, "COMMANDS:", ""},
		{"help serve", 0, "roster serve - serve the API", ""},
		{"version", 0, "roster ", ""},
		{"completion bash", 0, "roster", ""},
		{"completion fish", 0, "roster", ""},
		{"sreve", 2, "", "roster: there is no command \"sreve\"; see 'roster --help'\n"},
		{"migrate down", 2, "", "roster: there is no command \"down\"; see 'roster migrate --help'\n"},
		{"serve now", 2, "", "roster: 'roster serve' takes no argument, such as \"now\"\n"},
		{"serve --port 1", 2, "", "roster: flag provided but not defined: -port; see 'roster serve --help'\n"},
		{"serve --listen", 2, "", "roster: flag needs an argument: --listen; see 'roster serve --help'\n"},
		{"help nonsense", 2, "", "roster: No help topic for 'nonsense'\n"},
	} {
		code, stdout, stderr := command(t, nil, strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || stderr != test.stderr {
			t.Errorf("roster %s: %d\n%s\n%s", test.args, code, stdout, stderr)
		}
	}
}

func TestAFlagWinsOverItsVariable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"ROSTER_DATA_DIR": filepath.Join(dir, "variable")}
	if code, _, stderr := command(t, env, "migrate", "up", "--data-dir", filepath.Join(dir, "flag")); code != 0 {
		t.Fatal(stderr)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != "flag" {
		t.Errorf("%v %v", files, err)
	}
}

func TestTheFirstKeyComesWithACommandThatWorks(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", "0.0.0.0:80": "http://127.0.0.1:80",
		"[::]:81": "http://127.0.0.1:81", "[::1]:82": "http://[::1]:82",
	} {
		if got := new(config).publicURL(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
	c := &config{baseURL: "https://roster.example.com"}
	if err := printFirstKey(&out, c.publicURL("127.0.0.1:8080"), "roster_m_x"); err != nil {
		t.Fatal(err)
	}
	want := `The first management key, shown this once:

  roster_m_x

Try it:

  curl -H 'Authorization: Bearer roster_m_x' https://roster.example.com/public/v2/management/organizations

All that there is to call: https://roster.example.com/docs
In a browser, where this key signs in as well: https://roster.example.com/console/

`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// TestAWrongSettingIsALineOfTheLogThatIsAskedFor: whoever collects JSON reads no other text.
func TestAWrongSettingIsALineOfTheLogThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
	}{
		"by a flag":     {nil, []string{"--log-format", "json"}},
		"by a variable": {map[string]string{"ROSTER_LOG_FORMAT": "json"}, nil},
	} {
		code, _, stderr := command(t, c.env, append([]string{"serve", "--data-dir", t.TempDir(), "--rate-limit", "many"}, c.args...)...)
		var line struct{ Level, Msg, Error string }
		if err := json.Unmarshal([]byte(stderr), &line); err != nil || code != exitUsage || line.Level != "ERROR" || line.Msg != "ended" ||
			!strings.Contains(line.Error, `--rate-limit (ROSTER_RATE_LIMIT) cannot be "many"`) {
			t.Errorf("%s: %d %v %s", name, code, err, stderr)
		}
	}
}
