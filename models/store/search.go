package store

import (
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"modernc.org/sqlite"
)

// A text is found by its pieces, two and three characters long: the index of PostgreSQL and that of SQLite have those of the texts of
// resources, and a text contains another one only if it has all pieces of that (docs/adr/0117).

// separators are signs that are no part of a word. They are searched for and in as blanks. The function of the same name in PostgreSQL has
// them as well.
const separators = "\t\n\r!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u00a0\u2010\u2011\u2012\u2013\u2014\u2018\u2019\u201c\u201d\u00ab\u00bb\u00b7" +
	"\u2026\u3000\u3001\u3002\u30fb\u300c\u300d\uff08\uff09\uff0c\uff0e\uff0f"

// fieldEnd stands between the texts of a resource, so that nothing is found across them.
const fieldEnd = '\x1f'

var unseparated = func() *strings.Replacer {
	pairs := []string{"ς", "σ"} // what ends the text that is searched for need not end a word
	for _, r := range separators {
		pairs = append(pairs, string(r), " ")
	}
	return strings.NewReplacer(pairs...)
}()

// SearchText returns two texts of a resource as they are searched in: in lower case, with a blank for each sign that is no part of a word,
// and one in front of each of them. roster_search_text says the same in SQL.
func SearchText(first, second string) string {
	// A Caser has a state, so each call makes its own.
	return " " + unseparated.Replace(cases.Lower(language.Und).String(first+string(fieldEnd)+" "+second))
}

// Sought is a text that is searched for.
type Sought struct {
	text string
}

// SoughtText returns a text as it is searched for, in the form of [SearchText] and without blanks around it.
func SoughtText(text string) Sought {
	text = strings.ReplaceAll(text, string(fieldEnd), " ")
	return Sought{strings.Trim(unseparated.Replace(cases.Lower(language.Und).String(text)), " ")}
}

// Length is how many characters it has.
func (s Sought) Length() int { return utf8.RuneCountInString(s.text) }

// Within is the text that contains it, AtWord the one that does where a word begins.
func (s Sought) Within() string { return s.text }

// AtWord is Within for a text that is to be found where a word begins.
func (s Sought) AtWord() string { return " " + s.text }

// In reports whether it is in a text of [SearchText].
func (s Sought) In(text string) bool { return strings.Contains(text, s.Within()) }

// BeginsWordIn reports whether it is in a text of [SearchText], and begins with a word there.
func (s Sought) BeginsWordIn(text string) bool { return strings.Contains(text, s.AtWord()) }

// maxGrams bounds the pieces that a text is looked up by: it is read itself afterwards, so fewer are enough.
const maxGrams = 32

// Grams returns the pieces that a text has that contains another one, of at least two characters.
func Grams(text string) []string {
	runes := []rune(text)
	if len(runes) == 2 {
		return []string{text}
	}
	var grams []string
	for i := 0; i+3 <= len(runes) && len(grams) < maxGrams; i++ {
		grams = append(grams, string(runes[i:i+3]))
	}
	return SortedUnique(grams)
}

// token returns a piece of a text of some kind as SQLite's index has it: one word of letters and digits.
func token(kind, gram string) string { return kind + hex.EncodeToString([]byte(gram)) }

// tokens returns all pieces of a text, for SQLite's index.
func tokens(kind, text string) string {
	runes, known := []rune(text), map[string]bool{}
	var b strings.Builder
	for i := range runes {
		for n := 2; n <= 3 && i+n <= len(runes); n++ {
			if t := token(kind, string(runes[i:i+n])); !known[t] {
				known[t] = true
				b.WriteString(t)
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}

// MatchingGrams returns the query of SQLite's index for texts of a kind that have all of some pieces.
func MatchingGrams(kind string, grams []string) string {
	words := make([]string, len(grams))
	for i, gram := range grams {
		words[i] = token(kind, gram)
	}
	return strings.Join(words, " ")
}

// registerSearch adds the functions by which SQLite keeps its index.
func registerSearch() {
	two := func(of func(a, b string) string) func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		return func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			var texts [2]string
			for i, arg := range args {
				switch v := arg.(type) {
				case string:
					texts[i] = v
				case nil:
				default:
					return nil, errors.New("a text is searched in, and nothing else")
				}
			}
			return of(texts[0], texts[1]), nil
		}
	}
	sqlite.MustRegisterDeterministicScalarFunction("roster_search_text", 2, two(SearchText))
	sqlite.MustRegisterDeterministicScalarFunction("roster_grams", 2, two(tokens))
}
