package models

import (
	"regexp"

	"roster/models/store"
)

// linkKind is what somebody may do who opens a link.
type linkKind string

const (
	invitationLink    linkKind = "invitation"
	passwordResetLink linkKind = "password reset"
	portalLink        linkKind = "portal"
)

// linkLetters stand for the kinds in the prefix of every token.
var linkLetters = map[linkKind]string{invitationLink: "i", passwordResetLink: "p", portalLink: "l"}

// The links lead to doors of the console, below its path, or to pages of the API where there is no console, below the URL of the service.
// The token is in the fragment, which browsers send to nobody.
var (
	linkDoors = map[linkKind]string{invitationLink: "/invitation", passwordResetLink: "/reset"}
	linkPages = map[linkKind]string{
		invitationLink: "/invitations", passwordResetLink: "/password-reset", portalLink: "/console/portal",
	}
)

// LinkPattern matches every token of a link of a mail that this program generates. It looks like a credential to who scans for secrets, and
// is none: it works once, for one thing.
var LinkPattern = regexp.MustCompile(`^roster_[ip]_[0-9A-Za-z]{36}$`)

// portalPattern matches every token of a portal link. Forty-three characters of base 62 are 256 random bits.
var portalPattern = regexp.MustCompile(`^roster_l_[0-9A-Za-z]{49}$`)

const portalLength = 43

func isPortalToken(text string) bool { return portalPattern.MatchString(text) }

// linkToken is a token of a link. Thirty characters of base 62 are 178 random bits.
type linkToken struct {
	kind linkKind
	text string // sent or shown once, never stored
}

func newLinkToken(kind linkKind) linkToken {
	length := secretLength
	if kind == portalLink {
		length = portalLength
	}
	body := ownForm + linkLetters[kind] + "_" + randomText(length)
	return linkToken{kind, body + checksum(body)}
}

// hash returns what is stored of the token and found by it. It is a MAC with a key from outside the database, so looking it up tells
// nothing of how near a guess was.
func (l linkToken) hash(vault *store.Vault) []byte {
	return vault.Digest(string(l.kind)+" link", l.text)
}

// path returns the link without the URL of the service.
func (l linkToken) path(db *store.DB) string {
	at := linkPages[l.kind]
	if console := allowedOn(db).Console; console != "" {
		at = console + linkDoors[l.kind]
	}
	return at + "#token=" + l.text
}

// url returns the link.
func (l linkToken) url(db *store.DB) string { return allowedOn(db).BaseURL + l.path(db) }
