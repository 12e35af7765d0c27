package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestABuildSaysEverywhereWhichItIs in the same words.
func TestABuildSaysEverywhereWhichItIs(t *testing.T) {
	t.Parallel()
	_, stdout, _ := command(t, nil, "version", "--json")
	var b struct{ Version, Commit, Date, Go, Platform string }
	if err := json.Unmarshal([]byte(stdout), &b); err != nil || b.Version == "" || b.Commit == "" || b.Date == "" {
		t.Fatalf("%v: %s", err, stdout)
	}
	want := "roster " + b.Version + " commit " + b.Commit + " of " + b.Date + " " + b.Go + " " + b.Platform + "\n"
	if _, text, _ := command(t, nil, "version"); text != want {
		t.Errorf("as text it is %s", text)
	}
	modelstestURLs(t, func(t *testing.T, url string) {
		s := serve(t, t.TempDir(), frontDoors, "--database-url", url, "--migrate")
		line, ok := s.log.Line(message("started"))
		if !ok || line["version"] != b.Version || line["commit"] != b.Commit || line["date"] != b.Date || line["schema"].(float64) < 22 ||
			line["docs"] != s.base+"/docs" || line["at"] == "" || !strings.Contains(url, line["database"].(string)) {
			t.Errorf("the log says %v", line)
		}
		if _, body := s.get("/docs"); !strings.Contains(string(body), b.Commit) {
			t.Errorf("/docs does not say %s", b.Commit)
		}
		if _, body := s.get("/metrics"); !strings.Contains(string(body), `roster_build_info{commit="`+b.Commit+`"`) {
			t.Error("the metrics do not say it")
		}
	})
}

func TestHelpOnACommandOfACommand(t *testing.T) {
	t.Parallel()
	_, want, _ := command(t, nil, "key", "create", "--help")
	if code, got, stderr := command(t, nil, "help", "key", "create"); code != 0 || got != want || !strings.Contains(got, "--scopes") {
		t.Errorf("%d %s%s", code, got, stderr)
	}
}
