package models

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// linkDead is the refusal of a link that does not work, whatever the reason.
func linkDead() error {
	return &store.Error{Kind: store.NotFound, Message: "This link does not work: it was used, or ended, or its time is over."}
}

// AcceptInvitation makes who was asked a member of the organization, with the roles of the invitation, and returns the invitation, whose
// AcceptedBy they are. For an address that no user has it makes one of the profile, which needs password, firstName and lastName; whose
// address it is accepts as the caller. Their account stays as it is, but that mail is known to reach them if the link came by one. The
// caller may be nobody.
//
// It fails with NotFound for a token that does not work, with Unauthenticated where there is a user and nobody has called, with Forbidden
// where somebody else has, with Required and Invalid for the profile, and with Conflict if who sent the invitation may not give its roles
// any more.
func AcceptInvitation(ctx context.Context, db *store.DB, by Caller, token string, profile *Change) (*Invitation, error) {
	seen, err := findOpen(ctx, db, token)
	if err != nil {
		return nil, err
	}
	user, err := invited(ctx, db, by, seen)
	if err != nil {
		return nil, unlessDead(ctx, db, token, err)
	}
	if user == nil { // hashing costs, and is for who may sign up
		if err := checkSignUp(profile); err != nil {
			return nil, err
		}
		profile.Attributes["email"] = seen.Email
		if err := HashPassword(ctx, db, profile); err != nil {
			return nil, err
		}
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (*Invitation, error) {
		roles, err := offeredRoles(ctx, tx, seen.ID)
		if err != nil {
			return nil, err
		}
		if err := lockForRoles(ctx, tx, seen.OrganizationID, roles); err != nil {
			return nil, err
		}
		user, err := invited(ctx, tx, by, seen)
		if err != nil {
			return nil, unlessDead(ctx, tx, token, err)
		}
		err = shareOrganization(ctx, tx, collection.Everything(), seen.OrganizationID)
		if err != nil && !store.IsKind(err, store.NotFound) { // if it was deleted right now, the link is dead
			return nil, err
		}
		inv, err := lockOpen(ctx, tx, token)
		if err != nil {
			return nil, err
		}
		if err := inv.judge(ctx, tx, roles); err != nil {
			return nil, err
		}
		who := by
		if user == nil {
			user, who, err = signUp(ctx, tx, by, inv, profile)
		} else {
			err = verifyAddress(ctx, tx, by, inv, user)
		}
		if err != nil {
			return nil, err
		}
		return inv, inv.accept(ctx, tx, who, user.ID, roles)
	})
}

// accept makes a user a member by an invitation that is locked and was judged, and ends it.
func (inv *Invitation) accept(ctx context.Context, tx *store.DB, who Caller, user string, roles Links) error {
	if err := join(ctx, tx, who, inv, user, roles); err != nil {
		return err
	}
	inv.AcceptedBy = &user
	return inv.decide(ctx, tx, who, accepted)
}

// DeclineInvitation ends an invitation for who was asked, and returns it. It fails with NotFound for a token that does not work.
func DeclineInvitation(ctx context.Context, db *store.DB, requestID, token string) (*Invitation, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (*Invitation, error) {
		inv, err := lockOpen(ctx, tx, token)
		if err != nil {
			return nil, err
		}
		by := System("invitation") // nobody has shown who they are
		by.RequestID = requestID
		return inv, inv.decide(ctx, tx, by, declined)
	})
}

// findOpen returns the invitation whose token it is, if that works now. The organization must be there.
func findOpen(ctx context.Context, db *store.DB, token string, locking ...clause.Expression) (*Invitation, error) {
	if !LinkPattern.MatchString(token) {
		return nil, linkDead()
	}
	var found []*Invitation
	err := Invitations.From(ctx, db, append(Invitations.Present(collection.Everything()),
		collection.Condition("invitations.token_hash = ?", linkToken{invitationLink, token}.hash(db.Vault())),
		collection.Condition(openInvitations, db.Now()))...).Clauses(locking...).Limit(1).Find(&found).Error
	switch {
	case err != nil:
		return nil, fmt.Errorf("find invitation: %w", err)
	case len(found) == 0:
		return nil, linkDead()
	}
	return found[0], nil
}

