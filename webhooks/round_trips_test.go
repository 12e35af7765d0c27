package webhooks

import (
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestAnEventAsksPostgreSQLFewTimes counts the round trips of a worker that is idle: from the commit of an event until its receiver has it,
// and until what became of it is written and the lane given back.
func TestAnEventAsksPostgreSQLFewTimes(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	near, proxy := modelstest.OpenConfig(t, cfg), modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	w, _ := startWorker(t, modelstest.OpenConfig(t, cfg))
	r := &rig{t: t, db: near, w: w}
	defer near.OnCommit(w.Committed)()
	var sent int // round trips, until the receiver was asked
	receiver := webhookstest.NewReceiver(t, func(x *webhookstest.Exchange) {
		sent = proxy.Turns()
		webhookstest.Status(200)(x)
	})
	org := r.organization(receiver.URL())
	publish := func() {
		changes := jsonapi.Raw("{}")
		err := store.Transaction(t.Context(), near, func(tx *store.DB) error {
			return models.Capture(t.Context(), tx, &models.Event{
				ID: models.NewID(), EventType: "round.made", OccurredAt: jsonapi.Stamp{Time: near.Now()}, OrganizationID: &org.ID,
				SubjectType: "organizations", SubjectID: org.ID, ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw(`{}`),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const given = `SELECT (` + pending + `) + (SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL)`
	var toSend, toSettle []int
	for i := range 12 { // the first time each connection prepares its statements; others may fall into what the worker does now and then
		r.received(receiver, i+1)
		r.until(given, int64(0))
		before := proxy.Turns()
		publish()
		r.received(receiver, i+2)
		r.until(given, int64(0))
		toSend, toSettle = append(toSend, sent-before), append(toSettle, proxy.Turns()-sent)
	}
	// What has no number yet; the numbers and the claim; endpoints that are to get it; deliveries; lanes; leases and COMMIT. Then the
	// endpoint, since an event of an organization may be why it has changed.
	if n := slices.Min(toSend); n > 7 {
		t.Errorf("an event asks %d times before it is sent, want 7", n)
	}
	// The lease; all that is written; COMMIT.
	if n := slices.Min(toSettle); n > 3 {
		t.Errorf("an event asks %d times after it was sent, want 3", n)
	}
}
