package mail

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"unicode"

	"roster/models"
)

// Message is a mail in words.
type Message struct {
	// ID is the same at every attempt.
	ID string
	// To is an address as mail servers take it.
	To string
	// Subject is one line. Text and HTML say the same.
	Subject, Text, HTML string
}

// The letters, as text and as HTML. Neither loads anything.
var (
	//go:embed letters
	letters embed.FS
	texts   = texttemplate.Must(texttemplate.ParseFS(letters, "letters/*.txt"))
	pages   = htmltemplate.Must(htmltemplate.ParseFS(letters, "letters/*.html"))
)

// longest bounds what others write into a line of a mail, in characters.
const longest = 80

// Compose puts a letter into words.
func Compose(id string, letter *models.Letter) (Message, error) {
	m := Message{ID: id, To: letter.To}
	words := struct {
		Organization, Inviter, Link, Until string
		Message                            []string // its lines
	}{
		inLine(letter.Organization), inLine(letter.Inviter), letter.Link, letter.Until.UTC().Format("2 January 2006, 15:04 UTC"),
		linesOf(letter.Message),
	}
	switch letter.Kind {
	case models.InvitationMail:
		m.Subject = "Join " + words.Organization
	case models.PasswordResetMail:
		m.Subject = "Set a new password"
	}
	var text, html bytes.Buffer
	if err := texts.ExecuteTemplate(&text, string(letter.Kind)+".txt", words); err != nil {
		return m, fmt.Errorf("write mail: %w", err)
	}
	if err := pages.ExecuteTemplate(&html, string(letter.Kind)+".html", words); err != nil {
		return m, fmt.Errorf("write mail: %w", err)
	}
	m.Text, m.HTML = text.String(), html.String()
	return m, nil
}

// inLine returns what others wrote as a part of a line: without what is no letter, digit, mark or sign, such as line breaks and marks that
// turn the direction of writing, and not too long.
func inLine(text string) string {
	shown := []rune(strings.Join(strings.Fields(plain(text)), " "))
	if len(shown) > longest {
		shown = append(shown[:longest-1], '…')
	}
	return string(shown)
}

// linesOf returns the lines of what others wrote.
func linesOf(text string) (lines []string) {
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimRight(plain(line), " "))
	}
	return lines
}

// plain replaces what is not visible by spaces.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) && r != unicode.ReplacementChar {
			return r
		}
		return ' '
	}, text)
}
