package models

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// credential is one row of what callers can present.
type credential struct {
	Secret
	apiKeyID, organizationID *string
	expiresAt                *jsonapi.Time // nil is never
}

// insertCredential keeps a credential. One that a client has chosen may be taken, which they are told.
func insertCredential(ctx context.Context, tx *store.DB, cr credential) error {
	const insert = `INSERT INTO credentials (lookup, hash, api_key_id, organization_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`
	args := []any{cr.Lookup, tx.Vault().Hash(cr.Text), cr.apiKeyID, cr.organizationID, tx.Now(), cr.expiresAt}
	if strings.HasPrefix(cr.Text, ownForm) {
		return tx.Later(ctx, "insert credential", insert, args...)
	}
	if _, err := tx.Run(ctx, insert, args...); err != nil {
		return classifyFor(err, "insert credential")
	}
	return nil
}

// deleteToken removes the token of an organization, whose row is locked, and ends the sessions that were begun with it.
func deleteToken(ctx context.Context, tx *store.DB, by Caller, organization string) error {
	tokens, sessions := map[string]bool{}, []string(nil)
	err := tx.Ask(ctx, store.Query{
		SQL: `SELECT c.lookup, s.id FROM credentials c LEFT JOIN sessions s ON s.credential = c.lookup WHERE c.organization_id = ?
			ORDER BY s.id`,
		Args: []any{organization},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				tokens[a.Text(i, 0)] = true
				if !a.Null(i, 1) {
					sessions = append(sessions, a.Text(i, 1))
				}
			}
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	touchesCredential(tx, organization, len(tokens))
	if err := endEach(ctx, tx, by, sessions); err != nil {
		return err
	}
	return tx.Later(ctx, "delete token", `DELETE FROM credentials WHERE organization_id = ?`, organization)
}

// Holder is whom a credential speaks for.
type Holder struct {
	Kind KeyKind
	// KeyID is the id of the key, "" for the token of an organization.
	KeyID, Name    string
	OrganizationID string
	UserID         string
	// SessionID is the session that the credential is the cookie of, "" for none, and SignInID its active one: that of a person, of the
	// kind SessionKind, or of a key, of the kind of that. IsIdle: its use has to be noted, see [TouchSessions].
	SessionID, SignInID string
	IsIdle              bool
	// LinkID is the portal link that has opened the session, of the kind PortalSession; "" for none.
	LinkID      string
	hears       jsonapi.Strings // see [Caller.Hears]
	lookup      string          // what the secret of a key, or a token, is found by
	row         string          // what the database said of it, "" for what is not compared with that
	secretUntil *jsonapi.Time   // when the secret ends, whatever the key; nil for never
	// Rights are what it may do, and until when. An earlier secret that still works for a while is as good as the newest: the key is what
	// ends.
	Rights
}

// keyKinds are the kinds of identity of keys.
var keyKinds = map[KeyKind]string{ManagementKey: ByManagementKey, OrganizationKey: ByOrganizationKey, UserKey: ByUserKey}

// IsPerson reports whether the holder is a person in a browser, who has signed in as themselves.
func (h *Holder) IsPerson() bool { return h.Kind == SessionKind }

// Identity returns who the holder is. The session of a key is the key.
func (h *Holder) Identity() Identity {
	switch {
	case h.Kind == SessionKind:
		return Identity{BySession, h.SignInID}
	case h.Kind == PortalSession:
		return Identity{ByPortalLink, h.LinkID}
	case h.KeyID == "":
		return Identity{ByOrganizationToken, h.OrganizationID}
	}
	return Identity{keyKinds[h.Kind], h.KeyID}
}

// Caller returns the holder as the author of changes.
func (h *Holder) Caller(requestID string) Caller {
	who := h.Identity()
	if h.UserID != "" {
		who.ID = h.UserID // a person is known by what they do, with whichever of their keys
	}
	return Caller{Kind: who.Kind, ID: who.ID, Name: h.Name, RequestID: requestID, Scope: h.Scope(), Rights: h.Rights,
		Hears: h.hears}
}

// IsPortal reports whether the holder is whoever has opened a portal link.
func (h *Holder) IsPortal() bool { return h.Kind == PortalSession }

// Scope returns what the holder may see. An unknown kind of key sees nothing. Whoever may have endpoints be sent something is told it, too.
func (h *Holder) Scope() collection.Scope {
	words := h.Scopes
	if len(h.hears) > 0 {
		words = slices.Concat(words, h.hears)
	}
	return h.reach().InSession(h.SessionID).Holding(words)
}

// reach returns the scope of the kind of the holder, whatever it holds.
func (h *Holder) reach() collection.Scope {
	switch {
	case h.Kind == ManagementKey && h.OrganizationID == "":
		return collection.Everything()
	case h.Kind == ManagementKey:
		return collection.Subtree(h.OrganizationID)
	case h.Kind == OrganizationKey, h.Kind == PortalSession:
		return collection.OnlyOrganization(h.OrganizationID)
	case h.UserID != "":
		return collection.Person(h.UserID)
	default:
		return collection.Scope{}
	}
}

// FindHolder returns whom a presented credential speaks for, or nil if it is none that works now.
func FindHolder(ctx context.Context, db *store.DB, text string) (*Holder, error) {
	return LookUpHolder(db, text).Find(ctx, db)
}

// TouchAPIKeys notes when keys were last used, in one statement. It is called in batches, from time to time.
func TouchAPIKeys(ctx context.Context, db *store.DB, used map[string]time.Time) error {
	uses := make([]keyUse, 0, len(used))
	for _, id := range sortedKeys(used) {
		uses = append(uses, keyUse{id, used[id]})
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		return noteUses.Later(ctx, tx, uses)
	})
}

type keyUse struct {
	id string
	at time.Time
}

var noteUses = store.UpdateRows("note use of keys", "api_keys",
	`(api_keys.last_used_at IS NULL OR api_keys.last_used_at < u.last_used_at)`,
	store.Col("id", "uuid", func(k keyUse) string { return k.id }).Key(),
	store.Col("last_used_at", "timestamptz", func(k keyUse) time.Time { return k.at }),
)

// credentialUnique is that of what a credential is found by: a client that chooses a token can meet one that is there.
var credentialUnique = store.Unique{
	Postgres: "credentials_pkey", SQLite: "credentials.lookup", Field: "token", Message: "That token cannot be used.",
}

// credentialInvariants hold between credentials and whose they are.
var credentialInvariants = []Invariant{
	{"a deleted organization with a token",
		`SELECT o.id FROM organizations o JOIN credentials c ON c.organization_id = o.id WHERE o.deleted_at IS NOT NULL`},
}

// withoutToken finds organizations that lack what every creation makes.
var withoutToken = Invariant{"a live organization without a token that no user created",
	`SELECT id FROM organizations o
		WHERE deleted_at IS NULL AND (created_by IS NULL OR created_by_type IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM credentials c
		WHERE c.organization_id = o.id)
		AND ` + afterHorizon("o.created_at") + `
		AND NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = o.id AND e.event_type = 'organization.restored')`}
