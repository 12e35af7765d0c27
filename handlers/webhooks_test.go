package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/modelstest"
	"roster/webhooks"
)

const (
	hooksPath      = "/public/v2/webhooks"
	deliveriesPath = "/public/v2/webhookDeliveries"
	replaysPath    = "/public/v2/webhookReplays"
	eventTypesPath = "/public/v2/eventTypes"
)

// eachHooks runs a test against the API on each database, with the rules for endpoints that the program has, and a clock that stands.
func eachHooks(t *testing.T, test func(t *testing.T, s *service, clock *modelstest.Clock)) {
	t.Helper()
	t.Parallel()
	guard := webhooks.NewGuard(webhooks.GuardConfig{Allow: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}})
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			clock := modelstest.NewClock()
			cfg := modelstest.Config(t, dialect)
			cfg.Now = clock.Now
			cfg.CheckWebhookURL, cfg.CheckWebhookHeader = guard.CheckURL, webhooks.CheckHeader
			cfg.CheckWebhookSchedule = func(waits []time.Duration) error { return webhooks.Schedule(waits).Check() }
			test(t, newService(t, modelstest.OpenConfig(t, cfg)), clock)
		})
	}
}

// hook creates an endpoint of an organization with more attributes, and returns the answer.
func (s *service) hook(org string, attributes object) *answer {
	s.t.Helper()
	all := object{"url": "https://hooks.example.com/roster"}
	for name, value := range attributes {
		all[name] = value
	}
	return s.do("POST", hooksPath, resource("webhooks", all, "organization", ref("organizations", org)))
}

// rows counts rows of a query with one number as its result.
func (s *service) number(query string) int {
	s.t.Helper()
	pool := s.db.Pools()["main"]
	if pool == nil {
		pool = s.db.Pools()["write"]
	}
	var n int
	if err := pool.QueryRowContext(s.t.Context(), query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// exec changes rows as a worker would.
func (s *service) exec(statement string, args ...any) {
	s.t.Helper()
	pool := s.db.Pools()["main"]
	if pool == nil {
		pool = s.db.Pools()["write"]
	}
	for i := range args {
		if s.db.Dialect() == models.Postgres {
			statement = strings.Replace(statement, "?", fmt.Sprintf("$%d", i+1), 1)
		}
	}
	if _, err := pool.ExecContext(s.t.Context(), statement, args...); err != nil {
		s.t.Fatal(err)
	}
}

func TestAnEndpointIsCreatedReadChangedAndDeleted(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, token := s.organization("Acme")
		own := s.as(token)
		made := own.hook(org, object{"name": "Payroll", "eventTypes": []string{"user.*", "organization.updated"}, "rate": 50, "ordering": "per_entity",
			"subtree": true, "schedule": []string{"0s", "5s", "1h"}}).want(201)
		id := made.text("data", "id")
		want := object{
			"createdAt": "2024-08-20T10:45:07+00:00", "updatedAt": "2024-08-20T10:45:07+00:00", "kind": "extra", "name": "Payroll",
			"url": "https://hooks.example.com/roster", "eventTypes": []any{"user.*", "organization.updated"}, "subtree": true, "headers": []any{},
			"ordering": "per_entity", "rate": 50.0, "schedule": []any{"0s", "5s", "1h"}, "algorithm": "v1", "publicKey": nil, "secret": nil,
			"status": "active", "disabledReason": nil, "disabledAt": nil,
			"health": object{
				"state": "ok", "failingSince": nil, "consecutiveFailures": 0.0, "lastSuccessAt": nil, "lastFailureAt": nil, "successRate": nil,
				"latency": nil, "backlog": 0.0, "oldestPending": nil, "nextAttemptAt": nil,
			},
		}
		read := own.get(hooksPath + "/" + id).want(200)
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
		changed := own.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "paused", "rate": nil}), id)).want(200)
		if changed.text("data", "attributes", "status") != "paused" || changed.json("data", "attributes", "rate") != nil ||
			changed.text("data", "attributes", "health", "state") != "paused" {
			t.Errorf("after pausing: %s", changed.Body)
		}
		own.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "disabled"}), id)).want(422)
		own.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"status": "active"}), id)).want(200)
		if got := s.get(managed + "/" + org + "/webhooks").want(200).ids("data"); !slices.Equal(got, []string{id}) {
			t.Errorf("the endpoints of the organization are %v", got)
		}
		if got := s.get(managed + "/" + org + "?include=webhooks").want(200).ids("included"); !slices.Equal(got, []string{id}) {
			t.Errorf("included are %v", got)
		}
		own.do("DELETE", hooksPath+"/"+id, nil).want(204)
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
		if got := own.text("data", 0, "attributes", "url"); got != "https://acme.example.com/in" || own.json("data", 0, "attributes", "secret") != nil {
			t.Errorf("it is %s", own.Body)
		}
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"url": "https://elsewhere.example.com"}), id)).want(403)
		s.do("DELETE", hooksPath+"/"+id, nil).want(409)
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"eventTypes": []string{"user.*"}}), id)).want(200)
		s.do("PATCH", managed+"/"+org, withID(resource("organizations", object{"webhookUrl": nil}), org)).want(200)
		s.get(hooksPath + "/" + id).want(404)
	})
}

