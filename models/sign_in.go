package models

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// How often signing in may fail before more is refused: for one account from one address, from one address, and for one account. The last
// does not hold where the account has signed in from before, so that nobody can lock its owner out.
var (
	failuresThere     = throttle{"sign-in there", 10, 15 * time.Minute}
	failuresOfAddress = throttle{"sign-in of address", 50, 15 * time.Minute}
	failuresOfAccount = throttle{"sign-in of account", 100, 15 * time.Minute}
)

// maxAddresses is how many addresses are remembered of each person.
const maxAddresses = 20

// errNotRight is what whoever cannot sign in is told, whatever the cause. coded is whether they have sent a code besides.
func errNotRight(coded bool) error {
	message := "The email or the password is not right."
	if coded {
		message = "The email, the password or the code is not right."
	}
	return &store.Error{Kind: store.Unauthenticated, Message: message}
}

// ProvePassword returns who may sign in with an address, a password and, if they have one, a second factor. Whether there is such a user
// shows in nothing: neither in what is done, nor in how long it takes, nor in the error, of the kind Unauthenticated. Who has shown the
// password and lacks the second factor is told, by SecondFactor; that is no failure. It fails with TooMany after too many failures, and
// with Busy.
func ProvePassword(ctx context.Context, db *store.DB, v Visit, in *Change) (SignedIn, error) {
	if err := in.check(Sessions, toCreate); err != nil {
		return SignedIn{}, err
	}
	email, password := textIn(in, "email"), textIn(in, "password")
	var errs store.Errors
	for _, name := range []string{"email", "password"} {
		if textIn(in, name) == "" {
			errs = append(errs, &store.Error{Kind: store.Required, Field: name, Message: name + " is required."})
		}
	}
	if len(errs) > 0 {
		return SignedIn{}, errs
	}
	key := deref(emailKey(&email))
	user, err := findAccount(ctx, db, key)
	if err != nil {
		return SignedIn{}, err
	}
	var method string
	var missing error
	right, err := guess{account: key, user: user.ID, from: v.Address}.judge(ctx, db, func() (right bool, err error) {
		if right, err = isPassword(password, user.PasswordHash); err != nil || !right || !user.Active {
			return false, err
		}
		method, err = proveFactor(ctx, db, user.ID, textIn(in, "totp"))
		switch {
		case store.IsKind(err, store.SecondFactor):
			missing = err
			return true, nil
		case store.IsKind(err, store.Unauthenticated):
			return false, nil
		}
		return true, err
	})
	switch {
	case err != nil:
		return SignedIn{}, err
	case !right:
		return SignedIn{}, errNotRight(textIn(in, "totp") != "")
	}
	return SignedIn{User: user.ID, Method: method, proof: user.PasswordHash}, missing
}

func textIn(in *Change, name string) string {
	text, _ := in.Attributes[name].(string)
	return text
}

// findAccount returns the user with the key of an address, without attributes if there is none.
func findAccount(ctx context.Context, db *store.DB, key string) (*User, error) {
	var found []*User
	err := Users.From(ctx, db, collection.Condition("email_key = ?", key)).Select("id", "active", "password_hash").Limit(1).Find(&found).
		Error
	if err != nil {
		return nil, fmt.Errorf("find account: %w", err)
	}
	if len(found) == 0 {
		return &User{ID: nilUUID}, nil
	}
	return found[0], nil
}

// guess is somebody showing what only the person of an account knows.
type guess struct {
	account string // the key of the address, or the public part of a key
	user    string // "" for a key
	from    netip.Addr
	// apart is what is guessed if failures from an address are counted for that alone, "" for what people sign in by.
	apart string
}

// tooManyFailures is what is told of them.
const tooManyFailures = "There were too many failures to sign in. Try again later."

// judge reports whether a guess is right, as check tells. It counts as a failure before it is looked at, and is taken back when it is
// right: of many at once no more are looked at than may fail. That is done in the turn of a password, so that who guesses right does not
// wait beside many others who do, and count as failures meanwhile. It fails with TooMany and Busy.
func (g guess) judge(ctx context.Context, db *store.DB, check func() (right bool, err error)) (right bool, err error) {
	all, err := g.counted(ctx, db)
	if err != nil {
		return false, err
	}
	for _, c := range all { // whoever is refused anyway takes nobody's turn
		wait, err := c.next(ctx, db)
		switch {
		case err != nil:
			return false, err
		case wait > 0 && !c.exempt:
			return false, &store.Error{Kind: store.TooMany, Message: tooManyFailures, Wait: wait}
		}
	}
	err = inTurn(ctx, db, func() error {
		failure, err := try(ctx, db, tooManyFailures, all...)
		if err != nil {
			return err
		}
		if right, err = check(); err != nil || !right {
			return err
		}
		return failure.forget(ctx, db)
	})
	return right && err == nil, err
}

// counted returns what a failure counts for.
func (g guess) counted(ctx context.Context, db *store.DB) ([]counted, error) {
	address := networkOf(g.from)
	known, err := true, error(nil) // nobody guesses a key, and who knows its public part is not to lock its owner out
	if g.user != "" {
		known, err = isKnownAddress(ctx, db, g.user, address)
	}
	return []counted{
		{throttle: failuresThere, subject: g.account + " " + address},
		{throttle: failuresOfAddress, subject: g.apart + address},
		{throttle: failuresOfAccount, subject: g.account, exempt: known},
	}, err
}

