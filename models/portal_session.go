package models

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"fmt"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// A portal link signs in whoever opens it: the session stands for the link as that of a key stands for the key, and is alone in it. It ends
// with the link, and the link with it (docs/adr/0115).

// portalNotRight is what whoever shows the token of a link is told that does not work, whatever the cause.
const portalNotRight = "This link does not work: it was used, or ended, or its time is over."

func portalDead() error { return &store.Error{Kind: store.Unauthenticated, Message: portalNotRight} }

// ProvePortalLink returns who may open a portal link, by its token. Why one does not work shows in nothing: the error is of the kind
// Unauthenticated. It counts as a failure to open one, and too many fail with TooMany: whoever opens links must not lock out those who sign
// in from the same address.
func ProvePortalLink(ctx context.Context, db *store.DB, v Visit, token string) (SignedIn, error) {
	hash := portalHash(db, token)
	account := "portal link none"
	if hash != nil {
		account = "portal link " + hex.EncodeToString(hash[:8])
	}
	right, err := guess{account: account, from: v.Address, apart: "portal link "}.judge(ctx, db, func() (bool, error) {
		l, err := openablePortalLink(ctx, db, hash, false)
		return l != nil, err
	})
	switch {
	case err != nil:
		return SignedIn{}, err
	case !right:
		return SignedIn{}, portalDead()
	}
	return SignedIn{Method: ByPortal, portal: hash}, nil
}

// portalHash returns what is kept of a token, nil for a text that is none.
func portalHash(db *store.DB, token string) []byte {
	if !isPortalToken(token) {
		return nil
	}
	return linkToken{portalLink, token}.hash(db.Vault())
}

// openablePortalLink returns the link that can be opened with a token now, nil for none; locked if that is wanted: of two who open it the
// second finds none.
func openablePortalLink(ctx context.Context, db *store.DB, hash []byte, locked bool) (*PortalLink, error) {
	if hash == nil {
		return nil, nil
	}
	q := PortalLinks.From(ctx, db, collection.Condition("token_hash = ?", hash), collection.Condition("expires_at > ?", db.Now()),
		collection.Condition(PortalLinks.Live))
	if locked {
		q = q.Clauses(locking(PortalLinks))
	}
	var found []*PortalLink
	if err := q.Limit(1).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("find portal link: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	found[0].tellState(db.Now())
	return found[0], nil
}

// caller returns the link as the author of changes.
func (l *PortalLink) caller(requestID string) Caller {
	return l.holder().Caller(requestID)
}

// holder returns the link as whom its session speaks for.
func (l *PortalLink) holder() *Holder {
	return &Holder{Kind: PortalSession, LinkID: l.ID, Name: deref(l.Name), OrganizationID: l.OrganizationID, hears: l.Hears,
		Rights: Rights{Scopes: l.Permissions, Until: l.MakerUntil}}
}

// beginPortalSession opens a portal link: its token is dead from then on. Another link that was opened in the session of the visit ends;
// people and keys that are signed in there are nothing to it.
func beginPortalSession(ctx context.Context, tx *store.DB, requestID string, v Visit, hash []byte) (*Session, error) {
	l, err := openablePortalLink(ctx, tx, hash, true)
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, portalDead()
	}
	if err := l.judge(ctx, tx); err != nil {
		return nil, err
	}
	before := *l
	now := jsonapi.Stamp{Time: tx.Now()}
	end := jsonapi.Stamp{Time: untilThen(now.Time, l.SessionExpiresIn, l.MakerUntil)}
	l.UsedAt, l.SessionExpiresAt, l.TokenHash = &now, &end, nil
	l.Version++
	l.tellState(now.Time)
	by := l.caller(requestID)
	if err := endOtherPortal(ctx, tx, by, v.Session); err != nil {
		return nil, err
	}
	kind := string(PortalSession)
	s := &Session{ID: NewID(), CreatedAt: now, Deadline: end, PortalLinkID: &l.ID, KeyKind: &kind}
	if err := s.visited(tx, v); err != nil {
		return nil, err
	}
	in := &SignIn{ID: NewID(), CreatedAt: now, Method: ByPortal, SessionID: s.ID}
	s.ActiveSignInID = in.ID
	if err := saveSession(ctx, tx, s); err != nil {
		return nil, err
	}
	if err := saveSignIn(ctx, tx, in); err != nil {
		return nil, err
	}
	err = save(ctx, tx, PortalLinks, l, "hears", "token_hash", "used_at", "session_expires_at", "version")
	if err != nil {
		return nil, err
	}
	err = record(ctx, tx, by, change{verb: used, collection: PortalLinks, organization: l.OrganizationID, before: &before, after: l})
	if err != nil {
		return nil, err
	}
	return s, record(ctx, tx, by, change{verb: created, collection: Sessions, after: s})
}

