package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
	"roster/webhooks/webhookstest"
)

// TestTheRotationOfAnEndpointIsOnShow rotates twice, looks at what signs, and ends it.
func TestTheRotationOfAnEndpointIsOnShow(t *testing.T) {
	eachAllowing(t, []string{"127.0.0.0/8"}, func(t *testing.T, s *service, clock *modelstest.Clock) {
		d := newDispatch(s, asItIs)
		receiver := webhookstest.NewReceiver(t)
		org, _ := s.organization("Acme")
		made := s.hook(org, object{"url": receiver.URL(), "eventTypes": []string{"webhook.test"}}).want(201)
		path := hooksPath + "/" + made.text("data", "id")
		secrets := func() (all []object) {
			for _, one := range s.get(path).want(200).json("data", "attributes", "secrets").([]any) {
				all = append(all, one.(object))
			}
			return all
		}
		first := made.json("data", "attributes", "secrets", 0).(object)
		if diff := cmp.Diff(object{
			"id": first["id"], "createdAt": "2024-08-20T10:45:07+00:00", "expiresAt": nil, "lastUsedAt": nil,
		}, first); diff != "" || len(secrets()) != 1 {
			t.Errorf("a new endpoint has the secrets %v (-want +got):\n%s", secrets(), diff)
		}
		send := func() (signedWith []any) {
			delivery := s.do("POST", path+"/test", nil).want(202).text("data", "id")
			return s.attempted(delivery).json("data", "attributes", "signature", "secretIds").([]any)
		}
		if ids := send(); len(ids) != 1 || ids[0] != first["id"] {
			t.Errorf("it signed with %v", ids)
		}
		if got := secrets()[0]["lastUsedAt"]; got != "2024-08-20T10:45:07+00:00" {
			t.Errorf("it is told to be used at %v", got)
		}

		clock.Advance(time.Hour + time.Millisecond)
		newer := s.do("POST", path+"/rotate-secret", nil).want(200)
		both := secrets()
		if len(both) != 2 || both[1]["id"] != first["id"] || both[1]["expiresAt"] != "2024-08-21T11:45:07+00:00" ||
			both[1]["lastUsedAt"] != "2024-08-20T10:45:07+00:00" || both[0]["expiresAt"] != nil || both[0]["lastUsedAt"] != nil {
			t.Errorf("after a rotation: %v", both)
		}
		if diff := cmp.Diff(any([]any{both[0], both[1]}), newer.json("data", "attributes", "secrets")); diff != "" {
			t.Errorf("the rotation answers with others (-read +answered):\n%s", diff)
		}
		if ids := send(); len(ids) != 2 || ids[0] != both[0]["id"] || ids[1] != both[1]["id"] {
			t.Errorf("it signed with %v", ids)
		}
		for _, one := range secrets() {
			if one["lastUsedAt"] != "2024-08-20T11:45:07+00:00" {
				t.Errorf("it is told to be used at %v", one)
			}
		}

		tag := s.get(path).Header.Get("ETag")
		s.do("POST", path+"/end-rotation", nil, "If-Match", `"1000000-0"`).want(412)
		ended := s.do("POST", path+"/end-rotation", nil, "If-Match", tag).want(200)
		answered := ended.json("data", "attributes").(object)
		if left := secrets(); len(left) != 1 || left[0]["id"] != both[0]["id"] || len(answered["secrets"].([]any)) != 1 ||
			answered["secret"] != nil {
			t.Errorf("after the end: %v, answered with %s", left, ended.Body)
		}
		if ids := send(); len(ids) != 1 || ids[0] != both[0]["id"] {
			t.Errorf("after the end it signed with %v", ids)
		}
		requests := d.received(receiver, 3)
		if n := len(strings.Fields(requests[2].Signature)); n != 1 {
			t.Errorf("after the end there are %d signatures", n)
		}
		if err := requests[2].VerifyAtAnyTime(newer.text("data", "attributes", "secret")); err != nil {
			t.Error(err)
		}
		clock.Advance(time.Minute)
		again := s.do("POST", path+"/end-rotation", nil).want(200)
		events := s.get("/public/v2/events?filter[eventType]=webhook.rotated&sort=position").want(200)
		if events.json("meta", "total") != 2.0 || again.text("data", "attributes", "updatedAt") != "2024-08-20T11:45:07+00:00" {
			t.Errorf("an end of nothing tells: %s", events.Body)
		}
		for i, changed := range []bool{true, false} {
			if _, got := events.json("data", i, "attributes", "changes").(object)["secret"]; got != changed {
				t.Errorf("event %d tells of a new secret: %t", i+1, got)
			}
		}
		s.do("PATCH", path, string(s.get(path).want(200).Body)).want(200)
		s.key0("webhooks:read").do("POST", path+"/end-rotation", nil).want(403)
		if strings.Contains(string(s.get(path).Body), "whsec_") {
			t.Error("a secret is shown")
		}
	})
}

