//go:build !no_console

package console_test

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"roster/auth"
	"roster/console"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// service is the console on a real socket. It reads no database; the server around it does.
type service struct {
	t   *testing.T
	url string
}

func newService(t *testing.T) *service {
	t.Helper()
	return newServiceOver(t, modelstest.Open(t, store.SQLite))
}

func newServiceOver(t *testing.T, db *store.DB) *service {
	t.Helper()
	h, err := server.New(server.Config{
		DB: db, LastUsed: auth.NewLastUsed(), Logger: slog.New(slog.DiscardHandler),
		Metrics: server.NewMetrics(server.Build{Version: "test"}, db.Pools()), Health: server.NewHealth(db),
		Limiter: server.NewLimiter(0, time.Minute, time.Now),
		MaxBody: 1 << 16, Stop: t.Context(), RequestTimeout: time.Minute,
	}, console.Door())
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(h)
	t.Cleanup(listening.Close)
	return &service{t, listening.URL}
}

// get asks for a path, with headers by name and value, and returns the answer with its body as it was sent.
func (s *service) get(path string, headers ...string) (*http.Response, []byte) {
	s.t.Helper()
	return s.do(http.MethodGet, path, headers...)
}

func (s *service) do(method, path string, headers ...string) (*http.Response, []byte) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, body
}

var linked = regexp.MustCompile(`(?:src|href)="(/console/[^"]+)"`)

func TestThePageComesWithAllThatItNames(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, page := s.get("/console/")
	files := linked.FindAllSubmatch(page, -1)
	if len(files) < 3 {
		t.Fatalf("the page names %d files:\n%s", len(files), page)
	}
	for _, file := range files {
		answer, body := s.get(string(file[1]))
		if answer.StatusCode != http.StatusOK || len(body) == 0 || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s, %d bytes", file[1], answer.Status, len(body))
		}
		want := "public, no-cache"
		if strings.Contains(string(file[1]), "/assets/") {
			want = "public, max-age=31536000, immutable"
		}
		if kept := answer.Header.Get("Cache-Control"); kept != want {
			t.Errorf("%s: Cache-Control %q, want %q", file[1], kept, want)
		}
	}
}

func TestEveryPathOfTheConsoleBeginsWithThePage(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, page := s.get("/console/")
	for _, path := range []string{
		"/console", "/console/organizations", "/console/organizations/01912f6a-8c00-7abc-8def-0123456789ab/people",
		"/console/sign-in?to=%2Fevents",
		// No page is at these either, and it is the page that says so: in the words and with the ways on that a person knows.
		"/console/a%2fb", "/console/%00", "/console/people/%0d%0aX-Evil:%201", "/console/%ff%fe", "/console/%E2%80%AE",
		"/console//evil.example/", "/console/assets%2fx", "/console/..%2f..%2fpublic/v2/me",
		"/console/people/ada@example.com", "/console/portal/%00",
		"/console/" + strings.Repeat("%2f", 10_000),
	} {
		answer, body := s.get(path)
		if answer.StatusCode != http.StatusOK || string(body) != string(page) {
			t.Errorf("%s: %s\n%s", path, answer.Status, body)
		}
		kept := "public, no-cache"
		if strings.HasPrefix(path, "/console/portal/") {
			kept = "no-store"
		}
		if h := answer.Header; h.Get("Cache-Control") != kept || h.Get("X-Evil") != "" || h.Get("Location") != "" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %v", path, h)
		}
	}
	// What names a file is one, or is missing: the script of an earlier build must not be a page.
	for _, path := range []string{
		"/console/assets/index-AAAAAAAA.js", "/console/assets/x", "/console/robots.txt", "/console/favicon.ico",
		"/console/assets%2findex-AAAAAAAA.js",
	} {
		if answer, _ := s.get(path); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
	for _, path := range []string{"/console/", "/console/a%2fb%0a"} {
		answer, _ := s.do(http.MethodPost, path)
		if answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s: %s, Allow %s", path, answer.Status, answer.Header.Get("Allow"))
		}
	}
}

func TestNothingRunsThatIsWrittenIntoThePage(t *testing.T) {
	t.Parallel()
	s := newService(t)
	answer, page := s.get("/console/events")
	policy := answer.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
		"frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"} {
		if !strings.Contains(policy+";", part+";") {
			t.Errorf("the policy has no %s: %s", part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy lets in what it should not: %s", policy)
	}
	if inline := regexp.MustCompile(`<script(>|[^>]*>[^<])|<style|\son\w+=|style=`).Find(page); inline != nil {
		t.Errorf("the page has %s in it", inline)
	}
	for name, want := range map[string]string{
		"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Referrer-Policy": "no-referrer",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestFilesAreCompressedOnceAndKnownByTheirTag(t *testing.T) {
	t.Parallel()
	s := newService(t)
	plain, page := s.get("/console/")
	zipped, sent := s.get("/console/", "Accept-Encoding", "gzip, deflate, br")
	if zipped.Header.Get("Content-Encoding") != "gzip" || len(sent) >= len(page) {
		t.Fatalf("%d bytes of %d with %v", len(sent), len(page), zipped.Header)
	}
	reader, err := gzip.NewReader(strings.NewReader(string(sent)))
	if err != nil {
		t.Fatal(err)
	}
	if unzipped, err := io.ReadAll(reader); err != nil || string(unzipped) != string(page) {
		t.Errorf("unzipped it is %q: %v", unzipped, err)
	}
	for _, answer := range []*http.Response{plain, zipped} {
		tag := answer.Header.Get("ETag")
		again, body := s.get("/console/", "If-None-Match", tag, "Accept-Encoding", "gzip")
		if tag == "" || again.StatusCode != http.StatusNotModified || len(body) != 0 {
			t.Errorf("with the tag %s it is %s, %d bytes", tag, again.Status, len(body))
		}
	}
	if plain.Header.Get("ETag") == zipped.Header.Get("ETag") {
		t.Error("two forms have one tag")
	}
	head, body := s.do(http.MethodHead, "/console/", "Accept-Encoding", "gzip")
	if len(body) != 0 || head.Header.Get("ETag") != zipped.Header.Get("ETag") || head.ContentLength != int64(len(sent)) {
		t.Errorf("HEAD: %v", head.Header)
	}
}

func TestTheLicensesOfWhatIsBundledAreServed(t *testing.T) {
	t.Parallel()
	_, text := newService(t).get("/console/licenses.txt")
	for _, name := range []string{"react", "@tanstack/react-query", "@base-ui/react", "@headless-tree/core", "Atkinson Hyperlegible"} {
		if !strings.Contains(string(text), name) {
			t.Errorf("there is no notice of %s", name)
		}
	}
}
