package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/modelstest"
	"roster/webhooks"
)

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
		e := s.do("POST", hooksPath+"/"+id+"/rotate-secret", object{"meta": object{"overlap": 604801}}).want(422).errors()[0]
		if e.Pointer != "/meta/overlap" {
			t.Errorf("the error points at %q", e.Pointer)
		}

		// A header that was read can be sent back and stays as it is.
		mask := s.get(hooksPath+"/"+id).want(200).json("data", "attributes", "headers")
		if diff := cmp.Diff([]any{"X-Api-Key: (secret)", "X-Tenant: (secret)"}, mask); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"headers": mask, "name": "again"}), id)).want(200)
		var sealed []byte
		if err := s.pool().QueryRowContext(t.Context(), `SELECT headers FROM webhooks WHERE id = '`+id+`'`).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		kept, err := models.OpenHeaders(s.db, id, sealed)
		if err != nil || kept["X-Api-Key"] != header {
			t.Errorf("the header is kept as %v (%v)", kept, err)
		}

		clock.Advance(time.Minute)
		s.do("POST", hooksPath+"/"+id+"/test", nil).want(202)
		var seen strings.Builder
		for _, path := range []string{hooksPath, hooksPath + "/" + id, "/public/v2/events?page[size]=200", deliveriesPath,
			managed + "/" + org + "?include=webhooks"} {
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

func TestEndpointsAreSeenWithinTheScopeOnly(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		acme, token := s.organization("Acme")
		other, _ := s.organization("Other")
		mine, theirs := s.hook(acme, nil).want(201).text("data", "id"), s.hook(other, nil).want(201).text("data", "id")
		sent := s.do("POST", hooksPath+"/"+theirs+"/test", nil).want(202).text("data", "id")
		replay := s.do("POST", replaysPath, resource("webhookReplays", object{"since": "2024-08-19T00:00:00+00:00"}, "webhook",
			ref("webhooks", theirs))).want(201).text("data", "id")
		own := s.as(token)
		if got := own.get(hooksPath).want(200).ids("data"); !slices.Equal(got, []string{mine}) {
			t.Errorf("an organization sees %v", got)
		}
		missing := "01912f6a-8c00-7abc-8def-0123456789ab"
		for _, c := range []struct{ method, path, seen string }{
			{"GET", hooksPath + "/%s", theirs}, {"DELETE", hooksPath + "/%s", theirs}, {"POST", hooksPath + "/%s/test", theirs},
			{"POST", hooksPath + "/%s/rotate-secret", theirs}, {"GET", deliveriesPath + "/%s", sent},
			{"POST", hooksPath + "/%s/end-rotation", theirs}, {"GET", hooksPath + "/%s/series", theirs},
			{"POST", deliveriesPath + "/%s/redeliver", sent},
			{"GET", replaysPath + "/%s", replay}, {"GET", hooksPath + "/%s/deliveries", theirs},
		} {
			foreign := own.do(c.method, fmt.Sprintf(c.path, c.seen), nil).want(404)
			none := own.do(c.method, fmt.Sprintf(c.path, missing), nil).want(404)
			if strings.ReplaceAll(string(foreign.Body), c.seen, missing) != string(none.Body) {
				t.Errorf("%s %s tells a foreign one from a missing one:\n%s\n%s", c.method, c.path, foreign.Body, none.Body)
			}
		}
		for _, path := range []string{deliveriesPath, replaysPath, deliveriesPath + "?filter[webhookId]=" + theirs,
			deliveriesPath + "?filter[webhook]=" + theirs} {
			if got := own.get(path).want(200).json("meta", "total"); got != 0.0 {
				t.Errorf("%s has %v", path, got)
			}
		}
		refused := own.hook(other, nil).want(404).errors()[0]
		if refused.Code != "related_not_found" || refused.Pointer != "/data/relationships/organization/data" {
			t.Errorf("an endpoint for a foreign organization: %v", refused)
		}
		own.do("POST", replaysPath, resource("webhookReplays", object{"since": "2024-08-19T00:00:00+00:00"}, "webhook",
			ref("webhooks", theirs))).want(404)

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
