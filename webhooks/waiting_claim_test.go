package webhooks

import (
	"testing"

	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestALeaseThatHasToWaitHoldsUpNoOtherEndpoint lets lanes be leased by nobody for a while, as when somebody else writes, and a lane that
// is served already has one more delivery, to an endpoint that has to be read again.
func TestALeaseThatHasToWaitHoldsUpNoOtherEndpoint(t *testing.T) {
	each(t, func(r *rig) {
		answer := make(chan struct{})
		ok := webhookstest.Status(200)
		served := webhookstest.NewReceiver(r.t, ok, func(x *webhookstest.Exchange) {
			<-answer
			ok(x)
		}, ok)
		other := r.endpoint(r.organization(""), webhookstest.NewReceiver(r.t).URL())
		org := r.organization(served.URL())
		r.quiet()
		r.until(`SELECT COUNT(*) FROM webhook_lanes WHERE lease_token IS NOT NULL`, int64(0))

		r.change(org, "Second")
		r.change(org, "Third")
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'`, int64(2))
		r.exec(`UPDATE webhook_lanes SET next_turn_at = (SELECT MIN(occurred_at) FROM events) WHERE webhook_id = '` + other.ID + `'`)
		err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
			if r.db.Dialect() == store.Postgres {
				if _, err := tx.Run(r.t.Context(), `LOCK TABLE webhook_lanes IN EXCLUSIVE MODE`); err != nil {
					return err
				}
			}
			r.w.Wake() // what is known about endpoints is out of date, and there is a lane to lease
			close(answer)
			r.received(served, 3)
			return nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
		r.quiet()
	})
}