func TestSecretsOfEndpointsAreShownOnce(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		const header = "hunter2-in-a-header"
		made := s.hook(org, object{"headers": []string{"X-Api-Key: " + header, "X-Tenant: 42"}}).want(201)
		id := made.text("data", "id")
		secrets := []string{made.text("data", "attributes", "secret"), header}
		chosen := "a secret of the client's choosing"
		second := s.hook(org, object{"secret": chosen}).want(201)
		if got := second.text("data", "attributes", "secret"); got != chosen {
			t.Errorf("the chosen secret is shown as %q", got)
		}
		secrets = append(secrets, chosen)
		pair := s.hook(org, object{"algorithm": "v1a"}).want(201)
		private, public := pair.text("data", "attributes", "secret"), pair.text("data", "attributes", "publicKey")
		if key, err := webhooks.ParseSecret(private); err != nil || key.PublicKey() != public {
			t.Errorf("the key pair does not belong together: %v", err)
		}
		secrets = append(secrets, private)

		rotated := s.do("POST", hooksPath+"/"+id+"/rotate-secret", object{"meta": object{"overlap": 3600}}).want(200)
		newer := rotated.text("data", "attributes", "secret")
		if slices.Contains(secrets, newer) {
			t.Error("the rotation kept the secret")
		}
		secrets = append(secrets, newer)
		live := func() int {
			return s.number(fmt.Sprintf(`SELECT COUNT(*) FROM webhook_secrets WHERE webhook_id = '%s'`, id))
		}
		if got := live(); got != 2 {
			t.Errorf("%d secrets sign during the overlap", got)
		}
		s.do("POST", hooksPath+"/"+id+"/rotate-secret", object{"meta": object{"overlap": 0}}).want(200)
		if got := live(); got != 1 {
			t.Errorf("%d secrets sign after a rotation without overlap", got)
		}
		fault := s.do("POST", hooksPath+"/"+id+"/rotate-secret", object{"meta": object{"overlap": 604801}}).want(422).faults()[0]
		if fault.Pointer != "/meta/overlap" {
			t.Errorf("the fault points at %q", fault.Pointer)
		}

		// A header that was read can be sent back and stays as it is.
		mask := s.get(hooksPath+"/"+id).want(200).json("data", "attributes", "headers")
		if diff := cmp.Diff([]any{"X-Api-Key: (secret)", "X-Tenant: (secret)"}, mask); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"headers": mask, "name": "again"}), id)).want(200)
		var sealed []byte
		pool := s.db.Pools()["main"]
		if pool == nil {
			pool = s.db.Pools()["write"]
		}
		if err := pool.QueryRowContext(t.Context(), `SELECT headers FROM webhooks WHERE id = '`+id+`'`).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		kept, err := models.OpenHeaders(s.db, id, sealed)
		if err != nil || kept["X-Api-Key"] != header {
			t.Errorf("the header is kept as %v (%v)", kept, err)
		}

		clock.Advance(time.Minute)
		s.do("POST", hooksPath+"/"+id+"/test", nil).want(202)
		var seen strings.Builder
		for _, path := range []string{hooksPath, hooksPath + "/" + id, "/public/v2/events?page[size]=200", deliveriesPath, managed + "/" + org + "?include=webhooks"} {
			seen.Write(s.get(path).want(200).Body)
		}
		seen.WriteString(s.column(`SELECT data || COALESCE(changes, '') FROM events`))
		seen.WriteString(s.column(`SELECT body FROM webhook_messages`))
		for i, secret := range secrets {
			if strings.Contains(seen.String(), secret) {
				t.Errorf("secret %d is shown again", i)
			}
		}
	})
}

