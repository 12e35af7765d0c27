package handlers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
)

func TestAnEndpointIsCreatedReadChangedAndDeleted(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, token := s.organization("Acme")
		own := s.as(token)
		made := s.hook(org, object{"name": "Payroll", "eventTypes": []string{"user.*", "organization.updated"}, "rate": 50,
			"ordering": "per_entity",
			"subtree":  true, "schedule": []string{"0s", "1h", "1h"}}).want(201)
		id := made.text("data", "id")
		want := object{
			"createdAt": "2024-08-20T10:45:07+00:00", "updatedAt": "2024-08-20T10:45:07+00:00", "kind": "extra", "name": "Payroll",
			"url": "https://hooks.example.com/roster", "eventTypes": []any{"user.*", "organization.updated"}, "subtree": true,
			"headers":  []any{},
			"ordering": "per_entity", "rate": 50.0, "schedule": []any{"0s", "1h", "1h"}, "algorithm": "v1", "publicKey": nil, "secret": nil,
			"status": "active", "disabledReason": nil, "disabledAt": nil,
			"health": object{
				"state": "ok", "failingSince": nil, "consecutiveFailures": 0.0, "lastSuccessAt": nil,
				"lastFailureAt": nil, "successRate": nil,
				"latency": nil, "latencyP50": nil, "latencyP99": nil, "backlog": 0.0, "oldestPending": nil, "nextAttemptAt": nil,
			},
		}
		read := own.get(hooksPath + "/" + id).want(200)
		want["secrets"] = []any{object{
			"id": read.text("data", "attributes", "secrets", 0, "id"), "createdAt": "2024-08-20T10:45:07+00:00", "expiresAt": nil,
			"lastUsedAt": nil,
		}}
		if diff := cmp.Diff(want, read.json("data", "attributes")); diff != "" {
			t.Errorf("read (-want +got):\n%s", diff)
		}
		if got := made.text("data", "attributes", "secret"); !strings.HasPrefix(got, "whsec_") {
			t.Errorf("the generated secret is %q", got)
		}
		if got := read.text("data", "relationships", "organization", "data", "id"); got != org {
			t.Errorf("it belongs to %s", got)
		}

		// What was read can be sent back, all of it.
		var whole object
		if err := json.Unmarshal(read.Body, &whole); err != nil {
			t.Fatal(err)
		}
		own.do("PATCH", hooksPath+"/"+id, whole).want(200)
		changed := s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "paused", "rate": nil}), id)).want(200)
		if changed.text("data", "attributes", "status") != "paused" || changed.json("data", "attributes", "rate") != nil ||
			changed.text("data", "attributes", "health", "state") != "paused" {
			t.Errorf("after pausing: %s", changed.Body)
		}
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "disabled"}), id)).want(422)
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "active"}), id)).want(200)
		if got := s.get(managed + "/" + org + "/webhooks").want(200).ids("data"); !slices.Equal(got, []string{id}) {
			t.Errorf("the endpoints of the organization are %v", got)
		}
		if got := s.get(managed + "/" + org + "?include=webhooks").want(200).ids("included"); !slices.Equal(got, []string{id}) {
			t.Errorf("included are %v", got)
		}
		s.do("DELETE", hooksPath+"/"+id, nil).want(204)
		own.get(hooksPath + "/" + id).want(404)

		events := s.get("/public/v2/events?filter[subjectId]=" + id).want(200)
		var types []string
		for _, e := range events.json("data").([]any) {
			types = append(types, e.(object)["attributes"].(object)["eventType"].(string))
		}
		if diff := cmp.Diff([]string{"webhook.created", "webhook.updated", "webhook.updated", "webhook.deleted"}, types); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestTheOwnEndpointOfAnOrganizationIsChangedThere(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		a := s.do("POST", managed, resource("organizations", object{"name": "Acme", "webhookUrl": "https://acme.example.com/in"})).want(201)
		org := a.text("data", "id")
		own := s.get(hooksPath + "?filter[kind]=own").want(200)
		id := own.text("data", 0, "id")
		if got := own.text("data", 0, "attributes", "url"); got != "https://acme.example.com/in" ||
			own.json("data", 0, "attributes", "secret") != nil {
			t.Errorf("it is %s", own.Body)
		}
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"url": "https://elsewhere.example.com"}), id)).want(403)
		s.do("DELETE", hooksPath+"/"+id, nil).want(409)
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"eventTypes": []string{"user.*"}}), id)).want(200)
		s.do("PATCH", managed+"/"+org, withID(resource("organizations", object{"webhookUrl": nil}), org)).want(200)
		s.get(hooksPath + "/" + id).want(404)
	})
}

