package observability

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// TestRulesAndDashboardAreAboutMetricsThatThereAre reads every expression as Prometheus does, and compares what it names with what a
// server exports that has something to tell.
func TestRulesAndDashboardAreAboutMetricsThatThereAre(t *testing.T) {
	p := parser.NewParser(parser.Options{})
	exported := scrape(t)
	rules, errs := rulefmt.ParseFile("alerts.yml", false, model.UTF8Validation, p, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	n := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			n++
			if r.Alert == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("a rule has no name, severity, summary or description: %v", r)
			}
			check(t, p, r.Alert, r.Expr, exported)
		}
	}
	for title, expression := range dashboard(t) {
		n++
		check(t, p, title, expression, exported)
	}
	if n < 30 {
		t.Errorf("%d expressions are few: some were not looked at", n)
	}
}

// TestAnExpressionAboutNothingIsFound is the test of the test.
func TestAnExpressionAboutNothingIsFound(t *testing.T) {
	exported := series{"roster_a": {{"route": "/x"}}}
	p := parser.NewParser(parser.Options{})
	for expression, want := range map[string]string{
		`rate(roster_b[5m])`:                         "roster_b is not exported",
		`roster_a{routes="/x"}`:                      "roster_a has no label routes",
		`roster_a{route="/y"}`:                       `no series of roster_a has route="/y"`,
		`sum by (rout) (roster_a)`:                   "no metric of it has the label rout to group by",
		`sum by (route) (rate(roster_a{job="a"}[1m]`: "unclosed left parenthesis",
		`sum by (route, instance) (roster_a)`:        "",
	} {
		if got := strings.Join(faults(p, expression, exported), "; "); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

// series are what a server exports: the labels of each series, by the name of the metric.
type series map[string][]map[string]string

// byPrometheus are labels that Prometheus adds, and the metric that it makes, of each target.
var byPrometheus = []string{"job", "instance"}

// neverHere are values that a healthy server does not export.
var neverHere = []string{`status="5xx"`, `health="disabled"`}

func check(t *testing.T, p parser.Parser, title, expression string, exported series) {
	t.Helper()
	for _, fault := range faults(p, expression, exported) {
		t.Errorf("%s: %s: %s", title, fault, expression)
	}
}

// faults returns what is wrong with an expression.
func faults(p parser.Parser, expression string, exported series) (found []string) {
	tree, err := p.ParseExpr(expression)
	if err != nil {
		return []string{err.Error()}
	}
	known := slices.Clone(byPrometheus)
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			for _, one := range exported[s.Name] {
				for label := range one {
					known = append(known, label)
				}
			}
			found = append(found, selects(s, exported)...)
		}
		return nil
	})
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if a, ok := node.(*parser.AggregateExpr); ok {
			for _, label := range a.Grouping {
				if !slices.Contains(known, label) {
					found = append(found, "no metric of it has the label "+label+" to group by")
				}
			}
		}
		return nil
	})
	return found
}

// selects returns what a selector names that is not exported.
func selects(s *parser.VectorSelector, exported series) (found []string) {
	all := exported[s.Name]
	if len(all) == 0 {
		if s.Name == "up" {
			return nil
		}
		return []string{s.Name + " is not exported"}
	}
	for _, m := range s.LabelMatchers {
		if m.Name == model.MetricNameLabel || slices.Contains(byPrometheus, m.Name) || slices.Contains(neverHere, m.String()) {
			continue
		}
		has := func(one map[string]string) bool { _, ok := one[m.Name]; return ok }
		switch {
		case !slices.ContainsFunc(all, has):
			found = append(found, s.Name+" has no label "+m.Name)
		case !slices.ContainsFunc(all, func(one map[string]string) bool { return m.Matches(one[m.Name]) }):
			found = append(found, "no series of "+s.Name+" has "+m.String())
		}
	}
	return found
}

