package webhooks

import (
	"fmt"
	"testing"
	"time"

	"roster/webhooks/webhookstest"
)

func TestAnEndpointGetsNoMoreThanItsRate(t *testing.T) {
	each(t, func(r *rig) {
		const rate, events = 50, 26
		limited, free := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		org := r.organization(free.URL())
		r.endpoint(org, limited.URL(), "rate", int64(rate))
		began := time.Now()
		for i := range events {
			r.change(org, fmt.Sprint("Name ", i))
		}
		r.received(limited, events)
		// The first goes at once, each other one a fiftieth of a second after the one before.
		if took := time.Since(began); took < (events-1)*time.Second/rate {
			r.t.Errorf("%d came within %s", events, took)
		}
		r.quiet()
		if n := len(free.Requests()); n != events+1 { // organization.created
			r.t.Errorf("the endpoint beside it got %d", n)
		}
	})
}
