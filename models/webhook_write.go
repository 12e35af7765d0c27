package models

import (
	"context"
	"fmt"
	"reflect"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// CreateWebhook creates the endpoint that the input describes, with its secret and its lane. The returned model is the only one that ever
// has the secret. It fails with Errors of the kinds Invalid, Required and RelatedNotFound.
func CreateWebhook(ctx context.Context, db *store.DB, by Caller, in *Change) (*Webhook, error) {
	if err := in.check(Webhooks, toCreate); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (w *Webhook, err error) {
		now := jsonapi.Stamp{Time: tx.Now()}
		w = newWebhook(now)
		Webhooks.Schema.Apply(w, in.Attributes)
		w.OrganizationID = in.Links["organization"].One()
		if w.OrganizationID == "" {
			w.OrganizationID = by.Scope.Root()
		}
		if w.OrganizationID == "" {
			return nil, &store.Error{Kind: store.Required, Field: "organization",
				Message: "An endpoint needs the relationship organization."}
		}
		// Others that create endpoints of the organization wait, so that all of them are counted.
		if _, err := lockLive[Organization](ctx, tx, Organizations, by.Scope, w.OrganizationID); err != nil {
			if store.IsKind(err, store.NotFound) {
				return nil, store.NoRelated("organization", 0, "organizations", w.OrganizationID)
			}
			return w, err
		}
		held, err := by.at(ctx, tx, w.OrganizationID, "webhooks:write")
		if err != nil {
			return nil, err
		}
		secret, _ := in.Attributes["secret"].(string)
		if err := checkWebhook(tx, w, &Webhook{}, in); err != nil {
			return nil, err
		}
		if err := w.within(held); err != nil {
			return nil, err
		}
		if err := w.directs(held, &Webhook{}, in); err != nil {
			return nil, err
		}
		secret, err = signingSecret(w, secret)
		if err != nil {
			return nil, err
		}
		if err := sealHeaders(tx, w, in); err != nil {
			return nil, err
		}
		if err := insertWebhook(ctx, tx, w, secret); err != nil {
			return nil, err
		}
		if err := checkUnchanged(Webhooks, w, in, true); err != nil {
			return nil, err
		}
		w.printHeaders() // their values belong into no event
		w.Secret = &secret
		ch := change{verb: created, collection: Webhooks, organization: w.OrganizationID, after: w, ordinal: &w.AfterOrdinal}
		if err := record(ctx, tx, by, ch); err != nil {
			return nil, err
		}
		return w, beginAfter(ctx, tx, w.ID, w.AfterOrdinal)
	})
}

func newWebhook(now jsonapi.Stamp) *Webhook {
	return &Webhook{
		ID: NewID(), CreatedAt: now, UpdatedAt: now, Kind: ExtraWebhook, EventTypes: jsonapi.Strings{}, Headers: jsonapi.Strings{},
		HeaderNames: jsonapi.Strings{}, Ordering: OrderNone, Algorithm: SignV1, Status: WebhookActive, Version: 1,
	}
}

// checkRoom refuses one endpoint more than an organization can have. The organization is locked, or new.
func checkRoom(ctx context.Context, tx *store.DB, w *Webhook) error {
	if allowedOn(tx).MaxWebhooks == 0 {
		return nil
	}
	var n int64
	if err := tx.Session(ctx).Table("webhooks").Where("organization_id = ?", w.OrganizationID).Count(&n).Error; err != nil {
		return fmt.Errorf("count webhooks: %w", err)
	}
	if n < int64(allowedOn(tx).MaxWebhooks) {
		return nil
	}
	refused := &store.Error{Kind: store.Conflict,
		Message: fmt.Sprintf("The organization has %d endpoints, its own webhookUrl among them, and cannot have more.", n)}
	if w.Kind == OwnWebhook {
		refused.Field = "webhookUrl"
	}
	return refused
}

// insertWebhook inserts an endpoint with its secret and its lane.
func insertWebhook(ctx context.Context, tx *store.DB, w *Webhook, secret string) error {
	if err := checkRoom(ctx, tx, w); err != nil {
		return err
	}
	w.Origin, w.SealedURL = SealURL(tx.Vault(), w.ID, w.URL)
	if err := insert(ctx, tx, Webhooks, w); err != nil {
		return err
	}
	if err := insertLane(ctx, tx, w); err != nil {
		return err
	}
	return addSigningSecret(ctx, tx, w.ID, secret)
}

