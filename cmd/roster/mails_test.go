package main

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"roster/mail/mailtest"
	"roster/server/servertest"
)

// post sends a document with a key, which must succeed.
func (s *served) post(key, path, body string) {
	s.t.Helper()
	answer, content, err := servertest.Exchange(s.t.Context(), servertest.Fresh(), http.MethodPost, s.base+path,
		bytes.NewBufferString(body), "Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json")
	if err != nil || answer.StatusCode >= http.StatusMultipleChoices {
		s.t.Fatalf("%s: %d %s: %v", path, answer.StatusCode, content, err)
	}
}

// TestAServerSendsItsMails starts the program with a mail server: the link of a mail leads to a door of the console, and its log has
// none. The page that links of before lead to is still there.
func TestAServerSendsItsMails(t *testing.T) {
	t.Parallel()
	receiver := mailtest.NewReceiver(t)
	s := serve(t, t.TempDir(), frontDoors, "--smtp-url", receiver.URL(), "--mail-from", "Roster <no-reply@roster.example>",
		"--base-url", "https://roster.example")
	key := regexp.MustCompile(`roster_m_\w+`).FindString(s.stdout.String())
	s.post(key, "/public/v2/users", `{"data":{"type":"users","attributes":{"firstName":"Ada","email":"ada@example.com"}}}`)
	s.post(key, "/public/v2/passwordResets", `{"data":{"type":"passwordResets","attributes":{"email":"ada@example.com"}}}`)
	got := receiver.Next(t, 1)
	token := got.Token(t)
	if !strings.Contains(got.Text, "https://roster.example/console/reset#token="+token) {
		t.Errorf("the mail says %s", got.Text)
	}
	for _, path := range []string{"/console/reset", "/console/invitation", "/password-reset", "/invitations"} {
		page, _, err := servertest.Exchange(t.Context(), servertest.Fresh(), http.MethodGet, s.base+path, nil, "Accept", "text/html")
		if err != nil || page.StatusCode != http.StatusOK || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s answers with %d: %v", path, page.StatusCode, err)
		}
	}
	s.post(key, "/public/v2/passwordResets/confirm", `{"meta":{"token":"`+token+`","password":"a long password"}}`)
	if code := s.stop(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	if log := s.log.String(); strings.Contains(log, token) || strings.Contains(log, "example.com") {
		t.Errorf("the log has the token, or the address: %s", log)
	}
}

// TestAMailServerThatHangsDelaysNoStop: what was under way is there at the next start.
func TestAMailServerThatHangsDelaysNoStop(t *testing.T) {
	t.Parallel()
	receiver := mailtest.NewReceiver(t)
	stalled, answer := receiver.Stall(t)
	dir, settings := t.TempDir(), []string{"--smtp-url", receiver.URL(), "--mail-from", "Roster <no-reply@roster.example>",
		"--base-url", "https://roster.example"}
	s := serve(t, dir, frontDoors, settings...)
	key := regexp.MustCompile(`roster_m_\w+`).FindString(s.stdout.String())
	s.post(key, "/public/v2/users", `{"data":{"type":"users","attributes":{"firstName":"Ada","email":"ada@example.com"}}}`)
	s.post(key, "/public/v2/passwordResets", `{"data":{"type":"passwordResets","attributes":{"email":"ada@example.com"}}}`)
	stalled()
	began := time.Now()
	if code := s.stop(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("to stop took %s", took)
	}
	answer()
	again := serve(t, dir, frontDoors, settings...)
	receiver.Wait(t, 1)
	if code := again.stop(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
}
