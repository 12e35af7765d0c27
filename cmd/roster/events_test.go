package main

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"roster/handlers"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// TestEventsAreExported beside a running server, to stdout and to a file, as the API exports them.
func TestEventsAreExported(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		export := func(args ...string) (code int, stdout, stderr string) {
			return command(t, nil, append(append([]string{"events", "export"}, args...), "--data-dir", dir, "--database-url", url)...)
		}
		for _, name := range []string{"One", "Two", "Three"} {
			if code, _, stderr := command(t, nil, "key", "create", "--kind", "management", "--name", name, "--data-dir", dir,
				"--database-url", url); code != 0 {
				t.Fatal(stderr)
			}
		}
		_, key, _ := command(t, nil, "key", "create", "--kind", "management", "--name", "Reader", "--data-dir", dir, "--database-url", url)
		_, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", s.base+"/public/v2/events", nil,
			"Authorization", strings.TrimSpace(key), "Accept", "application/x-ndjson")
		if err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := export()
		if code != 0 || stdout != string(body) ||
			!strings.HasSuffix(stdout, "{\"meta\":{\"complete\":true,\"count\":5}}\n") || stderr != "5 events\n" {
			t.Errorf("%d %s%s, the API says %s", code, stdout, stderr, body)
		}
		file := filepath.Join(t.TempDir(), "events.csv")
		if code, stdout, stderr := export("--format", "csv", "--output", file); code != 0 || stdout != "" {
			t.Errorf("%d %s%s", code, stdout, stderr)
		}
		written, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		table, err := csv.NewReader(strings.NewReader(string(written))).ReadAll()
		if err != nil || len(table) != 6 || !slices.Contains(table[0], "eventType") {
			t.Errorf("%v %q", err, table)
		}
		if code, _, _ := export("--output", file); code != 1 {
			t.Error("a file that is there is written over")
		}
		for want, args := range map[string][]string{
			"count\":5":  {"--since", "2020-01-01", "--until", "2999-01-01T00:00:00Z"},
			"count\":0}": {"--since", "2999-01-01"},
		} {
			if code, stdout, stderr := export(args...); code != 0 || !strings.Contains(stdout, want) {
				t.Errorf("%q: %d %s%s", args, code, stdout, stderr)
			}
		}
		const nobody = "01912f6a-8c00-7abc-8def-0123456789ab"
		if code, stdout, stderr := export("--organization", nobody); code != 1 || stdout != "" ||
			stderr != "roster: there is no organization "+nobody+"\n" {
			t.Errorf("an organization that is not there: %d %s%s", code, stdout, stderr)
		}
		for _, args := range [][]string{
			{"--since", "2027-02-01", "--until", "2027-01-01"}, {"--since", "2027-01-01", "--until", "2027-01-01"},
			{"--since", "yesterday"}, {"--until", "x"}, {"--format", "xml"}, {"--organization", "x"}, {"x"},
		} {
			if code, stdout, _ := export(args...); code != 2 || stdout != "" {
				t.Errorf("%q: %d %s", args, code, stdout)
			}
		}
	})
}

// TestAnExportThatIsStoppedSaysSo, of a file and of stdout, and begins anew the next time.
func TestAnExportThatIsStoppedSaysSo(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		modelstest.Organization(t, db)
		file := filepath.Join(t.TempDir(), "events.ndjson")
		var stdout, stderr strings.Builder
		p := &program{stdout: &output{to: &stdout}, stderr: &stderr}
		export := func(ctx context.Context, output string) error {
			all := handlers.NewExport(models.Events, models.Events.Schema.URL(), &jsonapi.Query{}, jsonapi.NDJSON)
			return p.exportEvents(ctx, db, all, output)
		}
		stopped, stop := context.WithCancel(t.Context())
		stop()
		for output, where := range map[string]string{file: file + ".part", "": "the output"} {
			if err := export(stopped, output); err == nil || err.Error() != "stopped; "+where+" holds 0 events and is not complete" {
				t.Errorf("%q: %v", output, err)
			}
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("what is not complete is called as if it were: %v", err)
		}
		if err := export(t.Context(), file); err != nil || stderr.String() != "1 events\n" {
			t.Errorf("%v %s", err, stderr.String())
		}
		if _, err := os.Stat(file + ".part"); !os.IsNotExist(err) {
			t.Errorf("a part is left: %v", err)
		}
	})
}