// column returns one column of every row of a query, joined.
func (s *service) column(query string) string {
	s.t.Helper()
	pool := s.db.Pools()["main"]
	if pool == nil {
		pool = s.db.Pools()["write"]
	}
	rows, err := pool.QueryContext(s.t.Context(), query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var value []byte
		if err := rows.Scan(&value); err != nil {
			s.t.Fatal(err)
		}
		all.Write(value)
		all.WriteByte('\n')
	}
	if err := rows.Err(); err != nil || all.Len() == 0 {
		s.t.Fatalf("nothing was read: %v", err)
	}
	return all.String()
}

func TestEndpointsAreRefusedWithAPointer(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		for _, url := range []string{
			"https://127.0.0.1/", "https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://0177.0.0.1/", "https://[::1]/",
			"https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:7f00:1::]/", "https://[fe80::1%25eth0]/", "https://[fd00:ec2::254]/",
			"https://169.254.169.254/latest/meta-data", "https://100.64.0.1/", "https://localhost/", "https://api.localhost./", "https://0/",
			"https://10.0.0.1/", "https://192.168.1.1/", "https://１２７.0.0.1/", "https://user:secret@hooks.example.com/", "ftp://hooks.example.com/",
			"https://hooks.example.com/#here", "https://hooks.example.com:0/", "http:///nowhere", "javascript:alert(1)", "not a url", "",
		} {
			got := s.hook(org, object{"url": url}).want(422).faults()
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
			"an empty pattern":              {"eventTypes", []string{""}},
			"a star in the middle":          {"eventTypes", []string{"user.*.created"}},
			"a star at the beginning":       {"eventTypes", []string{"*.created"}},
			"a half pattern":                {"eventTypes", []string{"user*"}},
			"an empty segment":              {"eventTypes", []string{"user..created"}},
			"a type with a hyphen":          {"eventTypes", []string{"api-key.created"}},
			"an ordering":                   {"ordering", "lifo"},
			"a rate of nothing":             {"rate", 0},
			"a rate without bounds":         {"rate", 1_000_000},
			"a schedule that is none":       {"schedule", []string{"soon"}},
			"an empty schedule":             {"schedule", []string{}},
			"a schedule of years":           {"schedule", []string{"0s", "9000h"}},
			"a secret that is too short":    {"secret", "whsec_c2hvcnQ="},
			"a secret that is not base64":   {"secret", "whsec_***"},
			"a status that only we can set": {"status", "disabled"},
		} {
			got := s.hook(org, object{c.attribute: c.value}).want(422).faults()
			if len(got) != 1 || got[0].Pointer != "/data/attributes/"+c.attribute {
				t.Errorf("%s: %v", name, got)
			}
		}
		several := s.hook(org, object{"url": "https://127.1/", "eventTypes": []string{"*x"}, "rate": -1}).want(422).faults()
		if len(several) != 3 {
			t.Errorf("several faults at once: %v", several)
		}
		id := s.hook(org, nil).want(201).text("data", "id")
		got := s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"url": "https://127.1/"}), id)).want(422).faults()
		if got[0].Pointer != "/data/attributes/url" {
			t.Errorf("in a change: %v", got)
		}
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"secret": "another secret"}), id)).want(403)
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"health": object{"backlog": 7}}), id)).want(200) // computed, and so ignored
	})
}