// TestAnEarlierSecretOfAKeyIsOnShow tells when it was used, until the rotation is ended.
func TestAnEarlierSecretOfAKeyIsOnShow(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, _ := s.organization("Acme")
		made := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Nightly", "scopes": []string{"users:read"}},
			"organization", ref("organizations", org))).want(201)
		path := "/public/v2/apiKeys/" + made.text("data", "id")
		older := made.text("data", "attributes", "key")
		used := func() any { return s.get(path).want(200).json("data", "attributes", "previousLastUsedAt") }
		use := func(key string, status int) {
			s.as(key).get("/public/v2/users").want(status)
			s.written()
		}
		use(older, 200)
		if got := used(); got != nil {
			t.Errorf("without a rotation the earlier secret was used at %v", got)
		}
		clock.Advance(time.Hour + time.Millisecond)
		rotated := s.do("POST", path+"/rotate", nil).want(200)
		newer := rotated.text("data", "attributes", "key")
		if ends := rotated.text("data", "attributes", "previousExpiresAt"); ends != "2024-08-21T11:45:07+00:00" {
			t.Errorf("the earlier secret works until %s", ends)
		}
		if got := used(); got != "2024-08-20T10:45:07+00:00" {
			t.Errorf("of before the rotation is told %v", got)
		}
		clock.Advance(time.Hour)
		use(newer, 200)
		if got := used(); got != "2024-08-20T10:45:07+00:00" {
			t.Errorf("the newer one was used, and of the earlier is told %v", got)
		}
		use(older, 200)
		if got := used(); got != "2024-08-20T12:45:07+00:00" {
			t.Errorf("the earlier one was used, and is told as %v", got)
		}
		s.do("PATCH", path, string(s.get(path).want(200).Body)).want(200)

		s.do("POST", path+"/end-rotation", nil, "If-Match", `"1000000-0"`).want(412)
		use(older, 200)
		tag := s.get(path).Header.Get("ETag")
		ended := s.do("POST", path+"/end-rotation", nil, "If-Match", tag).want(200)
		use(older, 401)
		use(newer, 200)
		attributes := ended.json("data", "attributes").(object)
		for _, name := range []string{"previousKeyId", "previousExpiresAt", "previousLastUsedAt", "key"} {
			if got, there := attributes[name]; got != nil || !there {
				t.Errorf("after the end %s is %v", name, got)
			}
		}
		if attributes["keyId"] != strings.Split(newer, "_")[2] {
			t.Errorf("after the end the key is %v", attributes["keyId"])
		}
		again := s.do("POST", path+"/end-rotation", nil).want(200)
		events := s.get("/public/v2/events?filter[eventType]=apiKey.rotated&sort=position").want(200)
		if events.json("meta", "total") != 2.0 || again.Header.Get("ETag") != ended.Header.Get("ETag") ||
			strings.Contains(fmt.Sprint(events.json("data", 1, "attributes", "changes")), "key") {
			t.Errorf("an end of nothing tells: %s", events.Body)
		}
		s.key0("apiKeys:write").do("POST", path+"/end-rotation", nil).want(403) // the key can do more than that
		s.key0("apiKeys:read").do("POST", path+"/end-rotation", nil).want(403)
	})
}

// TestWhoEndsARotationByAnEarlierSecretIsAnswered: the request that ends its own credential is the last one of it.
func TestWhoEndsARotationByAnEarlierSecretIsAnswered(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		org, _ := s.organization("Acme")
		made := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Nightly", "scopes": []string{"apiKeys:write"}},
			"organization", ref("organizations", org))).want(201)
		path, older := "/public/v2/apiKeys/"+made.text("data", "id"), made.text("data", "attributes", "key")
		newer := s.do("POST", path+"/rotate", nil).want(200).text("data", "attributes", "key")
		s.as(older).do("POST", path+"/end-rotation", nil).want(200)
		s.as(older).get(path).want(401)
		s.as(newer).get(path).want(200)
	})
}

// written makes the service write down which credentials were used.
func (s *service) written() {
	s.t.Helper()
	if err := s.used.Write(s.t.Context(), s.db); err != nil {
		s.t.Fatal(err)
	}
}
