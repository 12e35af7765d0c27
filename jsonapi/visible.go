package jsonapi

import (
	"fmt"
	"strings"
	"unicode"
)

// checkVisible tells what is wrong with a text that people know something by. Unless it is empty there is something to see in it, and
// nothing makes it look like another text by turning its direction. Marks that a right-to-left name needs (U+200E, U+200F, U+061C), and
// joiners, are fine in the company of what they stand beside.
func checkVisible(s string) (wrong string) {
	if wrong := checkSeen(s); wrong != "" {
		return wrong
	}
	if i := strings.IndexFunc(s, turning); i >= 0 {
		return fmt.Sprintf("must not contain the character U+%04X, which turns the direction of text", []rune(s[i:])[0])
	}
	return ""
}

// checkSeen tells whether there is nothing to see in a text that is not empty.
func checkSeen(s string) (wrong string) {
	if s != "" && !strings.ContainsFunc(s, visible) {
		return "must have a character that can be seen"
	}
	return ""
}

// visible reports whether a character leaves ink by itself: letters, digits, punctuation and symbols but for those that are blank, and no
// combining marks, spaces, format characters, private or unassigned ones.
func visible(r rune) bool {
	ink := unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
	return ink && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) && !strings.ContainsRune(blankSymbols, r)
}

// blankSymbols are symbols without ink: a braille pattern without a dot, a note without a head, and what stands for an object.
const blankSymbols = "\u2800\U0001D159\uFFFC"

// turning reports whether a character embeds, overrides or isolates a direction: what stands before it is then read behind it
// (https://trojansource.codes).
func turning(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// hidden reports whether a character shows nothing where it stands, so that a text with it looks like the one without.
func hidden(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
