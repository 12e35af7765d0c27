package handlers_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/docs"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestEveryCodeHasItsSection(t *testing.T) {
	t.Parallel()
	examples, err := openapi.RecordedExamples()
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	parts := strings.Split(string(docs.Errors), "\n## ")
	rewritten := bytes.NewBufferString(parts[0])
	for _, part := range parts[1:] {
		code, rest, _ := strings.Cut(part, "\n")
		described[code] = true
		meaning, known := jsonapi.Meanings()[jsonapi.Code(code)]
		if !known {
			t.Errorf("docs/errors.md describes %s, which is no code", code)
			continue
		}
		if want := fmt.Sprintf("\n%d · %s.\n", meaning.Status, meaning.Title); !strings.HasPrefix(rest, want) {
			t.Errorf("the section %s does not begin with %q", code, want)
		}
		text, fenced, _ := strings.Cut(rest, "```json\n")
		example, _, _ := strings.Cut(fenced, "```")
		recorded := indent(t, examples.Errors[code])
		if diff := cmp.Diff(recorded, example); diff != "" && os.Getenv("ROSTER_GOLDEN") != "update" {
			t.Errorf("the example of %s is not the recorded answer (-want +got):\n%s", code, diff)
		}
		fmt.Fprintf(rewritten, "\n## %s\n%s\n\n```json\n%s```\n", code, strings.TrimRight(text, "\n"), recorded)
	}
	if os.Getenv("ROSTER_GOLDEN") == "update" {
		if err := os.WriteFile("../docs/errors.md", rewritten.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for code := range jsonapi.Meanings() {
		if !described[string(code)] {
			t.Errorf("docs/errors.md has no section %s", code)
		}
	}
}

// indent returns a recorded document as docs/errors.md prints it.
func indent(t *testing.T, document json.RawMessage) string {
	t.Helper()
	if document == nil {
		return ""
	}
	var out bytes.Buffer
	if err := json.Indent(&out, document, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}

func TestTheDocumentationIsServed(t *testing.T) {
	t.Parallel()
	s := newService(t, modelstest.Open(t, store.SQLite)).as("")
	for _, path := range []string{"/docs", "/docs/", "/docs/errors", "/docs/errors/", "/docs/start.js", "/docs/page.css",
		"/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"} {
		a := s.get(path).want(200)
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
			"Cache-Control": "public, no-cache"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s answers with %s %q, want %q", path, name, got, want)
			}
		}
		if policy := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") ||
			strings.Contains(policy, "unsafe-eval") {
			t.Errorf("the policy of %s is %q", path, policy)
		}
		s.get(path, "If-None-Match", a.Header.Get("ETag")).want(304)
	}
	const link = `href="/docs?api=other" data-document="/docs/other/openapi.json"`
	if index := string(s.get("/docs").Body); !strings.Contains(index, link) || strings.Contains(index, "{{") {
		t.Errorf("the page does not lead to the document of another door: %s", index)
	}
	if got := s.get("/docs/other/openapi.json").want(200).text("openapi"); got != "3.1.0" {
		t.Errorf("the document of another door is of OpenAPI %q", got)
	}
	s.get("/docs/nobody/openapi.json").want(404)
	page := string(s.get("/docs/errors").Body)
	for code := range jsonapi.Meanings() {
		if !strings.Contains(page, `id="`+string(code)+`"`) {
			t.Errorf("the page about errors has no anchor %s", code)
		}
	}
	s.get("/docs/nope").want(404)
	s.get("/docs/index.html").want(404)
}

func TestNoPageNamesAnotherHost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"index.html", "errors.html", "start.js", "page.css"} {
		body, err := docs.Viewer.ReadFile("viewer/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(body, []byte("//")) && regexp.MustCompile(`(?i)(https?:)?//[a-z]`).Match(body) {
			t.Errorf("%s names another host", name)
		}
	}
}

func TestTheViewerIsThePublishedOne(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../docs/viewer/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(list)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sums[name] = sum
	}
	if want := []string{"LICENSE", "NOTICE", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt",
		"swagger-ui.css"}; !slices.Equal(slices.Sorted(maps.Keys(sums)), want) {
		t.Fatalf("SHA256SUMS has %v", sums)
	}
	for name, want := range sums {
		body, err := docs.Viewer.ReadFile("viewer/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(body)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has the checksum %s, not %s", name, got, want)
		}
	}
}
