package models

import (
	"context"
	"fmt"
	"time"

	"roster/models/collection"
	"roster/models/store"
)

// Subject is a person as a provider of OpenID Connect knows them.
type Subject struct {
	Issuer, ID string
	// Email is their address, if the provider has verified it, otherwise "".
	Email string
	// FirstName and LastName are what it says they are called; "" for nothing.
	FirstName, LastName string
}

// ProveSubject returns who signs in as a subject: the user that it is known to be or, for a subject that is not known yet, the user with
// its address, who is known by it from then on. An address finds nobody who is another subject of that provider already: providers give
// addresses to others, and never a subject. Whoever held an account with an address that they only claimed loses it then (see provenBy).
// An address that no user has becomes one by an open invitation to it. Without a user who is active the error is of the kind
// Unauthenticated, alike for all causes.
func ProveSubject(ctx context.Context, db *store.DB, requestID string, s Subject) (SignedIn, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (SignedIn, error) {
		id, err := userOfSubject(ctx, tx, s)
		if err != nil {
			return SignedIn{}, err
		}
		if id == "" {
			if id, err = bindSubject(ctx, tx, requestID, s); err != nil {
				return SignedIn{}, err
			}
		}
		user, err := lock[User](ctx, tx, Users, collection.Everything(), id)
		switch {
		case err != nil:
			return SignedIn{}, err
		case !user.Active:
			return SignedIn{}, errNoAccount()
		}
		return ByOther(id, ByOIDC), nil
	})
}

func errNoAccount() error {
	return &store.Error{Kind: store.Unauthenticated, Message: "There is no account for that subject."}
}

// userOfSubject returns the id of the user that a subject is known to be, "" for nobody.
func userOfSubject(ctx context.Context, tx *store.DB, s Subject) (string, error) {
	var found []string
	err := tx.Session(ctx).Raw(`SELECT user_id FROM user_subjects WHERE issuer = ? AND subject = ?`, s.Issuer, s.ID).Scan(&found).Error
	if err != nil {
		return "", fmt.Errorf("find user by subject: %w", err)
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0], nil
}

// bindSubject makes a subject that of the user with its address, and returns their id.
func bindSubject(ctx context.Context, tx *store.DB, requestID string, s Subject) (string, error) {
	if s.Email == "" {
		return "", errNoAccount()
	}
	user, err := userWithAddress(ctx, tx, deref(emailKey(&s.Email)))
	if err == nil && user == nil {
		user, err = acceptForAddress(ctx, tx, requestID, s)
	}
	switch {
	case err != nil:
		return "", err
	case user == nil, !user.Active:
		return "", errNoAccount()
	}
	before, by := *user, themselves(user, requestID)
	claimed, err := user.provenBy(ctx, tx, by, s)
	if err != nil {
		return "", err
	}
	var others int64
	err = tx.Session(ctx).Raw(`SELECT COUNT(*) FROM user_subjects WHERE issuer = ? AND user_id = ? AND subject <> ?`,
		s.Issuer, user.ID, s.ID).Scan(&others).Error
	switch {
	case err != nil:
		return "", fmt.Errorf("look for other subjects: %w", err)
	case others > 0:
		return "", errNoAccount()
	}
	_, err = tx.Exec(ctx, `INSERT INTO user_subjects (issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		s.Issuer, s.ID, user.ID, tx.Now())
	if err != nil {
		return "", fmt.Errorf("insert subject: %w", err)
	}
	if claimed {
		user.PasswordHash = nil // of whoever held the account before
	}
	if claimed || before.EmailVerifiedAt == nil {
		if err := saveUser(ctx, tx, by, &before, user, nil); err != nil {
			return "", err
		}
	}
	return userOfSubject(ctx, tx, s) // which another sign-in may have bound first
}

// finishedSignIn lets a sign-in with a provider be finished once. No such sign-in lasts for as long as this is remembered.
var finishedSignIn = throttle{"sign-in under way", 1, time.Hour}

// SpendSignIn notes that the sign-in with that state is being finished. The error is of the kind TooMany if it was before.
func SpendSignIn(ctx context.Context, db *store.DB, state string) error {
	_, err := try(ctx, db, "This sign-in is finished already.", counted{throttle: finishedSignIn, subject: state})
	return err
}
