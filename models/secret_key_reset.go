package models

import (
	"context"
	"fmt"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// DisabledSecretKeyLost is why an endpoint is disabled whose URL nobody can read any more.
const DisabledSecretKeyLost = "secret_key_lost"

// Loss is one kind of what goes with a secret key that is lost.
type Loss struct {
	// What it is, and what becomes of it.
	What, Then string
	// Count is how many there are.
	Count int64
}

// void is a Loss with how it is counted and done away with.
type void struct {
	what, then string
	count      string
	now        bool // the time is an argument of count
	do         func(ctx context.Context, tx *store.DB) error
}

// keyReset is whom the events name.
func keyReset() Caller { return System("secret key reset") }

// voids are everything that is hashed or sealed, in the order in which it is done away with: endpoints first, so that what is told of the
// others waits for them. Passwords are none of it: their hashes need no secret key. Nor is what only clients have, and what then fails by
// itself: cookies of sign-ins under way, signed URLs of files, the short-lived tokens of dialects.
func voids() []void {
	return []void{
		{"endpoints of webhooks", "disabled: their URLs but for the origins, headers and signing secrets are gone",
			`SELECT COUNT(*) FROM webhooks`, false, voidWebhooks},
		{"attempts at deliveries", "keep the origin of the URL that they went to",
			`SELECT COUNT(*) FROM webhook_attempts WHERE sealed_url IS NOT NULL`, false,
			statement(`UPDATE webhook_attempts SET sealed_url = NULL WHERE sealed_url IS NOT NULL`)},
		{"keys", "revoked; the first management key is made anew by the next 'roster serve'",
			`SELECT COUNT(*) FROM api_keys`, false, voidKeys},
		{"tokens of organizations", "gone; each organization gets a new one by refresh-token",
			`SELECT COUNT(*) FROM credentials WHERE organization_id IS NOT NULL`, false, statement(`DELETE FROM credentials`)},
		{"sessions", "ended; people sign in again, with their passwords as they are",
			`SELECT COUNT(*) FROM sessions`, false, voidSessions},
		{"second factors", "taken away, with their recovery codes: until they set up another, a password is enough",
			`SELECT COUNT(*) FROM second_factors WHERE confirmed_at IS NOT NULL`, false, voidFactors},
		{"open invitations", "expired; they can be sent again",
			`SELECT COUNT(*) FROM invitations WHERE outcome IS NULL AND expires_at > ?`, true, voidInvitations},
		{"portal links", "gone; whoever needs one has another made",
			`SELECT COUNT(*) FROM portal_links WHERE used_at IS NULL`, false, statement(`DELETE FROM portal_links WHERE used_at IS NULL`)},
		{"links that reset passwords", "gone; people ask for another",
			`SELECT COUNT(*) FROM password_resets`, false, statement(`DELETE FROM password_resets`)},
		{"mails that wait", "not sent",
			`SELECT COUNT(*) FROM mails`, false, statement(`DELETE FROM mails`)},
		{"answers kept for idempotency keys", "forgotten: a request that is repeated is done again",
			`SELECT COUNT(*) FROM idempotency_keys`, false, statement(`DELETE FROM idempotency_keys`)},
		{"failures to sign in, and addresses that people sign in from", "forgotten",
			`SELECT (SELECT COUNT(*) FROM attempts) + (SELECT COUNT(*) FROM sign_in_addresses)`, false, voidAttempts},
	}
}

// LostWithSecretKey counts what would go with a lost secret key, and changes nothing. It fails as store.ReplaceVault does.
func LostWithSecretKey(ctx context.Context, db *store.DB, key *store.SecretKey) ([]Loss, error) {
	if err := store.CheckLost(ctx, db, key); err != nil {
		return nil, err
	}
	return losses(ctx, db)
}

// ResetSecretKey gives a database whose secret keys are lost to another one, and does away with all that cannot be opened or compared any
// more: nothing pretends to work. It returns what that was, and fails as store.ReplaceVault does. No server should run meanwhile: it would
// go on with the former vault until it notices.
func ResetSecretKey(ctx context.Context, db *store.DB, key *store.SecretKey) (lost []Loss, err error) {
	err = store.ReplaceVault(ctx, db, key, func(tx *store.DB) error {
		if lost, err = losses(ctx, tx); err != nil {
			return err
		}
		for _, v := range voids() {
			if err := v.do(ctx, tx); err != nil {
				return fmt.Errorf("do away with %s: %w", v.what, err)
			}
		}
		return statement(`DELETE FROM installation WHERE name = '`+firstKey+`'`)(ctx, tx)
	})
	return lost, err
}

func losses(ctx context.Context, db *store.DB) ([]Loss, error) {
	var lost []Loss
	for _, v := range voids() {
		var args []any
		if v.now {
			args = append(args, db.Now())
		}
		loss := Loss{What: v.what, Then: v.then}
		if err := db.Session(ctx).Raw(v.count, args...).Row().Scan(&loss.Count); err != nil {
			return nil, fmt.Errorf("count %s: %w", v.what, err)
		}
		lost = append(lost, loss)
	}
	return lost, nil
}

func statement(text string) func(context.Context, *store.DB) error {
	return func(ctx context.Context, tx *store.DB) error {
		_, err := tx.Exec(ctx, text)
		return err
	}
}

// voidWebhooks leaves of each endpoint what is in the clear, gives it a new secret that nobody knows, and disables it. Whoever owns it
// gives the URL and the headers again, has the secret rotated, and makes it active. It keeps its deliveries until then.
func voidWebhooks(ctx context.Context, tx *store.DB) error {
	secrets, err := voidOwnWebhooks(ctx, tx)
	if err != nil {
		return err
	}
	var all []*Webhook
	err = tx.Session(ctx).Select("id", "organization_id", "kind", "url", "algorithm").Order("id").Find(&all).Error
	if err != nil {
		return err
	}
	for _, w := range all {
		chosen := ""
		if w.Kind == OwnWebhook {
			chosen = secrets[w.OrganizationID]
		}
		secret, err := signingSecret(w, chosen)
		if err != nil {
			return err
		}
		_, sealed := SealURL(tx.Vault(), w.ID, w.Origin)
		_, err = tx.Exec(ctx, `UPDATE webhooks SET sealed_url = ?, headers = NULL, header_names = '[]', public_key = ? WHERE id = ?`,
			sealed, w.PublicKey, w.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM webhook_secrets WHERE webhook_id = ?`, w.ID); err != nil {
			return err
		}
		if err := addSigningSecret(ctx, tx, w.ID, secret); err != nil {
			return err
		}
		if err := disableLost(ctx, tx, w.ID); err != nil {
			return err
		}
	}
	return nil
}

// voidOwnWebhooks does the same for what organizations keep of their own endpoints, and returns the new secrets by organization.
func voidOwnWebhooks(ctx context.Context, tx *store.DB) (map[string]string, error) {
	err := statement(`UPDATE organizations SET webhook_secret = NULL WHERE webhook_url IS NULL`)(ctx, tx)
	if err != nil {
		return nil, err
	}
	var rows []struct{ ID, WebhookURL string }
	err = tx.Session(ctx).Raw(`SELECT id, webhook_url FROM organizations WHERE webhook_url IS NOT NULL ORDER BY id`).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	for _, row := range rows {
		secrets[row.ID] = NewWebhookSecret()
		_, sealed := SealURL(tx.Vault(), row.ID, row.WebhookURL)
		_, err := tx.Exec(ctx, `UPDATE organizations SET sealed_webhook_url = ?, webhook_secret = ? WHERE id = ?`,
			sealed, tx.Vault().Seal(row.ID, secrets[row.ID]), row.ID)
		if err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

// disableLost disables an endpoint, or changes why it is.
func disableLost(ctx context.Context, tx *store.DB, id string) error {
	before, err := lock[Webhook](ctx, tx, Webhooks, collection.Everything(), id)
	if err != nil {
		return err
	}
	after := *before
	reason, now := DisabledSecretKeyLost, jsonapi.Stamp{Time: tx.Now()}
	after.Status, after.DisabledReason, after.DisabledAt = WebhookDisabled, &reason, &now
	return saveWebhook(ctx, tx, keyReset(), disabled, before, &after, []string{"status", "disabled_reason", "disabled_at"})
}

func voidKeys(ctx context.Context, tx *store.DB) error {
	return revokeKeys(ctx, tx, keyReset(), collection.Always())
}

func voidSessions(ctx context.Context, tx *store.DB) error {
	var ids []string
	if err := tx.Session(ctx).Table("sessions").Order("id").Pluck("id", &ids).Error; err != nil {
		return err
	}
	for _, id := range ids {
		if err := signOut(ctx, tx, keyReset(), id, everySignIn); err != nil {
			return err
		}
	}
	return nil
}

func voidFactors(ctx context.Context, tx *store.DB) error {
	var users []string
	err := tx.Session(ctx).Table("second_factors").Where("confirmed_at IS NOT NULL").Order("user_id").Pluck("user_id", &users).Error
	if err != nil {
		return err
	}
	for _, id := range users {
		user, err := lock[User](ctx, tx, Users, collection.Everything(), id)
		if err != nil {
			return err
		}
		if err := dropFactor(ctx, tx, keyReset(), user); err != nil {
			return err
		}
	}
	return statement(`DELETE FROM second_factors`)(ctx, tx) // what was not confirmed
}

// voidInvitations lets every link run out, which is not told of when time does it either.
func voidInvitations(ctx context.Context, tx *store.DB) error {
	now := tx.Now()
	_, err := tx.Exec(ctx, `UPDATE invitations SET expires_at = ?, version = version + 1, updated_at = ?
		WHERE outcome IS NULL AND expires_at > ?`, now, now, now)
	return err
}

func voidAttempts(ctx context.Context, tx *store.DB) error {
	if err := statement(`DELETE FROM attempts`)(ctx, tx); err != nil {
		return err
	}
	return statement(`DELETE FROM sign_in_addresses`)(ctx, tx)
}
