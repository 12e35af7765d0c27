package models

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Session is a browser in which people have signed in. Its cookie holds the secret that the row is found by; the people are its sign-ins,
// of which one is active: requests with the cookie are that person's.
type Session struct {
	ID         string        `gorm:"column:id;primaryKey" jsonapi:"primary,sessions" doc:"A browser in which people have signed in." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt  jsonapi.Stamp `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When the first of them signed in." example:"2024-08-20T10:45:07+00:00"`
	LastUsedAt jsonapi.Stamp `gorm:"column:last_used_at" jsonapi:"attr,lastUsedAt" rule:"readonly,fleeting" doc:"When it was last used, to about a minute." example:"2024-08-20T10:45:07+00:00"`
	ExpiresAt  jsonapi.Stamp `gorm:"-" jsonapi:"attr,expiresAt" rule:"readonly,fleeting" doc:"When it ends if it is not used before then, and at the latest." example:"2024-09-03T10:45:07+00:00"`
	IP         string        `gorm:"column:ip" jsonapi:"attr,ip" rule:"readonly" doc:"The address of the last sign-in." example:"203.0.113.7"`
	UserAgent  *string       `gorm:"column:user_agent" jsonapi:"attr,userAgent" rule:"readonly" doc:"What the browser called itself then." example:"Mozilla/5.0"`
	Current    bool          `gorm:"-" jsonapi:"attr,current" rule:"readonly,fleeting" doc:"Whether it is the session of this request." example:"false"`
	Email      *string       `gorm:"-" jsonapi:"attr,email,omitempty" rule:"writeonly,createonly,max=254" doc:"Who signs in."`
	Password   *string       `gorm:"-" jsonapi:"attr,password,omitempty" rule:"writeonly,createonly,max=200" doc:"Their password."`
	TOTP       *string       `gorm:"-" jsonapi:"attr,totp,omitempty" rule:"writeonly,createonly,max=40" doc:"Who has a second factor: a code of it that was not used yet, or a recovery code."`
	Key        *string       `gorm:"-" jsonapi:"attr,key,omitempty" rule:"writeonly,createonly,max=512" doc:"In place of email and password: a key, or the token of an organization. The session has the rights that it has at each request, ends with it, and after 12 hours at most."`

	Lookup         *string       `gorm:"column:lookup"`
	Hash           []byte        `gorm:"column:hash"`
	ActiveSignInID string        `gorm:"column:active_sign_in_id"`
	IdleUntil      jsonapi.Stamp `gorm:"column:idle_until"`
	Deadline       jsonapi.Stamp `gorm:"column:deadline"`
	Version        int64         `gorm:"column:version"`
	Credential     *string       `gorm:"column:credential"` // what the secret of the key is found by; nil for people
	KeyKind        *string       `gorm:"column:key_kind"`   // of that key; portal for a link
	PortalLinkID   *string       `gorm:"column:portal_link_id"`
}

// TableName implements GORM's Tabler.
func (Session) TableName() string { return "sessions" }

// ended is what happens to a session when its last person is signed out, and for a person when they are.
const ended verb = "ended"

