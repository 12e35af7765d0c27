package models

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// MemberChange is what a request does to the members of a to-many relationship (§ Updating To-Many Relationships).
type MemberChange int

// The changes of members. Those to add that are there stay, those to remove that are not there are passed over.
const (
	AddMembers MemberChange = iota
	RemoveMembers
	ReplaceMembers // by those that are named, as far as the caller sees
)

// ChangeMembers changes the members of a to-many relationship of one resource. Each member changes as it would alone, with the same
// events: a membership begins or ends, an organization moves. It fails with the kinds NotFound, RelatedNotFound for each identifier, and
// those of the single changes.
func ChangeMembers(ctx context.Context, db *store.DB, by Caller, c *collection.Collection, id, relationship string, how MemberChange,
	links Links,
) error {
	change := memberChanges[c][relationship]
	if change == nil {
		return &store.Error{Kind: store.ReadOnly, Field: relationship, Message: "The members of " + relationship + " cannot be changed."}
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		return change(ctx, tx, by, id, how, links)
	})
}

// memberChanges holds how the members of each to-many relationship are changed that can be.
var memberChanges = map[*collection.Collection]map[string]memberChange{
	Users:         {"organizations": changeOrganizationsOf},
	Organizations: {"users": changeUsersOf, "children": changeChildrenOf},
	Memberships:   {"roles": changeRolesOf},
}

type memberChange func(ctx context.Context, tx *store.DB, by Caller, id string, how MemberChange, links Links) error

// parts returns what a change of members comes to: the positions in the links of those that join, each once, and those who leave.
func (how MemberChange) parts(present []string, links Links) (join []int, leave []string) {
	is, named := map[string]bool{}, map[string]bool{}
	for _, id := range present {
		is[id] = true
	}
	for i, id := range links {
		if how != RemoveMembers && !is[id] && !named[id] {
			join = append(join, i)
		}
		named[id] = true
	}
	for _, id := range present {
		if how == RemoveMembers && named[id] || how == ReplaceMembers && !named[id] {
			leave = append(leave, id)
		}
	}
	return join, leave
}

// mostPresent bounds the members that are read for a change: beyond it more would leave than can.
const mostPresent = 2 * jsonapi.MaxLinkage

// checkLeaving bounds what one request ends.
func checkLeaving(relationship string, leave []string) error {
	if len(leave) <= jsonapi.MaxLinkage {
		return nil
	}
	return &store.Error{Kind: store.Forbidden, Field: relationship,
		Message: fmt.Sprintf("That would remove more than %d members: remove them by DELETE, so many at a time.", jsonapi.MaxLinkage)}
}

// changeUsersOf changes the people in an organization. Users are locked before memberships, and those before organizations, as everywhere.
func changeUsersOf(ctx context.Context, tx *store.DB, by Caller, organization string, how MemberChange,
	links Links,
) error {
	if !jsonapi.IsID(organization) {
		return store.NoResource("organizations", organization)
	}
	users := links.known()
	in := collection.Condition("organization_id = ?", organization)
	if how == ReplaceMembers {
		var present []string
		q := Memberships.From(ctx, tx, append(Memberships.Present(by.Scope), in)...)
		if err := q.Limit(mostPresent+1).Pluck("user_id", &present).Error; err != nil {
			return fmt.Errorf("read members: %w", err)
		}
		if _, leave := how.parts(present, links); len(leave) > jsonapi.MaxLinkage {
			return checkLeaving("users", leave)
		}
		users = append(users, present...)
	}
	seen, err := lockUsers(ctx, tx, by.Scope, users)
	if err != nil {
		return err
	}
	memberships, err := lockMemberships(ctx, tx, append(Memberships.Present(by.Scope), in, collection.Condition("user_id IN ?", seen))...)
	if err != nil {
		return err
	}
	if err := shareOrganization(ctx, tx, by.Scope, organization); err != nil {
		return err
	}
	if how != RemoveMembers || !slices.Equal(links, Links{by.User()}) { // anyone may leave
		if err := by.may(ctx, tx, organization, "memberships:write"); err != nil {
			return err
		}
	}
	join, leave := how.parts(store.Column(memberships, func(m *Membership) string { return m.UserID }), links)
	for _, m := range memberships {
		if !slices.Contains(leave, m.UserID) {
			continue
		}
		if err := endMembership(ctx, tx, by, m); err != nil {
			return err
		}
	}
	joined, err := joinUsers(ctx, tx, by, organization, seen, join, links)
	if err != nil {
		return err
	}
	for _, user := range append(leave, joined...) {
		if err := touchUser(ctx, tx, user); err != nil {
			return err
		}
	}
	return nil
}

