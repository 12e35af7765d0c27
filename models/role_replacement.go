package models

import (
	"context"
	"fmt"
	"slices"

	"roster/models/collection"
	"roster/models/store"
)

// RoleReplacement says what the members of a branch get instead of a role that cannot be used where the branch is moved to.
type RoleReplacement struct{ From, To string }

// replacements are those of one move.
type replacements []RoleReplacement

// RoleReplacements is the name of replacements in the meta of a request, and in what is wrong with them.
const RoleReplacements = "roleReplacements"

// maxReplaced bounds the memberships that one move changes.
const maxReplaced = 200

// replacementError returns the error of a member of one replacement.
func replacementError(kind store.Kind, i int, member, message string) *store.Error {
	return &store.Error{Kind: kind, Field: RoleReplacements, Index: i, Member: member, Message: message}
}

// to returns the roles that are given, each at the place of its replacement.
func (rs replacements) to() Links {
	return store.Column(rs, func(r RoleReplacement) string { return r.To })
}

// instead returns the place of the replacement of a role, -1 for none.
func (rs replacements) instead(role string) int {
	return slices.IndexFunc(rs, func(r RoleReplacement) bool { return r.From == role })
}

// holders returns the condition that a membership is in a branch and has one of the roles that are replaced.
func (rs replacements) holders(branch string) collection.Where {
	from := Links(store.Column(rs, func(r RoleReplacement) string { return r.From })).known()
	return collection.Condition(`id IN (SELECT DISTINCT m.id FROM organization_paths p
		JOIN memberships m ON m.organization_id = p.descendant_id JOIN membership_roles mr ON mr.membership_id = m.id
		WHERE p.ancestor_id = ? AND mr.role_id IN ? LIMIT ?)`, branch, from, maxReplaced+1)
}

// lockHolders locks the memberships that a move is going to change, before their organizations, as everywhere. There will be no more of
// them, because who gives one of these roles shares the lock of the tree (see lockForRoles).
func (rs replacements) lockHolders(ctx context.Context, tx *store.DB, branch string) error {
	if len(rs) == 0 {
		return nil
	}
	_, err := lockMemberships(ctx, tx, rs.holders(branch))
	return err
}

// check makes sure that what is replaced are roles, each once, that the caller sees and that belong to one of some organizations.
func (rs replacements) check(ctx context.Context, tx *store.DB, by Caller, left []string) error {
	var errs store.Errors
	for i, r := range rs {
		role, err := collection.Find(ctx, tx, Roles, by.Scope, r.From, nil)
		switch {
		case store.IsKind(err, store.NotFound):
			missing := store.NoRelated("", 0, Roles.Schema.Type, r.From)
			errs = append(errs, replacementError(store.RelatedNotFound, i, "from", missing.Message))
		case err != nil:
			return err
		case rs.instead(r.From) < i:
			errs = append(errs, replacementError(store.Invalid, i, "from", "That role is replaced already."))
		case !slices.Contains(left, deref(role.(*Role).OrganizationID)):
			errs = append(errs, replacementError(store.Invalid, i, "from", "That role can be used in the branch after the move, too."))
		}
	}
	return errs.Err()
}

// carryOut gives the members of a branch that was moved other roles for those that they cannot have there. Each is a grant at its new
// place: by who may write memberships there, to people of a lower rank, of what the caller holds. What is deleted is judged at the head of
// the branch, because nobody holds anything at it.
func (rs replacements) carryOut(ctx context.Context, tx *store.DB, by Caller, head string) error {
	if len(rs) == 0 {
		return nil
	}
	err := by.may(ctx, tx, head, "memberships:write")
	if err == nil {
		all, _ := AddMembers.parts(nil, rs.to())
		err = checkGrant(ctx, tx, by, head, rs.to(), all)
	}
	if err != nil {
		return asReplacement(err)
	}
	holders, err := lockMemberships(ctx, tx, rs.holders(head))
	if err != nil {
		return err
	}
	if len(holders) > maxReplaced {
		return tooManyReplaced()
	}
	live, err := collection.VisibleIDs(ctx, tx, Organizations, collection.Everything(),
		store.SortedUnique(store.Column(holders, func(m *Membership) string { return m.OrganizationID })))
	if err != nil {
		return err
	}
	for _, m := range holders {
		place := m.OrganizationID
		if !live[place] {
			place = head
		}
		if err := rs.give(ctx, tx, by, m, place); err != nil {
			return asReplacement(err)
		}
	}
	return nil
}

// tooManyReplaced is the refusal of a move that would change more memberships than one can.
func tooManyReplaced() error {
	return &store.Error{Kind: store.Conflict, Field: "parent", Message: fmt.Sprintf(
		"More than %d members of the branch have the roles that are replaced. Give some of them others first.", maxReplaced)}
}

// give replaces the roles of one membership, as a grant at a place.
func (rs replacements) give(ctx context.Context, tx *store.DB, by Caller, m *Membership, place string) error {
	before, err := rolesOf(ctx, tx, m)
	if err != nil {
		return err
	}
	var after []string
	var places []int
	for _, role := range before {
		if i := rs.instead(role); i >= 0 {
			places, role = append(places, i), rs[i].To
		}
		after = append(after, role)
	}
	if err := checkMember(ctx, tx, by, m.UserID, place); err != nil {
		return err
	}
	if err := checkGrant(ctx, tx, by, place, rs.to(), places); err != nil {
		return err
	}
	return saveRoles(ctx, tx, by, m, before, store.SortedUnique(after))
}

// asReplacement returns a refusal of grants as one of the replacements that they come from.
func asReplacement(err error) error {
	refusals := store.ErrorsOf(err)
	if refusals == nil {
		return err
	}
	for _, refusal := range refusals {
		if refusal.Field == "roles" {
			refusal.Member = "to"
		}
		refusal.Field = "roleReplacements"
	}
	return refusals
}