func TestEndpointsAreRefusedWithAPointer(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		for _, url := range []string{
			"https://127.0.0.1/", "https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://0177.0.0.1/", "https://[::1]/",
			"https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:7f00:1::]/", "https://[fe80::1%25eth0]/",
			"https://[fd00:ec2::254]/",
			"https://169.254.169.254/latest/meta-data", "https://100.64.0.1/", "https://localhost/", "https://api.localhost./",
			"https://0/",
			"https://10.0.0.1/", "https://192.168.1.1/", "https://１２７.0.0.1/", "https://user:secret@hooks.example.com/",
			"ftp://hooks.example.com/",
			"https://hooks.example.com/#here", "https://hooks.example.com:0/", "http:///nowhere", "javascript:alert(1)", "not a url", "",
		} {
			got := s.hook(org, object{"url": url}).want(422).errors()
			if len(got) != 1 || got[0].Pointer != "/data/attributes/url" {
				t.Errorf("%s: %v", url, got)
			}
		}
		s.hook(org, object{"url": "https://10.9.0.1/"}).want(201) // allowed by the configuration
		for name, c := range map[string]struct {
			attribute string
			value     any
		}{
			"a header of the sender":        {"headers", []string{"webhook-id: 1"}},
			"a header of the connection":    {"headers", []string{"Connection: close"}},
			"the host":                      {"headers", []string{"Host: elsewhere"}},
			"a header without a colon":      {"headers", []string{"X-Tenant"}},
			"a line break":                  {"headers", []string{"X-Tenant: a\r\nX-Other: b"}},
			"a name with a space":           {"headers", []string{"X Tenant: a"}},
			"headers that are too long":     {"headers", []string{"X-Tenant: " + strings.Repeat("a", 5000)}},
			"a header twice":                {"headers", []string{"X-Tenant: 1", "x-tenant: 2"}},
			"the mask of no value":          {"headers", []string{"X-Tenant: (secret)"}},
			"a secret of ed25519":           {"secret", "whsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
			"a public key":                  {"secret", "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="},
			"a wait before the first":       {"schedule", []string{"5s", "1h"}},
			"an empty pattern":              {"eventTypes", []string{""}},
			"a star in the middle":          {"eventTypes", []string{"user.*.created"}},
			"a star at the beginning":       {"eventTypes", []string{"*.created"}},
			"a half pattern":                {"eventTypes", []string{"user*"}},
			"an empty segment":              {"eventTypes", []string{"user..created"}},
			"a type with a hyphen":          {"eventTypes", []string{"api-key.created"}},
			"a type that there is not":      {"eventTypes", []string{"user.exploded"}},
			"a prefix that nothing has":     {"eventTypes", []string{"invoice.*"}},
			"one wrong type among others":   {"eventTypes", []string{"user.*", "user.create"}},
			"an ordering":                   {"ordering", "lifo"},
			"a rate of nothing":             {"rate", 0},
			"a rate without bounds":         {"rate", 1_000_000},
			"a schedule that is none":       {"schedule", []string{"soon"}},
			"an empty schedule":             {"schedule", []string{}},
			"a schedule of years":           {"schedule", []string{"0s", "9000h"}},
			"a secret that is too short":    {"secret", "whsec_c2hvcnQ="},
			"a secret that is not base64":   {"secret", "whsec_" + strings.Repeat("*", 32)},
			"a secret with a blank before":  {"secret", " whsec_" + strings.Repeat("QUFB", 8)},
			"a secret with a line break":    {"secret", "whsec_" + strings.Repeat("QUFB", 4) + "\n" + strings.Repeat("QUFB", 4)},
			"a secret without its padding":  {"secret", "whsec_" + strings.Repeat("QUFB", 8) + "QQ"},
			"a plain secret of 15 bytes":    {"secret", "fifteen bytes.."},
			"a status that only we can set": {"status", "disabled"},
		} {
			got := s.hook(org, object{c.attribute: c.value}).want(422).errors()
			if len(got) != 1 || got[0].Pointer != "/data/attributes/"+c.attribute {
				t.Errorf("%s: %v", name, got)
			}
		}
		for _, v := range []object{
			{"url": "https://hooks.example.com/?token=hunter2 hunter2"}, {"url": "https://hunter2:hunter2@hooks.example.com/"},
			{"url": "https://hooks.example.com:hunter2/"}, {"url": "hunter2://hooks.example.com/"},
			{"headers": []string{"Authorization Bearer hunter2"}},
			{"headers": []string{"Bearer hunter2: Authorization"}, "schedule": []string{"0s", "hunter2"}},
			{"headers": []string{"X-A: 1", "X-B hunter2", "x-a: hunter2"}}, {"headers": []string{"hunter2: (secret)"}},
			{"headers": []string{"Authorization: hunter2", "Authorization: hunter2"}}, {"headers": []string{"X-Tenant: hunter2\x01"}},
			{"secret": "whsec_hunter2"}, {"secret": "whsk_hunter2"}, {"secret": "hunter2"},
		} {
			if a := s.hook(org, v).want(422); strings.Contains(string(a.Body), "hunter2") {
				t.Errorf("what may be a secret comes back: %s", a.Body)
			}
		}
		told := s.hook(org, object{"headers": []string{"X-A: 1", "X-B", "x-a: 2"}}).want(422)
		if body := string(told.Body); !strings.Contains(body, "Header 2 is not") ||
			!strings.Contains(body, "Header 3 has the name of header 1") {
			t.Errorf("headers are told as %s", body)
		}
		several := s.hook(org, object{"url": "https://127.1/", "eventTypes": []string{"*x"}, "rate": -1}).want(422).errors()
		if len(several) != 3 {
			t.Errorf("several errors at once: %v", several)
		}
		id := s.hook(org, nil).want(201).text("data", "id")
		got := s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"url": "https://127.1/"}), id)).want(422).errors()
		if got[0].Pointer != "/data/attributes/url" {
			t.Errorf("in a change: %v", got)
		}
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"secret": "another secret"}), id)).want(403)
		// computed, and so ignored
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"health": object{"backlog": 7}}), id)).want(200)
	})
}