// joinUsers makes the users at some positions of links members of an organization, and returns their ids. The error has all those
// that the caller does not see.
func joinUsers(ctx context.Context, tx *store.DB, by Caller, organization string, seen []string, join []int,
	links Links,
) ([]string, error) {
	var errs store.Errors
	var joined []string
	for _, i := range join {
		user := links[i]
		if _, found := slices.BinarySearch(seen, user); !found {
			errs = append(errs, store.NoRelated("users", i, "users", user))
			continue
		}
		joined = append(joined, user)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	for _, user := range joined {
		if _, err := addMembership(ctx, tx, by, organization, user); err != nil {
			return nil, err
		}
		if err := checkMemberships(ctx, tx, user); err != nil {
			return nil, err
		}
	}
	return joined, nil
}

// lockUsers locks those of some users that a scope sees, and returns their ids in order.
func lockUsers(ctx context.Context, tx *store.DB, scope collection.Scope, ids []string) ([]string, error) {
	seen := []string{}
	q := Users.From(ctx, tx, Users.Visible(scope), collection.Condition("users.id IN ?", ids)).Clauses(forUpdate)
	if err := q.Order("users.id").Pluck("users.id", &seen).Error; err != nil {
		return nil, fmt.Errorf("lock users: %w", err)
	}
	return seen, nil
}

// changeChildrenOf moves organizations below another one, and those that leave it to the head of trees of their own.
func changeChildrenOf(ctx context.Context, tx *store.DB, by Caller, parent string, how MemberChange, links Links) error {
	if err := lockTrees(ctx, tx, alone, append(links.known(), parent)...); err != nil {
		return err
	}
	if err := shareOrganization(ctx, tx, by.Scope, parent); err != nil {
		return err
	}
	word := "organizations:write"
	if how == RemoveMembers {
		word = deleteOrganizations
	}
	if err := by.may(ctx, tx, parent, word); err != nil {
		return err
	}
	children := append(Organizations.Present(by.Scope), collection.Condition("organizations.parent_id = ?", parent))
	if how != ReplaceMembers {
		children = append(children, collection.Condition("organizations.id IN ?", links.known()))
	}
	var present []string
	q := Organizations.From(ctx, tx, children...).Order("organizations.id").Limit(mostPresent + 1)
	if err := q.Pluck("organizations.id", &present).Error; err != nil {
		return fmt.Errorf("read children: %w", err)
	}
	join, leave := how.parts(present, links)
	if err := checkLeaving("children", leave); err != nil {
		return err
	}
	moveTo := func(child string, to Links) error {
		_, err := UpdateOrganization(ctx, tx, by, child, &Change{Links: map[string]Links{"parent": to}})
		return err
	}
	for _, child := range leave {
		if err := moveTo(child, nil); err != nil {
			return ofMember(err, "children", 0, child)
		}
	}
	var errs store.Errors
	for _, i := range join {
		child := links[i]
		err := moveTo(child, Links{parent})
		switch refusal := (*store.Error)(nil); {
		case err == nil:
		case errors.As(ofMember(err, "children", i, child), &refusal):
			if errs = append(errs, refusal); refusal.Whole {
				return errs // so it is for those behind it
			}
		default:
			return err
		}
	}
	return errs.Err()
}

// ofMember returns the refusal of a change of one member as one of the relationship.
func ofMember(err error, relationship string, i int, id string) error {
	var refusal *store.Error
	switch {
	case !errors.As(err, &refusal):
		return err
	case refusal.Kind == store.NotFound:
		return store.NoRelated(relationship, i, "organizations", id)
	default:
		of := *refusal
		of.Field, of.Index = relationship, i
		return &of
	}
}
