package models

import (
	"context"

	"roster/models/collection"
	"roster/models/store"
)

// What a user signs in with, an address and a password, is theirs from the day on which they have signed in: they change it themselves, in
// a session and with the password that they have, and nobody else does but a management key of the whole installation.

// checkSignIn keeps a caller that is bound to some organizations from letting a person sign in with an address that is not proven: a
// password that the caller knows, or another address for a password that is there (ADR 0050). People change their own.
func checkSignIn(by Caller, before, user *User, in *Change) error {
	password := deref(before.PasswordHash) != deref(user.PasswordHash)
	address := deref(before.EmailKey) != deref(user.EmailKey)
	field := "email"
	if password {
		field = "password"
	}
	refuse := func(message string) error {
		return &store.Error{Kind: store.Forbidden, Field: field, Message: message}
	}
	switch {
	case by.Scope.All(), !password && !address:
		return nil
	case by.User() == user.ID && by.Kind != BySession:
		return refuse("A key changes neither the address nor the password of its user: this needs a session.")
	case by.User() == user.ID && (in.proven == nil || deref(before.PasswordHash) != *in.proven):
		return refuse("This needs the password that there is, in meta.currentPassword.")
	case by.User() == user.ID:
		return nil
	case before.SignedInAt != nil:
		return refuse("Who has signed in changes their address and password themselves.")
	case password:
		return refuse("A password is set, or taken away, by a management key of the whole installation, nobody else: " +
			"it signs in with an unproven address.")
	case before.PasswordHash != nil || user.PasswordHash != nil:
		return refuse("The address of a user who has a password is changed by a management key of the whole installation, nobody else.")
	}
	return nil
}

// ProveOwner makes sure that a person who names the password that they have knows it. A wrong one is a failure to sign in, and counts as
// one. Without one nothing is proven, and nothing counted. It comes before the transaction of the change.
func ProveOwner(ctx context.Context, db *store.DB, by Caller, id string, in *Change) error {
	if in.CurrentPassword == "" || in.proven != nil || by.Kind != BySession || by.User() != id || db.InTransaction() {
		return nil // a failure that is rolled back would count for nothing
	}
	found, err := collection.Find(ctx, db, Users, collection.Everything(), id, nil)
	if err != nil {
		return err
	}
	user := found.(*User)
	right, err := guess{account: deref(user.EmailKey), user: id, from: by.Address}.judge(ctx, db, func() (bool, error) {
		return isPassword(in.CurrentPassword, user.PasswordHash)
	})
	switch {
	case err != nil:
		return err
	case !right:
		return &store.Error{Kind: store.Forbidden, Message: "meta.currentPassword is not the password that there is."}
	}
	in.proven = user.PasswordHash
	return nil
}

// endOtherSessions signs a user out after a change of what they sign in with: everywhere, but for the session in which they made it.
func endOtherSessions(ctx context.Context, tx *store.DB, by Caller, before, user *User) error {
	except := ""
	if by.User() == user.ID {
		except = by.Scope.Session()
	}
	switch {
	case deref(before.PasswordHash) != deref(user.PasswordHash), before.Active && !user.Active:
	case deref(before.EmailKey) != deref(user.EmailKey) && except == "":
	default:
		return nil
	}
	return endSessions(ctx, tx, by, user.ID, except)
}

// mayDirect makes sure that a caller may end the sessions of a user whom it sees: its own, or of whom it may write and has a higher rank
// than wherever they are a member.
func mayDirect(ctx context.Context, tx *store.DB, by Caller, user string) error {
	if by.User() == user {
		return nil
	}
	writable, err := by.writesUser(ctx, tx, user)
	switch {
	case err != nil:
		return err
	case !writable:
		return errNotWriting()
	case by.Scope.All():
		return nil
	}
	all, err := membershipOrganizations(ctx, tx, collection.Everything(), user)
	if err != nil {
		return err
	}
	return checkEverywhere(ctx, tx, by, user, all, "")
}

// MayDirect is mayDirect for reading their sessions.
func MayDirect(ctx context.Context, db *store.DB, by Caller, user string) error {
	if _, err := collection.Find(ctx, db, Users, by.Scope, user, nil); err != nil {
		return err
	}
	return mayDirect(ctx, db, by, user)
}

// EndSessionsOf signs a user out of one session, or of all of theirs for "".
func EndSessionsOf(ctx context.Context, db *store.DB, by Caller, user, session string) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		if _, err := lock[User](ctx, tx, Users, by.Scope, user); err != nil {
			return err
		}
		if err := mayDirect(ctx, tx, by, user); err != nil {
			return err
		}
		if session == "" {
			return endSessions(ctx, tx, by, user, "")
		}
		if _, err := lock[Session](ctx, tx, Sessions, collection.Person(user), session); err != nil {
			return err
		}
		return signOut(ctx, tx, by, session, signInOf(user))
	})
}
