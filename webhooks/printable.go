package webhooks

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"roster/models"
)

// Printable returns s with everything a terminal or a log reader would act upon escaped as in a Go string literal: control
// characters, line separators, bidirectional overrides, invalid UTF-8. Ordinary text comes back unchanged.
func Printable(s string) string { return escape(s, false) }

// printableLines keeps line feeds and tabs.
func printableLines(s string) string { return escape(s, true) }

// RedactURL returns the origin of a URL for logs and screens: people put secrets into all the rest. Everything that could break a line is
// escaped.
func RedactURL(rawURL string) string { return Printable(models.Origin(rawURL)) }

func escape(s string, lines bool) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteString(`\x`)
			b.WriteByte(hex[s[i]>>4])
			b.WriteByte(hex[s[i]&15])
		case unicode.IsPrint(r) || lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		default:
			escaped := strconv.QuoteRune(r)
			b.WriteString(escaped[1 : len(escaped)-1])
		}
	}
	return b.String()
}
