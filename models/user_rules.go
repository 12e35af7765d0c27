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
func prepareUser(tx *store.DB, before, user *User, in *Change) error {
	if err := Users.Complete(tx, user); err != nil {
		return err
	}
	if before == nil || deref(before.Email) != deref(user.Email) { // the key of one that stays may be older, see RekeyAddresses
		user.EmailKey = emailKey(user.Email)
		if before != nil && deref(before.EmailKey) != deref(user.EmailKey) {
			user.EmailVerifiedAt = nil // of another one
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

// checkProfile keeps a caller from changing a user whom other organizations share: what one of them wrote would be true in all. A person
// who may not write the user is refused whatever it was, unless memberships alone are to change.
func checkProfile(ctx context.Context, tx *store.DB, by Caller, before, user *User, in *Change) error {
	changed := changedFields(before, user)
	_, moves := in.Links["organizations"]
	if by.Scope.All() || len(changed) == 0 && (by.User() == "" || moves) {
		return nil
	}
	all, err := membershipOrganizations(ctx, tx, collection.Everything(), user.ID)
	if err != nil {
		return err
	}
	writable, err := writableOf(ctx, tx, by, user.ID, all)
	if err != nil {
		return err
	}
	if writable {
		if err := checkSignIn(by, before, user, in); err != nil {
			return err
		}
		for _, field := range []string{"email", "active"} {
			if slices.Contains(changed, field) && by.User() != user.ID {
				if err := checkHigher(ctx, tx, by, user.ID, all, field); err != nil {
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
		return &store.Error{Kind: store.Forbidden, Message: "This needs users:write at every organization of the user."}
	}
	var errs store.Errors
	for _, field := range changed {
		errs = append(errs, &store.Error{Kind: store.Forbidden, Field: field,
			Message: "This user is also in other organizations: " + field + " can be changed only by who manages every one of them."})
	}
	return errs
}

// writableOf reports whether a caller may write users in every organization of one. Their own profile people may write.
func writableOf(ctx context.Context, tx *store.DB, by Caller, user string, organizations []string) (bool, error) {
	if by.User() == "" {
		seen, err := membershipOrganizations(ctx, tx, by.Scope, user)
		return len(seen) == len(organizations), err
	}
	if by.User() == user {
		return true, nil
	}
	for _, organization := range organizations {
		if err := by.may(ctx, tx, organization, "users:write"); err != nil {
			if store.IsKind(err, store.Forbidden) {
				return false, nil
			}
			return false, err
		}
	}
	return true, nil
}

// mayWriteProfile refuses a caller that may not change the profile of a user whom it sees.
func mayWriteProfile(ctx context.Context, tx *store.DB, by Caller, user string) error {
	if !by.Rights.Hold("users:write") {
		return &store.Error{Kind: store.Forbidden, Message: "This needs users:write."}
	}
	if by.Scope.All() {
		return nil
	}
	all, err := membershipOrganizations(ctx, tx, collection.Everything(), user)
	if err != nil {
		return err
	}
	if writable, err := writableOf(ctx, tx, by, user, all); err != nil || writable {
		return err
	}
	return &store.Error{Kind: store.Forbidden, Message: "This needs users:write at every organization of the user."}
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