// dashboard returns the expressions of the dashboard by the title of their panel, with Grafana's variables filled in.
func dashboard(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(raw, &board); err != nil {
		t.Fatal(err)
	}
	found, seen := map[string]string{}, map[int]bool{}
	for _, panel := range board.Panels {
		if seen[panel.ID] {
			t.Errorf("two panels have the id %d", panel.ID)
		}
		seen[panel.ID] = true
		for _, target := range panel.Targets {
			expression := strings.NewReplacer("$__rate_interval", "5m", "$job", "roster").Replace(target.Expr)
			found[panel.Title+" "+target.RefID] = expression
		}
	}
	return found
}

// scrape starts a server, has it do and refuse something of everything, and returns what it exports.
func scrape(t *testing.T) series {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "roster")
	build := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-o", program, "./cmd/roster")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(hooks.Close)
	s := start(t, program, "--data-dir", filepath.Join(dir, "data"), "--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "30")
	for _, path := range []string{"/works", "/broken"} {
		s.send("POST", "/public/v2/management/organizations", s.key, 201,
			fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Acme","webhookUrl":%q}}}`, hooks.URL+path))
	}
	s.send("POST", "/public/v2/sessions", "", 401,
		`{"data":{"type":"sessions","attributes":{"email":"nobody@example.com","password":"correct horse"}}}`)
	s.send("GET", "/public/v2/me", "", 401, "")
	s.send("GET", "/public/v2/me", s.key[:len(s.key)-1]+"_", 401, "")
	for status := 0; status != http.StatusTooManyRequests; {
		status = s.send("GET", "/public/v2/me", "", 0, "")
	}
	for { // until the worker has read the backlog, which it does from time to time
		if all := s.metrics(); len(all["roster_webhook_lanes"]) > 0 && len(all["roster_webhook_attempts_total"]) > 1 {
			return all
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// served is a server that runs.
type served struct {
	t         *testing.T
	base, key string
}

var (
	address  = regexp.MustCompile(`msg=listening server=api address=(\S+)`)
	firstKey = regexp.MustCompile(`(roster_m_\w+)`)
)

// start starts the program and waits until it listens. It is ended with the test.
func start(t *testing.T, program string, args ...string) *served {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // what it returns is not what is tested
	})
	s := &served{t: t, key: awaited(out, firstKey)}
	s.base = "http://" + awaited(log, address)
	if s.key == "" || s.base == "http://" {
		t.Fatalf("it has printed no key (%t), or does not listen (%q)", s.key == "", s.base)
	}
	return s
}

// awaited returns what the expression's group finds in the first line that it is found in, and "" if there is none. What comes after that
// line is read by nobody, so that the program never waits for a reader.
func awaited(from io.Reader, wanted *regexp.Regexp) string {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if found := wanted.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, from) }()
			return found[1]
		}
	}
	return ""
}

// send sends a request and returns the status, which must be the one that is wanted unless that is 0.
func (s *served) send(method, path, key string, want int, body string) int {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/vnd.api+json")
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	if key != "" {
		q.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	told, _ := io.ReadAll(answer.Body)
	if want != 0 && answer.StatusCode != want {
		s.t.Fatalf("%s %s: %d, want %d: %s", method, path, answer.StatusCode, want, told)
	}
	return answer.StatusCode
}

// metrics returns what is exported now.
func (s *served) metrics() series {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text := expfmt.NewTextParser(model.UTF8Validation)
	families, err := text.TextToMetricFamilies(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	all := series{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			one := map[string]string{}
			for _, l := range m.GetLabel() {
				one[l.GetName()] = l.GetValue()
			}
			if m.GetHistogram() == nil {
				all[name] = append(all[name], one)
				continue
			}
			all[name+"_sum"], all[name+"_count"] = append(all[name+"_sum"], one), append(all[name+"_count"], one)
			bucket := map[string]string{"le": "+Inf"}
			for l, v := range one {
				bucket[l] = v
			}
			all[name+"_bucket"] = append(all[name+"_bucket"], bucket)
		}
	}
	return all
}