func TestEndpointsAreSeenWithinTheScopeOnly(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		acme, token := s.organization("Acme")
		other, _ := s.organization("Other")
		mine, theirs := s.hook(acme, nil).want(201).text("data", "id"), s.hook(other, nil).want(201).text("data", "id")
		sent := s.do("POST", hooksPath+"/"+theirs+"/test", nil).want(202).text("data", "id")
		replay := s.do("POST", replaysPath, resource("webhookReplays", object{"since": "2024-08-19T00:00:00+00:00"}, "webhook", ref("webhooks", theirs))).want(201).text("data", "id")
		own := s.as(token)
		if got := own.get(hooksPath).want(200).ids("data"); !slices.Equal(got, []string{mine}) {
			t.Errorf("an organization sees %v", got)
		}
		missing := "01912f6a-8c00-7abc-8def-0123456789ab"
		for _, c := range []struct{ method, path, seen string }{
			{"GET", hooksPath + "/%s", theirs}, {"DELETE", hooksPath + "/%s", theirs}, {"POST", hooksPath + "/%s/test", theirs},
			{"POST", hooksPath + "/%s/rotate-secret", theirs}, {"GET", deliveriesPath + "/%s", sent}, {"POST", deliveriesPath + "/%s/redeliver", sent},
			{"GET", replaysPath + "/%s", replay}, {"GET", hooksPath + "/%s/deliveries", theirs},
		} {
			foreign := own.do(c.method, fmt.Sprintf(c.path, c.seen), nil).want(404)
			none := own.do(c.method, fmt.Sprintf(c.path, missing), nil).want(404)
			if strings.ReplaceAll(string(foreign.Body), c.seen, missing) != string(none.Body) {
				t.Errorf("%s %s tells a foreign one from a missing one:\n%s\n%s", c.method, c.path, foreign.Body, none.Body)
			}
		}
		for _, path := range []string{deliveriesPath, replaysPath, deliveriesPath + "?filter[webhookId]=" + theirs, deliveriesPath + "?filter[webhook]=" + theirs} {
			if got := own.get(path).want(200).json("meta", "total"); got != 0.0 {
				t.Errorf("%s has %v", path, got)
			}
		}
		refused := own.hook(other, nil).want(404).faults()[0]
		if refused.Code != "related_not_found" || refused.Pointer != "/data/relationships/organization/data" {
			t.Errorf("an endpoint for a foreign organization: %v", refused)
		}
		own.do("POST", replaysPath, resource("webhookReplays", object{"since": "2024-08-19T00:00:00+00:00"}, "webhook", ref("webhooks", theirs))).want(404)

		reader := s.key0("webhooks:read")
		reader.get(hooksPath + "?include=deliveries,organization").want(403)
		reader.get(hooksPath + "?include=deliveries").want(200)
		reader.get(hooksPath + "/" + mine + "/deliveries").want(200)
		reader.get(eventTypesPath).want(200)
		reader.do("POST", hooksPath+"/"+mine+"/test", nil).want(403)
		reader.do("POST", deliveriesPath+"/"+sent+"/redeliver", nil).want(403)
		reader.hook(acme, nil).want(403)
		s.key0("users:write").get(hooksPath).want(403)

		s.do("DELETE", managed+"/"+acme, nil).want(204)
		s.get(hooksPath + "/" + mine).want(404)
		for _, c := range []struct{ method, path string }{{"PATCH", ""}, {"DELETE", ""}, {"POST", "/test"}, {"POST", "/rotate-secret"}} {
			var body any
			if c.method == "PATCH" {
				body = withID(resource("webhooks", object{"name": "x"}), mine)
			}
			s.do(c.method, hooksPath+"/"+mine+c.path, body).want(404)
		}
	})
}

