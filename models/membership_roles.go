package models

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// lockForRoles keeps an organization in its place until the transaction ends, if it is to be given roles that are not built in: these can
// be used only below the organization that they belong to. Like every lock of a tree it comes before those of rows.
func lockForRoles(ctx context.Context, tx *store.DB, organization string, roles Links) error {
	if !slices.ContainsFunc(roles, func(id string) bool { return !slices.Contains(builtInRoles, id) }) {
		return nil
	}
	return lockTrees(ctx, tx, shared, organization)
}

// lockForRolesOf is lockForRoles for a membership that is there.
func lockForRolesOf(ctx context.Context, tx *store.DB, scope collection.Scope, membership string, roles Links) error {
	if len(roles) == 0 {
		return nil
	}
	found, err := collection.Find(ctx, tx, Memberships, scope, membership, nil)
	if err != nil {
		return err
	}
	return lockForRoles(ctx, tx, found.(*Membership).OrganizationID, roles)
}

// rolesOf returns the ids of the roles of a membership, in order.
func rolesOf(ctx context.Context, tx *store.DB, m *Membership) (ids []string, err error) {
	err = tx.Session(ctx).Raw(`SELECT role_id FROM membership_roles WHERE membership_id = ? ORDER BY role_id`, m.ID).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("read roles of a membership: %w", err)
	}
	return ids, nil
}

// given is a role that a membership has, or that an invitation offers.
type given struct{ owner, role string }

var insertGiven = store.InsertRows("insert roles of a membership", "membership_roles", "",
	store.Col("membership_id", "uuid", func(g given) string { return g.owner }),
	store.Col("role_id", "uuid", func(g given) string { return g.role }))

func insertRoles(ctx context.Context, tx *store.DB, m *Membership, roles []string) error {
	roles = store.SortedUnique(slices.Clone(roles))
	return insertGiven.Later(ctx, tx, store.Column(roles, func(id string) given { return given{m.ID, id} }))
}

// checkGrant makes sure that a caller may give the roles at some places of a list at an organization: they are seen, can be
// used there, and are within what the caller holds there. The error has each that is not. What is given stays as it is until the
// transaction ends.
func checkGrant(ctx context.Context, tx *store.DB, by Caller, organization string, roles Links, places []int) error {
	s, err := by.there(ctx, tx, organization)
	if err != nil {
		return err
	}
	var errs store.Errors
	for _, i := range places {
		id := roles[i]
		role, err := usableRole(ctx, tx, by.Scope, organization, id)
		var refusal *store.Error
		switch {
		case store.IsKind(err, store.NotFound):
			refusal = store.NoRelated("roles", i, Roles.Schema.Type, id)
		case err != nil:
			return err
		case role == nil:
			refusal = &store.Error{Kind: store.Invalid, Field: "roles", Index: i,
				Message: unusableThere}
		default:
			if refusal = s.lacking(role); refusal != nil {
				refusal.Field, refusal.Index = "roles", i
			}
		}
		if refusal != nil {
			errs = append(errs, refusal)
		}
	}
	return errs.Err()
}

// unusableThere is what is told of a role that cannot be given at an organization.
const unusableThere = "That role is usable in its own organization and below alone."

