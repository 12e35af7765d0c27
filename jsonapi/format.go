package jsonapi

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // time zones are checked the same on machines that have no zone files

	"github.com/google/uuid"
	"golang.org/x/text/language"
)

// Format is a rule for the text of a string attribute.
type Format string

// formats maps each format to its check, which returns what the text should have been, or "".
var formats = map[Format]func(string) string{
	"email":    checkEmail,
	"url":      checkURL,
	"timezone": checkTimeZone,
	"locale":   checkLocale,
	"slug":     checkSlug,
	"uuid":     checkUUID,
}

func mustFormat(name string) Format {
	if formats[Format(name)] == nil {
		panic(fmt.Sprintf("no format %q", name))
	}
	return Format(name)
}

func checkEmail(s string) string {
	addr, err := mail.ParseAddress(s)
	if err != nil || addr.Address != s || len(s) > 254 || strings.ContainsAny(s, " \t\r\n") || strings.ContainsFunc(s, hidden) {
		return "must be an email address like ada@example.com"
	}
	return ""
}

func checkURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		return "must be an absolute http or https URL"
	}
	if u.User != nil {
		return "must not carry a user name or password"
	}
	return ""
}

func checkTimeZone(s string) string {
	if s == "Local" || s == "" {
		return "must be an IANA time zone like Europe/Zurich"
	}
	if _, err := time.LoadLocation(s); err != nil {
		return "must be an IANA time zone like Europe/Zurich"
	}
	return ""
}

func checkLocale(s string) string {
	if _, err := language.Parse(s); err != nil {
		return "must be a BCP 47 language tag like de-CH"
	}
	return ""
}

// slugPattern has letters and digits joined by single hyphens.
var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func checkSlug(s string) string {
	if !slugPattern.MatchString(s) {
		return "must be lower-case letters and digits joined by single hyphens"
	}
	return ""
}

func checkUUID(s string) string {
	if !IsID(s) {
		return notAnID
	}
	return ""
}

// notAnID completes the sentence about what IsID refuses.
const notAnID = "must be a UUID in its canonical lower-case form, neither all zeros nor all ones"

// IsID reports whether s is a UUID in its canonical form (RFC 9562 §4, lower case): the form of every id here. Any other spelling of a
// UUID names nothing, so that one resource has one URL. Nor do the nil and the max UUID (§5.9, §5.10), which stand for no id.
func IsID(s string) bool {
	if len(s) != 36 || strings.ToLower(s) != s {
		return false
	}
	id, err := uuid.Parse(s)
	return err == nil && id != uuid.Nil && id != uuid.Max
}
