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

// A text is found by its pieces, three characters each: the index of PostgreSQL and that of SQLite have those of the texts of resources,
// and a text contains another one only if it has all pieces of that (docs/adr/0117).

// fieldEnd stands between the texts of a resource, so that nothing is found across them.
const fieldEnd = '\x1f'

// unseparated returns a text with a blank for each sign that is no part of a word. roster_search_text has the same signs in SQL.
func unseparated(text string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.', ',', '@', '/', ':', '\'', '’', '&', '(', ')', '+', '\u00a0':
			return ' '
		case 'ς': // what ends the text that is searched for need not end a word
			return 'σ'
		}
		return r
	}, text)
}

// SearchText returns two texts of a resource as they are searched in: in lower case, with a blank for each sign that is no part of a word,
// and one in front of each of them. roster_search_text says the same in SQL.
func SearchText(first, second string) string {
	// A Caser has a state, so each call makes its own.
	return " " + unseparated(cases.Lower(language.Und).String(first+string(fieldEnd)+" "+second))
}

// Sought is a text that is searched for.
type Sought struct {
	text   string
	length int
}

// SoughtText returns a text as it is searched for, in the form of [SearchText] and without blanks around it.
func SoughtText(text string) Sought {
	text = strings.ReplaceAll(text, string(fieldEnd), " ")
	text = strings.TrimSpace(unseparated(cases.Lower(language.Und).String(text)))
	return Sought{text, utf8.RuneCountInString(text)}
}

// AtWord is the text that stands where a word begins with it, "" if that is not to be looked for: of one character.
func (s Sought) AtWord() string {
	if s.length < gramSize-1 {
		return ""
	}
	return " " + s.text
}

// Within is the text that stands wherever it is found, "" if that is not to be looked for: of one character.
func (s Sought) Within() string {
	if s.length < gramSize-1 {
		return ""
	}
	return s.text
}

// Word is the longest part of it that stands in a text as it is, but for its case, wherever it is found in what [SearchText] makes of that.
func (s Sought) Word() (longest string) {
	for part := range strings.FieldsFuncSeq(s.text, func(r rune) bool { return r == ' ' || r == 'σ' }) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

// BeginsWordIn reports whether a word of a text of [SearchText] begins with it, In whether it is found there.
func (s Sought) BeginsWordIn(text string) bool {
	return s.AtWord() != "" && strings.Contains(text, s.AtWord())
}

// In reports whether it is found in a text of [SearchText].
func (s Sought) In(text string) bool {
	return s.BeginsWordIn(text) || s.Within() != "" && strings.Contains(text, s.Within())
}

// gramSize is how many characters a piece has.
const gramSize = 3

// Pieces are what texts have in the index that contain another one.
type Pieces struct {
	grams []string
	// prefix: they have a piece that begins with the only one here.
	prefix bool
	// except are pieces that texts do not have all of; nil for none.
	except *Pieces
}

// PiecesOf returns the pieces of a text: each character of it is in one of them. Those between them would leave few texts fewer, and each
// costs the index a look; but two pieces alone stand apart in many texts, so that a short text has all of its pieces here. Two characters
// begin a piece wherever they stand.
func PiecesOf(text string) Pieces {
	runes := []rune(text)
	if len(runes) < gramSize {
		return Pieces{grams: []string{text}, prefix: true}
	}
	step := gramSize
	if len(runes) <= 2*gramSize {
		step = 1
	}
	var grams []string
	for i := 0; i+gramSize < len(runes); i += step {
		grams = append(grams, string(runes[i:i+gramSize]))
	}
	return Pieces{grams: SortedUnique(append(grams, string(runes[len(runes)-gramSize:])))}
}

// Except returns the pieces of texts that do not have all of some others.
func (p Pieces) Except(others Pieces) Pieces {
	p.except = &others
	return p
}

// Tokens returns the pieces of texts of a kind as a query of SQLite's index, whose words are of letters and digits.
func (p Pieces) Tokens(kind string) string {
	var tokens []byte
	for _, gram := range p.grams {
		tokens = appendToken(tokens, kind, gram)
	}
	if p.prefix {
		tokens = append(tokens[:len(tokens)-1], '*')
	}
	if p.except != nil {
		return "(" + string(tokens) + ") NOT (" + p.except.Tokens(kind) + ")"
	}
	return string(tokens)
}

// inTSQuery escapes a piece between quotes.
var inTSQuery = strings.NewReplacer("'", "''", `\`, `\\`)

// TSQuery returns the pieces as a query of PostgreSQL's index.
func (p Pieces) TSQuery() string {
	quoted := Column(p.grams, func(gram string) string { return "'" + inTSQuery.Replace(gram) + "'" })
	if p.prefix {
		quoted[0] += ":*"
	}
	all := strings.Join(quoted, " & ")
	if p.except != nil {
		all += " & !(" + p.except.TSQuery() + ")"
	}
	return all
}

func appendToken(tokens []byte, kind, gram string) []byte {
	return append(hex.AppendEncode(append(tokens, kind...), []byte(gram)), ' ')
}

// allTokens returns all pieces of a text as SQLite's index has them: its last two characters begin one, too. It is run for every row that
// is written.
func allTokens(kind, text string) string {
	text += string(fieldEnd)
	tokens := make([]byte, 0, (2*gramSize+2)*len(text))
	for at := range text {
		if end := gramEnd(text, at); end > 0 {
			tokens = appendToken(tokens, kind, text[at:end])
		}
	}
	return string(tokens)
}

// gramEnd returns where the piece ends that begins at a place of a text, 0 for none.
func gramEnd(text string, at int) int {
	for range gramSize {
		_, size := utf8.DecodeRuneInString(text[at:])
		if size == 0 {
			return 0
		}
		at += size
	}
	return at
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
	sqlite.MustRegisterDeterministicScalarFunction("roster_grams", 2, two(allTokens))
}