// key0 returns the service as a new management key with those scopes sees it.
func (s *service) key0(scopes ...string) *service {
	s.t.Helper()
	a := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "limited", "kind": "management", "scopes": scopes})).want(201)
	return s.as(a.text("data", "attributes", "key"))
}

func TestATestIsOnePendingDelivery(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		id := s.hook(org, object{"eventTypes": []string{"user.created"}, "ordering": "fifo"}).want(201).text("data", "id")
		s.hook(org, nil).want(201)
		queued := s.number(`SELECT COUNT(*) FROM event_queue`)
		s.exec(`UPDATE webhook_lanes SET failed_probes = 3, probe_at = ? WHERE webhook_id = ?`, clock.Now().Add(time.Hour), id)

		first := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202)
		sent := first.text("data", "id")
		clock.Advance(time.Second)
		if got := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202).text("data", "id"); got != sent {
			t.Errorf("a second click makes a second delivery, %s", got)
		}
		a := s.get(deliveriesPath + "/" + sent + "?include=webhook,event").want(200)
		if a.text("data", "attributes", "state") != "pending" || a.text("data", "attributes", "trigger") != "test" ||
			a.text("data", "attributes", "eventType") != "webhook.test" || a.text("data", "attributes", "nextAttemptAt") != "2024-08-20T10:45:07+00:00" {
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
		if body.Type != "webhook.test" || body.Sequence == nil || *body.Sequence != 0 || body.Data.Type != "webhooks" || body.Data.ID != id {
			t.Errorf("the body is %+v", body)
		}
		if got := s.number(`SELECT COUNT(*) FROM event_queue`); got != queued {
			t.Error("the test is fanned out to others")
		}
		if got := s.get(deliveriesPath+"?filter[webhookId]="+id).want(200).json("meta", "total"); got != 1.0 {
			t.Errorf("%v deliveries are counted", got)
		}
		if got := s.number(`SELECT COUNT(*) FROM webhook_lanes WHERE next_turn_at IS NOT NULL AND probe_at IS NULL`); got != 1 {
			t.Errorf("%d lanes have a turn", got)
		}
		health := s.get(hooksPath + "/" + id).want(200)
		if health.json("data", "attributes", "health", "backlog") != 1.0 || health.text("data", "attributes", "health", "oldestPending") != "2024-08-20T10:45:07+00:00" ||
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

// finish ends a delivery as the worker does.
func (s *service) finish(id, state string, at time.Time) {
	s.t.Helper()
	s.exec(`UPDATE webhook_deliveries SET state = ?, attempts = attempts + 1, round_attempts = round_attempts + 1, due_at = NULL, finished_at = ?,
		last_code = 'timeout', last_attempt_at = ? WHERE id = ?`, state, at, at, id)
	s.exec(`INSERT INTO webhook_attempts (delivery_id, number, trigger, started_at, url, address, reused, tries, dns_us, connect_us, tls_us, sent_us,
			first_byte_us, total_us, status, code, detail, response_headers, response_head, truncated, secrets)
		SELECT id, attempts, trigger, last_attempt_at, 'https://hooks.example.com/roster', '192.0.2.7:443', false, 1, 1500, 2500, 3000, 100, 0, 20000000,
			NULL, 'timeout', 'no answer', '{"Server":["nginx"]}', ?, true, '["01912f6a-8c00-7abc-8def-0123456789ab"]' FROM webhook_deliveries WHERE id = ?`,
		[]byte("half a \xff page"), id)
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
		s.exec(`UPDATE webhook_deliveries SET due_at = ?, attempts = 1, round_attempts = 1 WHERE id = ?`, clock.Now().Add(time.Hour), sent)
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
		if got := s.number(`SELECT round_attempts FROM webhook_deliveries`); got != 0 {
			t.Errorf("the new round begins at attempt %d", got)
		}
		if got := s.number(`SELECT COUNT(*) FROM webhook_lanes WHERE next_turn_at = lease_until`); got != 1 {
			t.Error("the turn of a leased lane was moved")
		}
		// The receiver's wish to be left alone counts more than a click.
		s.exec(`UPDATE webhook_lanes SET lease_token = NULL, lease_until = NULL, next_turn_at = NULL, retry_after = ? WHERE webhook_id = ?`, clock.Now().Add(time.Hour), id)
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
		s.finish(sent, "failed", clock.Now())
		want := []any{object{
			"number": 1.0, "trigger": "test", "startedAt": "2024-08-20T10:45:07+00:00", "url": "https://hooks.example.com/roster", "address": "192.0.2.7:443",
			"protocol": nil, "reusedConnection": false, "tries": 1.0, "status": nil, "errorCode": "timeout", "detail": "no answer",
			"timings":    object{"dns": 1.5, "connect": 2.5, "tls": 3.0, "sent": 0.1, "firstByte": 0.0, "total": 20000.0},
			"response":   object{"headers": object{"Server": []any{"nginx"}}, "head": "half a \uFFFD page", "truncated": true},
			"signedWith": []any{"01912f6a-8c00-7abc-8def-0123456789ab"},
		}}
		if diff := cmp.Diff(any(want), s.get(deliveriesPath+"/"+sent).want(200).json("data", "attributes", "history")); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		if got := s.get(deliveriesPath).want(200).json("data", 0, "attributes", "history"); got != nil {
			t.Errorf("a list shows the history: %v", got)
		}
		for _, filter := range []string{
			"filter[state]=failed", "filter[eventType]=webhook.test", "filter[webhookId]=" + id, "filter[webhook]=" + id, "filter[organizationId]=" + org,
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
			"createdAt": "2024-08-20T10:45:07+00:00", "updatedAt": "2024-08-20T10:45:07+00:00", "kind": "events", "eventTypes": []any{"user.*"},
			"since": "2024-08-01T00:00:00+00:00", "until": "2024-08-20T10:45:07+00:00", "state": "running", "queued": 0.0, "finishedAt": nil,
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
			"no time":          {object{"kind": "failed"}, "/data/attributes"},
			"backwards":        {object{"since": "2025-01-01T00:00:00+00:00"}, "/data/attributes/since"},
			"a pattern":        {object{"since": "2024-08-02T00:00:00+00:00", "eventTypes": []string{"user*"}}, "/data/attributes/eventTypes"},
			"a kind":           {object{"since": "2024-08-02T00:00:00+00:00", "kind": "all"}, "/data/attributes/kind"},
			"finished already": {object{"since": "2024-08-02T00:00:00+00:00", "state": "done"}, "/data/attributes/state"},
		} {
			if got := ask(c.attributes).want(422).faults(); len(got) != 1 || got[0].Pointer != c.pointer {
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

func TestTheHealthOfAListIsOneQuery(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		for i := range 5 {
			id := s.hook(org, object{"name": fmt.Sprint(i)}).want(201).text("data", "id")
			if i%2 == 0 {
				s.do("POST", hooksPath+"/"+id+"/test", nil).want(202)
			}
		}
		s.exec(`UPDATE webhook_lanes SET answers = 10, failing = 0.25, latency = 12.5, failing_since = ?, consecutive_failures = 2`, clock.Now())
		a := s.get(hooksPath + "?sort=createdAt").want(200)
		for i := range 5 {
			health := a.json("data", i, "attributes", "health").(object)
			n := float64(1 - a.json("data", i, "attributes", "name").(string)[0]%2)
			if health["backlog"] != n || health["successRate"] != 0.75 || health["latency"] != 12.5 || health["failingSince"] != "2024-08-20T10:45:07+00:00" {
				t.Errorf("endpoint %d: %v", i, health)
			}
		}
		without := s.get(hooksPath + "?fields[webhooks]=name").want(200)
		if got := without.json("data", 0, "attributes", "health"); got != nil {
			t.Errorf("health that was not asked for: %v", got)
		}
	})
}
