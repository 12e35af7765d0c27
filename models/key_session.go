package models

import (
	"context"
	"crypto/hmac"
	"fmt"
	"strings"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// A key can be signed in with, as a person can with their password: the session is another way of presenting it. What it may do is read of
// the key at every request, so that it ends with the key, and with the secret that was shown (docs/adr/0114).

// keySessionLifetime is how long the session of a key lasts at most.
const keySessionLifetime = 12 * time.Hour

// keyNotRight is what whoever shows a key that does not work is told, whatever the cause.
const keyNotRight = "The key is not right."

// ProveKey returns who may sign in with a key, or with the token of an organization. Why one does not work shows in nothing: the error is
// of the kind Unauthenticated. It counts as a failure to sign in, and too many fail with TooMany.
func ProveKey(ctx context.Context, db *store.DB, v Visit, in *Change) (SignedIn, error) {
	if err := in.check(Sessions, toCreate); err != nil {
		return SignedIn{}, err
	}
	var errs store.Errors
	for _, name := range []string{"email", "password", "totp"} {
		if textIn(in, name) != "" {
			errs = append(errs, &store.Error{Kind: store.Invalid, Field: name, Message: "A key signs in alone, without " + name + "."})
		}
	}
	if len(errs) > 0 {
		return SignedIn{}, errs
	}
	key := textIn(in, "key")
	if key == "" {
		return SignedIn{}, &store.Error{Kind: store.Required, Field: "key", Message: "key must not be empty."}
	}
	var holder *Holder
	right, err := guess{account: keyAccount(db, key), from: v.Address}.judge(ctx, db, func() (right bool, err error) {
		holder, err = FindHolder(ctx, db, key)
		return holder != nil, err
	})
	switch {
	case err != nil:
		return SignedIn{}, err
	case !right:
		return SignedIn{}, &store.Error{Kind: store.Unauthenticated, Message: keyNotRight}
	}
	return SignedIn{Method: ByKey, holder: holder}, nil
}

// keyAccount returns what failures with a key count for: its public part. All texts that cannot be keys are one account. No address is like
// either.
func keyAccount(db *store.DB, key string) string {
	_, lookup, ok := ParseSecret(db.Vault(), key)
	if !ok {
		lookup = "none"
	}
	return "key " + lookup
}

// beginKeySession begins the session of a key, which is alone in it: what was signed in to the session of the visit is signed out.
func beginKeySession(ctx context.Context, tx *store.DB, requestID string, v Visit, h *Holder) (*Session, error) {
	if err := h.stay(ctx, tx); err != nil {
		return nil, err
	}
	by := h.Caller(requestID)
	if err := replaceSession(ctx, tx, by, v.Session); err != nil {
		return nil, err
	}
	now := tx.Now()
	deadline := now.Add(keySessionLifetime)
	for _, end := range []*jsonapi.Time{h.Until, h.secretUntil} {
		if end != nil && end.Before(deadline) {
			deadline = end.Time
		}
	}
	s := &Session{ID: NewID(), CreatedAt: jsonapi.Stamp{Time: now}, Deadline: jsonapi.Stamp{Time: deadline}, Credential: &h.lookup,
		KeyKind: optional(string(h.Kind))}
	if err := s.visited(tx, v); err != nil {
		return nil, err
	}
	in := &SignIn{ID: NewID(), CreatedAt: s.CreatedAt, Method: ByKey, SessionID: s.ID, APIKeyID: optional(h.KeyID)}
	s.ActiveSignInID = in.ID
	if err := saveSession(ctx, tx, s); err != nil {
		return nil, err
	}
	if err := saveSignIn(ctx, tx, in); err != nil {
		return nil, err
	}
	err := tx.Later(ctx, "note use of key", `UPDATE api_keys SET last_used_at = ?
		WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)`,
		now, collection.IDOrNil(h.KeyID), now)
	if err != nil {
		return nil, err
	}
	if err := makeRoomForKey(ctx, tx, by, h.lookup); err != nil {
		return nil, err
	}
	return s, record(ctx, tx, by, change{verb: created, collection: Sessions, user: h.UserID, after: s})
}

// stay makes sure that the secret of a key, or a token, works and is not taken away until the transaction ends. Otherwise the error is of
// the kind Unauthenticated.
func (h *Holder) stay(ctx context.Context, tx *store.DB) error {
	query, args := `SELECT c.lookup FROM credentials c WHERE c.lookup = ? AND (c.expires_at IS NULL OR c.expires_at > ?)`+keyShare(tx, "c"),
		[]any{h.lookup, tx.Now()}
	if h.KeyID != "" { // whoever takes it away has the key first
		query = `SELECT c.lookup FROM credentials c JOIN api_keys k ON k.id = c.api_key_id WHERE c.lookup = ?
			AND (c.expires_at IS NULL OR c.expires_at > ?) AND (k.expires_at IS NULL OR k.expires_at > ?)` + keyShare(tx, "k")
		args = append(args, tx.Now())
	}
	var found []string
	switch err := tx.Session(ctx).Raw(query, args...).Scan(&found).Error; {
	case err != nil:
		return fmt.Errorf("keep the credential of a sign-in: %w", err)
	case len(found) == 0:
		return &store.Error{Kind: store.Unauthenticated, Message: keyNotRight}
	}
	return nil
}

// keyShare returns the end of a SELECT whose rows are not deleted until the transaction ends. On SQLite one transaction writes at a time.
func keyShare(tx *store.DB, of string) string {
	if tx.Dialect() != store.Postgres {
		return ""
	}
	return " FOR KEY SHARE OF " + of
}

// replaceSession signs everybody out of the session that a browser has, "" for none, before it gets another.
func replaceSession(ctx context.Context, tx *store.DB, by Caller, session string) error {
	if session == "" {
		return nil
	}
	return signOut(ctx, tx, by, session, everySignIn)
}

// makeRoomForKey ends the session of a credential that was unused for longest, if there are too many.
func makeRoomForKey(ctx context.Context, tx *store.DB, by Caller, credential string) error {
	var ids []string
	err := Sessions.From(ctx, tx, collection.Condition("credential = ?", credential)).Order("last_used_at DESC, id DESC").
		Limit(maxSessions).Offset(maxSessions).Pluck("id", &ids).Error
	if err != nil {
		return fmt.Errorf("count sessions: %w", err)
	}
	return endEach(ctx, tx, by, ids)
}

// endSessionsBy ends the sessions that were begun with a key.
func endSessionsBy(ctx context.Context, tx *store.DB, by Caller, key string) error {
	var ids []string
	which := collection.Condition("credential IN (SELECT lookup FROM credentials WHERE api_key_id = ?)", key)
	if err := Sessions.From(ctx, tx, which).Order("id").Pluck("id", &ids).Error; err != nil {
		return fmt.Errorf("read sessions of a key: %w", err)
	}
	return endEach(ctx, tx, by, ids)
}

// endEach ends sessions.
func endEach(ctx context.Context, tx *store.DB, by Caller, sessions []string) error {
	for _, id := range sessions {
		if err := signOut(ctx, tx, by, id, everySignIn); err != nil {
			return err
		}
	}
	return nil
}

// userOfSignIn returns the person whose a sign-in is: who signed in, or the user of the key; "" for nobody.
func userOfSignIn(ctx context.Context, tx *store.DB, in *SignIn) (string, error) {
	if in.UserID != nil || in.APIKeyID == nil {
		return deref(in.UserID), nil
	}
	var found []*APIKey
	err := APIKeys.From(ctx, tx, collection.Condition("id = ?", *in.APIKeyID)).Select("user_id").Limit(1).Find(&found).Error
	if err != nil {
		return "", fmt.Errorf("read the user of a key: %w", err)
	}
	if len(found) == 0 {
		return "", nil
	}
	return deref(found[0].UserID), nil
}

// The cookie of the session of a key says of which kind that is, as the key does, so that what is asked about it is one question. The
// secrets of other sessions have no dot.
const kindMark = "."

// SecretOf returns the secret of a session as its cookie has it, from one that was made for it.
func (s *Session) SecretOf(made string) string {
	if kind := deref(s.KeyKind); kind != "" {
		return kind[:1] + kindMark + made
	}
	return made
}

// whoseKeySession are the SELECTs of the session of a key with that key, by its kind: those of whoseSecret, with the session behind.
var whoseKeySession = secretsWith(func(b besides) string {
	return `SELECT s.hash` + ofCredential + b.columns + `, c.lookup, s.id, s.active_sign_in_id, s.last_used_at, s.idle_until, s.deadline
		FROM sessions s JOIN credentials c ON c.lookup = s.credential LEFT JOIN api_keys k ON k.id = c.api_key_id` + b.join + `
		WHERE s.lookup = ?`
})

// sessionPlaces are where in whoseKeySession the columns of the session begin.
var sessionPlaces = map[KeyKind]int{ManagementKey: ofMore, OrganizationKey: ofTokenName + 1, UserKey: ofLastName + 1}

// kindOfSession returns of what kind the key is that the cookie of a session says it is of, "" for that of people.
func kindOfSession(secret string) KeyKind {
	letter, _, marked := strings.Cut(secret, kindMark)
	if !marked {
		return ""
	}
	if letter == string(PortalSession[0]) {
		return PortalSession
	}
	return kindsByLetter[letter]
}

// lookUpKeySession returns the question whom the session of a key of a kind speaks for: the key, as far as that works now.
func lookUpKeySession(db *store.DB, kind KeyKind, secret string) *Lookup {
	take := func(a *store.Answer) (*Holder, error) {
		ends, works, err := endsOf(a, db.Now())
		if err != nil || !works {
			return nil, err
		}
		var hash []byte
		var lastUsed, idleUntil, deadline jsonapi.Stamp
		place := sessionPlaces[kind]
		for column, into := range map[int]any{ofHash: &hash, place + 3: &lastUsed, place + 4: &idleUntil, place + 5: &deadline} {
			if err := a.Into(0, column, into); err != nil {
				return nil, err
			}
		}
		now := db.Now()
		if !hmac.Equal(hash, db.Vault().Digest("session", secret)) || !idleUntil.After(now) || !deadline.After(now) {
			return nil, nil
		}
		h, err := holderIn(a, kind, ends)
		if h == nil || err != nil {
			return nil, err
		}
		h.lookup, h.SessionID, h.SignInID = a.Text(0, place), a.Text(0, place+1), a.Text(0, place+2)
		h.IsIdle = !lastUsed.Add(allowedOn(db).Sessions.TouchEvery()).After(now)
		return h, nil
	}
	return &Lookup{take: take, query: store.Query{SQL: whoseKeySession[kind], Args: []any{sessionLookup(db.Vault(), secret)}}}
}
