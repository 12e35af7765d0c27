package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
	"roster/models/store"
)

// guides are the pages whose commands a newcomer can type, one page after the other.
var guides = []string{
	"people", "trees", "search", "sign-in", "second-factor", "invitations", "files", "events", "webhooks", "portal", "console",
}

// What the guides show and every installation has otherwise, besides what the tour does.
var passing = regexp.MustCompile(changing.String() +
	`|roster_\w_\w+|curl/[\d.]+|expires=\d+&signature=[\w-]+|max-age=\d+|secret=\w+|"[A-Z2-7]{32}"|"\w{4}-\w{4}-\w{4}-\w{4}"`)

// TestTheGuidesShowWhatHappens types what the guides say into one shell, beside a new service, and compares what is printed.
func TestTheGuidesShowWhatHappens(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	if golden() {
		rewriteGuides(t)
		return
	}
	modelstestURLs(t, func(t *testing.T, url string) {
		typed, seen := follow(t, url)
		for i, s := range typed {
			if diff := cmp.Diff(passing.ReplaceAllString(s.output, "…"), passing.ReplaceAllString(seen[i], "…")); diff != "" {
				t.Fatalf("a guide shows something else for %s\n%s", s.command, diff)
			}
		}
	})
}

// separator stands behind the output of each command.
const separator = "\x1e"

// follow types the commands of every guide, and returns them with what was seen of each.
func follow(t *testing.T, url string) (typed []step, seen []string) {
	t.Helper()
	requireTools(t, "bash", "curl", "jq", "oathtool")
	dir := t.TempDir()
	s := serve(t, dir, frontDoors, "--database-url", url, "--migrate", "--allow-private-webhook-targets", "127.0.0.0/8")
	script := strings.Builder{}
	script.WriteString(`roster() { "$PROGRAM" "$@"; }` + "\n")
	for _, name := range guides {
		for _, block := range transcript.FindAllStringSubmatch(guide(t, name), -1) {
			for _, one := range steps(block[1]) {
				typed = append(typed, one)
				script.WriteString(strings.ReplaceAll(one.command, documented, s.base) + "printf '" + separator + "'\n")
			}
		}
	}
	file := filepath.Join(dir, "typed")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	shell := exec.CommandContext(t.Context(), "bash", file)
	shell.Dir = dir
	shell.Env = append(os.Environ(), asProgram+"=1", "PROGRAM="+os.Args[0], "ROSTER_DATA_DIR="+dir, "ROSTER_DATABASE_URL="+url,
		"ROSTER_LOG_LEVEL=warn")
	out, err := shell.CombinedOutput()
	seen = strings.Split(strings.NewReplacer(s.base, documented, "\r\n", "\n").Replace(string(out)), separator)
	if err != nil || len(seen) != len(typed)+1 {
		t.Fatalf("%d commands and %d outputs: %v\n%s", len(typed), len(seen)-1, err, out)
	}
	return typed, seen[:len(typed)]
}

// requireTools skips the test where something is missing that it types commands with, unless it must not be.
func requireTools(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		_, err := exec.LookPath(tool)
		switch {
		case err != nil && os.Getenv("ROSTER_GUIDES") == "required":
			t.Fatalf("the guides are typed into a shell, with tools of which %s is missing: %v", tool, err)
		case err != nil:
			t.Skipf("the guides are typed into a shell, with tools of which %s is missing: install it, or trust .ci/run, which does", tool)
		}
	}
}

func guidePath(name string) string { return filepath.Join("..", "..", "docs", name+".md") }

func guide(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(guidePath(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rewriteGuides puts what is seen on SQLite below each command, where it is something else than before.
func rewriteGuides(t *testing.T) {
	t.Helper()
	_, seen := follow(t, modelstest.UnmigratedURL(t, store.SQLite))
	for _, name := range guides {
		text := transcript.ReplaceAllStringFunc(guide(t, name), func(block string) string {
			var b strings.Builder
			for _, s := range steps(transcript.FindStringSubmatch(block)[1]) {
				got := seen[0]
				seen = seen[1:]
				if passing.ReplaceAllString(s.output, "…") == passing.ReplaceAllString(got, "…") {
					got = s.output
				}
				b.WriteString("$ " + s.command + got)
			}
			return "```console\n" + b.String() + "```\n"
		})
		if err := os.WriteFile(guidePath(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
