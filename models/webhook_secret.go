package models

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"roster/models/store"
)

func addSigningSecret(ctx context.Context, tx *store.DB, webhook, secret string) error {
	return tx.Later(ctx, "insert secret", `INSERT INTO webhook_secrets (id, webhook_id, sealed, created_at) VALUES (?, ?, ?, ?)`,
		NewID(), webhook, tx.Vault().Seal(webhook, secret), tx.Now())
}

// signingSecret returns the secret of a new endpoint, or of a rotation: the one that was chosen, or a generated one. It notes the public
// half in the model.
func signingSecret(w *Webhook, chosen string) (string, error) {
	if w.Algorithm == SignV1 {
		if chosen == "" {
			chosen = NewWebhookSecret()
		}
		if wrong := checkWebhookSecret(chosen); wrong != "" {
			return "", &store.Error{Kind: store.Invalid, Field: "secret", Message: "secret " + wrong + "."}
		}
		return chosen, nil
	}
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails (crypto/rand)
	if chosen != "" {
		encoded, ok := strings.CutPrefix(chosen, PrivateKeyPrefix)
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
		if !ok || err != nil || len(raw) != ed25519.SeedSize && len(raw) != ed25519.PrivateKeySize {
			return "", &store.Error{Kind: store.Invalid, Field: "secret", Message: "secret must be whsk_ and an ed25519 key in base64."}
		}
		seed = raw[:ed25519.SeedSize]
		if private := ed25519.NewKeyFromSeed(seed); len(raw) == ed25519.PrivateKeySize && !private.Equal(ed25519.PrivateKey(raw)) {
			return "", &store.Error{Kind: store.Invalid, Field: "secret", Message: "secret has a public half that does not belong to it."}
		}
	}
	private := ed25519.NewKeyFromSeed(seed)
	public := PublicKeyPrefix + base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	w.PublicKey = &public
	return PrivateKeyPrefix + base64.StdEncoding.EncodeToString(private), nil
}

// RotateWebhookSecret gives an endpoint a new secret and returns it. Earlier ones go on signing for the overlap, so that receivers need not
// change at the same moment; with none they are dead at once. Of a long row of rotations the newest few are kept.
func RotateWebhookSecret(ctx context.Context, db *store.DB, by Caller, id string, overlap time.Duration) (*Webhook, error) {
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
		if err := endsBefore(held.Rights, ""); err != nil {
			return nil, err
		}
		copied := *before
		w = &copied
		secret, err := signingSecret(w, "")
		if err != nil {
			return nil, err
		}
		if err := retireSecrets(ctx, tx, id, overlap); err != nil {
			return nil, err
		}
		if err := addSigningSecret(ctx, tx, id, secret); err != nil {
			return nil, err
		}
		if w.Kind == OwnWebhook {
			err := tx.Later(ctx, "keep secret of organization", `UPDATE organizations SET webhook_secret = ? WHERE id = ?`,
				tx.Vault().Seal(w.OrganizationID, secret), w.OrganizationID)
			if err != nil {
				return nil, err
			}
		}
		w.Secret = &secret
		return w, saveWebhook(ctx, tx, by, rotated, before, w, []string{"public_key"})
	})
}

// maxOldSecrets bounds the signatures of one message.
const maxOldSecrets = 4

func retireSecrets(ctx context.Context, tx *store.DB, webhook string, overlap time.Duration) error {
	now := tx.Now()
	end := now.Add(overlap)
	err := tx.Later(ctx, "retire secrets",
		`UPDATE webhook_secrets SET expires_at = ? WHERE webhook_id = ? AND (expires_at IS NULL OR expires_at > ?)`, end, webhook, end)
	if err != nil {
		return err
	}
	return tx.Later(ctx, "forget secrets", `DELETE FROM webhook_secrets WHERE webhook_id = ? AND (expires_at <= ? OR id NOT IN (
			SELECT id FROM webhook_secrets WHERE webhook_id = ? ORDER BY created_at DESC, id DESC LIMIT ?))`,
		webhook, now, webhook, maxOldSecrets)
}
