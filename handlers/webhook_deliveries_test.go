package handlers_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
)

func TestATestIsOnePendingDelivery(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		id := s.hook(org, object{"eventTypes": []string{"user.created"}, "ordering": "fifo"}).want(201).text("data", "id")
		s.hook(org, nil).want(201)
		s.exec(`UPDATE webhook_lanes SET failed_probes = 3, probe_at = ? WHERE webhook_id = ?`, clock.Now().Add(time.Hour), id)

		first := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202)
		sent := first.text("data", "id")
		clock.Advance(time.Second)
		if got := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202).text("data", "id"); got != sent {
			t.Errorf("a second click makes a second delivery, %s", got)
		}
		a := s.get(deliveriesPath + "/" + sent + "?include=webhook,event").want(200)
		if a.text("data", "attributes", "state") != "pending" || a.text("data", "attributes", "trigger") != "test" ||
			a.text("data", "attributes", "eventType") != "webhook.test" ||
			a.text("data", "attributes", "nextAttemptAt") != "2024-08-20T10:45:07+00:00" {
			t.Errorf("the delivery is %s", a.Body)
		}
		if got := a.ids("included"); len(got) != 2 {
			t.Errorf("included: %v", got)
		}
		var body struct {
			Type     string
			Sequence *int64
			Data     struct{ Type, ID string }
		}
		if err := json.Unmarshal([]byte(s.column(`SELECT body FROM webhook_messages`)), &body); err != nil {
			t.Fatal(err)
		}
		if body.Type != "webhook.test" || body.Sequence == nil || *body.Sequence != 0 ||
			body.Data.Type != "webhooks" || body.Data.ID != id {
			t.Errorf("the body is %+v", body)
		}
		if got := s.get(deliveriesPath+"?filter[webhookId]="+id).want(200).json("meta", "total"); got != 1.0 {
			t.Errorf("%v deliveries are counted", got)
		}
		if got := s.number(`SELECT COUNT(*) FROM webhook_lanes WHERE next_turn_at IS NOT NULL AND probe_at IS NULL`); got != 1 {
			t.Errorf("%d lanes have a turn", got)
		}
		health := s.get(hooksPath + "/" + id).want(200)
		if health.json("data", "attributes", "health", "backlog") != 1.0 ||
			health.text("data", "attributes", "health", "oldestPending") != "2024-08-20T10:45:07+00:00" ||
			health.text("data", "attributes", "health", "nextAttemptAt") != "2024-08-20T10:45:07+00:00" {
			t.Errorf("health: %s", health.Body)
		}
		s.finish(sent, "failed", clock.Now())
		if got := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202).text("data", "id"); got == sent {
			t.Error("after the first is finished, there is no second test")
		}
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "paused"}), id)).want(200)
		s.do("POST", hooksPath+"/"+id+"/test", nil).want(409)
	})
}

