package models

import (
	"context"
	"reflect"
	"slices"

	"roster/models/collection"
	"roster/models/store"
)

// prepareUser computes what is kept instead of what was sent, and holds the rules that concern several members. before is nil for a new
// user.
func prepareUser(tx *store.DB, by Caller, before, user *User, in *Change) error {
	if err := Users.Complete(tx, user); err != nil {
		return err
	}
	if before == nil || deref(before.Email) != deref(user.Email) { // the key of one that stays may be older, see rekeyAddresses
		user.EmailKey = emailKey(user.Email)
		if before != nil && deref(before.EmailKey) != deref(user.EmailKey) {
			user.EmailVerifiedAt, user.EmailClaimed = nil, !by.Scope.All() // of another one
		}
	}
	if user.Email == nil && user.FullName == "" && deref(user.ExternalID) == "" {
		return &store.Error{Kind: store.Required, Field: "email", Message: "A user needs a name, an email or an externalId."}
	}
	if _, given := in.Attributes["password"]; given {
		user.PasswordHash, user.Password = optional(in.Kept["password"]), nil
	}
	return nil
}

// checkProfile keeps a caller from changing a user whom other organizations share: what one of them wrote would be true in all.
func checkProfile(ctx context.Context, tx *store.DB, by Caller, before, user *User, in *Change) error {
	changed := changedFields(before, user)
	if by.Scope.All() || len(changed) == 0 {
		return nil
	}
	writable := by.User() == user.ID // their own profile people may write
	if !writable {
		var err error
		if writable, err = by.writesUser(ctx, tx, user.ID); err != nil {
			return err
		}
	}
	if writable {
		all, err := membershipOrganizations(ctx, tx, collection.Everything(), user.ID)
		if err != nil {
			return err
		}
		if err := checkSignIn(by, before, user, in); err != nil {
			return err
		}
		for _, field := range []string{"email", "active"} {
			if slices.Contains(changed, field) && by.User() != user.ID {
				if err := checkEverywhere(ctx, tx, by, user.ID, all, field); err != nil {
					return err
				}
			}
		}
		if before.Active != user.Active && by.User() == user.ID {
			return &store.Error{Kind: store.Forbidden, Field: "active", Message: "Nobody locks themselves out."}
		}
		return nil
	}
	if by.User() != "" {
		return errNotWriting()
	}
	var errs store.Errors
	for _, field := range changed {
		errs = append(errs, &store.Error{Kind: store.Forbidden, Field: field,
			Message: "This user is also in other organizations: " + field + " can be changed only by who manages every one of them."})
	}
	return errs
}

// writesUser reports whether a caller may write a user: people at every organization that the user is a direct member of, programs if they
// see every one of them. A deleted one does not count: nobody there could write the user either. Who decides how somebody signs in that is
// a member there, once it is restored, is another question (see checkEverywhere).
func (by Caller) writesUser(ctx context.Context, tx *store.DB, user string) (bool, error) {
	if by.Scope.All() {
		return true, nil
	}
	all, err := liveOrganizations(ctx, tx, collection.Everything(), user)
	if err != nil {
		return false, err
	}
	if by.User() == "" {
		seen, err := liveOrganizations(ctx, tx, by.Scope, user)
		return len(seen) == len(all), err
	}
	for _, organization := range all {
		if err := by.may(ctx, tx, organization, "users:write"); err != nil {
			if store.IsKind(err, store.Forbidden) {
				return false, nil
			}
			return false, err
		}
	}
	return true, nil
}

// writesSome refuses a person who may write nothing of what a change of a user is about: neither the profile nor, where these are to
// change, memberships.
func (by Caller) writesSome(ctx context.Context, tx *store.DB, user string, in *Change) error {
	if by.User() == "" || by.User() == user {
		return nil
	}
	links, moves := in.Links["organizations"]
	if !moves {
		links, moves = in.Beside["organizations"]
	}
	if moves {
		if err := by.mayJoin(ctx, tx, user, links); !store.IsKind(err, store.Forbidden) {
			return err
		}
	}
	return mayWriteProfile(ctx, tx, by, user)
}

// mayWriteProfile refuses a caller that may not change the profile of a user whom it sees.
func mayWriteProfile(ctx context.Context, tx *store.DB, by Caller, user string) error {
	if !by.Rights.Hold("users:write") {
		return &store.Error{Kind: store.Forbidden, Message: "This needs users:write."}
	}
	if by.User() == user {
		return nil
	}
	writes, err := by.writesUser(ctx, tx, user)
	if err == nil && !writes {
		err = errNotWriting()
	}
	return err
}

// errNotWriting is what a person is told who may not write a user.
func errNotWriting() error {
	return &store.Error{Kind: store.Forbidden, Message: "This needs users:write at every organization of the user.",
		Permission: "users:write"}
}

// checkEverywhere makes sure that a caller is above a user in every organization of theirs, deleted ones too, since these may come back: by
// its rank, and a program by seeing every one.
func checkEverywhere(ctx context.Context, tx *store.DB, by Caller, user string, organizations []string, field string) error {
	if by.User() != "" {
		return checkHigher(ctx, tx, by, user, organizations, field)
	}
	seen, err := membershipOrganizations(ctx, tx, by.Scope, user)
	if err != nil {
		return err
	}
	if len(seen) < len(organizations) {
		return &store.Error{Kind: store.Forbidden, Field: field,
			Message: "This user is also in an organization that was deleted, which this credential does not manage."}
	}
	return checkHigher(ctx, tx, by, user, organizations, field)
}

// checkHigher makes sure that a caller has a higher rank than a user in some organizations; an owner need not, where they are one.
func checkHigher(ctx context.Context, tx *store.DB, by Caller, user string, organizations []string, field string) error {
	for _, organization := range organizations {
		higher, err := outranks(ctx, tx, by, user, organization)
		if err != nil {
			return err
		}
		if !higher {
			return &store.Error{Kind: store.Forbidden, Field: field,
				Message: "The user has an equal or higher rank in an organization of theirs."}
		}
	}
	return nil
}

// changedFields returns the names of the attributes in which two states of a user differ.
func changedFields(before, user *User) []string {
	var names []string
	for _, a := range Users.Schema.Attributes {
		column := a.Column
		if a.Name == "password" {
			column = "password_hash"
		}
		was, kept := Users.Value(before, column)
		is, _ := Users.Value(user, column)
		if kept && !reflect.DeepEqual(was, is) {
			names = append(names, a.Name)
		}
	}
	if deref(before.AvatarID) != deref(user.AvatarID) {
		names = append(names, "avatar")
	}
	return names
}
