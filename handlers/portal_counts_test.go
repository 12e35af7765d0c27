package handlers_test

import "testing"

// TestALinkToEventsCountsNoDeliveries asks for the deliveries of events with links that permit reading them, and with one that does not,
// though its maker did.
func TestALinkToEventsCountsNoDeliveries(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _, _ := s.furnished("Acme")
		const path = "/public/v2/events?withCounts=deliveries"
		counted := func(f *frame, path string) (n int) {
			for _, event := range f.get(path).want(200).json("data").([]any) {
				if meta, ok := event.(map[string]any)["meta"].(map[string]any); ok && meta["deliveries"] != nil {
					n++
				}
			}
			return n
		}
		alone := s.opened(org, object{"permissions": []string{"events:read"}})
		alone.get(deliveriesPath).want(403)
		if n := counted(alone, path); n != 0 {
			t.Errorf("a link to events alone is told of the deliveries of %d", n)
		}
		one := alone.get("/public/v2/events").want(200).ids("data")[0]
		if alone.get("/public/v2/events/"+one+"?withCounts=deliveries").want(200).json("data", "meta", "deliveries") != nil {
			t.Error("a link to events alone is told of the deliveries of one")
		}
		for _, word := range []string{"webhookDeliveries:read", "webhooks:read"} {
			if n := counted(s.opened(org, object{"permissions": []string{"events:read", word}}), path); n == 0 {
				t.Errorf("a link with %s is told of no deliveries", word)
			}
		}
	})
}
