package models

import (
	"context"
	"strings"

	"roster/jsonapi"
	"roster/models/store"
)

// needsEverything is why a caller is refused a token.
const needsEverything = "A token can do everything within its organization: this needs the scope *."

// firstToken gives a new organization its token: the one the input chose, which was checked, or a generated one. A caller who cannot do
// everything itself gets none.
func firstToken(ctx context.Context, tx *store.DB, by Caller, org *Organization, in *Change) error {
	chosen, given := in.Attributes["token"].(string)
	switch {
	case by.User() != "" && given:
		return &store.Error{Kind: store.Forbidden, Field: "token",
			Message: "The token of an organization that a user creates is for the management to make."}
	case by.User() != "":
		return nil
	case !by.Rights.Hold(EveryScope) && given:
		return &store.Error{Kind: store.Forbidden, Field: "token", Message: needsEverything}
	case !by.Rights.Hold(EveryScope):
		return nil
	case given:
		return addToken(ctx, tx, by, org, chosenSecret(tx.Vault(), chosen))
	default:
		return addToken(ctx, tx, by, org, NewSecret(OrganizationKey))
	}
}

// addToken gives an organization a token, which works no longer than the credential that asked for it.
func addToken(ctx context.Context, tx *store.DB, by Caller, org *Organization, secret Secret) error {
	org.Token, org.TokenExpiresAt = &secret.Text, by.Rights.Until
	return insertCredential(ctx, tx, credential{Secret: secret, organizationID: &org.ID, expiresAt: by.Rights.Until})
}

// RefreshToken replaces the token of an organization and returns the organization with the new one. The old one is dead when it returns.
// A caller who cannot do everything cannot: it would be shown a credential that can.
func RefreshToken(ctx context.Context, db *store.DB, by Caller, id string) (*Organization, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (org *Organization, err error) {
		before, err := lockOrganization(ctx, tx, by.Scope, id)
		if err != nil {
			return nil, err
		}
		if before.DeletedAt != nil {
			return nil, store.NoResource("organizations", id)
		}
		if !by.Rights.Hold(EveryScope) || by.User() != "" {
			return nil, &store.Error{Kind: store.Forbidden, Message: needsEverything}
		}
		copied := *before
		org = &copied
		if err := deleteToken(ctx, tx, by, id); err != nil {
			return nil, err
		}
		org.Version++
		org.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
		if err := save(ctx, tx, Organizations, org, "version", "updated_at"); err != nil {
			return nil, err
		}
		err = record(ctx, tx, by, change{
			verb: updated, collection: Organizations, organization: id, before: before, after: org, secrets: []string{"token"},
		})
		if err != nil {
			return nil, err
		}
		return org, addToken(ctx, tx, by, org, NewSecret(OrganizationKey))
	})
}

// checkToken tells what is wrong with a token that a client chose.
func checkToken(chosen string) (wrong string) {
	switch {
	case !ChosenToken.MatchString(chosen):
		return "A token must be 22 to 200 characters of A-Z, a-z, 0-9, - and _."
	case strings.HasPrefix(chosen, ownForm):
		return "A token that you choose must not begin with roster_."
	default:
		return ""
	}
}