// usableRole returns a role that a scope sees, nil if it cannot be given at an organization.
func usableRole(ctx context.Context, tx *store.DB, scope collection.Scope, organization, id string) (*Role, error) {
	if err := share(ctx, tx, Roles, scope, id); err != nil {
		return nil, err
	}
	var found []*Role
	err := Roles.From(ctx, tx, collection.Condition("roles.id = ?", id), usableAt(organization)).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("read role: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// usableAt returns the condition that a role can be given at an organization: it is built in, or that of the organization or of one above.
func usableAt(organization string) collection.Where {
	return collection.Condition("(roles.organization_id IS NULL OR EXISTS (SELECT 1 FROM organization_paths p "+
		"WHERE p.ancestor_id = roles.organization_id AND p.descendant_id = ?))", organization)
}

// checkMember makes sure that a caller may change or end the membership of a user in an organization: its own, or that of somebody of a
// lower rank; an owner anybody's.
func checkMember(ctx context.Context, tx *store.DB, by Caller, user, organization string) error {
	if by.User() == user {
		return nil
	}
	if err := by.may(ctx, tx, organization, "memberships:write"); err != nil {
		return err
	}
	higher, err := outranks(ctx, tx, by, user, organization)
	if err == nil && !higher {
		err = &store.Error{Kind: store.Forbidden, Message: "Only an owner changes the membership of somebody of an equal or higher rank."}
	}
	return err
}

// touches refuses who may not change a membership at all: it is their own, or they may write memberships there.
func (by Caller) touches(ctx context.Context, tx *store.DB, m *Membership) error {
	if by.User() == m.UserID {
		return nil
	}
	return by.may(ctx, tx, m.OrganizationID, "memberships:write")
}

// changeRolesOf changes the roles of a membership at their URL.
func changeRolesOf(ctx context.Context, tx *store.DB, by Caller, membership string, how MemberChange, links Links) error {
	if err := lockForRolesOf(ctx, tx, by.Scope, membership, links); err != nil {
		return err
	}
	m, err := lockLive[Membership](ctx, tx, Memberships, by.Scope, membership)
	if err != nil {
		return err
	}
	if err := by.touches(ctx, tx, m); err != nil {
		return err
	}
	return changeRoles(ctx, tx, by, m, how, links)
}

// changeRoles changes the roles of a membership that the transaction has locked, as far as the caller sees them.
func changeRoles(ctx context.Context, tx *store.DB, by Caller, m *Membership, how MemberChange, links Links) error {
	before, err := rolesOf(ctx, tx, m)
	if err != nil {
		return err
	}
	seen, err := collection.VisibleIDs(ctx, tx, Roles, by.Scope, before)
	if err != nil {
		return err
	}
	hidden := slices.DeleteFunc(slices.Clone(before), func(id string) bool { return seen[id] })
	join, leave := how.parts(slices.DeleteFunc(slices.Clone(before), func(id string) bool { return !seen[id] }), links)
	if len(join)+len(leave) == 0 {
		return nil
	}
	if err := checkMember(ctx, tx, by, m.UserID, m.OrganizationID); err != nil {
		return err
	}
	if len(join) > 0 { // roles of their own people may give up, not take
		if err := by.may(ctx, tx, m.OrganizationID, "memberships:write"); err != nil {
			return err
		}
	}
	if err := checkGrant(ctx, tx, by, m.OrganizationID, links, join); err != nil {
		return err
	}
	added := store.Column(join, func(i int) string { return links[i] })
	after := slices.DeleteFunc(append(slices.Clone(before), added...), func(id string) bool { return slices.Contains(leave, id) })
	if len(after) == 0 || len(after) == len(hidden) && how == ReplaceMembers && len(links) == 0 {
		return &store.Error{Kind: store.Invalid, Field: "roles", Message: "A membership has at least one role; delete it to end it."}
	}
	return saveRoles(ctx, tx, by, m, before, store.SortedUnique(after))
}

// saveRoles replaces the roles of a membership.
func saveRoles(ctx context.Context, tx *store.DB, by Caller, m *Membership, before, after []string) error {
	owned := false
	if slices.Contains(before, RoleOwner) && !slices.Contains(after, RoleOwner) {
		if _, err := lockOrganization(ctx, tx, collection.Everything(), m.OrganizationID); err != nil {
			return err
		}
		var err error
		if owned, err = lostOwner(ctx, tx, m, before); err != nil {
			return err
		}
	}
	if err := tx.Later(ctx, "delete roles of a membership", `DELETE FROM membership_roles WHERE membership_id = ?`, m.ID); err != nil {
		return err
	}
	if err := insertRoles(ctx, tx, m, after); err != nil {
		return err
	}
	if err := countChangedRoles(ctx, tx, m, before, after); err != nil {
		return err
	}
	if owned {
		if err := checkOwner(ctx, tx, m.OrganizationID); err != nil {
			return err
		}
	}
	was := *m
	m.Version++
	m.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	if err := save(ctx, tx, Memberships, m, "version", "updated_at"); err != nil {
		return err
	}
	return record(ctx, tx, by, change{
		verb: updated, collection: Memberships, organization: m.OrganizationID, before: &was, after: m,
		members: members{"roles": {before, after}},
	})
}

// lostOwner reports whether an organization loses an owner with a membership of those roles: one who is active, of what is there.
func lostOwner(ctx context.Context, tx *store.DB, m *Membership, roles []string) (bool, error) {
	if !slices.Contains(roles, RoleOwner) {
		return false, nil
	}
	s, err := standingOfUser(ctx, tx, m.UserID, m.OrganizationID)
	return s.owner, err
}

// keepOwners makes sure that the organizations which lose an owner, a user who is not active any more, still have one.
func keepOwners(ctx context.Context, tx *store.DB, user string) error {
	var owned []string
	err := tx.Session(ctx).Raw(`SELECT m.organization_id FROM memberships m
		JOIN membership_roles mr ON mr.membership_id = m.id AND mr.role_id = ?
		JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
		WHERE m.user_id = ? ORDER BY m.organization_id`+tx.Locking(" OF o"), RoleOwner, user).Scan(&owned).Error
	if err != nil {
		return fmt.Errorf("lock what a user owns: %w", err)
	}
	for _, organization := range owned {
		if err := checkOwner(ctx, tx, organization); err != nil {
			return err
		}
	}
	return nil
}

// checkOwner makes sure that an organization that has lost an owner still has one, by its own or by an ancestor's memberships. Its row is
// locked, so that of two owners who leave at once the second one finds the first gone. What is below it needs no look: its owners are those
// of what is above it, or its own.
func checkOwner(ctx context.Context, tx *store.DB, organization string) error {
	owned, err := hasOwner(ctx, tx, organization)
	if err == nil && !owned {
		err = &store.Error{Kind: store.Conflict, Message: "It is the last owner of the organization " + organization +
			": make somebody else an owner first."}
	}
	return err
}

// hasOwner reports whether an organization has an effective owner.
func hasOwner(ctx context.Context, tx *store.DB, organization string) (owned bool, err error) {
	err = tx.Session(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM `+collection.Held+` JOIN users u ON u.id = hm.user_id AND u.active
		WHERE hp.descendant_id = ? AND hr.id = ?)`, organization, RoleOwner).Scan(&owned).Error
	if err != nil {
		return false, fmt.Errorf("look for an owner: %w", err)
	}
	return owned, nil
}
