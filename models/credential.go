package models

import (
	"crypto/rand"
	"encoding/hex"
	"hash/crc32"
	"regexp"
	"strings"

	"roster/models/store"
)

// KeyKind says whose credential it is.
type KeyKind string

// The kinds of credential. Their first letter is in the prefix of every key.
const (
	ManagementKey   KeyKind = "management"
	OrganizationKey KeyKind = "organization"
	UserKey         KeyKind = "user"
	// SessionKind is that of the cookie of a session, which is no key.
	SessionKind KeyKind = "session"
	// PortalSession is that of the cookie of a session that a portal link has opened.
	PortalSession KeyKind = "portal"
)

// A credential looks like roster_m_kQ3vX9aZ01Bc_<30 random characters><6 of checksum>: the prefix tells a secret scanner and a reader
// what it is, the twelve characters behind it find its row, and the checksum lets a scanner tell a key from a look-alike without
// asking. Thirty characters of base 62 are 178 random bits.
const (
	lookupLength   = 12
	secretLength   = 30
	checksumLength = 6
	alphabet       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Secret is a credential at the moment it is made: the only time its text is known.
type Secret struct {
	Text   string // shown once, never stored
	Lookup string
}

// NewSecret returns a random credential of that kind.
func NewSecret(kind KeyKind) Secret {
	lookup := randomText(lookupLength)
	body := ownForm + string(kind[0]) + "_" + lookup + "_" + randomText(secretLength)
	return Secret{Text: body + checksum(body), Lookup: lookup}
}

// ownForm is how every secret begins that the program makes, and none that a client chooses.
const ownForm = "roster_"

// ParseSecret returns whose credential a text is, as it says itself, and what it is found by. One of our own form must carry its checksum;
// any other text is taken as a token that a client chose for an organization, and is looked up by a digest of itself.
func ParseSecret(vault *store.Vault, text string) (kind KeyKind, lookup string, ok bool) {
	rest, own := strings.CutPrefix(text, ownForm)
	if !own {
		if !ChosenToken.MatchString(text) {
			return "", "", false
		}
		return OrganizationKey, chosenLookup(vault, text), true
	}
	letter, rest, _ := strings.Cut(rest, "_")
	lookup, secret, _ := strings.Cut(rest, "_")
	kind, ok = kindsByLetter[letter]
	if !ok || !isWord(lookup, lookupLength) || !isWord(secret, secretLength+checksumLength) {
		return "", "", false
	}
	body, sum := text[:len(text)-checksumLength], text[len(text)-checksumLength:]
	return kind, lookup, checksum(body) == sum
}

// kindsByLetter are the kinds by what stands for them in a key.
var kindsByLetter = map[string]KeyKind{"m": ManagementKey, "o": OrganizationKey, "u": UserKey}

// isWord reports whether a text consists of so many characters of the alphabet.
func isWord(text string, length int) bool {
	for _, c := range []byte(text) {
		known := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !known {
			return false
		}
	}
	return len(text) == length
}

// ChosenToken matches a token that a client may choose for an organization that moves here from another system.
var ChosenToken = regexp.MustCompile(`^[A-Za-z0-9_-]{22,200}$`)

// chosenLookup never collides with a generated lookup, which is shorter.
func chosenLookup(vault *store.Vault, text string) string {
	return hex.EncodeToString(vault.Digest("lookup", text)[:16])
}

// chosenSecret returns the credential for a token that a client chose.
func chosenSecret(vault *store.Vault, text string) Secret {
	return Secret{Text: text, Lookup: chosenLookup(vault, text)}
}

// randomText returns n random characters of the alphabet. A byte that is beyond the last whole alphabet would make some likelier: it is
// thrown away.
func randomText(n int) string {
	const fair = 256 - 256%len(alphabet)
	text, some := make([]byte, 0, n), make([]byte, 2*n)
	for {
		_, _ = rand.Read(some) // never fails (crypto/rand)
		for _, b := range some {
			if len(text) == n {
				return string(text)
			}
			if int(b) < fair {
				text = append(text, alphabet[int(b)%len(alphabet)])
			}
		}
	}
}

// checksum returns the CRC-32 (IEEE) of the text in base 62, six characters.
func checksum(text string) string {
	sum := uint64(crc32.ChecksumIEEE([]byte(text)))
	out := make([]byte, checksumLength)
	for i := range out {
		out[checksumLength-1-i] = alphabet[sum%62]
		sum /= 62
	}
	return string(out)
}
