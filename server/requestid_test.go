package server

import (
	"regexp"
	"strings"
	"testing"
)

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	generated := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for sent, kept := range map[string]bool{
		"a": true, "A-z_0.9": true, strings.Repeat("x", 128): true,
		"": false, strings.Repeat("x", 129): false, "a b": false, "a;b": false, "ä": false, "<script>": false,
	} {
		answer, _ := b.do(t, "GET", "/nothing", "", "X-Request-Id", sent)
		got := answer.Header.Get("X-Request-Id")
		if kept && got != sent {
			t.Errorf("%q was replaced by %q", sent, got)
		}
		if !kept && !generated.MatchString(got) {
			t.Errorf("for %q the answer has %q, want a new UUIDv7", sent, got)
		}
	}
}
