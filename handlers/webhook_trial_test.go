package handlers_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestATestSendsAnExampleOfAnyType: what comes is what the schema of the type says, it is marked, and nothing of it is an event of the
// organization.
func TestATestSendsAnExampleOfAnyType(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newService(t, db)
		d := newDispatch(s, asItIs)
		schemas := eventSchemas(t, s)
		org, _ := s.organization("Acme")
		receiver := webhookstest.NewReceiver(t)
		id := s.hook(org, object{"url": receiver.URL(), "eventTypes": []string{"role.created"}}).want(201).text("data", "id")
		before := s.get("/public/v2/events?filter[organizationId]="+org).want(200).json("meta", "total").(float64)

		var names []string
		for _, typ := range models.EventTypes() {
			sent := s.do("POST", hooksPath+"/"+id+"/test", object{"meta": object{"eventType": typ.Name}}).want(202)
			if got := sent.text("data", "attributes", "eventType"); got != typ.Name {
				t.Errorf("the delivery of a test with %s is of %s", typ.Name, got)
			}
			names = append(names, typ.Name)
		}
		for _, q := range d.received(receiver, len(names)) {
			var body struct {
				Type         string
				Test         bool
				Sequence     int64
				Organization struct{ ID string }
			}
			event, err := jsonschema.UnmarshalJSON(bytes.NewReader(q.Body))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(q.Body, &body); err != nil {
				t.Fatal(err)
			}
			if err := schemas[body.Type].Validate(event); err != nil {
				t.Errorf("what a test with %s sends: %v", body.Type, err)
			}
			if !body.Test || body.Sequence != 0 || body.Organization.ID != org {
				t.Errorf("a test with %s is not marked as one of the organization: %s", body.Type, q.Body)
			}
			names = slices.DeleteFunc(names, func(name string) bool { return name == body.Type })
		}
		if len(names) > 0 {
			t.Errorf("never sent: %v", names)
		}
		recorded := s.get("/public/v2/events?page[size]=200&sort=-position&filter[organizationId]=" + org).want(200)
		after := recorded.json("meta", "total").(float64) - before
		for i := range int(after) {
			if got := recorded.text("data", i, "attributes", "eventType"); got != models.TestEvent {
				t.Errorf("a test is recorded as %s", got)
			}
		}
	})
}

func TestATestOfATypeWaitsForItself(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		id := s.hook(org, nil).want(201).text("data", "id")
		test := func(meta any) *answer { return s.do("POST", hooksPath+"/"+id+"/test", object{"meta": meta}) }
		delivery := func(meta any) string { return test(meta).want(202).text("data", "id") }
		plain, created := delivery(object{}), delivery(object{"eventType": "user.created"})
		again := []string{
			delivery(object{"eventType": nil}), delivery(object{"eventType": "webhook.test"}),
			delivery(object{"eventType": "user.created"}),
		}
		if diff := cmp.Diff([]string{plain, plain, created}, again); diff != "" || plain == created {
			t.Errorf("a pending test of a type is the answer to the next one of that type (-want +got):\n%s", diff)
		}
		for _, wrong := range []any{"user.vanished", "", "*", "user.*", 7, []string{"user.created"}, strings.Repeat("a", 101), "a\x00b"} {
			if got := test(object{"eventType": wrong}).want(422).text("errors", 0, "source", "pointer"); got != "/meta/eventType" {
				t.Errorf("%v is refused at %s", wrong, got)
			}
		}
		_, stranger := s.organization("Globex")
		s.as(stranger).do("POST", hooksPath+"/"+id+"/test", object{"meta": object{"eventType": "user.vanished"}}).want(404)
		if got := s.get(deliveriesPath+"?filter[webhookId]="+id).want(200).json("meta", "total"); got != 2.0 {
			t.Errorf("%v deliveries were made", got)
		}
	})
}

// TestADeliveryTellsWhyItWaits: whoever sees deliveries alone, as the holder of a portal link may, is told that their endpoint is paused.
func TestADeliveryTellsWhyItWaits(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		id := s.hook(org, nil).want(201).text("data", "id")
		other := s.hook(org, nil).want(201).text("data", "id")
		sent := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202)
		if got := sent.text("data", "attributes", "endpointStatus"); got != "active" {
			t.Errorf("the answer to a test says that its endpoint is %s", got)
		}
		s.do("POST", hooksPath+"/"+other+"/test", nil).want(202)
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "paused"}), id)).want(200)

		_, token := s.link(org, object{"permissions": []string{"webhookDeliveries:write"}})
		portal := s.frame()
		portal.open(token).want(201)
		portal.get(hooksPath + "/" + id).want(403)
		statuses := map[any]any{}
		list := portal.get(deliveriesPath).want(200)
		for i := range 2 {
			statuses[list.text("data", i, "relationships", "webhook", "data", "id")] = list.json("data", i, "attributes", "endpointStatus")
		}
		if diff := cmp.Diff(map[any]any{id: "paused", other: "active"}, statuses); diff != "" {
			t.Errorf("the endpoints of deliveries (-want +got):\n%s", diff)
		}
		delivery := deliveriesPath + "/" + sent.text("data", "id")
		for _, a := range []*answer{portal.get(delivery).want(200), portal.do("POST", delivery+"/redeliver", nil).want(202)} {
			if got := a.text("data", "attributes", "endpointStatus"); got != "paused" {
				t.Errorf("the endpoint of one delivery is %s", got)
			}
		}
	})
}
