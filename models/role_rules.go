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
			invalid("permissions", "%.80q is no permission: a small letter, then small letters, digits and . _ : -, 64 characters at most.",
				word)
		}
	}
	words := slices.Clone(role.Permissions)
	slices.Sort(words)
	role.Permissions = jsonapi.Strings(slices.Compact(words))
	return errs.Err()
}

// checkUnused makes sure that nobody has a role, whose row the transaction has locked, and that no open invitation offers it.
func checkUnused(ctx context.Context, tx *store.DB, id string) error {
	var n struct{ Given, Offered int64 }
	err := tx.Session(ctx).Raw(`SELECT (SELECT COUNT(*) FROM membership_roles WHERE role_id = ?) AS given,
			(SELECT COUNT(*) FROM invitation_roles ir JOIN invitations ON invitations.id = ir.invitation_id
				WHERE ir.role_id = ? AND `+openInvitations+`) AS offered`, id, id, tx.Now()).Scan(&n).Error
	switch {
	case err != nil:
		return fmt.Errorf("count who has a role: %w", err)
	case n.Given > 0:
		return &store.Error{Kind: store.Conflict, Message: fmt.Sprintf("%d memberships have the role. Give them others first.", n.Given)}
	case n.Offered > 0:
		return &store.Error{Kind: store.Conflict, Message: fmt.Sprintf("%d open invitations offer the role. Revoke them first.", n.Offered)}
	}
	return nil
}

// checkEditing makes sure that states of a role are within what the caller holds at the organization of the role.
func checkEditing(ctx context.Context, tx *store.DB, by Caller, states ...*Role) error {
	for _, role := range states {
		if err := by.may(ctx, tx, deref(role.OrganizationID), "roles:write"); err != nil {
			return err
		}
		s, err := standingOf(ctx, tx, by, deref(role.OrganizationID))
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
