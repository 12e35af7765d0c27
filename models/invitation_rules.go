package models

import (
	"context"
	"fmt"
	"time"

	"roster/models/collection"
	"roster/models/store"
)

// What happens to an invitation. The outcomes are called like their events.
const (
	resent   verb = "resent"
	accepted verb = "accepted"
	declined verb = "declined"
)

// The states in which nobody has decided.
const (
	invitationPending = "pending"
	invitationExpired = "expired"
)

// tellState sets the attribute state.
func (inv *Invitation) tellState(now time.Time) {
	switch {
	case inv.Outcome != nil:
		inv.State = *inv.Outcome
	case inv.ExpiresAt.After(now):
		inv.State = invitationPending
	default:
		inv.State = invitationExpired
	}
}

// openInvitations is the condition that invitations can be answered, with the time that it is.
const openInvitations = "invitations.outcome IS NULL AND invitations.expires_at > ?"

// inState returns the condition that an invitation is in a state now.
func inState(db *store.DB, v any) collection.Where {
	switch state, _ := v.(string); verb(state) {
	case invitationPending:
		return collection.Condition(openInvitations, db.Now())
	case invitationExpired:
		return collection.Condition("invitations.outcome IS NULL AND invitations.expires_at <= ?", db.Now())
	case accepted, declined, revoked:
		return collection.Condition("invitations.outcome = ?", state)
	default:
		return collection.Never()
	}
}

// lockPlace makes sure that the caller may invite to the organization. Until the transaction ends the organization stays in its place, if
// roles depend on that, and nobody else invites to it: of two invitations at once one is counted by the other.
func (inv *Invitation) lockPlace(ctx context.Context, tx *store.DB, by Caller, roles Links) error {
	if err := lockForRoles(ctx, tx, inv.OrganizationID, roles); err != nil {
		return err
	}
	if _, err := lockLive[Organization](ctx, tx, Organizations, by.Scope, inv.OrganizationID); err != nil {
		return err
	}
	return by.may(ctx, tx, inv.OrganizationID, "invitations:write")
}

func (inv *Invitation) checkExpiry(now time.Time) error {
	if !inv.ExpiresAt.After(now) || inv.ExpiresAt.After(now.Add(maxInvitationLife)) {
		return &store.Error{Kind: store.Invalid, Field: "expiresAt", Message: "expiresAt must be in the future, 30 days at most."}
	}
	return nil
}

// maxInvitations is how many open invitations an organization has at most.
const maxInvitations = 100

// checkRoom makes sure that an invitation may be open beside the others of its organization, which is locked: who is asked is no member and
// not asked already, and there are not too many.
func (inv *Invitation) checkRoom(ctx context.Context, tx *store.DB) error {
	var found struct {
		Member, Asked bool
		Open          int64
	}
	const others = `FROM invitations WHERE organization_id = ? AND id <> ? AND ` + openInvitations
	err := tx.Session(ctx).Raw(`SELECT
			EXISTS (SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.organization_id = ? AND u.email_key = ?) AS member,
			EXISTS (SELECT 1 `+others+` AND email_key = ?) AS asked,
			(SELECT COUNT(*) `+others+`) AS open`,
		inv.OrganizationID, inv.EmailKey, inv.OrganizationID, inv.ID, tx.Now(), inv.EmailKey, inv.OrganizationID, inv.ID, tx.Now()).
		Scan(&found).Error
	switch {
	case err != nil:
		return fmt.Errorf("look for invitations: %w", err)
	case found.Member:
		return &store.Error{Kind: store.Conflict, Field: "email", Message: "Who has that address is a member of the organization already."}
	case found.Asked:
		return &store.Error{Kind: store.Conflict, Field: "email",
			Message: "There is an open invitation to that address. Send it again, or revoke it first."}
	case found.Open >= maxInvitations:
		return &store.Error{Kind: store.Conflict,
			Message: fmt.Sprintf("An organization has at most %d open invitations. Revoke one first.", maxInvitations)}
	}
	return nil
}

// checkUndecided refuses what can only be done to an invitation that was not accepted, declined or revoked.
func (inv *Invitation) checkUndecided() error {
	if inv.Outcome != nil {
		return &store.Error{Kind: store.Conflict, Message: "The invitation is " + *inv.Outcome + " already."}
	}
	return nil
}