func defineSessions(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(Session{}), Table: "sessions", Model: reflect.TypeFor[Session](),
		Visible: visibleSessions,
		Order:   []string{"sessions.created_at", "sessions.id"},
		Always:  []string{"version"},
		Needs:   map[string][]string{"expiresAt": {"idle_until", "deadline"}},
		Complete: func(_ *store.DB, model any) error {
			s := model.(*Session)
			s.ExpiresAt = s.IdleUntil
			if s.Deadline.Before(s.IdleUntil.Time) {
				s.ExpiresAt = s.Deadline
			}
			return nil
		},
		Tell: func(_ context.Context, _ *store.DB, scope collection.Scope, items []any) ([]any, error) {
			told := make([]any, len(items))
			for i, item := range items {
				s := *item.(*Session)
				s.Current = s.ID == scope.Session()
				told[i] = &s
			}
			return told, nil
		},
	}
	c.Schema.Options = []string{"portalToken"}
	declare(c, declaration{
		tells: []told{{created, "A person signed in, or somebody with a key."},
			{ended, "A person was signed out, or their session ran out; or that of a key."}},
		follows: []string{"users"},
		rank:    2,
		invariants: []Invariant{
			{"a session whose active sign-in is not one of its own", `SELECT id FROM sessions s WHERE NOT EXISTS (
				SELECT 1 FROM sign_ins i WHERE i.id = s.active_sign_in_id AND i.session_id = s.id)`},
			{"a sign-in without session.created", `SELECT id FROM sign_ins i WHERE NOT EXISTS (
				SELECT 1 FROM events e WHERE e.subject_id = i.session_id AND e.event_type = 'session.created'
				AND (i.user_id IS NULL OR e.user_id = i.user_id))`},
		},
	})
}

func relateSessions(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "activeSignIn", UpdateOnly: true,
		Doc: "Whose the requests with its cookie are. Changing it switches to somebody else " +
			"who has signed in there."},
		collection.Relation{Target: SignIns, Column: "active_sign_in_id", Evident: true})
	c.Relate(jsonapi.Relationship{Name: "signIns", Many: true, ReadOnly: true, Doc: "Who has signed in."},
		collection.Relation{Target: SignIns, Foreign: "session_id"})
}

// visibleSessions returns the condition that a person is signed in to a session, or that it is the caller's own. Organizations have none.
func visibleSessions(s collection.Scope) collection.Where {
	const signedIn = "EXISTS (SELECT 1 FROM sign_ins own WHERE own.session_id = sessions.id AND "
	switch {
	case s.All():
		return collection.Always()
	case s.PersonID() != "" && s.Session() != "":
		return collection.Condition(signedIn+"(own.user_id = ? OR own.session_id = ?))", s.PersonID(), s.Session())
	case s.PersonID() != "":
		return collection.Condition(signedIn+"own.user_id = ?)", s.PersonID())
	case s.Session() != "":
		return collection.Condition("sessions.id = ?", s.Session())
	}
	return collection.Never()
}

// SessionTerms say how long sessions last.
type SessionTerms struct {
	// Idle ends a session that is not used for so long, Lifetime every one.
	Idle, Lifetime time.Duration
}

// TouchEvery returns how often the use of a session is written: once a minute, or in a tenth of the time in which it would end.
func (t SessionTerms) TouchEvery() time.Duration { return min(time.Minute, t.Idle/10) }

// Visit is what is known of a browser that somebody signs in with.
type Visit struct {
	// Address is where it is, UserAgent what it calls itself: of bounded length, and without what looks like a credential.
	Address   netip.Addr
	UserAgent string
	// Session is the id of the live session that it has, "" for none.
	Session string
}

// Bounds of sessions: those of one person, and the people in one.
const (
	maxSessions = 100
	maxSignIns  = 10
)

// SignedIn is who may sign in, and how that was found out.
type SignedIn struct {
	User, Method string
	// proof is what is kept of the password that was right, nil if it was something else: a change of it in between makes it worth nothing.
	proof *string
	// holder is the key that was shown in place of a person, nil for none.
	holder *Holder
	// portal is what is kept of the token of a portal link that was shown, nil for none.
	portal []byte
}

// ByOther returns that a user may sign in by something else than a password, which has been proven.
func ByOther(user, method string) SignedIn { return SignedIn{User: user, Method: method} }

