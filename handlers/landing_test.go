package handlers_test

import (
	"regexp"
	"strings"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

// TestThePagesThatMailsLeadTo looks at them as a browser would: what they load is ours, what they may do is little, and every field has a
// label.
func TestThePagesThatMailsLeadTo(t *testing.T) {
	t.Parallel()
	s := newService(t, modelstest.Open(t, store.SQLite)).as("")
	loaded := regexp.MustCompile(`(?:src|href)="([^"]+)"`)
	for _, path := range []string{"/invitations", "/password-reset", "/invitations/"} {
		a := s.get(path).want(200)
		page := string(a.Body)
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Content-Type": "text/html; charset=utf-8"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s answers with %s %q, want %q", path, name, got, want)
			}
		}
		policy := a.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "form-action 'none'",
			"frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
				t.Errorf("the policy of %s is %q", path, policy)
			}
		}
		for _, found := range loaded.FindAllStringSubmatch(page, -1) {
			if found[1] != "data:," {
				s.get(found[1]).want(200)
			}
		}
		if strings.Contains(page, "<script>") || strings.Contains(page, "style=") || strings.Contains(page, " onsubmit") {
			t.Errorf("%s has script or style in it", path)
		}
		if strings.Count(page, "<h1>") != 1 || strings.Count(page, "<input") != strings.Count(page, "<label for=") {
			t.Errorf("%s has no heading, or a field without a label", path)
		}
		s.get(path, "If-None-Match", a.Header.Get("ETag")).want(304)
	}
	script := string(s.get("/landing/page.js").want(200).Body)
	for _, want := range []string{"location.hash", "history.replaceState(null, \"\", location.pathname)", "invitations/accept",
		"invitations/decline", "passwordResets/confirm"} {
		if !strings.Contains(script, want) {
			t.Errorf("the script has no %q", want)
		}
	}
	for _, never := range []string{"innerHTML", "eval(", "localStorage", "sessionStorage", "console.", "http:", "https:"} {
		if strings.Contains(script, never) {
			t.Errorf("the script has %q", never)
		}
	}
	s.get("/landing/nope").want(404)
}
