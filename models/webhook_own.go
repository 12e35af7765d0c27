package models

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"roster/jsonapi"
	"roster/models/store"
)

// followOrganization keeps the endpoint that an organization's webhookUrl stands for in step with it, so that delivery knows
// endpoints only. before is nil for a new organization. A caller needs the rights that a change of the endpoint would need.
func followOrganization(ctx context.Context, tx *store.DB, by Caller, before, org *Organization) error {
	if before == nil {
		before = &Organization{}
	}
	if deref(before.WebhookURL) == deref(org.WebhookURL) && bytes.Equal(before.SealedSecret, org.SealedSecret) {
		return nil
	}
	held, err := by.there(ctx, tx, org.ID)
	if err != nil {
		return err
	}
	var own []*Webhook
	err = tx.Session(ctx).Where("organization_id = ? AND kind = ?", org.ID, OwnWebhook).Find(&own).Error
	if err != nil {
		return fmt.Errorf("find own webhook: %w", err)
	}
	if err := permitOwn(held, before, org, own); err != nil {
		return err
	}
	switch {
	case org.WebhookURL == nil && len(own) == 0:
		return nil
	case org.WebhookURL == nil:
		return removeWebhook(ctx, tx, own[0].ID)
	}
	secret, err := tx.Vault().Open(org.ID, org.SealedSecret)
	if err != nil {
		return err
	}
	if len(own) == 0 {
		w := newWebhook(jsonapi.Stamp{Time: tx.Now()})
		w.Kind, w.OrganizationID, w.URL = OwnWebhook, org.ID, *org.WebhookURL
		// The event of this change comes next, and is the first that it gets.
		if w.AfterOrdinal, err = reserveOrdinal(ctx, tx); err != nil {
			return err
		}
		return insertWebhook(ctx, tx, w, secret)
	}
	origin, sealed := SealURL(tx.Vault(), own[0].ID, *org.WebhookURL)
	err = tx.Later(ctx, "update own webhook",
		`UPDATE webhooks SET url = ?, sealed_url = ?, version = version + 1, updated_at = ? WHERE id = ?`,
		origin, sealed, tx.Now(), own[0].ID)
	if err != nil {
		return err
	}
	if bytes.Equal(before.SealedSecret, org.SealedSecret) {
		return nil
	}
	// The old secret signs nothing any more. An overlap is what a rotation is for.
	if err := retireSecrets(ctx, tx, own[0].ID, 0); err != nil {
		return err
	}
	return addSigningSecret(ctx, tx, own[0].ID, secret)
}

// permitOwn makes sure that a caller may change the endpoint that an organization's webhookUrl stands for, or make it: one for every type.
func permitOwn(held standing, before, org *Organization, own []*Webhook) error {
	field := "webhookSecret"
	if deref(before.WebhookURL) != deref(org.WebhookURL) {
		field = "webhookUrl"
	}
	if !held.Hold("webhooks:write") {
		return &store.Error{Kind: store.Forbidden, Field: field, Message: "This needs the scope webhooks:write."}
	}
	endpoint := &Webhook{}
	if len(own) > 0 {
		endpoint = own[0]
	}
	if org.WebhookURL != nil { // which goes on, or begins
		if err := endsBefore(held.Rights, field); err != nil {
			return err
		}
	}
	var refusals store.Errors
	err := endpoint.within(held)
	if errors.As(err, &refusals) {
		for _, refusal := range refusals {
			refusal.Field = field // what they speak of is no member of organizations
		}
	}
	return err
}

// endWebhooks lets the endpoints of a deleted organization get the events up to the one that tells so, and nothing after it. What was
// pending before is cancelled.
func endWebhooks(ctx context.Context, tx *store.DB, organization string, last int64) error {
	var ids []string
	if err := tx.Session(ctx).Table("webhooks").Where("organization_id = ?", organization).Pluck("id", &ids).Error; err != nil {
		return fmt.Errorf("find webhooks: %w", err)
	}
	if len(ids) == 0 {
		return nil
	}
	if err := CancelDeliveries(ctx, tx, ids, CancelledOrganizationDeleted); err != nil {
		return err
	}
	return tx.Later(ctx, "end webhooks", `UPDATE webhooks SET last_ordinal = ? WHERE organization_id = ?`, last, organization)
}

func reviveWebhooks(ctx context.Context, tx *store.DB, organization string) error {
	return tx.Later(ctx, "revive webhooks", `UPDATE webhooks SET last_ordinal = NULL WHERE organization_id = ?`, organization)
}