// BeginSession signs a person in: to the session of the visit, where they become the active one, or to a new one. A key is alone in its
// session, and ends the one of the visit. It returns the session, which has to be given a new secret in the same transaction. It fails with
// the kind Unauthenticated if the person may not sign in any more, and with Conflict if too many people are signed in there.
func BeginSession(ctx context.Context, db *store.DB, requestID string, v Visit, who SignedIn) (*Session, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (*Session, error) {
		switch {
		case who.portal != nil:
			return beginPortalSession(ctx, tx, requestID, v, who.portal)
		case who.holder != nil:
			return beginKeySession(ctx, tx, requestID, v, who.holder)
		}
		user, err := lock[User](ctx, tx, Users, collection.Everything(), who.User)
		switch {
		case store.IsKind(err, store.NotFound):
			return nil, errNotRight(false)
		case err != nil:
			return nil, err
		case !user.Active, who.proof != nil && deref(user.PasswordHash) != *who.proof:
			return nil, errNotRight(false)
		}
		if who.Method == ByPassword { // a second factor may have been confirmed since
			if _, err := proveFactor(ctx, tx, user.ID, ""); err != nil {
				return nil, err
			}
		}
		by := Caller{Kind: BySession, ID: user.ID, Name: user.fullName(), RequestID: requestID, Scope: collection.Person(user.ID)}
		s, err := openSession(ctx, tx, by, v)
		if err != nil {
			return nil, err
		}
		in, again, err := putSignIn(ctx, tx, s, who)
		if err != nil {
			return nil, err
		}
		s.ActiveSignInID = in.ID
		if err := saveSession(ctx, tx, s); err != nil {
			return nil, err
		}
		if err := noteSignIn(ctx, tx, user, v); err != nil || again {
			return s, err
		}
		if err := makeRoom(ctx, tx, by, user.ID, s.ID); err != nil {
			return nil, err
		}
		return s, record(ctx, tx, by, change{verb: created, collection: Sessions, user: user.ID, after: s})
	})
}

// openSession returns the session of a visit, locked, or a new one that is not saved yet. That of a key, or of a portal link, ends instead.
func openSession(ctx context.Context, tx *store.DB, by Caller, v Visit) (*Session, error) {
	terms, now := allowedOn(tx).Sessions, tx.Now()
	s := &Session{ID: NewID(), CreatedAt: jsonapi.Stamp{Time: now}, Deadline: jsonapi.Stamp{Time: now.Add(terms.Lifetime)}}
	if v.Session != "" {
		found, err := lock[Session](ctx, tx, Sessions, collection.Everything(), v.Session)
		if err != nil && !store.IsKind(err, store.NotFound) {
			return nil, err
		}
		switch {
		case err == nil && found.KeyKind != nil:
			if err := replaceSession(ctx, tx, by, v.Session); err != nil {
				return nil, err
			}
		case err == nil && found.ExpiresAt.After(now):
			s = found
		}
	}
	return s, s.visited(tx, v)
}

// visited notes a visit, by which somebody signs in, in a session.
func (s *Session) visited(tx *store.DB, v Visit) error {
	now := tx.Now()
	s.IP, s.UserAgent = v.Address.String(), optional(v.UserAgent)
	s.LastUsedAt, s.IdleUntil = jsonapi.Stamp{Time: now}, jsonapi.Stamp{Time: now.Add(allowedOn(tx).Sessions.Idle)}
	return Sessions.Complete(tx, s)
}

// saveSession writes a session, new or not.
func saveSession(ctx context.Context, tx *store.DB, s *Session) error {
	s.Version++
	if err := tx.Session(ctx).Save(s).Error; err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	return nil
}

