package models

import (
	"context"
	"fmt"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Offer is what an invitation says to who has its link: what a letter would say, and which address it is for.
type Offer struct {
	ID           string          `jsonapi:"primary,invitationOffers" doc:"The invitation." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	Email        string          `jsonapi:"attr,email" rule:"readonly" doc:"The address that is asked." example:"grace@example.com"`
	Known        bool            `jsonapi:"attr,known" rule:"readonly" doc:"Whether there is a user with that address: they accept with a credential of theirs, anybody else with a name and a password." example:"false"`
	Organization string          `jsonapi:"attr,organizationName" rule:"readonly" doc:"What is to be joined." example:"Acme Corporation"`
	Inviter      *string         `jsonapi:"attr,inviterName" rule:"readonly" doc:"Who sent it last; null if that was a program." example:"Ada Lovelace"`
	Roles        jsonapi.Strings `jsonapi:"attr,roleNames" rule:"readonly" doc:"The roles that are offered, as people call them." example:"Manager"`
	Message      *string         `jsonapi:"attr,message" rule:"readonly" doc:"Words of who asks." example:"Welcome aboard!"`
	ExpiresAt    jsonapi.Time    `jsonapi:"attr,expiresAt" rule:"readonly" doc:"Until when it can be accepted." example:"2034-08-20T10:45:07+00:00"`
}

// FindOffer returns what the invitation offers whose token it is. It fails with NotFound for a token that does not work. Nothing changes.
func FindOffer(ctx context.Context, db *store.DB, token string) (*Offer, error) {
	inv, err := findOpen(ctx, db, token)
	if err != nil {
		return nil, err
	}
	user, err := userWithAddress(ctx, db, inv.EmailKey)
	if err != nil {
		return nil, err
	}
	offer := &Offer{ID: inv.ID, Email: inv.Email, Known: user != nil, Message: inv.Message, ExpiresAt: inv.ExpiresAt}
	organization, inviter, err := inv.whoInvites(ctx, db)
	if err != nil {
		return nil, err
	}
	offer.Organization, offer.Inviter = organization, optional(inviter)
	err = Roles.From(ctx, db, collection.Condition(
		"roles.id IN (SELECT role_id FROM invitation_roles WHERE invitation_id = ?)", inv.ID)).Order("roles.rank DESC, roles.name").
		Pluck("roles.name", (*[]string)(&offer.Roles)).Error
	if err != nil {
		return nil, fmt.Errorf("read the roles of an invitation: %w", err)
	}
	return offer, nil
}