func TestTheHealthOfAListIsOneQuery(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		for i := range 5 {
			id := s.hook(org, object{"name": fmt.Sprint(i)}).want(201).text("data", "id")
			if i%2 == 0 {
				s.do("POST", hooksPath+"/"+id+"/test", nil).want(202)
			}
		}
		s.exec(`UPDATE webhook_lanes SET answers = 1000, failing = 0.25, latency = 12.5, failing_since = ?, consecutive_failures = 2`,
			clock.Now())
		a := s.get(hooksPath + "?sort=createdAt").want(200)
		for i := range 5 {
			health := a.json("data", i, "attributes", "health").(object)
			n := float64(1 - a.json("data", i, "attributes", "name").(string)[0]%2)
			if health["backlog"] != n || health["successRate"] != 0.75 || health["latency"] != 12.5 ||
				health["failingSince"] != "2024-08-20T10:45:07+00:00" {
				t.Errorf("endpoint %d: %v", i, health)
			}
		}
		without := s.get(hooksPath + "?fields[webhooks]=name").want(200)
		if got := without.json("data", 0, "attributes", "health"); got != nil {
			t.Errorf("health that was not asked for: %v", got)
		}
	})
}

// TestTheOwnEndpointHasTheSameRules is about webhookUrl and webhookSecret of organizations.
func TestTheOwnEndpointHasTheSameRules(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		for _, attributes := range []object{
			{"webhookUrl": "https://hooks..example.com/"}, {"webhookUrl": "https://hooks.example.com/?a b"},
			{"webhookUrl": "https://127.1/"},
			{"webhookSecret": "fifteen bytes.."}, {"webhookSecret": "whsec_" + strings.Repeat("QUFB", 8) + "QQ"},
		} {
			got := s.do("PATCH", "/public/v2/organizations/"+org, withID(resource("organizations", attributes), org)).want(422).errors()
			if len(got) != 1 {
				t.Errorf("%v: %v", attributes, got)
			}
			attributes["name"] = "New"
			if got := s.do("POST", "/public/v2/organizations", resource("organizations", attributes)).want(422).errors(); len(got) != 1 {
				t.Errorf("in a new one, %v: %v", attributes, got)
			}
		}
	})
}

// TestWhatWasSavedBeforeARuleMayStay puts values into the database that the rules of today refuse, and sends back what is read.
func TestWhatWasSavedBeforeARuleMayStay(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		s.do("PATCH", "/public/v2/organizations/"+org,
			withID(resource("organizations", object{"webhookUrl": "https://hooks.example.com/"}), org)).want(200)
		id := s.hook(org, object{"schedule": []string{"0s"}}).want(201).text("data", "id")
		s.exec(`UPDATE webhooks SET url = 'https://hooks..example.com/?a b', sealed_url = NULL, event_types = '["user.exploded"]', ` +
			`schedule = '["5s"]', rate = 20000`)
		s.exec(`UPDATE organizations SET webhook_url = 'https://hooks..example.com/?a b', sealed_webhook_url = NULL WHERE webhook_url IS ` +
			`NOT NULL`)
		read := s.get(hooksPath+"/"+id).want(200).json("data", "attributes").(object)
		read["name"], read["eventTypes"] = "Renamed", []any{"user.exploded", "user.*"}
		a := s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", read), id)).want(200)
		if a.text("data", "attributes", "url") != "https://hooks..example.com/?a b" || a.text("data", "attributes", "name") != "Renamed" {
			t.Errorf("after a change of the name: %s", a.Body)
		}
		own := s.get("/public/v2/organizations/"+org).want(200).json("data", "attributes").(object)
		own["description"] = "Changed"
		s.do("PATCH", "/public/v2/organizations/"+org, withID(resource("organizations", own), org)).want(200)
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"eventTypes": []string{"user.vanished"}}), id)).want(422)
	})
}
