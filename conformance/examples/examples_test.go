// Package examples_test runs the suite against servers that others have written, as its user would. What it finds there is compared
// with findings.json, in which every finding was checked by hand and has the sentence that it breaks.
package examples_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/conformance/suite"
)

// binding are the levels that findings are of. An expectation is a matter of taste.
var binding = []suite.Level{suite.Must, suite.MustNot, suite.Should, suite.HTTP, suite.Note}

// finding is a rule that a server breaks.
type finding struct {
	// Text is the sentence of the specification, or of the RFC that the row names.
	Text string `json:"text"`
	// Seen is what the server did.
	Seen string `json:"seen"`
}

func TestFindingsAgainstForeignServersAreThoseThatWereChecked(t *testing.T) {
	needNode(t)
	for _, c := range []struct{ folder, base string }{
		{"fortune", ""},
		{"jsonapi-server", "/api"},
	} {
		t.Run(c.folder, func(t *testing.T) {
			install(t, c.folder)
			description, err := suite.LoadDescription(filepath.Join(c.folder, "description.json"))
			if err != nil {
				t.Fatal(err)
			}
			report, err := suite.Run(t.Context(), start(t, c.folder)+c.base, description, suite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var checked map[string]finding
			raw, err := os.ReadFile(filepath.Join(c.folder, "findings.json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &checked); err != nil {
				t.Fatal(err)
			}
			for id, f := range checked {
				if f.Text == "" || f.Seen == "" {
					t.Errorf("%s has no sentence, or not what was seen", id)
				}
			}
			found := slices.Sorted(slices.Values(report.Failed(binding...)))
			if diff := cmp.Diff(names(checked), found); diff != "" {
				var text bytes.Buffer
				if err := report.Text(&text); err != nil {
					t.Fatal(err)
				}
				t.Errorf("findings (-checked +found):\n%s\n%s", diff, &text)
			}
			comparePage(t, c.folder, page(report, checked))
		})
	}
}

func names(findings map[string]finding) []string {
	var list []string
	for id := range findings {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// page renders what the README of an example shows of a run: the counts, and each finding with its sentence.
func page(report *suite.Report, checked map[string]finding) string {
	var text bytes.Buffer
	_ = report.Text(&text) // into memory
	lines := strings.Split(text.String(), "\n")
	var b strings.Builder
	fmt.Fprintf(&b, "```\n%s\n```\n\n| row | level | the text | the server |\n|---|---|---|---|\n", strings.Join(lines[2:8], "\n"))
	for _, result := range report.Results {
		if result.Outcome == suite.Failed && slices.Contains(binding, result.Level) {
			f := checked[result.ID]
			fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s |\n", result.ID, result.Row.Section(), result.Level, f.Text, f.Seen)
		}
	}
	return b.String()
}

const begin, end = "<!-- run -->\n", "<!-- end of run -->\n"

// comparePage compares the part of the README between its marks with what a run gives; CONFORMANCE_GOLDEN=update writes it anew.
func comparePage(t *testing.T, folder, want string) {
	t.Helper()
	name := filepath.Join(folder, "README.md")
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, marked := strings.Cut(string(raw), begin)
	shown, after, ended := strings.Cut(rest, end)
	if !marked || !ended {
		t.Fatalf("%s has no marks %q and %q", name, begin, end)
	}
	if os.Getenv("CONFORMANCE_GOLDEN") == "update" {
		if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(shown, want); diff != "" {
		t.Errorf("%s does not show what a run gives; make golden writes it anew (-shown +run):\n%s", name, diff)
	}
}

// required tells whether a machine without Node.js, or without a registry, fails the test rather than skips it.
func required() bool { return os.Getenv("CONFORMANCE_EXAMPLES") == "required" }

func needNode(t *testing.T) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			giveUp(t, "THE FOREIGN SERVERS WERE NOT TRIED: there is no %s on this machine; Node.js 20 is needed", program)
		}
	}
}

func giveUp(t *testing.T, format string, args ...any) {
	t.Helper()
	if required() {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// install fetches what the lock file names, unless it is there.
func install(t *testing.T, folder string) {
	t.Helper()
	lock, err := os.Stat(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if installed, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json")); err == nil &&
		installed.ModTime().After(lock.ModTime()) {
		return
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		giveUp(t, "%s WAS NOT TRIED: npm ci: %v\n%s", strings.ToUpper(folder), err, out)
	}
}

// start runs a server on a free port of the loopback until the test ends, and returns its address.
func start(t *testing.T, folder string) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "node", "server.js")
	cmd.Dir, cmd.Env = folder, append(os.Environ(), fmt.Sprintf("PORT=%d", port))
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "listening on ") {
			go func() { _, _ = io.Copy(io.Discard, output) }() // whatever it says later must not block it
			return fmt.Sprintf("http://127.0.0.1:%d", port)
		}
	}
	cancel()
	_ = cmd.Wait() // only then its output is complete
	t.Fatalf("%s ended before it listened:\n%s", folder, &complaints)
	return ""
}
