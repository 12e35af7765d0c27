package main

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"roster/conformance/suite"
)

const description = `{"name": "empty", "credential": {"header": "Authorization", "env": "EMPTY_KEY"},
	"resources": [{"type": "things", "path": "/things", "operations": ["list"]}]}`

// empty is a server with one collection that has nothing in it. It ignores queries, which breaks QUERY-3.
func empty(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.api+json")
		w.Header().Set("Vary", "Accept")
		if r.Header.Get("Authorization") != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"data":[]}`)
	}))
	t.Cleanup(s.Close)
	return s
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "description.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// start runs the command and returns its exit code and what it printed.
func start(t *testing.T, environment string, args ...string) (int, string, string) {
	t.Helper()
	var out, errs strings.Builder
	getenv := func(string) string { return environment }
	code := run(context.Background(), args, getenv, &out, &errs)
	return code, out.String(), errs.String()
}

func TestExitCodeSaysWhetherAMustFailed(t *testing.T) {
	t.Parallel()
	s, d := empty(t), write(t, description)
	for _, c := range []struct {
		name, only, failOn string
		code               int
	}{
		{"a MUST that passes", "DOC-12,FETCH-3", "must", 0},
		{"a MUST that fails", "NEG-9", "must", 1},
		{"an expectation that fails", "NEG-20", "must", 0},
		{"an expectation that fails, when any counts", "NEG-20", "any", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := start(t, "secret", "--target", s.URL, "--description", d, "--only", c.only, "--fail-on", c.failOn)
			if code != c.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, c.code, out, errs)
			}
		})
	}
}

func TestRunThatCannotBeDoneExitsWithTwo(t *testing.T) {
	t.Parallel()
	s, d := empty(t), write(t, description)
	for _, c := range []struct {
		name, says string
		args       []string
	}{
		{"no description", "--description is needed", nil},
		{"an unknown field", "additional properties 'resource' not allowed", []string{"--description", write(t, `{"resource": []}`)}},
		{"no such row", "no row matches", []string{"--target", s.URL, "--description", d, "--only", "NOPE-1"}},
		{"no such format", "is none of", []string{"--target", s.URL, "--description", d, "--only", "FETCH-3", "--format", "pdf"}},
		{"no such format of a report", "want FORMAT=FILE", []string{"--target", s.URL, "--description", d, "--report", "pdf=x"}},
		{"a report that cannot be written", "write report",
			[]string{"--target", s.URL, "--description", d, "--only", "FETCH-3", "--report", "tap=/dev/null/x"}},
		{"no such level", "--fail-on", []string{"--target", s.URL, "--description", d, "--fail-on", "maybe"}},
		{"a wrong credential", "401", []string{"--target", s.URL, "--description", d, "--header", "Authorization: wrong"}},
		{"no server", "reach the server", []string{"--target", "http://127.0.0.1:1", "--description", d}},
		{"no row to opt out of", "there is no row", []string{
			"--description", write(t, strings.Replace(description, `"resources"`, `"optOut": {"X-1": "because"}, "resources"`, 1))}},
		{"a rule to opt out of", "not an expectation", []string{
			"--description", write(t, strings.Replace(description, `"resources"`, `"optOut": {"NEG-9": "because"}, "resources"`, 1))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, _, errs := start(t, "secret", c.args...)
			if code != 2 || !strings.Contains(errs, c.says) {
				t.Errorf("exit code %d with %q, want 2 with %q", code, errs, c.says)
			}
		})
	}
}

func TestOptedOutExpectationIsNotRun(t *testing.T) {
	t.Parallel()
	d := write(t, strings.Replace(description, `"resources"`, `"optOut": {"NEG-20": "we serve browsers, too"}, "resources"`, 1))
	code, out, _ := start(t, "secret", "--target", empty(t).URL, "--description", d, "--only", "NEG-20", "--fail-on", "any")
	if code != 0 || !strings.Contains(out, "we serve browsers, too") {
		t.Errorf("exit code %d with\n%s\nwant 0 with the reason", code, out)
	}
}

func TestReportShowsTheExchangeWithoutTheCredential(t *testing.T) {
	t.Parallel()
	s, d := empty(t), write(t, description)
	for _, format := range suite.Formats() {
		_, out, _ := start(t, "", "--target", s.URL, "--description", d, "--only", "NEG-9,CRUD-14", "--format", format,
			"--header", "Authorization: secret")
		for _, want := range []string{"NEG-9", "status 406", "GET /things", "CRUD-14", "cannot be seen from outside"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", format, want, out)
			}
		}
		if strings.Contains(out, "secret") {
			t.Errorf("%s: the credential is in the report:\n%s", format, out)
		}
		if format == "json" && !json.Valid([]byte(out)) {
			t.Errorf("the report is no JSON:\n%s", out)
		}
	}
}

// What a CI server reads: a case for each result, a failure only for what fails the run.
func TestJUnitAndTAPSayWhatCounts(t *testing.T) {
	t.Parallel()
	s, d, dir := empty(t), write(t, description), t.TempDir()
	const neg20 = "not ok 2 - NEG-20 (PICK) An Accept that neither names nor covers the media type is answered 406 with an error document."
	for _, c := range []struct {
		failOn, tap     string
		failures, skips int
	}{
		{"must", neg20 + " # TODO PICK does not count", 1, 2},
		{"any", neg20, 2, 1},
	} {
		junit, tap := filepath.Join(dir, c.failOn+".xml"), filepath.Join(dir, c.failOn+".tap")
		code, out, errs := start(t, "secret", "--target", s.URL, "--description", d, "--only", "NEG-9,NEG-20,FETCH-3,CRUD-14",
			"--fail-on", c.failOn, "--report", "junit="+junit, "--report", "tap="+tap)
		if code != 1 || !strings.Contains(out, "FAILED NEG-9") {
			t.Errorf("exit code %d with\n%s%s\nwant 1 and the text report beside the others", code, out, errs)
		}
		var page struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Name    string  `xml:"name,attr"`
				Failure *string `xml:"failure"`
			} `xml:"testsuite>testcase"`
		}
		if err := xml.Unmarshal(read(t, junit), &page); err != nil {
			t.Fatalf("the report is no XML: %v", err)
		}
		if page.Tests != 4 || page.Failures != c.failures || page.Skipped != c.skips || len(page.Cases) != 4 {
			t.Errorf("--fail-on %s: %d cases of %d, %d failed, %d skipped; want 4 of 4, %d and %d",
				c.failOn, len(page.Cases), page.Tests, page.Failures, page.Skipped, c.failures, c.skips)
		}
		if first := page.Cases[0].Failure; first == nil || !strings.Contains(*first, "GET /things") {
			t.Errorf("--fail-on %s: the first case does not show the exchange", c.failOn)
		}
		lines := strings.Split(string(read(t, tap)), "\n")
		if lines[0] != "TAP version 13" || lines[1] != "1..4" || !slices.Contains(lines, c.tap) {
			t.Errorf("--fail-on %s: the TAP report is\n%s\nwant the line %q", c.failOn, strings.Join(lines, "\n"), c.tap)
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestCredentialStaysOnTheTarget(t *testing.T) {
	t.Parallel()
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(elsewhere.Close)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.api+json")
		fmt.Fprintf(w, `{"data":[],"links":{"self":"%s/things"}}`, elsewhere.URL)
	}))
	t.Cleanup(s.Close)
	code, out, errs := start(t, "secret", "--target", s.URL, "--description", write(t, description), "--only", "FETCH-1")
	if code != 1 || !strings.Contains(out, "leads away") {
		t.Errorf("exit code %d, want 1 for a link that leads away\n%s%s", code, out, errs)
	}
	if asked {
		t.Error("the other host was asked")
	}
}
