package models

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// maxSlug leaves room for the random end of a slug within the limit of the attribute.
const maxSlug = 80

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slugFor makes a slug from a name: Zoë & Söhne becomes zoe-sohne, Łódź lodz, Москва moskva, 東京 dong-jing, €uro eur-uro. A name without a
// letter or digit that has a Latin form becomes organization.
func slugFor(name string) string {
	slug := notSlug.ReplaceAllString(strings.ToLower(latin(strings.ToLower(norm.NFKC.String(apart(name))))), "-")
	slug = strings.Trim(slug, "-")
	if len(slug) > maxSlug {
		slug = strings.Trim(slug[:maxSlug], "-")
	}
	if slug == "" {
		return "organization"
	}
	return slug
}

// apart returns a text with blanks around each symbol and fraction: it becomes a word or numbers of its own, eur for €.
func apart(s string) string {
	var b strings.Builder
	for _, r := range s {
		form := string(r)
		if unicode.IsSymbol(r) || strings.ContainsRune(norm.NFKC.String(form), fractionSlash) {
			form = " " + form + " "
		}
		b.WriteString(form)
	}
	return b.String()
}

const fractionSlash = '\u2044' // in the long form of ½

// anotherSlug returns a slug that is free, all but certainly. Its end is random, so that thousands of organizations of one name do not
// search for a free number.
func anotherSlug(slug string) string {
	if len(slug) > maxSlug {
		slug = strings.Trim(slug[:maxSlug], "-")
	}
	return slug + "-" + strings.ToLower(randomText(8))
}

// letters are those of alphabets in use for which the library has a sign or nothing instead of a letter.
var letters = map[rune]string{'ə': "e", 'ә': "a", 'ا': "a", 'أ': "a", 'إ': "a", 'ى': "a", 'ة': "a", 'ع': "a"}

// latin returns a text with every letter in its Latin form. What a letter becomes beside letters, as the ' for the Russian soft sign, is
// left out: it separates nothing. A space is kept: Chinese characters come as syllables.
func latin(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch form, known := letters[r]; {
		case known:
			b.WriteString(form)
		case r <= unicode.MaxASCII:
			b.WriteRune(r)
		case unicode.IsLetter(r):
			b.WriteString(strings.Map(onlyText, unidecode.Unidecode(string(r))))
		default:
			b.WriteString(unidecode.Unidecode(string(r)))
		}
	}
	return b.String()
}

func onlyText(r rune) rune {
	if unicode.IsLetter(r) || r == ' ' {
		return r
	}
	return -1
}