// lockOpen is findOpen for an invitation that is to be answered: of two answers at once the second one finds nothing.
func lockOpen(ctx context.Context, tx *store.DB, token string) (*Invitation, error) {
	return findOpen(ctx, tx, token, forUpdate)
}

// unlessDead returns the refusal of who answers an invitation: that the link is dead, if it is by now. Who is not the one who was asked has
// perhaps waited for them, and they have become a user by the same link.
func unlessDead(ctx context.Context, db *store.DB, token string, refusal error) error {
	if _, err := findOpen(ctx, db, token); err != nil {
		return err
	}
	return refusal
}

// joining is what a key holds that its person becomes a member by.
const joining = "memberships:write"

// invited returns the user who was asked, nil if nobody has the address, and makes sure that it is they who call. Within a transaction
// they are locked.
func invited(ctx context.Context, db *store.DB, by Caller, inv *Invitation) (*User, error) {
	user, err := userWithAddress(ctx, db, inv.EmailKey)
	switch {
	case err != nil:
		return nil, err
	case by.Kind == "" && user != nil:
		return nil, &store.Error{Kind: store.Unauthenticated,
			Message: "There is a user with that address: accept with a credential of theirs."}
	case by.Kind == "":
		return nil, nil
	case user != nil && user.ID == by.User() && by.withholds(joining):
		return nil, &store.Error{Kind: store.Forbidden, Message: "This needs " + joining + "."}
	case user != nil && user.ID == by.User():
		return user, nil
	default:
		return nil, &store.Error{Kind: store.Forbidden, Message: "The invitation is to another address than that of who calls."}
	}
}

