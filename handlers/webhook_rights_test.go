package handlers_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models/modelstest"
)

// scoped makes a key of an organization and returns the service as it sees it.
func (s *service) scoped(kind, organization string, scopes ...string) *service {
	s.t.Helper()
	body := resource("apiKeys", object{"name": "k", "kind": kind, "scopes": scopes}, "organization", ref("organizations", organization))
	return s.as(s.do("POST", "/public/v2/apiKeys", body).want(201).text("data", "attributes", "key"))
}

// readAll are the scopes to read everything that events are about, and to write webhooks.
var readAll = []string{
	"organizations:read", "users:read", "memberships:read", "roles:read", "invitations:read", "apiKeys:read", "events:read",
	"webhooks:write",
}

// TestAnEndpointIsDirectedByWhoMaySeeAllThatItGets has callers do everything that can be done with endpoints, which get more or less.
func TestAnEndpointIsDirectedByWhoMaySeeAllThatItGets(t *testing.T) {
	modelstest.Sequential(t)
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, token := s.organization("Acme")
		endpoints := map[string]object{
			"of no types": {}, "of all types": {"eventTypes": []string{"*"}}, "of people": {"eventTypes": []string{"user.*"}},
			"of one type": {"eventTypes": []string{"user.deleted"}},
			"of itself":   {"eventTypes": []string{"webhook.*"}}, "of people below": {"eventTypes": []string{"user.*"}, "subtree": true},
		}
		for _, caller := range []struct {
			name    string
			as      *service
			directs []string
		}{
			{"a key for webhooks", s.scoped("organization", org, "webhooks:write"), []string{"of itself"}},
			{"a key for webhooks and people", s.scoped("organization", org, "webhooks:write", "users:read"),
				[]string{"of people", "of one type", "of itself"}},
			{"a key that reads all", s.scoped("organization", org, readAll...),
				[]string{"of no types", "of all types", "of people", "of one type", "of itself"}},
			{"the organization", s.as(token), []string{"of no types", "of all types", "of people", "of one type", "of itself"}},
			{"the management of people", s.scoped("management", org, "webhooks:write", "users:write"),
				[]string{"of people", "of one type", "of itself", "of people below"}},
			{"the management", s, []string{"of no types", "of all types", "of people", "of one type", "of itself", "of people below"}},
		} {
			for name, attributes := range endpoints {
				may := slices.Contains(caller.directs, name)
				for _, act := range everyAct(s, caller.as, org, attributes) {
					a := act.do()
					if refused := a.Status == 403; refused == may || !refused && a.Status >= 300 {
						t.Errorf("%s: %s one %s: %d %s", caller.name, act.name, name, a.Status, a.Body)
					}
				}
			}
		}
	})
}

type act struct {
	name string
	do   func() *answer
}

// everyAct makes an endpoint as the management and returns all that a caller can do with it, and that it could make one itself.
func everyAct(s, caller *service, org string, attributes object) []act {
	id := s.hook(org, attributes).want(201).text("data", "id")
	delivery := s.do("POST", hooksPath+"/"+id+"/test", nil).want(202).text("data", "id")
	replayed := func(since string) object {
		return resource("webhookReplays", object{"since": since, "kind": "events"}, "webhook", ref("webhooks", id))
	}
	replay := s.do("POST", replaysPath, replayed("2024-01-01T00:00:00Z")).want(201).text("data", "id")
	post := func(name, path string, body any) act {
		return act{name, func() *answer { return caller.do("POST", path, body) }}
	}
	patch := func(name string, change object) act {
		return act{name, func() *answer { return caller.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", change), id)) }}
	}
	operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
	return []act{
		{"create", func() *answer { return caller.hook(org, attributes) }},
		patch("redirect", object{"url": "https://attacker.example.com/"}),
		patch("give headers to", object{"headers": []string{"X-Tenant: 42"}}),
		patch("rename", object{"name": "n"}),
		{"redirect by an operation", func() *answer {
			op := object{"op": "update", "data": withID(resource("webhooks", object{"url": "https://attacker.example.com/2"}), id)["data"]}
			return caller.do("POST", "/public/v2/operations", object{"atomic:operations": []object{op}}, "Content-Type",
				operations, "Accept", operations)
		}},
		post("test", hooksPath+"/"+id+"/test", nil),
		post("redeliver to", deliveriesPath+"/"+delivery+"/redeliver", nil),
		post("rotate the secret of", hooksPath+"/"+id+"/rotate-secret", nil),
		post("end the rotation of", hooksPath+"/"+id+"/end-rotation", nil),
		post("replay to", replaysPath, replayed("2024-01-02T00:00:00Z")),
		{"pause a replay to", func() *answer {
			return caller.do("PATCH", replaysPath+"/"+replay, withID(resource("webhookReplays", object{"state": "paused"}), replay))
		}},
		patch("narrow", object{"eventTypes": []string{"webhook.test"}, "subtree": false}),
		patch("pause", object{"status": "paused"}),
		{"delete", func() *answer { return caller.do("DELETE", hooksPath+"/"+id, nil) }},
	}
}

func TestAnEndpointThatIsSentBackAsItWasReadIsTaken(t *testing.T) {
	eachHooks(t, func(_ *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		id := s.hook(org, object{"subtree": true}).want(201).text("data", "id")
		weak := s.scoped("organization", org, "webhooks:write")
		read := weak.get(hooksPath + "/" + id).want(200)
		weak.do("PATCH", hooksPath+"/"+id, string(read.Body)).want(200)
	})
}

// TestARefusedSubscriptionSaysWhatItNeeds reads the refusals.
func TestARefusedSubscriptionSaysWhatItNeeds(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		weak := s.scoped("organization", org, "webhooks:write", "users:read")
		for _, c := range []struct {
			attributes object
			pointers   []string
			says       string
		}{
			{object{"eventTypes": []string{"user.created", "apiKey.revoked"}}, []string{"/data/attributes/eventTypes"},
				"An endpoint with these types gets apiKey.revoked, which needs the scope apiKeys:read."},
			{object{"eventTypes": []string{"membership.*"}}, []string{"/data/attributes/eventTypes"},
				"An endpoint with these types gets membership.created, which needs the scope memberships:read."},
			{object{}, []string{"/data/attributes"},
				"An endpoint with these types gets organization.created, which needs the scope organizations:read."},
			{object{"eventTypes": []string{"user.*"}, "subtree": true}, []string{"/data/attributes/subtree"},
				"An endpoint with subtree gets the events of the organizations below its own, which this credential does not see."},
		} {
			a := weak.hook(org, c.attributes).want(403)
			var pointers []string
			for _, f := range a.errors() {
				pointers = append(pointers, f.Pointer)
			}
			if diff := cmp.Diff(c.pointers, pointers); diff != "" || a.text("errors", 0, "detail") != c.says {
				t.Errorf("%v: %s\n%s", c.attributes, diff, a.Body)
			}
		}
	})
}

