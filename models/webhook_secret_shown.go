package models

import (
	"context"
	"fmt"
	"time"

	"roster/jsonapi"
	"roster/models/store"
)

// shownSecret is a secret of an endpoint as its attribute secrets prints it: all but the secret.
type shownSecret struct {
	ID         string         `json:"id" doc:"As signedWith of an attempt has it."`
	CreatedAt  jsonapi.Stamp  `json:"createdAt" doc:"When it was created."`
	ExpiresAt  *jsonapi.Stamp `json:"expiresAt" doc:"Until when it signs beside the newer one; null for the newest."`
	LastUsedAt *jsonapi.Stamp `json:"lastUsedAt" doc:"When it last signed what was sent, to about a minute; null if it has not yet, or not since this is noted."`
}

// FillWebhookSecrets sets the attribute secrets of endpoints, with one query for all of them.
func FillWebhookSecrets(ctx context.Context, db *store.DB, webhooks ...*Webhook) error {
	if len(webhooks) == 0 {
		return nil
	}
	var rows []struct {
		ID, WebhookID string
		CreatedAt     jsonapi.Stamp
		ExpiresAt     *jsonapi.Stamp
		LastUsedAt    *jsonapi.Stamp
	}
	err := db.Session(ctx).Raw(`SELECT id, webhook_id, created_at, expires_at, last_used_at FROM webhook_secrets
		WHERE webhook_id IN ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY created_at DESC, id DESC`,
		idsOf(webhooks), db.Now()).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("read secrets of webhooks: %w", err)
	}
	secrets := map[string][]shownSecret{}
	for _, row := range rows {
		secrets[row.WebhookID] = append(secrets[row.WebhookID], shownSecret{row.ID, row.CreatedAt, row.ExpiresAt, row.LastUsedAt})
	}
	for _, w := range webhooks {
		printed, err := jsonapi.Marshal(append([]shownSecret{}, secrets[w.ID]...))
		if err != nil {
			return err
		}
		w.Secrets = new(jsonapi.Raw(printed))
	}
	return nil
}

// EndWebhookRotation makes an endpoint sign with its newest secret alone, and returns it. Where no other is left nothing happens.
func EndWebhookRotation(ctx context.Context, db *store.DB, by Caller, id string) (*Webhook, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (w *Webhook, err error) {
		before, err := lockLive[Webhook](ctx, tx, Webhooks, by.Scope, id)
		if err != nil {
			return nil, err
		}
		held, err := by.at(ctx, tx, before.OrganizationID, "webhooks:write")
		if err != nil {
			return nil, err
		}
		if err := before.within(held); err != nil {
			return nil, err
		}
		ended, err := tx.Exec(ctx, `DELETE FROM webhook_secrets WHERE webhook_id = ? AND expires_at > ?
			AND id <> (SELECT id FROM webhook_secrets WHERE webhook_id = ? ORDER BY created_at DESC, id DESC LIMIT 1)`, id, tx.Now(), id)
		if err != nil {
			return nil, fmt.Errorf("end earlier secrets of webhook %s: %w", id, err)
		}
		if ended == 0 {
			return before, nil
		}
		copied := *before
		return &copied, saveWebhook(ctx, tx, by, rotated, before, &copied, nil)
	})
}

// SecretUseSpan is how exactly it is known when a secret was last used.
const SecretUseSpan = time.Minute