func TestADeliveryGoesOutAgainOnce(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		id := s.hook(org, nil).want(201).text("data", "id")
		sent := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202).text("data", "id")
		again := func() *answer { return s.do("POST", deliveriesPath+"/"+sent+"/redeliver", nil) }
		row := func() (state, trigger, due string) {
			a := s.get(deliveriesPath + "/" + sent).want(200)
			due, _ = a.json("data", "attributes", "nextAttemptAt").(string)
			return a.text("data", "attributes", "state"), a.text("data", "attributes", "trigger"), due
		}

		// Due already: nothing to add.
		again().want(202)
		if state, trigger, _ := row(); state != "pending" || trigger != "test" {
			t.Errorf("a pending delivery is now %s, %s", state, trigger)
		}
		// Waiting for its retry: moved up, and still one.
		s.exec(`UPDATE webhook_open SET due_at = ?, round_attempts = 1 WHERE delivery_id = ?`, clock.Now().Add(time.Hour), sent)
		s.exec(`UPDATE webhook_lanes SET next_turn_at = ? WHERE webhook_id = ?`, clock.Now().Add(time.Hour), id)
		clock.Advance(time.Minute)
		again().want(202)
		again().want(202)
		if state, trigger, due := row(); state != "pending" || trigger != "manual" || due != "2024-08-20T10:46:07+00:00" {
			t.Errorf("a waiting delivery is now %s, %s, due %s", state, trigger, due)
		}
		if got := s.number(`SELECT COUNT(*) FROM webhook_deliveries`); got != 1 {
			t.Errorf("there are %d deliveries", got)
		}
		// While a worker holds the lane, its turn is left alone.
		s.exec(`UPDATE webhook_lanes SET lease_token = ?, lease_until = ?, next_turn_at = ? WHERE webhook_id = ?`,
			"01912f6a-8c00-7abc-8def-0123456789ab", clock.Now().Add(time.Minute), clock.Now().Add(time.Minute), id)
		s.finish(sent, "failed", clock.Now())
		clock.Advance(time.Second)
		answered := again().want(202)
		if answered.text("data", "attributes", "state") != "pending" || answered.json("data", "attributes", "finishedAt") != nil {
			t.Errorf("answered with %s", answered.Body)
		}
		if got := s.number(`SELECT round_attempts FROM webhook_open`); got != 0 {
			t.Errorf("the new round begins at attempt %d", got)
		}
		if got := s.number(`SELECT COUNT(*) FROM webhook_lanes WHERE next_turn_at = lease_until`); got != 1 {
			t.Error("the turn of a leased lane was moved")
		}
		// The receiver's wish to be left alone counts more than a click.
		s.exec(`UPDATE webhook_lanes SET lease_token = NULL, lease_until = NULL, next_turn_at = NULL, retry_after = ? WHERE webhook_id = ?`,
			clock.Now().Add(time.Hour), id)
		s.finish(sent, "failed", clock.Now())
		again().want(202)
		if got := s.number(`SELECT COUNT(*) FROM webhook_lanes WHERE next_turn_at = retry_after`); got != 1 {
			t.Error("Retry-After is not honoured")
		}
		// A paused endpoint takes it too, for later; one that is gone does not.
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "paused"}), id)).want(200)
		s.finish(sent, "failed", clock.Now())
		again().want(202)
		s.finish(sent, "failed", clock.Now())
		s.do("DELETE", hooksPath+"/"+id, nil).want(204)
		again().want(409)
	})
}

func TestADeliveryShowsItsAttempts(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		id := s.hook(org, nil).want(201).text("data", "id")
		sent := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202).text("data", "id")
		if got := s.get(deliveriesPath+"/"+sent).want(200).json("data", "attributes", "history"); !cmp.Equal(got, []any{}) {
			t.Errorf("before the first attempt: %v", got)
		}
		clock.Advance(123_456 * time.Microsecond) // which is not told
		s.finish(sent, "failed", clock.Now())
		want := []any{object{
			"number": 1.0, "trigger": "test", "startedAt": "2024-08-20T10:45:07+00:00", "url": "https://hooks.example.com/roster",
			"address":  "192.0.2.7:443",
			"protocol": nil, "reusedConnection": false, "tries": 1.0, "status": nil, "errorCode": "timeout", "detail": "no answer",
			"timings":    object{"dns": 1.5, "connect": 2.5, "tls": 3.0, "sent": 0.1, "firstByte": 0.0, "total": 20000.0},
			"response":   object{"headers": object{"Server": "nginx"}, "head": "half a \uFFFD page", "truncated": true},
			"signedWith": []any{"01912f6a-8c00-7abc-8def-0123456789ab"},
		}}
		if diff := cmp.Diff(any(want), s.get(deliveriesPath+"/"+sent).want(200).json("data", "attributes", "history")); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		if got := s.get(deliveriesPath).want(200).json("data", 0, "attributes", "history"); got != nil {
			t.Errorf("a list shows the history: %v", got)
		}
		for _, filter := range []string{
			"filter[state]=failed", "filter[eventType]=webhook.test", "filter[webhookId]=" + id, "filter[webhook]=" + id,
			"filter[organizationId]=" + org,
			"filter[createdAt][gte]=2024-08-20T10:45:07%2B00:00", "filter[errorCode]=timeout", "filter[trigger]=test", "filter[attempts]=1",
		} {
			if got := s.get(deliveriesPath+"?"+filter).want(200).json("meta", "total"); got != 1.0 {
				t.Errorf("%s finds %v", filter, got)
			}
		}
		for _, filter := range []string{
			"filter[state]=pending", "filter[eventType]=user.created", "filter[webhookId]=" + org, "filter[organizationId]=" + id,
			"filter[createdAt][lt]=2024-08-20T10:45:07%2B00:00", "filter[webhookId]=nope",
		} {
			if got := s.get(deliveriesPath+"?"+filter).want(200).json("meta", "total"); got != 0.0 {
				t.Errorf("%s finds %v", filter, got)
			}
		}
		s.do("POST", deliveriesPath, resource("webhookDeliveries", object{})).want(405)
		s.do("DELETE", deliveriesPath+"/"+sent, nil).want(405)
	})
}