// judge makes sure that who made a link may still make it: whoever could not make it now has not made it. What its endpoints may be sent is
// what its maker still may read.
func (l *PortalLink) judge(ctx context.Context, tx *store.DB) error {
	maker, err := presentCaller(ctx, tx, Identity{l.MakerKind, deref(l.MakerID)})
	if err == nil {
		err = shareOrganization(ctx, tx, maker.Scope, l.OrganizationID)
	}
	var held standing
	if err == nil {
		held, err = maker.at(ctx, tx, l.OrganizationID, "webhooks:write")
	}
	if err == nil {
		err = l.check(held)
	}
	if len(store.ErrorsOf(err)) > 0 {
		return portalDead()
	}
	l.Hears = within(Rights{Scopes: l.Hears}, held.heard())
	return err
}

// endOtherPortal ends the session of a browser that another link has opened, before it gets the next one.
func endOtherPortal(ctx context.Context, tx *store.DB, by Caller, session string) error {
	if session == "" {
		return nil
	}
	var found []string
	which := collection.Condition("id = ? AND portal_link_id IS NOT NULL", session)
	if err := Sessions.From(ctx, tx, which).Pluck("id", &found).Error; err != nil {
		return fmt.Errorf("look for the session of another portal link: %w", err)
	}
	return endEach(ctx, tx, by, found)
}

// IsPortalSecret reports whether the secret of a session says that it is that of a portal link.
func IsPortalSecret(secret string) bool { return kindOfSession(secret) == PortalSession }

// IsPortal reports whether the session is that of a portal link.
func (s *Session) IsPortal() bool { return s.PortalLinkID != nil }

// lookUpPortalSession returns the question whom the session of a portal link speaks for.
func lookUpPortalSession(db *store.DB, secret string) *Lookup {
	take := func(a *store.Answer) (*Holder, error) {
		var hash []byte
		var permissions, hears jsonapi.Strings
		var lastUsed, idleUntil, deadline jsonapi.Stamp
		for column, into := range []any{&hash, &permissions, &hears, &lastUsed, &idleUntil, &deadline} {
			if err := a.Into(0, column, into); err != nil {
				return nil, err
			}
		}
		now := db.Now()
		if !hmac.Equal(hash, db.Vault().Digest("session", secret)) || !idleUntil.After(now) || !deadline.After(now) {
			return nil, nil
		}
		l := &PortalLink{
			ID: a.Text(0, 6), OrganizationID: a.Text(0, 7), Name: optional(a.Text(0, 8)), Permissions: permissions, Hears: hears,
		}
		if !a.Null(0, 11) {
			l.MakerUntil = &jsonapi.Time{}
			if err := a.Into(0, 11, l.MakerUntil); err != nil {
				return nil, err
			}
		}
		h := l.holder()
		h.SessionID, h.SignInID = a.Text(0, 9), a.Text(0, 10)
		h.IsIdle = !lastUsed.Add(allowedOn(db).Sessions.TouchEvery()).After(now)
		return h, nil
	}
	return &Lookup{take: take, query: store.Query{
		SQL: `SELECT s.hash, l.permissions, l.hears, s.last_used_at, s.idle_until, s.deadline,
				l.id, l.organization_id, l.name, s.id, s.active_sign_in_id, l.maker_until
			FROM sessions s JOIN portal_links l ON l.id = s.portal_link_id WHERE s.lookup = ?`,
		Args: []any{sessionLookup(db.Vault(), secret)},
	}}
}

// portalLook is the query of what is there of the session of a portal link, see [Holder.look].
const portalLook = `SELECT s.deadline AS secret_end, l.maker_until AS key_end, l.permissions AS scopes
	FROM sessions s JOIN portal_links l ON l.id = s.portal_link_id WHERE s.id = ?`
