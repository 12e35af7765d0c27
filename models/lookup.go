package models

import (
	"cmp"
	"context"
	"crypto/hmac"
	"fmt"
	"reflect"
	"time"

	"roster/jsonapi"
	"roster/models/store"
)

// Lookup is the question whom a presented credential speaks for. The database answers it: at every request, so that a revocation takes
// effect at once, on every replica.
type Lookup struct {
	query  store.Query
	take   func(*store.Answer) (*Holder, error)
	last   *Holder // see Expect
	holder *Holder
}

// LookUpHolder returns the question about a key or a token, nil for a text that is none.
func LookUpHolder(db *store.DB, text string) *Lookup {
	kind, lookup, ok := ParseSecret(db.Vault(), text)
	if !ok {
		return nil
	}
	return lookUp(db, kind, lookup, func(hash []byte) bool { return hmac.Equal(hash, db.Vault().Hash(text)) })
}

// Query returns the SELECT that answers the question. Who takes the answer then is told by [Lookup.Holder].
func (l *Lookup) Query() store.Query {
	q := l.query
	q.Take = func(a *store.Answer) (err error) {
		l.holder = nil
		if a.Len() > 0 {
			l.holder, err = l.take(a)
		}
		return err
	}
	return q
}

// Expect tells whom the same credential spoke for when it was looked up before: if the database says the same of it as then, nothing has to
// be made of that again.
func (l *Lookup) Expect(last *Holder) { l.last = last }

// Holder returns whom the credential spoke for when the database was asked; nil if it was none that worked then: unknown, expired, revoked,
// of a deleted organization or of a user who is not active.
func (l *Lookup) Holder() *Holder { return l.holder }

// Find asks the database, and returns the holder. Nil asks nothing.
func (l *Lookup) Find(ctx context.Context, db *store.DB) (*Holder, error) {
	if l == nil {
		return nil, nil
	}
	if err := db.Ask(ctx, l.Query()); err != nil {
		return nil, fmt.Errorf("find credential: %w", err)
	}
	return l.holder, nil
}

// Is reports whether two holders are the same, and may do the same. Either may be nil.
func (h *Holder) Is(other *Holder) bool {
	if h == nil || other == nil || h == other {
		return h == other
	}
	known := *h
	known.IsIdle, known.row = other.IsIdle, other.row
	return reflect.DeepEqual(&known, other)
}

// whoseSecret are the SELECTs of a credential with its key, by the kind that its text says it is of, each with what there is besides of
// that kind. Other tables would be half of the work, and on a small database PostgreSQL reads all people to find none.
var whoseSecret = secretsWith(func(b besides) string {
	return `SELECT c.hash` + ofCredential + b.columns + ` FROM credentials c LEFT JOIN api_keys k ON k.id = c.api_key_id` + b.join +
		` WHERE c.lookup = ?`
})

// ofCredential are the columns of a credential and its key, behind the hash.
const ofCredential = `, c.organization_id, c.expires_at, k.id, k.kind, k.name, k.organization_id, k.user_id, k.scopes, k.expires_at`

// besides is what there is besides a key of some kind: columns, and what is joined for them.
type besides struct{ columns, join string }

// secretsWith returns a SELECT for each kind of key.
func secretsWith(statement func(besides) string) map[KeyKind]string {
	return map[KeyKind]string{
		ManagementKey:   statement(besides{}),
		OrganizationKey: statement(besides{`, o.name`, ` LEFT JOIN organizations o ON o.id = c.organization_id`}),
		UserKey:         statement(besides{`, u.active, u.first_name, u.last_name`, ` LEFT JOIN users u ON u.id = k.user_id`}),
	}
}

// Places of whoseSecret.
const (
	ofHash = iota
	ofTokenOwner
	ofSecretEnd
	ofKey
	ofKind
	ofName
	ofOrganization
	ofUser
	ofScopes
	ofKeyEnd
	ofMore // by kind

	ofTokenName                       = ofMore
	ofActive, ofFirstName, ofLastName = ofMore, ofMore + 1, ofMore + 2
)

// lookUp returns the question about the credential of a kind that is found by something, which works if what is kept of it is proven.
func lookUp(db *store.DB, kind KeyKind, lookup string, proven func(hash []byte) bool) *Lookup {
	l := &Lookup{query: store.Query{SQL: whoseSecret[kind], Args: []any{lookup}}}
	l.take = func(a *store.Answer) (*Holder, error) {
		ends, works, err := endsOf(a, db.Now())
		if err != nil || !works {
			return nil, err
		}
		var room [1024]byte
		row := a.AppendRow(room[:0], 0)
		if l.last != nil && l.last.lookup == lookup && l.last.row == string(row) {
			return l.last, nil // the hash is the same, too, and was proven for the same text
		}
		var hash []byte
		if err := a.Into(0, ofHash, &hash); err != nil || !proven(hash) {
			return nil, err
		}
		h, err := holderIn(a, kind, ends)
		if h != nil {
			h.lookup, h.row = lookup, string(row)
		}
		return h, err
	}
	return l
}

// endsOf returns when a secret and its key cease to work, nil for never, and whether both work now.
func endsOf(a *store.Answer, now time.Time) (ends [2]*jsonapi.Time, work bool, err error) {
	for i, column := range []int{ofSecretEnd, ofKeyEnd} {
		if a.Null(0, column) {
			continue
		}
		ends[i] = &jsonapi.Time{}
		if err := a.Into(0, column, ends[i]); err != nil || !ends[i].After(now) {
			return ends, false, err
		}
	}
	return ends, true, nil
}

// holderIn returns whom a row is of, nil for nobody who may do anything.
func holderIn(a *store.Answer, kind KeyKind, ends [2]*jsonapi.Time) (*Holder, error) {
	if owner := a.Text(0, ofTokenOwner); owner != "" && kind == OrganizationKey {
		// A token holds every scope; its kind limits what it reaches.
		return &Holder{
			Kind: kind, OrganizationID: owner, Name: a.Text(0, ofTokenName), Rights: Rights{[]string{EveryScope}, ends[0]},
			secretUntil: ends[0],
		}, nil
	}
	if KeyKind(a.Text(0, ofKind)) != kind { // what is kept is of another kind than was asked for
		return nil, nil
	}
	h := &Holder{
		Kind: kind, KeyID: a.Text(0, ofKey), Name: a.Text(0, ofName),
		OrganizationID: a.Text(0, ofOrganization), UserID: a.Text(0, ofUser), Rights: Rights{Until: ends[1]},
		secretUntil: ends[0],
	}
	if kind == UserKey { // it is a person who does what is done with it
		if a.Number(0, ofActive) == 0 {
			return nil, nil
		}
		h.Name = cmp.Or(fullName(a.Text(0, ofFirstName), a.Text(0, ofLastName)), h.Name)
	}
	var scopes jsonapi.Strings
	err := a.Into(0, ofScopes, &scopes)
	h.Scopes = scopes
	return h, err
}
