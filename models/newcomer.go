package models

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Newcomer is somebody who is to be in an organization, known by their address.
type Newcomer struct {
	// Profile is what a new user is like. It has their email.
	Profile *Change
	// Organization is the id of the one that they are to be in.
	Organization string
	// Roles are those that they get there, by their ids or keys; none for that of a member.
	Roles []string
}

// Arrival is what became of a newcomer.
type Arrival int

// What becomes of newcomers: their membership was there, it was made for a user who was there, or it was made with the user.
const (
	WasThere Arrival = iota
	Joined
	Created
)

// RefusedNewcomer is a refusal of one of several newcomers.
type RefusedNewcomer struct {
	Place int // among them
	Err   error
}

// Error implements error.
func (e *RefusedNewcomer) Error() string { return fmt.Sprintf("newcomer %d: %s", e.Place, e.Err) }

// Unwrap returns the refusal.
func (e *RefusedNewcomer) Unwrap() error { return e.Err }

// Check returns what is wrong with a newcomer in itself, of the kinds Required, Invalid and ReadOnly; nil for nothing.
func (n *Newcomer) Check() error {
	switch email, _ := n.Profile.Attributes["email"].(string); {
	case email == "":
		return &store.Error{Kind: store.Required, Field: "email", Message: "email is required."}
	case n.Organization == "":
		return &store.Error{Kind: store.Required, Field: "organization", Message: "organization is required."}
	}
	if _, given := n.Profile.Attributes["password"]; given {
		return &store.Error{Kind: store.ReadOnly, Field: "password", Message: "Newcomers set their password themselves."}
	}
	return n.Profile.check(Users, toCreate)
}

// Address returns what the address of a newcomer is compared by: the same for two spellings of one.
func (n *Newcomer) Address() string {
	email, _ := n.Profile.Attributes["email"].(string)
	return deref(emailKey(&email))
}

// Admit makes newcomers members, all in one transaction, and returns what became of each. Who is not known yet becomes a user; the profile
// of one who is there stays as it is, and so does a membership with its roles. If one of them is refused nothing is changed, and the error
// is a *RefusedNewcomer with the refusal: what Check finds, what CreateUser and CreateMembership are refused, and a Conflict for an
// address that somebody has claimed and not shown to be theirs.
func Admit(ctx context.Context, db *store.DB, by Caller, newcomers []*Newcomer) ([]Arrival, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) ([]Arrival, error) {
		organizations := store.Column(newcomers, func(n *Newcomer) string { return n.Organization })
		if err := lockTrees(ctx, tx, shared, organizations...); err != nil { // their roles may be those of an organization above
			return nil, err
		}
		known, err := lockAddresses(ctx, tx, by.Scope, newcomers)
		if err != nil {
			return nil, err
		}
		arrivals := make([]Arrival, len(newcomers))
		for i, n := range newcomers {
			arrivals[i], err = store.Resulting(ctx, tx, func(tx *store.DB) (Arrival, error) { return n.arrive(ctx, tx, by, known) })
			switch {
			case store.ErrorsOf(err) != nil:
				return nil, &RefusedNewcomer{Place: i, Err: err}
			case err != nil:
				return nil, err
			}
		}
		return arrivals, nil
	})
}

// lockAddresses locks the users who have the address of a newcomer and whom a scope sees, and returns them by what addresses are compared
// by.
func lockAddresses(ctx context.Context, tx *store.DB, scope collection.Scope, newcomers []*Newcomer) (map[string]*User, error) {
	keys := store.SortedUnique(store.Column(newcomers, (*Newcomer).Address))
	var users []*User
	q := Users.From(ctx, tx, Users.Visible(scope), collection.Condition("users.email_key IN ?", keys)).Clauses(forUpdate)
	if err := q.Select("users.id", "users.email_key", "users.email_claimed").Order("users.id").Find(&users).Error; err != nil {
		return nil, fmt.Errorf("lock users by address: %w", err)
	}
	known := map[string]*User{}
	for _, u := range users {
		known[*u.EmailKey] = u
	}
	return known, nil
}

// arrive makes one newcomer a member. known are users, who are locked, by their addresses; it gets a new one.
func (n *Newcomer) arrive(ctx context.Context, tx *store.DB, by Caller, known map[string]*User) (Arrival, error) {
	if err := n.Check(); err != nil {
		return 0, err
	}
	if err := shareOrganization(ctx, tx, by.Scope, n.Organization); err != nil {
		if store.IsKind(err, store.NotFound) {
			err = store.NoRelated("organization", 0, Organizations.Schema.Type, n.Organization)
		}
		return 0, err
	}
	roles, err := rolesNamed(ctx, tx, by.Scope, n.Organization, n.Roles)
	if err != nil {
		return 0, err
	}
	user, found := known[n.Address()]
	if !found {
		in := *n.Profile
		in.Links = map[string]Links{"organization": {n.Organization}}
		made, err := createUser(ctx, tx, by, &in, roles...)
		if err != nil {
			return 0, err
		}
		known[n.Address()] = made
		return Created, nil
	}
	there, err := organizationsIn(ctx, tx, user.ID, collection.Condition("organization_id = ?", n.Organization))
	if err != nil || len(there) > 0 {
		return WasThere, err
	}
	if user.EmailClaimed { // by anybody who has heard that the newcomer would come
		return 0, &store.Error{Kind: store.Conflict, Field: "email", Message: "A user has claimed that address and not shown that it is " +
			"theirs: invite the address, or let a management key of the whole installation set it."}
	}
	if _, err := addMembership(ctx, tx, by, n.Organization, user.ID, roles...); err != nil {
		return 0, err
	}
	if err := touchUser(ctx, tx, user.ID); err != nil {
		return 0, err
	}
	return Joined, checkMemberships(ctx, tx, user.ID)
}

// rolesNamed returns the ids of the roles with some ids or keys. A key is that of a role which can be used at the organization; the error
// has each that none or several have.
func rolesNamed(ctx context.Context, tx *store.DB, scope collection.Scope, organization string, names []string) (Links, error) {
	keys := slices.DeleteFunc(slices.Clone(names), jsonapi.IsID)
	var found []*Role
	if len(keys) > 0 {
		q := Roles.From(ctx, tx, append(Roles.Present(scope), usableAt(organization), collection.Condition("roles.key IN ?", keys))...)
		if err := q.Select("roles.id", "roles.key").Find(&found).Error; err != nil {
			return nil, fmt.Errorf("find roles by key: %w", err)
		}
	}
	var errs store.Errors
	ids := Links{}
	for i, name := range names {
		having := slices.DeleteFunc(slices.Clone(found), func(r *Role) bool { return r.Key != name })
		refused := func(kind store.Kind, message string) {
			errs = append(errs, &store.Error{Kind: kind, Field: "roles", Index: i, Message: fmt.Sprintf(message, name)})
		}
		switch {
		case jsonapi.IsID(name):
			ids = append(ids, name)
		case len(having) == 0:
			refused(store.RelatedNotFound, "There is no role %.60q to give there.")
		case len(having) > 1:
			refused(store.Invalid, "Several roles are called %.60q there: name the one that is meant by its id.")
		default:
			ids = append(ids, having[0].ID)
		}
	}
	return ids, errs.Err()
}
