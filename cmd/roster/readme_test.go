package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
)

const (
	readme       = "../../README.md"
	settingsPage = "../../docs/settings.md"
)

// fenced returns the blocks of a page in that language.
func fenced(page, language string) []string {
	var all []string
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```\n").FindAllStringSubmatch(page, -1) {
		all = append(all, block[1])
	}
	return all
}

// A newcomer pastes the two blocks of the README into two terminals and sees what stands below them.
func TestTheREADMELeadsToASignedWebhook(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	requireTools(t, "bash", "curl", "jq")
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	pasted, shown := fenced(string(text), "sh"), fenced(string(text), "text")
	if len(pasted) != 2 || len(shown) != 1 {
		t.Fatalf("the README has %d blocks to paste and %d to see, want 2 and 1", len(pasted), len(shown))
	}
	flags, serves := strings.CutPrefix(strings.TrimSpace(pasted[0]), "go run ./cmd/roster serve ")
	if !serves {
		t.Fatalf("the first block of the README does not start the service: %s", pasted[0])
	}
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, append([]string{"--database-url", url, "--migrate"}, strings.Fields(flags)...)...)
		const receiver = "127.0.0.1:9000" // the default of roster listen
		address := freeAddress(t)
		script := strings.NewReplacer("go build -o roster ./cmd/roster", `ln -s "$PROGRAM" roster`, documented, s.base, receiver, address,
			"roster listen", "roster listen --listen "+address).Replace(pasted[1])
		shell := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
		shell.Dir = t.TempDir()
		shell.Env = append(os.Environ(), asProgram+"=1", "PROGRAM="+os.Args[0], "ROSTER_DATA_DIR="+dir, "ROSTER_DATABASE_URL="+url,
			"ROSTER_LOG_LEVEL=warn")
		out, err := shell.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if got := bytes.ReplaceAll(out, []byte(address), []byte(receiver)); !abridged(shown[0]).Match(got) {
			t.Errorf("the README shows\n%s\nand what came is\n%s", shown[0], got)
		}
	})
}

// abridged matches what a page shows of an output: a line of … stands for any lines, and ids and times may be other ones.
func abridged(shown string) *regexp.Regexp {
	var b strings.Builder
	for line := range strings.Lines(shown) {
		if line == "…\n" {
			b.WriteString("(?s:.*)")
			continue
		}
		for i, part := range changing.Split(line, -1) {
			if i > 0 {
				b.WriteString(`\S+`)
			}
			b.WriteString(regexp.QuoteMeta(part))
		}
	}
	return regexp.MustCompile("^" + b.String() + "$")
}

func TestAnAbridgedOutputLeavesOutWhatItSays(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]bool{"a\nb\nc\nd\n": true, "a\nd\n": true, "a\nb\n": false, "b\nd\n": false} {
		if abridged("a\n…\nd\n").MatchString(got) != want {
			t.Errorf("%q: want %v", got, want)
		}
	}
}

// settingsTable is the part of docs/settings.md that is made from the settings.
var settingsTable = regexp.MustCompile(`(?s)<!-- settings -->\n.*<!-- /settings -->\n`)

func TestThePageOfSettingsHasEveryOne(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	want := "<!-- settings -->\n" + tableOfSettings() + "<!-- /settings -->\n"
	got := settingsTable.FindString(string(text))
	if golden() && got != "" {
		if err := os.WriteFile(settingsPage, []byte(strings.Replace(string(text), got, want, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/settings.md does not list the settings as they are; make golden mends it\n%s", diff)
	}
}

// tableOfSettings prints the settings for their page.
func tableOfSettings() string {
	var b strings.Builder
	b.WriteString("| Flag | Variable | Default | |\n|---|---|---|---|\n")
	for _, s := range new(config).settings() {
		value := ""
		if s.value != "" {
			value = "`" + s.value + "`"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s |\n", s.flag, s.variable(), value, strings.ReplaceAll(s.help, "`", ""))
	}
	return b.String()
}

// The README's commands are those of the program.
func TestTheREADMENamesEveryCommand(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range (&program{environment: os.Environ()}).command().Commands {
		if !c.Hidden && !strings.Contains(string(text), "`roster "+c.Name) {
			t.Errorf("the README does not name 'roster %s'", c.Name)
		}
	}
}
