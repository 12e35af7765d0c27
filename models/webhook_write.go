package models

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"roster/jsonapi"
)

// laneCap is the number of attempts at once that an endpoint can come to; one that is served in order never has more than one.
const laneCap = 8

// CreateWebhook creates the endpoint that the input describes, with its secret and its lane. The returned model is the only one that ever
// has the secret. It fails with Errors of the kinds Invalid, Required and RelatedNotFound.
func CreateWebhook(ctx context.Context, db *DB, by Caller, in *jsonapi.Input) (*Webhook, error) {
	var w *Webhook
	err := Transaction(ctx, db, func(tx *DB) error {
		now := jsonapi.Stamp{Time: tx.Now()}
		w = newWebhook(in.ID, now)
		Webhooks.Schema.Apply(w, in.Attributes)
		w.OrganizationID = in.Relationships["organization"].One()
		if w.OrganizationID == "" {
			w.OrganizationID = by.Scope.Root()
		}
		if w.OrganizationID == "" {
			return &Error{Kind: Required, Field: "organization", Message: "An endpoint needs the relationship organization."}
		}
		if err := shareOrganization(ctx, tx, by.Scope, w.OrganizationID); err != nil {
			if IsKind(err, NotFound) {
				return relatedNotFound("organization", 0, "organizations", w.OrganizationID)
			}
			return err
		}
		secret, _ := in.Attributes["secret"].(string)
		if err := checkWebhook(tx, w, &Webhook{}, in); err != nil {
			return err
		}
		secret, err := signingSecret(w, secret)
		if err != nil {
			return err
		}
		if err := sealHeaders(tx, w, in); err != nil {
			return err
		}
		if err := insertWebhook(ctx, tx, w, secret); err != nil {
			return err
		}
		if err := checkUnchanged(Webhooks, w, in, true); err != nil {
			return err
		}
		Webhooks.complete(tx, w) // the values of its headers belong into no event
		w.Secret = &secret
		counters := tally{}
		ch := change{verb: created, collection: Webhooks, organization: w.OrganizationID, after: w, ordinal: &w.AfterOrdinal}
		if err := record(ctx, tx, by, ch); err != nil {
			return err
		}
		if err := beginAfter(ctx, tx, w.ID, w.AfterOrdinal); err != nil {
			return err
		}
		return counters.write(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

func newWebhook(id string, now jsonapi.Stamp) *Webhook {
	if id == "" {
		id = NewID()
	}
	return &Webhook{
		ID: id, CreatedAt: now, UpdatedAt: now, Kind: ExtraWebhook, EventTypes: jsonapi.Strings{}, Headers: jsonapi.Strings{},
		HeaderNames: jsonapi.Strings{}, Ordering: OrderNone, Algorithm: SignV1, Status: WebhookActive, Version: 1,
	}
}

// insertWebhook inserts an endpoint with its secret and its lane.
func insertWebhook(ctx context.Context, tx *DB, w *Webhook, secret string) error {
	if err := tx.session(ctx).Create(w).Error; err != nil {
		return classifyFor(err, "insert webhook")
	}
	_, err := tx.exec(ctx, `INSERT INTO webhook_lanes (webhook_id, cap, max_cap, health, clean, consecutive_failures, answers, failing, slow, latency, failed_probes)
		VALUES (?, 1, ?, 'ok', 0, 0, 0, 0, 0, 0, 0)`, w.ID, laneCap)
	if err != nil {
		return fmt.Errorf("insert lane: %w", err)
	}
	return addSigningSecret(ctx, tx, w.ID, secret)
}

// beginAfter keeps from a new endpoint what happened before it was there and is not fanned out yet.
func beginAfter(ctx context.Context, tx *DB, id string, ordinal int64) error {
	if _, err := tx.exec(ctx, `UPDATE webhooks SET after_ordinal = ? WHERE id = ?`, ordinal, id); err != nil {
		return fmt.Errorf("begin webhook: %w", err)
	}
	return nil
}

func addSigningSecret(ctx context.Context, tx *DB, webhook, secret string) error {
	_, err := tx.exec(ctx, `INSERT INTO webhook_secrets (id, webhook_id, sealed, created_at) VALUES (?, ?, ?, ?)`,
		NewID(), webhook, tx.vault.Seal(webhook, secret), tx.Now())
	if err != nil {
		return fmt.Errorf("insert secret: %w", err)
	}
	return nil
}

// signingSecret returns the secret of a new endpoint, or of a rotation: the one that was chosen, or a generated one. It notes the public
// half in the model.
func signingSecret(w *Webhook, chosen string) (string, error) {
	if w.Algorithm == SignV1 {
		if chosen == "" {
			chosen = NewWebhookSecret()
		}
		if wrong := checkWebhookSecret(chosen); wrong != "" {
			return "", &Error{Kind: Invalid, Field: "secret", Message: "secret " + wrong + "."}
		}
		return chosen, nil
	}
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails (crypto/rand)
	if chosen != "" {
		encoded, ok := strings.CutPrefix(chosen, "whsk_")
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
		if !ok || err != nil || len(raw) != ed25519.SeedSize && len(raw) != ed25519.PrivateKeySize {
			return "", &Error{Kind: Invalid, Field: "secret", Message: "secret must be whsk_ and an ed25519 key in base64."}
		}
		seed = raw[:ed25519.SeedSize]
		if private := ed25519.NewKeyFromSeed(seed); len(raw) == ed25519.PrivateKeySize && !private.Equal(ed25519.PrivateKey(raw)) {
			return "", &Error{Kind: Invalid, Field: "secret", Message: "secret has a public half that does not belong to it."}
		}
	}
	private := ed25519.NewKeyFromSeed(seed)
	public := "whpk_" + base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	w.PublicKey = &public
	return "whsk_" + base64.StdEncoding.EncodeToString(private), nil
}

// eventTypePattern is what an endpoint can subscribe to: a type, a prefix of one ending in ".*", or "*".
var eventTypePattern = regexp.MustCompile(`^(\*|[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*(\.\*)?)$`)

func checkEventTypes(patterns []string) (errs Errors) {
	for _, p := range patterns {
		if len(p) > 128 || !eventTypePattern.MatchString(p) {
			errs = append(errs, &Error{Kind: Invalid, Field: "eventTypes", Message: fmt.Sprintf("%q is neither a type like user.created, nor a prefix like user.*, nor *.", p)})
		}
	}
	return errs
}

// maxHeaders bounds the headers of an endpoint: receivers commonly take 8 KiB of them all in all.
const maxHeaders = 4 << 10

// checkWebhook holds the rules of an endpoint that concern several members, or the world outside.
func checkWebhook(tx *DB, w, before *Webhook, in *jsonapi.Input) error {
	errs := checkEventTypes(w.EventTypes)
	invalid := func(field, message string, args ...any) {
		errs = append(errs, &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(message, args...)})
	}
	if w.URL != before.URL && tx.checkWebhookURL != nil {
		if err := tx.checkWebhookURL(w.URL); err != nil {
			invalid("url", "url cannot be used: %s.", err)
		}
	}
	if w.Rate != nil && (*w.Rate < 1 || *w.Rate > 10_000) {
		invalid("rate", "rate must be 1 to 10000 deliveries a second.")
	}
	if w.Schedule != nil {
		waits, err := ParseSchedule(*w.Schedule)
		if err == nil && tx.checkWebhookSchedule != nil {
			err = tx.checkWebhookSchedule(waits)
		}
		if err != nil {
			invalid("schedule", "schedule cannot be used: %s.", err)
		}
	}
	if w.Status == WebhookDisabled && before.Status != WebhookDisabled {
		invalid("status", "status can be set to active or paused; an endpoint is disabled when it fails.")
	}
	if _, given := in.Attributes["headers"]; given {
		if n := len(strings.Join(w.Headers, "")); n > maxHeaders {
			invalid("headers", "headers may have %d bytes together, not %d.", maxHeaders, n)
		}
		for _, header := range w.Headers {
			name, value, ok := strings.Cut(header, ":")
			if !ok {
				invalid("headers", "%q is not of the form Name: value.", name)
			} else if tx.checkWebhookHeader != nil {
				if err := tx.checkWebhookHeader(name, strings.TrimSpace(value)); err != nil {
					invalid("headers", "headers cannot be used: %s.", err)
				}
			}
		}
	}
	return errs.Err()
}

// ParseSchedule reads the waits of a schedule: 0s, 5m, 2h30m.
func ParseSchedule(texts []string) ([]time.Duration, error) {
	waits := make([]time.Duration, len(texts))
	for i, text := range texts {
		wait, err := time.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a duration like 5s, 30m or 2h", text)
		}
		waits[i] = wait
	}
	return waits, nil
}

// sealHeaders keeps the headers of the input, encrypted. A value that is printed for every secret stands for the one that is kept.
func sealHeaders(tx *DB, w *Webhook, in *jsonapi.Input) error {
	if _, given := in.Attributes["headers"]; !given {
		return nil
	}
	kept, err := OpenHeaders(tx, w.ID, w.SealedHeaders)
	if err != nil {
		return err
	}
	names, headers := jsonapi.Strings{}, map[string]string{}
	for _, header := range w.Headers {
		name, value, _ := strings.Cut(header, ":")
		if value = strings.TrimSpace(value); value == secretMark {
			value = kept[name]
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		headers[name] = value
	}
	if slices.Equal(names, w.HeaderNames) && reflect.DeepEqual(headers, kept) {
		return nil
	}
	w.HeaderNames, w.SealedHeaders = names, nil
	if len(headers) > 0 {
		text, err := json.Marshal(headers)
		if err != nil {
			return fmt.Errorf("encode headers: %w", err)
		}
		w.SealedHeaders = tx.vault.Seal(w.ID, string(text))
	}
	return nil
}

// OpenHeaders returns the headers of an endpoint from the form in which they are kept.
func OpenHeaders(db *DB, webhook string, sealed []byte) (map[string]string, error) {
	headers := map[string]string{}
	if sealed == nil {
		return headers, nil
	}
	text, err := db.vault.Open(webhook, sealed)
	if err == nil {
		err = json.Unmarshal([]byte(text), &headers)
	}
	if err != nil {
		return nil, fmt.Errorf("open headers of webhook %s: %w", webhook, err)
	}
	return headers, nil
}

// UpdateWebhook changes what the input names. An endpoint that becomes active again sends what has waited, slowly at first.
func UpdateWebhook(ctx context.Context, db *DB, by Caller, id string, in *jsonapi.Input) (*Webhook, error) {
	var w *Webhook
	err := Transaction(ctx, db, func(tx *DB) error {
		before, err := lockLiveWebhook(ctx, tx, by.Scope, id)
		if err != nil {
			return err
		}
		if err := checkVersion(before.Version, in); err != nil {
			return err
		}
		copied := *before
		w = &copied
		if err := checkUnchanged(Webhooks, w, in, false); err != nil {
			return err
		}
		columns := Webhooks.Schema.Apply(w, in.Attributes)
		if w.Kind == OwnWebhook && w.URL != before.URL {
			return &Error{Kind: Forbidden, Field: "url", Message: "This is the organization's own endpoint: change webhookUrl of the organization."}
		}
		if err := checkWebhook(tx, w, before, in); err != nil {
			return err
		}
		if err := sealHeaders(tx, w, in); err != nil {
			return err
		}
		Webhooks.complete(tx, w)
		if w.Status != WebhookDisabled {
			w.DisabledReason, w.DisabledAt = nil, nil
		}
		if reflect.DeepEqual(before, w) {
			return nil
		}
		return saveWebhook(ctx, tx, by, updated, before, w, append(columns, "header_names", "headers", "disabled_reason", "disabled_at"))
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// saveWebhook writes the columns of an endpoint, makes its lane follow, and records the event.
func saveWebhook(ctx context.Context, tx *DB, by Caller, v verb, before, w *Webhook, columns []string) error {
	w.Version++
	w.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	columns = append(columns, "version", "updated_at")
	if err := tx.session(ctx).Model(&Webhook{}).Where("id = ?", w.ID).Select(columns).Updates(w).Error; err != nil {
		return fmt.Errorf("update webhook: %w", err)
	}
	if before.Status != w.Status {
		if err := switchLane(ctx, tx, w); err != nil {
			return err
		}
	}
	ch := change{verb: v, collection: Webhooks, organization: w.OrganizationID, before: before, after: w}
	if v == rotated {
		ch.secrets = []string{"secret"}
	}
	counters := tally{}
	if err := record(ctx, tx, by, ch); err != nil {
		return err
	}
	return counters.write(ctx, tx)
}

// switchLane lets the lane of an endpoint follow its status. One that is active again starts with one attempt at a time. While it is leased,
// its turn is the end of the lease: who held it when it was paused may have died since.
func switchLane(ctx context.Context, tx *DB, w *Webhook) error {
	statement, args := `UPDATE webhook_lanes SET health = 'ok', cap = 1, clean = 0, consecutive_failures = 0, failing_since = NULL,
			last_failure_at = NULL, answers = 0, failing = 0, slow = 0, retry_after = NULL, failed_probes = 0, probe_at = NULL,
			next_turn_at = COALESCE(lease_until, ?)
		WHERE webhook_id = ?`, []any{tx.Now(), w.ID}
	if w.Status != WebhookActive {
		statement, args = `UPDATE webhook_lanes SET health = ?, next_turn_at = NULL WHERE webhook_id = ?`, []any{w.Status, w.ID}
	}
	if _, err := tx.exec(ctx, statement, args...); err != nil {
		return fmt.Errorf("switch lane: %w", err)
	}
	return nil
}

// RotateWebhookSecret gives an endpoint a new secret and returns it. Earlier ones go on signing for the overlap, so that receivers need not
// change at the same moment; with none they are dead at once. Of a long row of rotations the newest few are kept.
func RotateWebhookSecret(ctx context.Context, db *DB, by Caller, id string, overlap time.Duration) (*Webhook, error) {
	var w *Webhook
	err := Transaction(ctx, db, func(tx *DB) error {
		before, err := lockLiveWebhook(ctx, tx, by.Scope, id)
		if err != nil {
			return err
		}
		copied := *before
		w = &copied
		secret, err := signingSecret(w, "")
		if err != nil {
			return err
		}
		if err := retireSecrets(ctx, tx, id, overlap); err != nil {
			return err
		}
		if err := addSigningSecret(ctx, tx, id, secret); err != nil {
			return err
		}
		if w.Kind == OwnWebhook {
			_, err := tx.exec(ctx, `UPDATE organizations SET webhook_secret = ? WHERE id = ?`, tx.vault.Seal(w.OrganizationID, secret), w.OrganizationID)
			if err != nil {
				return fmt.Errorf("keep secret of organization: %w", err)
			}
		}
		w.Secret = &secret
		return saveWebhook(ctx, tx, by, rotated, before, w, []string{"public_key"})
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// maxOldSecrets bounds the signatures of one message.
const maxOldSecrets = 4

func retireSecrets(ctx context.Context, tx *DB, webhook string, overlap time.Duration) error {
	now := tx.Now()
	end := now.Add(overlap)
	_, err := tx.exec(ctx, `UPDATE webhook_secrets SET expires_at = ? WHERE webhook_id = ? AND (expires_at IS NULL OR expires_at > ?)`, end, webhook, end)
	if err == nil {
		_, err = tx.exec(ctx, `DELETE FROM webhook_secrets WHERE webhook_id = ? AND (expires_at <= ? OR id NOT IN (
			SELECT id FROM webhook_secrets WHERE webhook_id = ? ORDER BY created_at DESC, id DESC LIMIT ?))`, webhook, now, webhook, maxOldSecrets)
	}
	if err != nil {
		return fmt.Errorf("retire secrets: %w", err)
	}
	return nil
}

// DeleteWebhook deletes an endpoint. What was pending is cancelled; the history stays.
func DeleteWebhook(ctx context.Context, db *DB, by Caller, id string, in *jsonapi.Input) error {
	return Transaction(ctx, db, func(tx *DB) error {
		w, err := lockLiveWebhook(ctx, tx, by.Scope, id)
		if err != nil {
			return err
		}
		if w.Kind == OwnWebhook {
			return &Error{Kind: Conflict, Message: "This is the organization's own endpoint: set webhookUrl of the organization to null."}
		}
		if err := checkVersion(w.Version, in); err != nil {
			return err
		}
		if err := removeWebhook(ctx, tx, id); err != nil {
			return err
		}
		counters := tally{}
		err = record(ctx, tx, by, change{verb: deleted, collection: Webhooks, organization: w.OrganizationID, before: w})
		if err != nil {
			return err
		}
		return counters.write(ctx, tx)
	})
}

// removeWebhook deletes the row of an endpoint with all that hangs on it, and cancels what is pending.
func removeWebhook(ctx context.Context, tx *DB, id string) error {
	if err := CancelDeliveries(ctx, tx, []string{id}, CancelledEndpointDeleted); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM webhooks WHERE id = ?`, id); err != nil {
		return fmt.Errorf("delete webhook: %w", err)
	}
	return nil
}

// CancelDeliveries cancels what is pending for endpoints. Their lanes are locked first, as whoever settles deliveries does.
func CancelDeliveries(ctx context.Context, tx *DB, webhooks []string, reason string) error {
	slices.Sort(webhooks)
	for _, id := range webhooks {
		_, err := tx.exec(ctx, `UPDATE webhook_lanes SET next_turn_at = NULL, lease_token = NULL, lease_until = NULL WHERE webhook_id = ?`, id)
		if err == nil {
			_, err = tx.exec(ctx, `UPDATE webhook_deliveries SET state = 'cancelled', reason = ?, finished_at = ?, due_at = NULL
				WHERE webhook_id = ? AND state = 'pending'`, reason, tx.Now(), id)
		}
		if err != nil {
			return fmt.Errorf("cancel deliveries: %w", err)
		}
	}
	return nil
}

// lockLiveWebhook is lockWebhook for requests: to them the endpoints of a deleted organization are gone.
func lockLiveWebhook(ctx context.Context, tx *DB, scope Scope, id string) (*Webhook, error) {
	if _, err := Find(ctx, tx, Webhooks, scope, id, nil); err != nil {
		return nil, err
	}
	return lockWebhook(ctx, tx, scope, id)
}

func lockWebhook(ctx context.Context, tx *DB, scope Scope, id string) (*Webhook, error) {
	return lock[Webhook](ctx, tx, Webhooks, scope, id)
}