// putSignIn makes a person one of those of a session, and reports whether they were one before.
func putSignIn(ctx context.Context, tx *store.DB, s *Session, who SignedIn) (in *SignIn, again bool, err error) {
	all, err := signInsOf(ctx, tx, s.ID)
	if err != nil {
		return nil, false, err
	}
	now := jsonapi.Stamp{Time: tx.Now()}
	if i := slices.IndexFunc(all, func(in *SignIn) bool { return deref(in.UserID) == who.User }); i >= 0 {
		all[i].CreatedAt, all[i].Method = now, who.Method
		return all[i], true, saveSignIn(ctx, tx, all[i])
	}
	if len(all) >= maxSignIns {
		return nil, false, &store.Error{Kind: store.Conflict,
			Message: fmt.Sprintf("At most %d people are signed in to one session.", maxSignIns)}
	}
	in = &SignIn{ID: NewID(), CreatedAt: now, Method: who.Method, SessionID: s.ID, UserID: &who.User}
	if len(all) == 0 { // the row that it refers to comes first
		s.ActiveSignInID = in.ID
		if err := saveSession(ctx, tx, s); err != nil {
			return nil, false, err
		}
	}
	return in, false, saveSignIn(ctx, tx, in)
}

// makeRoom ends the session of a person that was unused for longest, if they have too many.
func makeRoom(ctx context.Context, tx *store.DB, by Caller, user, except string) error {
	var ids []string
	err := Sessions.From(ctx, tx, visibleSessions(collection.Person(user))).Order("last_used_at DESC, id DESC").
		Limit(maxSessions).Offset(maxSessions).Pluck("id", &ids).Error
	if err != nil {
		return fmt.Errorf("count sessions: %w", err)
	}
	return signOutOf(ctx, tx, by, ids, user, except)
}

// UpdateSession switches to another of the people of a session. It returns the session, which has to be given a new secret in the same
// transaction if it is that of the caller.
func UpdateSession(ctx context.Context, db *store.DB, by Caller, id string, in *Change) (*Session, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (*Session, error) {
		s, err := lock[Session](ctx, tx, Sessions, by.Scope, id)
		if err != nil {
			return nil, err
		}
		if err := checkVersion(s.Version, in.Versions); err != nil {
			return nil, err
		}
		if err := in.check(Sessions, toUpdate); err != nil {
			return nil, err
		}
		rest, err := withoutEcho(ctx, tx, by.Scope, Sessions, s, in)
		if err != nil {
			return nil, err
		}
		if err := checkUnchanged(Sessions, s, rest, false); err != nil {
			return nil, err
		}
		link, given := in.Links["activeSignIn"]
		switch {
		case !given || link.One() == s.ActiveSignInID:
			return s, nil
		case id != by.Scope.Session():
			return nil, &store.Error{Kind: store.Forbidden, Field: "activeSignIn",
				Message: "Who is active is changed in that browser alone."}
		case link.One() == "":
			return nil, &store.Error{Kind: store.Required, Field: "activeSignIn",
				Message: "Somebody is active. Delete the session to end it."}
		}
		all, err := signInsOf(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(in *SignIn) bool { return in.ID == link.One() })
		if i < 0 {
			return nil, store.NoRelated("activeSignIn", 0, SignIns.Schema.Type, link.One())
		}
		active, err := collection.Find(ctx, tx, Users, collection.Everything(), deref(all[i].UserID), nil)
		if err != nil {
			return nil, err
		}
		if !active.(*User).Active {
			return nil, &store.Error{Kind: store.Forbidden, Field: "activeSignIn", Message: "This user is not active."}
		}
		s.ActiveSignInID = all[i].ID
		return s, saveSession(ctx, tx, s)
	})
}

// DeleteSession signs out everybody of a session whom the caller sees there: in the caller's own, all. With the last one it ends.
func DeleteSession(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		s, err := lock[Session](ctx, tx, Sessions, by.Scope, id)
		if err != nil {
			return err
		}
		if err := checkVersion(s.Version, versions); err != nil {
			return err
		}
		var seen []string
		err = SignIns.From(ctx, tx, visibleSignIns(by.Scope), collection.Condition("session_id = ?", id)).Pluck("id", &seen).Error
		if err != nil {
			return fmt.Errorf("read sign-ins: %w", err)
		}
		return signOut(ctx, tx, by, id, func(in *SignIn) bool { return slices.Contains(seen, in.ID) })
	})
}