// UpdateWebhook changes what the input names, if the caller may see all that the endpoint got until then and is to get. An endpoint that
// becomes active again sends what has waited, slowly at first.
func UpdateWebhook(ctx context.Context, db *store.DB, by Caller, id string, in *Change) (*Webhook, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (w *Webhook, err error) {
		before, err := lockLive[Webhook](ctx, tx, Webhooks, by.Scope, id)
		if err != nil {
			return nil, err
		}
		held, err := by.at(ctx, tx, before.OrganizationID, "webhooks:write")
		if err != nil {
			return nil, err
		}
		if err := checkVersion(before.Version, in.Versions); err != nil {
			return nil, err
		}
		if err := in.check(Webhooks, toUpdate); err != nil {
			return nil, err
		}
		copied := *before
		w = &copied
		if err := checkUnchanged(Webhooks, w, in, false); err != nil {
			return nil, err
		}
		columns := Webhooks.Schema.Apply(w, in.Attributes)
		if w.Kind == OwnWebhook && w.URL != before.URL {
			return nil, &store.Error{Kind: store.Forbidden, Field: "url",
				Message: "This is the organization's own endpoint: change webhookUrl of the organization."}
		}
		if err := checkWebhook(tx, w, before, in); err != nil {
			return nil, err
		}
		if err := sealHeaders(tx, w, in); err != nil {
			return nil, err
		}
		w.printHeaders()
		if w.URL != before.URL {
			w.Origin, w.SealedURL = SealURL(tx.Vault(), w.ID, w.URL)
		}
		if w.Status != WebhookDisabled {
			w.DisabledReason, w.DisabledAt = nil, nil
		}
		if reflect.DeepEqual(before, w) {
			return w, nil
		}
		for _, endpoint := range []*Webhook{before, w} { // what is pending was for the one before
			if err := endpoint.within(held); err != nil {
				return nil, err
			}
		}
		if err := w.directs(held, before, in); err != nil {
			return nil, err
		}
		return w, saveWebhook(ctx, tx, by, updated, before, w,
			append(columns, "header_names", "headers", "url", "sealed_url", "disabled_reason", "disabled_at"))
	})
}

// saveWebhook writes the columns of an endpoint, makes its lane follow, and records the event.
func saveWebhook(ctx context.Context, tx *store.DB, by Caller, v verb, before, w *Webhook, columns []string) error {
	w.Version++
	w.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	columns = append(columns, "version", "updated_at")
	if err := tx.Session(ctx).Model(&Webhook{}).Where("id = ?", w.ID).Select(columns).Updates(w).Error; err != nil {
		return fmt.Errorf("update webhook: %w", err)
	}
	if before.Status != w.Status {
		if err := switchLane(ctx, tx, w); err != nil {
			return err
		}
	}
	ch := change{verb: v, collection: Webhooks, organization: w.OrganizationID, before: before, after: w}
	if v == rotated && w.Secret != nil {
		ch.secrets = []string{"secret"}
	}
	return record(ctx, tx, by, ch)
}

// DeleteWebhook deletes an endpoint. What was pending is cancelled; the history stays.
func DeleteWebhook(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		w, err := lockLive[Webhook](ctx, tx, Webhooks, by.Scope, id)
		if err != nil {
			return err
		}
		held, err := by.at(ctx, tx, w.OrganizationID, "webhooks:write")
		if err != nil {
			return err
		}
		if err := w.within(held); err != nil {
			return err
		}
		if w.Kind == OwnWebhook {
			return &store.Error{Kind: store.Conflict,
				Message: "This is the organization's own endpoint: set webhookUrl of the organization to null."}
		}
		if err := checkVersion(w.Version, versions); err != nil {
			return err
		}
		if err := removeWebhook(ctx, tx, id); err != nil {
			return err
		}
		return record(ctx, tx, by, change{verb: deleted, collection: Webhooks, organization: w.OrganizationID, before: w})
	})
}

// removeWebhook deletes the row of an endpoint with all that hangs on it, and cancels what is pending.
func removeWebhook(ctx context.Context, tx *store.DB, id string) error {
	if err := CancelDeliveries(ctx, tx, []string{id}, CancelledEndpointDeleted); err != nil {
		return err
	}
	if err := tx.Later(ctx, "delete tallies", `DELETE FROM webhook_tallies WHERE webhook_id = ?`, id); err != nil {
		return err
	}
	return tx.Later(ctx, "delete webhook", `DELETE FROM webhooks WHERE id = ?`, id)
}

// disabled is what happens to an endpoint that cannot be used any more.
const disabled verb = "disabled"

// DisableWebhook disables an endpoint and tells so. What is pending stays, for the day it is active again.
func DisableWebhook(ctx context.Context, tx *store.DB, id, reason string) error {
	before, err := lock[Webhook](ctx, tx, Webhooks, collection.Everything(), id)
	if err != nil || before.Status == WebhookDisabled {
		return err
	}
	after := *before
	now := jsonapi.Stamp{Time: tx.Now()}
	after.Status, after.DisabledReason, after.DisabledAt = WebhookDisabled, &reason, &now
	return saveWebhook(ctx, tx, System("webhooks"), disabled, before, &after, []string{"status", "disabled_reason", "disabled_at"})
}
