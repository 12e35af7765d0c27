package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
			"count\":5":   {"--since", "2020-01-01", "--until", "2999-01-01T00:00:00Z"},
			"count\":0}":  {"--since", "2999-01-01"},
			"count\":0}}": {"--organization", "01912f6a-8c00-7abc-8def-0123456789ab"},
		} {
			if code, stdout, stderr := export(args...); code != 0 || !strings.Contains(stdout, want) {
				t.Errorf("%q: %d %s%s", args, code, stdout, stderr)
			}
		}
		for _, args := range [][]string{{"--since", "yesterday"}, {"--until", "x"}, {"--format", "xml"}, {"--organization", "x"}, {"x"}} {
			if code, stdout, _ := export(args...); code != 2 || stdout != "" {
				t.Errorf("%q: %d %s", args, code, stdout)
			}
		}
	})
}
