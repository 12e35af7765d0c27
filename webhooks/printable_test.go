package webhooks

import "testing"

func TestRedactURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://u:p@example.com/a%0ab?token=s3cret#f":   "https://example.com",
		"https://example.com":                            "https://example.com",
		"https://exa\nmple.com":                          "[unreadable URL]",
		"https://hooks.example.com:8443/services/s3cret": "https://hooks.example.com:8443",
	} {
		if got := RedactURL(in); got != want {
			t.Errorf("RedactURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Zoë ☕ \uFFFD":             "Zoë ☕ \uFFFD",
		"a\r\nb\tc\x00\x1b[2J\x7f": `a\r\nb\tc\x00\x1b[2J\x7f`,
		"\u2028\u202e\u0085":       `\u2028\u202e\u0085`,
		"\xff\xc3":                 `\xff\xc3`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
	if got := printableLines("{\n\t\x1b}"); got != "{\n\t\\x1b}" {
		t.Errorf("printableLines = %q", got)
	}
}
