package webhooks

import (
	"testing"
	"time"

	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestAnEndpointThatCannotBeReadHoldsUpNoOther gives one endpoint the sealed secret of another, which is not its own: nothing is sent to it
// without a signature, the others of its organization are told of what happens, and once it can be read it gets what has waited.
func TestAnEndpointThatCannotBeReadHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	eachClockIn(t, func(r *rig, move func(time.Duration)) {
		spoilt, sound := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		org := r.organization("")
		r.quiet()
		a, b := r.endpoint(org, spoilt.URL()), r.endpoint(org, sound.URL())
		r.quiet()
		seal := func(of, from string) {
			r.exec(`UPDATE webhook_secrets SET sealed = (SELECT sealed FROM webhook_secrets WHERE webhook_id = '` + from + `')
				WHERE webhook_id = '` + of + `'`)
		}
		own := r.query(`SELECT sealed FROM webhook_secrets WHERE webhook_id = '` + a.ID + `'`)
		seal(a.ID, b.ID)
		before := len(spoilt.Requests())
		for i := range 3 {
			got := len(sound.Requests())
			r.w.Wake() // what is known about endpoints is out of date
			r.change(org, []string{"First", "Second", "Third"}[i])
			r.received(sound, got+1)
		}
		if n := len(spoilt.Requests()) - before; n != 0 {
			r.t.Errorf("%d requests went to an endpoint whose secret cannot be read", n)
		}
		err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
			_, err := tx.Run(r.t.Context(), `UPDATE webhook_secrets SET sealed = ? WHERE webhook_id = ?`, own, a.ID)
			return err
		})
		if err != nil {
			r.t.Fatal(err)
		}
		move(2 * unreadablePause)
		r.received(spoilt, before+3)
	})
}
