package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
	"roster/models/store"
)

const (
	tour       = "../../docs/tour.md"
	documented = "http://127.0.0.1:8080" // the address of the default settings
)

// golden tells that files are to be rewritten from what really happens: make golden.
func golden() bool { return os.Getenv("ROSTER_GOLDEN") == "update" }

// What the tour shows and every installation has otherwise.
var (
	changing = regexp.MustCompile(`roster_[moi]_\w+|whsec_[\w+/=]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{` +
		`4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)`)
)

// step is a command of a page with the output that stands below it.
type step struct{ command, output string }

// transcript is a block of a page that begins with ```console: what somebody typed, and what was printed.
var transcript = regexp.MustCompile("(?s)```console\n(.*?)```\n")

// steps splits a transcript. A command goes on in the next line after a backslash, and in one that is indented by four.
func steps(block string) []step {
	var all []step
	typing, continues := false, false
	for line := range strings.Lines(block) {
		command, begins := strings.CutPrefix(line, "$ ")
		typing = begins || continues || typing && strings.HasPrefix(line, "    ")
		switch {
		case begins:
			all = append(all, step{command: command})
		case typing:
			all[len(all)-1].command += line
		default:
			all[len(all)-1].output += line
		}
		continues = typing && strings.HasSuffix(line, "\\\n")
	}
	return all
}

// reader is somebody who follows the tour: ids and keys are copied from the answers that came, not from those that are printed.
type reader struct {
	t         *testing.T
	server    *served
	variables string            // the assignments so far
	copied    map[string]string // from what the tour shows to what came
	dir       string            // where they are
	env       []string
}

func TestTheTourShowsWhatHappens(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	text, err := os.ReadFile(tour)
	if err != nil {
		t.Fatal(err)
	}
	if golden() {
		rewriteTour(t, string(text))
		return
	}
	modelstestURLs(t, func(t *testing.T, url string) {
		r := newReader(t, url)
		for _, block := range transcript.FindAllStringSubmatch(string(text), -1) {
			for _, s := range steps(block[1]) {
				got, want := layOut(r.run(s.command)), layOut(s.output)
				r.compare(s.command, want, got)
			}
		}
		if len(r.copied) < 5 {
			t.Errorf("the tour shows only %d ids and keys", len(r.copied))
		}
	})
}

func newReader(t *testing.T, url string) *reader {
	t.Helper()
	dir := t.TempDir()
	s := begin(t, dir, frontDoors, "--database-url", url, "--migrate", "--log-format", "text") // as whoever types it
	s.base = "http://" + s.log.Match(t, `msg=listening server=api address=(\S+)`)[1]
	return &reader{t: t, server: s, copied: map[string]string{}, dir: dir, env: append(os.Environ(), asProgram+"=1",
		"ROSTER_DATA_DIR="+dir, "ROSTER_DATABASE_URL="+url, "ROSTER_LOG_LEVEL=warn", "PROGRAM="+os.Args[0])}
}

// run does what the tour says and returns what is seen.
func (r *reader) run(command string) string {
	r.t.Helper()
	if strings.Contains(command, "./cmd/roster serve") {
		return strings.ReplaceAll(r.server.stdout.String(), r.server.base, documented)
	}
	command = strings.ReplaceAll(command, documented, r.server.base)
	command = strings.ReplaceAll(command, "go run ./cmd/roster", `"$PROGRAM"`)
	command = changing.ReplaceAllStringFunc(command, func(shown string) string {
		if got, known := r.copied[shown]; known {
			return got
		}
		return shown
	})
	if regexp.MustCompile(`^[A-Z]+=\S+\n$`).MatchString(command) {
		r.variables += command
		return ""
	}
	cmd := exec.CommandContext(r.t.Context(), "/bin/sh", "-c", r.variables+command)
	cmd.Env, cmd.Dir = r.env, r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.ReplaceAll(string(out), r.server.base, documented)
}

// layOut indents a JSON document for reading, with its members in the order in which they were sent.
func layOut(output string) string {
	var laidOut bytes.Buffer
	if json.Indent(&laidOut, []byte(strings.TrimSpace(output)), "", "  ") != nil {
		return output
	}
	return laidOut.String() + "\n"
}

// compare holds what was seen against what the tour shows. Ids, keys and times may differ, each always in the same way.
func (r *reader) compare(command, want, got string) {
	r.t.Helper()
	if diff := cmp.Diff(changing.ReplaceAllString(want, "…"), changing.ReplaceAllString(got, "…")); diff != "" {
		r.t.Fatalf("the tour shows something else for %s\n%s", command, diff)
	}
	actual := changing.FindAllString(got, -1)
	for i, shown := range changing.FindAllString(want, -1) {
		if strings.Contains(shown, "T") && strings.Contains(shown, ":") { // two times may be equal by chance
			continue
		}
		if known, again := r.copied[shown]; again && known != actual[i] {
			r.t.Errorf("after %s: %s stands for %s and for %s", command, shown, known, actual[i])
		}
		r.copied[shown] = actual[i]
	}
}

// rewriteTour puts what is seen on SQLite below every command.
func rewriteTour(t *testing.T, text string) {
	t.Helper()
	r := newReader(t, modelstest.UnmigratedURL(t, store.SQLite))
	text = transcript.ReplaceAllStringFunc(text, func(block string) string {
		var b strings.Builder
		for _, s := range steps(transcript.FindStringSubmatch(block)[1]) {
			got := layOut(r.run(s.command))
			command := s.command
			for i, shown := range changing.FindAllString(s.output, -1) {
				if all := changing.FindAllString(got, -1); i < len(all) {
					r.copied[shown] = all[i]
				}
			}
			for shown, now := range r.copied {
				command = strings.ReplaceAll(command, shown, now)
			}
			b.WriteString("$ " + command + got)
		}
		return "```console\n" + b.String() + "```\n"
	})
	if err := os.WriteFile(tour, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestATranscriptIsReadLineByLine(t *testing.T) {
	t.Parallel()
	got := steps("$ one\n$ two \\\n  more\n    and more\nseen\n    and seen\n")
	want := []step{{command: "one\n"}, {"two \\\n  more\n    and more\n", "seen\n    and seen\n"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Error(diff)
	}
}