// checkOffer makes sure that a caller may give the roles of an invitation that is there. Which they are is not for every caller to know.
func (inv *Invitation) checkOffer(ctx context.Context, tx *store.DB, by Caller, roles Links) error {
	if len(roles) == 0 {
		return &store.Error{Kind: store.Conflict, Message: "The roles of the invitation were deleted since it expired. Make another one."}
	}
	places, _ := AddMembers.parts(nil, roles)
	err := checkGrant(ctx, tx, by, inv.OrganizationID, roles, places)
	if len(store.ErrorsOf(err)) > 0 {
		return &store.Error{Kind: store.Forbidden, Message: "The roles of the invitation are none that this caller may give there."}
	}
	return err
}

// sign gives an invitation a new token, and notes who sends it.
func (inv *Invitation) sign(tx *store.DB, by Caller) linkToken {
	link := newLinkToken(invitationLink)
	inv.TokenHash, inv.Mailed = link.hash(tx.Vault()), allowedOn(tx).Mails
	inv.InviterKind, inv.InviterID, inv.InvitedBy = by.Kind, optional(by.ID), optional(by.User())
	return link
}

// send writes the mail with the link, or shows that, and tells what happened.
func (inv *Invitation) send(ctx context.Context, tx *store.DB, by Caller, link linkToken, ch change) error {
	if inv.Mailed {
		if err := mailInvitation(ctx, tx, inv, link); err != nil {
			return err
		}
	} else {
		url := link.path(tx) // the front door knows where it is
		inv.URL = &url       // which the event hides
	}
	ch.collection, ch.organization = Invitations, inv.OrganizationID
	return record(ctx, tx, by, ch)
}

// decide ends an invitation that the transaction has locked, and its token with it.
func (inv *Invitation) decide(ctx context.Context, tx *store.DB, by Caller, outcome verb) error {
	before := *inv
	inv.Outcome, inv.TokenHash = optional(string(outcome)), nil
	if err := saveInvitation(ctx, tx, inv); err != nil {
		return err
	}
	if err := dropMailsAbout(ctx, tx, inv.ID); err != nil {
		return err
	}
	return record(ctx, tx, by, change{
		verb: outcome, collection: Invitations, organization: inv.OrganizationID, before: &before, after: inv,
	})
}

// judge makes sure that who sent an invitation may still give its roles: whoever could not make it now has not made it.
func (inv *Invitation) judge(ctx context.Context, tx *store.DB, roles Links) error {
	inviter, err := presentCaller(ctx, tx, Identity{inv.InviterKind, deref(inv.InviterID)})
	if err == nil {
		err = shareOrganization(ctx, tx, inviter.Scope, inv.OrganizationID)
	}
	if err == nil {
		err = inviter.may(ctx, tx, inv.OrganizationID, "invitations:write")
	}
	if err == nil {
		err = inv.checkOffer(ctx, tx, inviter, roles)
	}
	if len(store.ErrorsOf(err)) > 0 {
		return &store.Error{Kind: store.Conflict,
			Message: "Who sent this invitation may not give its roles any more. Ask for another one."}
	}
	return err
}

// presentCaller returns a caller who is known by an identity alone, with the rights that it has at this moment: a person those of their
// roles, a key its scopes. It fails with NotFound for a key that does not work any more.
func presentCaller(ctx context.Context, tx *store.DB, who Identity) (Caller, error) {
	by := Caller{Kind: who.Kind, ID: who.ID, Rights: Rights{Scopes: []string{EveryScope}}}
	switch who.Kind {
	case BySystem:
		return System(""), nil
	case ByUserKey, BySession:
		by.Scope = collection.Person(who.ID)
	case ByOrganizationToken:
		by.Scope = collection.OnlyOrganization(who.ID)
	default:
		found, err := collection.Find(ctx, tx, APIKeys, collection.Everything(), who.ID, nil)
		if err != nil {
			return by, err
		}
		key := found.(*APIKey)
		if key.ExpiresAt != nil && !key.ExpiresAt.After(tx.Now()) {
			return by, store.NoResource(APIKeys.Schema.Type, who.ID)
		}
		holder := Holder{Kind: KeyKind(key.Kind), KeyID: key.ID, OrganizationID: deref(key.OrganizationID), Rights: key.rights()}
		by.Scope, by.Rights = holder.Scope(), holder.Rights
	}
	return by, nil
}
