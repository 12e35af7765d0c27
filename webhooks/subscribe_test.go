package webhooks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/webhooks/webhookstest"
)

// TestWhatIsToldOfEndpointsIsAskedForByName gives an organization endpoints that want everything, beside one that names what it wants to
// hear of endpoints, and changes one of them and the organization.
func TestWhatIsToldOfEndpointsIsAskedForByName(t *testing.T) {
	each(t, func(r *rig) {
		own, star, empty, named := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t),
			webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		org := r.organization(own.URL())
		r.endpoint(org, named.URL(), "eventTypes", jsonapi.Strings{"*", "webhook.*"})
		r.endpoint(org, empty.URL())
		hook := r.endpoint(org, star.URL(), "eventTypes", jsonapi.Strings{"*"})
		r.update(hook, map[string]any{"name": "Payroll"})
		r.change(org, "Changed")
		r.quiet()
		for name, test := range map[string]struct {
			receiver *webhookstest.Receiver
			want     []string
		}{
			"webhookUrl":    {own, []string{"organization.created", "organization.updated"}},
			"an empty list": {empty, []string{"organization.updated"}},
			"*":             {star, []string{"organization.updated"}},
			"* and webhook.*": {named, []string{
				"webhook.created", "webhook.created", "webhook.updated", "organization.updated", // its own creation came before it
			}},
		} {
			got := map[string]int{}
			for _, q := range test.receiver.Requests() {
				got[read(r.t, q).Type]++
			}
			want := map[string]int{}
			for _, eventType := range test.want {
				want[eventType]++
			}
			if diff := cmp.Diff(want, got); diff != "" {
				r.t.Errorf("%s gets:\n%s", name, diff)
			}
		}
	})
}
