package queue_test

import (
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
)

func TestTheSenderReadsAllOfAURL(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		const url = "https://chat.example.com:8443/services/T0/hunter2?token=hunter2"
		w := modelstest.Webhook(t, db, organization(t, db, "Acme", "").ID, url)
		sent := must(queue.FindEndpoints(t.Context(), db, []string{w.ID}))(t)
		if got := sent.Found[w.ID].URL; got != url {
			t.Errorf("the sender reads %q", got)
		}
	})
}
