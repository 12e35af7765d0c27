package handlers_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
)

func TestAReplayIsARow(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		id := s.hook(org, nil).want(201).text("data", "id")
		ask := func(attributes object) *answer {
			return s.do("POST", replaysPath, resource("webhookReplays", attributes, "webhook", ref("webhooks", id)))
		}
		all := object{"kind": "events", "since": "2024-08-01T00:00:00+00:00", "eventTypes": []string{"user.*"}}
		made := ask(all).want(201)
		job := made.text("data", "id")
		want := object{
			"createdAt": "2024-08-20T10:45:07+00:00", "updatedAt": "2024-08-20T10:45:07+00:00", "kind": "events",
			"eventTypes": []any{"user.*"}, "includeDelivered": false,
			"since": "2024-08-01T00:00:00+00:00", "until": "2024-08-20T10:45:07+00:00", "state": "running", "queued": 0.0, "examined": 0.0,
			"reachedAt": nil, "outcome": nil, "finishedAt": nil,
		}
		if diff := cmp.Diff(any(want), made.json("data", "attributes")); diff != "" {
			t.Errorf("replay (-want +got):\n%s", diff)
		}
		clock.Advance(time.Second)
		ask(all).want(409) // a second click
		ask(object{"kind": "failed", "since": "2024-08-01T00:00:00+00:00"}).want(201)
		for name, c := range map[string]struct {
			attributes object
			pointer    string
		}{
			"no time":   {object{"kind": "failed"}, "/data/attributes"},
			"backwards": {object{"since": "2025-01-01T00:00:00+00:00"}, "/data/attributes/since"},
			"a pattern": {object{"since": "2024-08-02T00:00:00+00:00", "eventTypes": []string{"user*"}},
				"/data/attributes/eventTypes"},
			"a kind": {object{"since": "2024-08-02T00:00:00+00:00", "kind": "all"}, "/data/attributes/kind"},
			"what failed, again": {object{"since": "2024-08-02T00:00:00+00:00", "includeDelivered": true},
				"/data/attributes/includeDelivered"},
			"finished already": {object{"since": "2024-08-02T00:00:00+00:00", "state": "done"}, "/data/attributes/state"},
		} {
			if got := ask(c.attributes).want(422).errors(); len(got) != 1 || got[0].Pointer != c.pointer {
				t.Errorf("%s: %v", name, got)
			}
		}
		s.do("POST", replaysPath, resource("webhookReplays", all)).want(422)
		set := func(state string) *answer {
			return s.do("PATCH", replaysPath+"/"+job, withID(resource("webhookReplays", object{"state": state}), job))
		}
		set("done").want(409)
		set("paused").want(200)
		ask(all).want(409)
		set("running").want(200)
		if got := set("cancelled").want(200).text("data", "attributes", "finishedAt"); got != "2024-08-20T10:45:08+00:00" {
			t.Errorf("cancelled at %s", got)
		}
		set("running").want(409)
		ask(all).want(201)
		if got := s.get(replaysPath+"?filter[webhookId]="+id+"&filter[state]=running").want(200).json("meta", "total"); got != 2.0 {
			t.Errorf("%v replays run", got)
		}
		s.do("DELETE", replaysPath+"/"+job, nil).want(405)
	})
}
