package main

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"roster/mail/mailtest"
	"roster/server/servertest"
)

// TestAServerSendsItsMails starts the program with a mail server: the link of a mail leads to a page of the program, and its log has none.
func TestAServerSendsItsMails(t *testing.T) {
	t.Parallel()
	receiver := mailtest.NewReceiver(t)
	s := serve(t, t.TempDir(), frontDoors, "--smtp-url", receiver.URL(), "--mail-from", "Roster <no-reply@roster.example>",
		"--base-url", "https://roster.example")
	key := regexp.MustCompile(`roster_m_\w+`).FindString(s.stdout.String())
	post := func(path, body string) {
		answer, content, err := servertest.Exchange(t.Context(), servertest.Fresh(), http.MethodPost, s.base+path,
			bytes.NewBufferString(body), "Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json")
		if err != nil || answer.StatusCode >= http.StatusMultipleChoices {
			t.Fatalf("%s: %d %s: %v", path, answer.StatusCode, content, err)
		}
	}
	post("/public/v2/users", `{"data":{"type":"users","attributes":{"firstName":"Ada","email":"ada@example.com"}}}`)
	post("/public/v2/passwordResets", `{"data":{"type":"passwordResets","attributes":{"email":"ada@example.com"}}}`)
	got := receiver.Next(t, 1)
	token := got.Token(t)
	if !strings.Contains(got.Text, "https://roster.example/password-reset#token="+token) {
		t.Errorf("the mail says %s", got.Text)
	}
	page, _, err := servertest.Exchange(t.Context(), servertest.Fresh(), http.MethodGet, s.base+"/password-reset", nil)
	if err != nil || page.StatusCode != http.StatusOK {
		t.Errorf("the page answers with %d: %v", page.StatusCode, err)
	}
	post("/public/v2/passwordResets/confirm", `{"meta":{"token":"`+token+`","password":"a long password"}}`)
	if code := s.stop(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	if log := s.log.String(); strings.Contains(log, token) || strings.Contains(log, "example.com") {
		t.Errorf("the log has the token, or the address: %s", log)
	}
}
