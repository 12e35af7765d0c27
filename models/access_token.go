package models

import (
	"crypto/hmac"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"roster/models/store"
)

// A statement says about a secret of a user's key that whoever has it had that secret, and until when it says so. It is signed, and nothing
// of it is kept: what the secret may do is looked up each time, so that it ends with the key, and before that with the secret.

// StatementKind is a kind of statement. One of a kind is nothing as another.
type StatementKind string

// The kinds: what a client calls with, and what it asks for another of those with.
const (
	AccessStatement  StatementKind = "access"
	RefreshStatement StatementKind = "refresh"
)

// StatementPrefix is how every statement begins. No key does.
const StatementPrefix = "roster_s_"

// lifetimes are how long statements say what they say, at most.
var lifetimes = map[StatementKind]time.Duration{AccessStatement: 24 * time.Hour, RefreshStatement: 7 * 24 * time.Hour}

// NewStatement returns a statement about the secret of a user's key, and for how long it is good: never for longer than the key.
func NewStatement(db *store.DB, kind StatementKind, h *Holder) (text string, life time.Duration) {
	life = lifetimes[kind]
	if h.Until != nil {
		life = min(life, h.Until.Sub(db.Now()).Truncate(time.Second))
	}
	payload := strings.Join([]string{string(kind), h.lookup, strconv.FormatInt(db.Now().Add(life).Unix(), 10)}, " ")
	encode := base64.RawURLEncoding.EncodeToString
	return StatementPrefix + encode([]byte(payload)) + "." + encode(db.Vault().Digest("statement", payload)), life
}

// LookUpStatement returns the question whom the key of a statement speaks for, nil for a text that is no statement of that kind which is
// good now.
func LookUpStatement(db *store.DB, kind StatementKind, text string) *Lookup {
	lookup := readStatement(db, kind, text)
	if lookup == "" {
		return nil
	}
	return lookUp(db, UserKey, lookup, func([]byte) bool { return true })
}

// readStatement returns what the secret of a statement is found by, "" for none that is good now.
func readStatement(db *store.DB, kind StatementKind, text string) string {
	rest, ours := strings.CutPrefix(text, StatementPrefix)
	encoded, signed, whole := strings.Cut(rest, ".")
	if !ours || !whole {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(encoded)
	proof, wrong := base64.RawURLEncoding.DecodeString(signed)
	if err != nil || wrong != nil || !hmac.Equal(proof, db.Vault().Digest("statement", string(payload))) {
		return ""
	}
	parts := strings.Split(string(payload), " ")
	if len(parts) != 3 || parts[0] != string(kind) {
		return ""
	}
	end, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || !time.Unix(end, 0).After(db.Now()) {
		return ""
	}
	return parts[1]
}
