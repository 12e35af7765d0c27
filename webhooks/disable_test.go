package webhooks

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/webhooks/webhookstest"
)

// TestAnEndpointThatTakesNothingForFiveDaysIsDisabledAndTold follows an endpoint that fails from the first message to the day on which
// it is enabled again.
func TestAnEndpointThatTakesNothingForFiveDaysIsDisabledAndTold(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		above := webhookstest.NewReceiver(r.t)
		parent := r.organization("")
		r.endpoint(parent, above.URL(), "subtree", true, "eventTypes", jsonapi.Strings{"webhook.disabled"})
		org := r.child(parent)
		failing := webhookstest.NewReceiver(r.t,
			webhookstest.Status(500), webhookstest.Status(500), webhookstest.Status(500), webhookstest.Status(200))
		endpoint := r.endpoint(org, failing.URL(), "eventTypes", jsonapi.Strings{"organization.*"},
			"schedule", jsonapi.Strings{"0s", "12h30m", "80h", "24h"})
		r.change(org, "First")
		attempted := func(n int) {
			r.t.Helper()
			r.received(failing, n)
			r.until(`SELECT COUNT(*) FROM webhook_attempts a JOIN webhook_deliveries d ON d.id = a.delivery_id
				AND d.webhook_id = '`+endpoint.ID+`'`, int64(n))
			r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(0))
		}
		status := func() any { return r.query(`SELECT status FROM webhooks WHERE id = '` + endpoint.ID + `'`) }
		attempted(1)
		move(16 * time.Hour)
		attempted(2)
		if status() != "active" {
			r.t.Fatal("it is disabled on the first day")
		}
		err := models.FillWebhookHealth(r.t.Context(), r.db, endpoint)
		if err != nil || !strings.Contains(string(*endpoint.Health), `"successRate":0,`) {
			r.t.Errorf("after nothing but failures its health is %s, %v", *endpoint.Health, err)
		}
		move(5*24*time.Hour - 16*time.Hour)
		attempted(3)
		r.until(`SELECT disabled_reason FROM webhooks WHERE id = '`+endpoint.ID+`'`, "failing")

		// Whoever is above it is told, and so is who reads the events of the whole installation.
		m := read(r.t, r.received(above, 1)[0])
		if m.Type != "webhook.disabled" || m.Data.ID != endpoint.ID || m.Data.Attributes["disabledReason"] != "failing" {
			r.t.Errorf("the organization above is told %+v", m)
		}
		page, err := collection.List(r.t.Context(), r.db, models.Events, collection.Everything(),
			query(r.t, models.Events, "filter[eventType]=webhook.disabled"))
		if err != nil || len(page.Items) != 1 || *page.Items[0].(*models.Event).OrganizationID != org.ID {
			r.t.Errorf("the management sees %d events, %v", len(page.Items), err)
		}

		// What happens while it is disabled is kept, and sent with what had failed once it is enabled.
		r.change(org, "Meanwhile")
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(2))
		move(10 * 24 * time.Hour)
		r.until(`SELECT COUNT(*) FROM event_queue`, int64(0))
		if n := len(failing.Requests()); n != 3 {
			r.t.Fatalf("a disabled endpoint got %d requests", n)
		}
		r.update(endpoint, map[string]any{"status": "active"})
		r.w.Wake()
		names := map[any]bool{}
		for _, q := range r.received(failing, 5)[3:] {
			names[read(r.t, q).Data.Attributes["name"]] = true
		}
		r.quiet()
		if !names["First"] || !names["Meanwhile"] {
			r.t.Errorf("after it was enabled it got %v", names)
		}
	})
}

// TestAnEndpointThatIsCreatedPausedWaitsQuietly makes sure that nobody takes its lane, again and again, to find that nothing may be sent.
func TestAnEndpointThatIsCreatedPausedWaitsQuietly(t *testing.T) {
	each(t, func(r *rig) {
		receiver, witness := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		org := r.organization(witness.URL())
		endpoint := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"}, "status", models.WebhookPaused)
		err := models.FillWebhookHealth(r.t.Context(), r.db, endpoint)
		if err != nil || !strings.Contains(string(*endpoint.Health), `"state":"paused"`) {
			r.t.Errorf("its health is %s, %v", *endpoint.Health, err)
		}
		r.change(org, "Acme & Sons")
		r.received(witness, 2)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(1))
		if n := r.query(`SELECT COUNT(*) FROM webhook_lanes
			WHERE webhook_id = '` + endpoint.ID + `' AND (next_turn_at IS NOT NULL OR lease_token IS NOT NULL)`); n != int64(0) {
			r.t.Error("its lane has a turn")
		}
		r.update(endpoint, map[string]any{"status": "active"})
		r.received(receiver, 1)
		r.quiet()
	})
}

func TestWhatWaitsForARetryGoesOutWhenTheEndpointIsEnabled(t *testing.T) {
	each(t, func(r *rig) {
		receiver := webhookstest.NewReceiver(r.t, webhookstest.Status(http.StatusGone), webhookstest.Status(200))
		org := r.organization("")
		endpoint := r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"},
			"schedule", jsonapi.Strings{"0s", "24h"})
		r.change(org, "Acme & Sons")
		r.received(receiver, 1)
		r.until(`SELECT COUNT(*) FROM webhooks WHERE status = 'disabled'`, int64(1))
		r.update(endpoint, map[string]any{"status": "active"})
		r.received(receiver, 2)
		r.quiet()
	})
}

// query reads the query of a list.
func query(t *testing.T, c *collection.Collection, text string) *jsonapi.Query {
	t.Helper()
	q, err := jsonapi.ParseQuery(text, jsonapi.ListQuery, c.Schema, models.SchemaOf)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// child creates an organization below another one.
func (r *rig) child(parent *models.Organization) *models.Organization {
	r.t.Helper()
	in := input(map[string]any{"name": "Child"})
	in.Links["parent"] = models.Links{parent.ID}
	org, err := models.CreateOrganization(r.t.Context(), r.db, someone, in)
	if err != nil {
		r.t.Fatal(err)
	}
	return org
}