// TestTheWebhookOfAnOrganizationNeedsWhatAnEndpointNeeds sets it in every way there is.
func TestTheWebhookOfAnOrganizationNeedsWhatAnEndpointNeeds(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		set := object{"name": "x", "webhookUrl": "https://attacker.example.com/"}
		for _, c := range []struct {
			name   string
			scopes []string
			may    bool
		}{
			{"organizations", []string{"organizations:write"}, false},
			{"organizations and webhooks", []string{"organizations:write", "webhooks:write"}, false},
			{"all but webhooks", []string{"organizations:write", "users:read", "memberships:read", "apiKeys:read", "webhooks:read"}, false},
			{"all", append([]string{"organizations:write"}, readAll...), true},
		} {
			parent, _ := s.organization("Parent")
			org := s.do("POST", managed, resource("organizations", object{"name": "Acme", "webhookUrl": "https://acme.example.com/"},
				"parent", ref("organizations", parent))).want(201).text("data", "id")
			bare, _ := s.organization("Bare", "parent", ref("organizations", parent))
			by := s.scoped("management", parent, c.scopes...)
			patch := func(id string, attributes object) *answer {
				return by.do("PATCH", managed+"/"+id, withID(resource("organizations", attributes), id))
			}
			for what, a := range map[string]*answer{
				"a new organization":      by.do("POST", managed, resource("organizations", set)),
				"an organization without": patch(bare, object{"webhookUrl": "https://attacker.example.com/"}),
				"another URL":             patch(org, object{"webhookUrl": "https://attacker.example.com/"}),
				"another secret":          patch(org, object{"webhookSecret": "a secret of the attacker's"}),
				"none":                    patch(org, object{"webhookUrl": nil}),
			} {
				if refused := a.Status == 403; refused == c.may || !refused && a.Status >= 300 {
					t.Errorf("%s: %s: %d %s", c.name, what, a.Status, a.Body)
				} else if refused && !slices.Contains([]string{"/data/attributes/webhookUrl",
					"/data/attributes/webhookSecret"}, a.errors()[0].Pointer) {
					t.Errorf("%s: %s: %s", c.name, what, a.Body)
				}
			}
			patch(bare, object{"description": "what has nothing to do with it"}).want(200)
		}

		// What the management has sent from below, the organization does not have sent elsewhere.
		made := s.do("POST", managed, resource("organizations",
			object{"name": "Acme", "webhookUrl": "https://acme.example.com/"})).want(201)
		org, own := made.text("data", "id"), s.as(made.text("data", "attributes", "token"))
		change := withID(resource("organizations", object{"webhookUrl": "https://attacker.example.com/"}), org)
		own.do("PATCH", "/public/v2/organizations/"+org,
			withID(resource("organizations", object{"webhookUrl": "https://acme.example.com/2"}), org)).want(200)
		hook := s.get(hooksPath+"?filter[organizationId]="+org).want(200).text("data", 0, "id")
		s.do("PATCH", hooksPath+"/"+hook, withID(resource("webhooks", object{"subtree": true}), hook)).want(200)
		own.do("PATCH", "/public/v2/organizations/"+org, change).want(403)
		s.do("PATCH", "/public/v2/organizations/"+org, change).want(200)
	})
}