// DeleteSignIn signs one person out of a session. If that was the active one, the newest left is.
func DeleteSignIn(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		found, err := collection.Find(ctx, tx, SignIns, by.Scope, id, nil)
		if err != nil {
			return err
		}
		if err := checkVersion(0, versions); err != nil {
			return err
		}
		in := found.(*SignIn)
		return signOut(ctx, tx, by, in.SessionID, func(other *SignIn) bool { return other.ID == in.ID })
	})
}

// signOut signs those out of a session whose sign-ins are wanted, and ends it if nobody is left. Each of them is told.
func signOut(ctx context.Context, tx *store.DB, by Caller, session string, wanted func(*SignIn) bool) error {
	s, err := lock[Session](ctx, tx, Sessions, collection.Everything(), session)
	if store.IsKind(err, store.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := signInsOf(ctx, tx, session)
	if err != nil {
		return err
	}
	var left, gone []*SignIn
	for _, in := range all {
		if wanted(in) {
			gone = append(gone, in)
		} else {
			left = append(left, in)
		}
	}
	for _, in := range gone {
		owner, err := userOfSignIn(ctx, tx, in)
		if err != nil {
			return err
		}
		if err := record(ctx, tx, by, change{verb: ended, collection: Sessions, user: owner, before: s}); err != nil {
			return err
		}
		touchesCredential(tx, in.ID, 1)
		if err := tx.Later(ctx, "delete sign-in", `DELETE FROM sign_ins WHERE id = ?`, in.ID); err != nil {
			return err
		}
	}
	switch {
	case len(gone) == 0:
		return nil
	case len(left) == 0:
		if s.IsPortal() {
			if err := dropPortalLink(ctx, tx, *s.PortalLinkID); err != nil {
				return err
			}
		}
		return tx.Later(ctx, "delete session", `DELETE FROM sessions WHERE id = ?`, session)
	case !slices.ContainsFunc(left, func(in *SignIn) bool { return in.ID == s.ActiveSignInID }):
		s.ActiveSignInID = left[len(left)-1].ID
	}
	return saveSession(ctx, tx, s)
}

// endSessions signs a user out everywhere, but for one session, "" for none. What tells them and others is in the events.
func endSessions(ctx context.Context, tx *store.DB, by Caller, user, except string) error {
	var ids []string
	err := Sessions.From(ctx, tx, visibleSessions(collection.Person(user))).Order("id").Pluck("id", &ids).Error
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	return signOutOf(ctx, tx, by, ids, user, except)
}

// signOutOf signs a user out of some sessions, but for one.
func signOutOf(ctx context.Context, tx *store.DB, by Caller, sessions []string, user, except string) error {
	for _, id := range sessions {
		if id == except {
			continue
		}
		if err := signOut(ctx, tx, by, id, signInOf(user)); err != nil {
			return err
		}
	}
	return nil
}

// PurgeSessions ends sessions that have run out, at most so many, and returns how many it found.
func PurgeSessions(ctx context.Context, db *store.DB, most int) (int, error) {
	var ids []string
	now := db.Now()
	err := Sessions.From(ctx, db, collection.Condition("(idle_until <= ? OR deadline <= ?)", now, now)).Order("id").Limit(most).
		Pluck("id", &ids).Error
	if err != nil {
		return 0, fmt.Errorf("look for sessions that have run out: %w", err)
	}
	for _, id := range ids {
		err := store.Transaction(ctx, db, func(tx *store.DB) error {
			s, err := lock[Session](ctx, tx, Sessions, collection.Everything(), id)
			if store.IsKind(err, store.NotFound) || err == nil && s.ExpiresAt.After(tx.Now()) {
				return nil // somebody else ended it, or used it
			}
			if err != nil {
				return err
			}
			return signOut(ctx, tx, System("session expiry"), id, everySignIn)
		})
		if err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}