// userWithAddress returns the user with an address, nil if there is none. Within a transaction they are locked.
func userWithAddress(ctx context.Context, db *store.DB, key string) (*User, error) {
	q := Users.From(ctx, db, collection.Condition("users.email_key = ?", key))
	if db.InTransaction() {
		q = q.Clauses(forUpdate)
	}
	var found []*User
	if err := q.Limit(1).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("find user by address: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], Users.Complete(db, found[0])
}

// signUpNeeds are the attributes without which nobody signs up.
var signUpNeeds = []string{"password", "firstName", "lastName"}

// checkSignUp holds the rules of what a new user says of themselves.
func checkSignUp(profile *Change) error {
	var errs store.Errors
	for _, name := range signUpNeeds {
		if text, given := profile.Attributes[name].(string); !given || text == "" {
			errs = append(errs, &store.Error{Kind: store.Required, Field: name,
				Message: "Nobody has that address yet: who signs up needs " + name + "."})
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return profile.check(Users, toCreate)
}

// signUp makes the user who was asked, and returns them and the caller that they are from then on.
func signUp(ctx context.Context, tx *store.DB, by Caller, inv *Invitation, profile *Change) (*User, Caller, error) {
	now := jsonapi.Stamp{Time: tx.Now()}
	user := &User{ID: NewID(), CreatedAt: now, UpdatedAt: now, Active: true, Version: 1}
	Users.Schema.Apply(user, profile.Attributes)
	if err := prepareUser(tx, by, nil, user, profile); err != nil {
		return nil, by, err
	}
	if user.EmailClaimed = !inv.Mailed; inv.Mailed {
		user.EmailVerifiedAt = &now
	}
	if err := insertUser(ctx, tx, user); err != nil {
		return nil, by, err
	}
	who := themselves(user, by.RequestID)
	ch := change{verb: created, collection: Users, organization: inv.OrganizationID, after: user}
	return user, who, record(ctx, tx, who, ch)
}

// themselves returns the caller that a user is who has shown it by a link.
func themselves(user *User, requestID string) Caller {
	return Caller{
		Kind: BySession, ID: user.ID, Name: user.FullName, RequestID: requestID, Scope: collection.Person(user.ID),
		Rights: Rights{Scopes: []string{EveryScope}},
	}
}

// verifyAddress notes that mail reaches a user, if they have opened the link of one.
func verifyAddress(ctx context.Context, tx *store.DB, by Caller, inv *Invitation, user *User) error {
	if !inv.Mailed || user.EmailVerifiedAt != nil {
		return nil
	}
	before := *user
	user.EmailVerifiedAt, user.EmailClaimed = &jsonapi.Stamp{Time: tx.Now()}, false
	return saveUser(ctx, tx, by, &before, user, nil)
}

// join makes a user, who is locked, a member of the organization of an invitation, or gives the membership that they have its roles, too.
// Whether these may be given was judged.
func join(ctx context.Context, tx *store.DB, who Caller, inv *Invitation, user string, roles Links) error {
	there, err := lockMemberships(ctx, tx, collection.Condition("organization_id = ? AND user_id = ?", inv.OrganizationID, user))
	if err != nil {
		return err
	}
	if len(there) > 0 {
		before, err := rolesOf(ctx, tx, there[0])
		if err != nil {
			return err
		}
		after := store.SortedUnique(append(append([]string{}, before...), roles...))
		if len(after) == len(before) {
			return nil
		}
		return saveRoles(ctx, tx, who, there[0], before, after)
	}
	if _, err := addMembership(ctx, tx, who.ruled(), inv.OrganizationID, user, roles...); err != nil {
		return err
	}
	if err := touchUser(ctx, tx, user); err != nil {
		return err
	}
	return checkMemberships(ctx, tx, user)
}

// acceptForAddress makes a user of somebody whose address a provider has verified, by the oldest open invitation to it that still gives
// what it offers, and returns them; nil if there is none. Others they answer themselves.
func acceptForAddress(ctx context.Context, tx *store.DB, requestID string, s Subject) (*User, error) {
	var open []*Invitation
	err := Invitations.From(ctx, tx, append(Invitations.Present(collection.Everything()),
		collection.Condition("invitations.email_key = ?", deref(emailKey(&s.Email))),
		collection.Condition(openInvitations, tx.Now()))...).Order("created_at, id").Find(&open).Error
	if err != nil {
		return nil, fmt.Errorf("find invitations to an address: %w", err)
	}
	for _, seen := range open {
		user, err := signUpFor(ctx, tx, requestID, s, seen)
		if user != nil || err != nil && len(store.ErrorsOf(err)) == 0 {
			return user, err
		}
	}
	return nil, nil
}

// signUpFor accepts one invitation for somebody whose address a provider has verified. A refusal says that it cannot be accepted.
func signUpFor(ctx context.Context, tx *store.DB, requestID string, s Subject, seen *Invitation) (*User, error) {
	roles, err := offeredRoles(ctx, tx, seen.ID)
	if err != nil {
		return nil, err
	}
	if err := lockForRoles(ctx, tx, seen.OrganizationID, roles); err != nil {
		return nil, err
	}
	if err := shareOrganization(ctx, tx, collection.Everything(), seen.OrganizationID); err != nil {
		return nil, err
	}
	inv, err := lockWhere[Invitation](ctx, tx, Invitations, seen.ID, collection.Condition(openInvitations, tx.Now()))
	if err != nil {
		return nil, err
	}
	if err := inv.judge(ctx, tx, roles); err != nil {
		return nil, err
	}
	profile := &Change{Attributes: map[string]any{"email": s.Email}}
	for name, text := range map[string]string{"firstName": s.FirstName, "lastName": s.LastName} {
		if a := Users.Schema.Attribute(name); text != "" && a.Check(text) == "" {
			profile.Attributes[name] = text
		}
	}
	user, who, err := signUp(ctx, tx, Caller{RequestID: requestID}, inv, profile)
	if err != nil {
		return nil, err
	}
	return user, inv.accept(ctx, tx, who, user.ID, roles)
}