// networkOf returns what one subscriber has: an IPv4 address or, of IPv6, the network of 64 bits.
func networkOf(ip netip.Addr) string {
	if ip.Is6() {
		network, _ := ip.Prefix(64) // 64 bits always fit
		return network.String()
	}
	return ip.String()
}

// isKnownAddress reports whether a user has signed in from an address before.
func isKnownAddress(ctx context.Context, db *store.DB, user, address string) (bool, error) {
	var n int64
	err := db.Session(ctx).Raw(`SELECT COUNT(*) FROM sign_in_addresses WHERE user_id = ? AND address = ?`,
		user, db.Vault().Digest("sign-in address", address)).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for known address: %w", err)
	}
	return n > 0, nil
}

// noteSignIn remembers that a user, whose row is locked, has signed in, and from where.
func noteSignIn(ctx context.Context, tx *store.DB, user *User, v Visit) error {
	now := tx.Now()
	err := tx.Later(ctx, "note sign-in", `UPDATE users SET signed_in_at = ?, last_seen_at = ? WHERE id = ?`, now, now, user.ID)
	if err != nil {
		return err
	}
	err = tx.Later(ctx, "note address of sign-in", `INSERT INTO sign_in_addresses (user_id, address, last_at) VALUES (?, ?, ?)
		ON CONFLICT (user_id, address) DO UPDATE SET last_at = excluded.last_at`,
		user.ID, tx.Vault().Digest("sign-in address", networkOf(v.Address)), now)
	if err != nil {
		return err
	}
	return tx.Later(ctx, "forget addresses of sign-ins", `DELETE FROM sign_in_addresses WHERE user_id = ? AND address NOT IN (
		SELECT address FROM sign_in_addresses WHERE user_id = ? ORDER BY last_at DESC LIMIT ?)`, user.ID, user.ID, maxAddresses)
}

// sessionLookup returns what the session of a cookie is found by. No key is found by it, nor a session by a key.
func sessionLookup(vault *store.Vault, secret string) string {
	return hex.EncodeToString(vault.Digest("session lookup", secret)[:16])
}

// PutSessionSecret gives a session another secret. The one before works no more.
func PutSessionSecret(ctx context.Context, tx *store.DB, session, secret string) error {
	n, err := tx.Exec(ctx, `UPDATE sessions SET lookup = ?, hash = ? WHERE id = ?`,
		sessionLookup(tx.Vault(), secret), tx.Vault().Digest("session", secret), session)
	if err == nil && n == 0 {
		err = store.NoResource(Sessions.Schema.Type, session)
	}
	if err != nil {
		return fmt.Errorf("change the secret of a session: %w", err)
	}
	return nil
}

// LookUpSession returns the question whom the secret of a session speaks for: the person whose sign-in is active in it, or the key.
func LookUpSession(db *store.DB, secret string) *Lookup {
	switch kind := kindOfSession(secret); kind {
	case "":
	case PortalSession:
		return lookUpPortalSession(db, secret)
	default:
		return lookUpKeySession(db, kind, secret)
	}
	take := func(a *store.Answer) (*Holder, error) {
		var hash []byte
		var active bool
		var lastUsed, idleUntil, deadline jsonapi.Stamp
		for column, into := range []any{&hash, &active, &lastUsed, &idleUntil, &deadline} {
			if err := a.Into(0, column, into); err != nil {
				return nil, err
			}
		}
		now := db.Now()
		if !hmac.Equal(hash, db.Vault().Digest("session", secret)) || !active || !idleUntil.After(now) || !deadline.After(now) {
			return nil, nil
		}
		return &Holder{
			Kind: SessionKind, SessionID: a.Text(0, 5), SignInID: a.Text(0, 6), UserID: a.Text(0, 7),
			Name:   fullName(a.Text(0, 8), a.Text(0, 9)),
			IsIdle: !lastUsed.Add(allowedOn(db).Sessions.TouchEvery()).After(now),
			Rights: Rights{Scopes: []string{EveryScope}},
		}, nil
	}
	return &Lookup{take: take, query: store.Query{
		SQL: `SELECT s.hash, u.active, s.last_used_at, s.idle_until, s.deadline, s.id, i.id, i.user_id, u.first_name, u.last_name
			FROM sessions s JOIN sign_ins i ON i.id = s.active_sign_in_id JOIN users u ON u.id = i.user_id
			WHERE s.lookup = ?`,
		Args: []any{sessionLookup(db.Vault(), secret)},
	}}
}

// TouchSessions notes when sessions were last used, in one statement: they live on for as long as they may be idle.
func TouchSessions(ctx context.Context, db *store.DB, used map[string]time.Time) error {
	idle := allowedOn(db).Sessions.Idle
	uses := make([]sessionUse, 0, len(used))
	for _, id := range sortedKeys(used) {
		uses = append(uses, sessionUse{id, used[id], used[id].Add(idle)})
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		return noteSessions.Later(ctx, tx, uses)
	})
}

type sessionUse struct {
	id        string
	at, until time.Time
}

var noteSessions = store.UpdateRows("note use of sessions", "sessions", `sessions.last_used_at < u.last_used_at`,
	store.Col("id", "uuid", func(s sessionUse) string { return s.id }).Key(),
	store.Col("last_used_at", "timestamptz", func(s sessionUse) time.Time { return s.at }),
	store.Col("idle_until", "timestamptz", func(s sessionUse) time.Time { return s.until }),
)
