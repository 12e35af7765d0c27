package models_test

import (
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestWhatEndsDirectsNoEndpoint: an endpoint would go on to be sent what the credential subscribed to, for longer than that lives.
func TestWhatEndsDirectsNoEndpoint(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		ctx, org := t.Context(), organization(t, db, "Acme", "")
		ends := until(everything, clock.Now().Add(time.Hour))
		paused := attributes{"url": chatURL, "status": models.WebhookPaused, "eventTypes": jsonapi.Strings{"user.created"}}
		there := must(models.CreateWebhook(ctx, db, everything, input(paused, relations{"organization": one(org.ID)})))(t)
		change := func(a attributes) error {
			_, err := models.UpdateWebhook(ctx, db, ends, there.ID, input(a, nil))
			return err
		}
		_, err := models.CreateWebhook(ctx, db, ends, input(attributes{"url": chatURL}, relations{"organization": one(org.ID)}))
		wantKind(t, err, store.Forbidden, "url")
		_, err = models.UpdateOrganization(ctx, db, ends, org.ID, input(attributes{"webhookUrl": chatURL}, nil))
		wantKind(t, err, store.Forbidden, "webhookUrl")
		_, err = models.CreateOrganization(ctx, db, ends, input(attributes{"name": "New", "webhookUrl": chatURL}, nil))
		wantKind(t, err, store.Forbidden, "webhookUrl")
		wantKind(t, change(attributes{"url": chatURL + "/other"}), store.Forbidden, "url")
		wantKind(t, change(attributes{"eventTypes": jsonapi.Strings{"user.*"}}), store.Forbidden, "eventTypes")
		wantKind(t, change(attributes{"subtree": true}), store.Forbidden, "subtree")
		wantKind(t, change(attributes{"status": models.WebhookActive}), store.Forbidden, "status")
		wantKind(t, change(attributes{"headers": jsonapi.Strings{"X-Team: ours"}}), store.Forbidden, "headers")
		_, err = models.RotateWebhookSecret(ctx, db, ends, there.ID, 0)
		wantKind(t, err, store.Forbidden, "")
		own := must(models.CreateOrganization(ctx, db, everything, input(attributes{"name": "Own", "webhookUrl": chatURL}, nil)))(t)
		_, err = models.UpdateOrganization(ctx, db, ends, own.ID, input(attributes{"webhookSecret": "a secret of 16 bytes or more"}, nil))
		wantKind(t, err, store.Forbidden, "webhookSecret")
		if _, err := models.UpdateOrganization(ctx, db, ends, own.ID, input(attributes{"webhookUrl": nil}, nil)); err != nil {
			t.Errorf("the end of the own one: %v", err)
		}
		if err := change(attributes{"ordering": models.OrderFIFO}); err != nil {
			t.Errorf("what directs nothing: %v", err)
		}
		if err := models.DeleteWebhook(ctx, db, ends, there.ID, nil); err != nil {
			t.Errorf("its end: %v", err)
		}
	})
}
