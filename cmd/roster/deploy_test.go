package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v3"
)

const deploy = "../../deploy"

// deployed returns the text of everything in deploy/ and of the pages that explain it, by path.
func deployed(t *testing.T) map[string]string {
	t.Helper()
	files := []string{"../../docs/deploy.md", "../../docs/upgrade.md", "../../docs/operating.md", "../../SECURITY.md"}
	err := filepath.WalkDir(deploy, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	return texts
}

var (
	variableNamed = regexp.MustCompile(`\bROSTER_[A-Z0-9_]*[A-Z0-9]\b`)
	flagNamed     = regexp.MustCompile(`(?:^|[\s"'(\x60])--([a-z][a-z0-9-]+)`)
	argumentsOf   = regexp.MustCompile(`(?:args|command): \[([a-z]+(?:, [a-z]+)*)\]`)
	// Lines with a command of others, whose flags are theirs, up to where the program is called.
	foreign = regexp.MustCompile(`\b(?:kubectl|helm|docker|curl|haproxy|nginx|caddy|apt-get|systemctl|systemd-analyze|journalctl|` +
		`createdb|pg_\w+|patroni\w*)\b(?:.*? /roster )?`)
)

// TestWhatIsDeployedExists looks for every flag, variable and command of the program that an example names. One that is mistyped would be
// found out by whoever deploys it, or by nobody: an unknown variable is no error.
func TestWhatIsDeployedExists(t *testing.T) {
	t.Parallel()
	variables := map[string]bool{listenSecrets: true, secretKeyVariable: true, accessKey: true, accessSecret: true}
	flags, commands := map[string]bool{}, map[string]bool{}
	var walk func(path string, c *cli.Command)
	walk = func(path string, c *cli.Command) {
		commands[path] = true
		for _, f := range c.Flags {
			for _, name := range f.Names() {
				flags[name] = true
			}
		}
		for _, sub := range c.Commands {
			walk(strings.TrimSpace(path+" "+sub.Name), sub)
		}
	}
	walk("", new(program).command())
	for _, s := range new(config).settings() {
		variables[s.variable()] = true
	}
	named := 0
	for file, text := range deployed(t) {
		for _, name := range variableNamed.FindAllString(text, -1) {
			if named++; !variables[name] {
				t.Errorf("%s sets %s, which no setting has", file, name)
			}
		}
		theirs := false // what the line before began goes on
		for line := range strings.Lines(text) {
			continues := strings.HasSuffix(line, "\\\n")
			if theirs && !strings.Contains(line, "/roster ") {
				theirs = continues
				continue
			}
			theirs = continues && foreign.MatchString(line)
			if found := foreign.FindStringIndex(line); found != nil {
				if !strings.HasSuffix(line[:found[1]], "/roster ") {
					continue
				}
				line = line[found[1]:]
			}
			for _, name := range flagNamed.FindAllStringSubmatch(line, -1) {
				if named++; !flags[name[1]] {
					t.Errorf("%s names the flag --%s, which no command has", file, name[1])
				}
			}
		}
		for _, list := range argumentsOf.FindAllStringSubmatch(text, -1) {
			if named++; !commands[strings.ReplaceAll(list[1], ",", "")] {
				t.Errorf("%s runs %q, which is no command", file, list[1])
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d names were found", named)
	}
}

// TestTheChartTakesEverySetting compares the names that the chart's schema lets through with the table: all but those that hold a password,
// and those that the chart sets itself.
func TestTheChartTakesEverySetting(t *testing.T) {
	t.Parallel()
	templates, err := os.ReadFile(filepath.Join(deploy, "helm", "roster", "templates", "deployment.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	helpers, err := os.ReadFile(filepath.Join(deploy, "helm", "roster", "templates", "_helpers.tpl"))
	if err != nil {
		t.Fatal(err)
	}
	own := variableNamed.FindAllString(string(templates)+string(helpers), -1)
	var want []string
	for _, s := range new(config).settings() {
		if !s.secret && !slices.Contains(own, s.variable()) {
			want = append(want, s.flag)
		}
	}
	slices.Sort(want)
	file := filepath.Join(deploy, "helm", "roster", "values.schema.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)("propertyNames": \{\s*"enum": )\[[^\]]*\]`)
	written, err := json.MarshalIndent(want, "          ", "  ")
	if err != nil {
		t.Fatal(err)
	}
	wanted := list.ReplaceAll(text, slices.Concat([]byte("${1}"), written))
	if golden() {
		if err := os.WriteFile(file, wanted, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !list.Match(text) {
		t.Fatal("the schema has no list of settings")
	}
	if diff := cmp.Diff(string(wanted), string(text)); diff != "" {
		t.Errorf("the settings of the chart are not those of the program; \"make golden\" corrects it (-program +chart):\n%s", diff)
	}
}

// needed returns the path of a program of others that an example is tried with.
func needed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err != nil && os.Getenv("ROSTER_DEPLOY") == "required":
		t.Fatalf("deploy/ is tried with %s, which is missing: %v", name, err)
	case err != nil:
		t.Skipf("deploy/ is tried with %s, which is missing: install it, or trust .ci/run, which does", name)
	}
	return path
}

// TestTheUnitIsOneOfSystemd has systemd read the unit and say how much it may.
func TestTheUnitIsOneOfSystemd(t *testing.T) {
	t.Parallel()
	analyze := needed(t, "systemd-analyze")
	text, err := os.ReadFile(filepath.Join(deploy, "systemd", "roster.service"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unit := filepath.Join(dir, "roster.service")
	here := bytes.ReplaceAll(text, []byte("/usr/local/bin/roster"), []byte(os.Args[0])) // it looks for the program
	if err := os.WriteFile(unit, here, 0o600); err != nil {
		t.Fatal(err)
	}
	verify := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", unit)
	if out, err := verify.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd does not take the unit: %v\n%s", err, out)
	}
	// Of 10; below 2 it calls a service "OK".
	security := exec.CommandContext(t.Context(), analyze, "security", "--no-pager", "--offline=yes", "--threshold=20", unit)
	if out, err := security.CombinedOutput(); err != nil {
		t.Errorf("the unit may too much: %v\n%s", err, out)
	}
}
