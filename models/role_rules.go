package models

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

var roleKey = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// builtInKeys are the keys of the built-in roles, which no other role has: programs know what they mean.
var builtInKeys = []string{"owner", "admin", "manager", "member", "viewer"}

const maxRank = 99 // of a role that is not built in; the owner's is 100

// checkRole holds the rules of a role as it is to be, and puts its permissions in order.
func checkRole(role *Role) error {
	var errs store.Errors
	invalid := func(field, message string, args ...any) {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: field, Message: fmt.Sprintf(message, args...)})
	}
	switch {
	case !roleKey.MatchString(role.Key):
		invalid("key", "key must begin with a small letter and go on with small letters, digits, _ and -, 63 characters at most.")
	case slices.Contains(builtInKeys, role.Key):
		invalid("key", "%s is the key of a built-in role.", role.Key)
	}
	if role.Rank < 1 || role.Rank > maxRank {
		invalid("rank", "rank must be 1 to %d.", maxRank)
	}
	for _, word := range role.Permissions {
		switch {
		case word == EveryScope:
			invalid("permissions", "Only the built-in role owner has the permission *.")
		case !isPermission(word):
			invalid("permissions", "%.80q is no permission: %s.", word, wordForm)
		}
	}
	words := slices.Clone(role.Permissions)
	slices.Sort(words)
	role.Permissions = jsonapi.Strings(slices.Compact(words))
	return errs.Err()
}

// checkEditing makes sure that states of a role are within what the caller holds at the organization of the role.
func checkEditing(ctx context.Context, tx *store.DB, by Caller, states ...*Role) error {
	for _, role := range states {
		s, err := by.at(ctx, tx, deref(role.OrganizationID), "roles:write")
		if err != nil {
			return err
		}
		wide := *role // it may be given anywhere below
		wide.Inheritable = true
		if lacking := s.lacking(&wide); lacking != nil {
			return lacking
		}
	}
	return nil
}
