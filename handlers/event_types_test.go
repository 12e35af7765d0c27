package handlers_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// eventSchemas compiles the schema of every type of event, and checks each against its own example.
func eventSchemas(t *testing.T, s *service) map[string]*jsonschema.Schema {
	t.Helper()
	compiled := map[string]*jsonschema.Schema{}
	for _, one := range s.get(eventTypesPath).want(200).json("data").([]any) {
		name, attributes := one.(object)["id"].(string), one.(object)["attributes"].(object)
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		if err := compiler.AddResource(name, attributes["schema"]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		schema, err := compiler.Compile(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if schema.DraftVersion != 2020 {
			t.Errorf("%s: the draft is %d", name, schema.DraftVersion)
		}
		example := attributes["example"].(object)
		if err := schema.Validate(example); err != nil {
			t.Errorf("the example of %s: %v", name, err)
		}
		for _, spoil := range []string{"type", "timestamp", "sequence", "organization", "actor", "requestId", "data"} {
			spoiled := object{}
			for member, value := range example {
				if member != spoil {
					spoiled[member] = value
				}
			}
			if schema.Validate(spoiled) == nil {
				t.Errorf("the schema of %s takes an event without %s", name, spoil)
			}
		}
		compiled[name] = schema
	}
	return compiled
}

func TestEveryDeliveredBodyIsWhatItsSchemaSays(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newService(t, db)
		schemas := eventSchemas(t, s)
		receiver := webhookstest.NewReceiver(t)
		newDispatch(s, asItIs)

		root, _ := s.organization("Root")
		hook := s.do("POST", hooksPath, resource("webhooks",
			object{"url": receiver.URL(), "eventTypes": []string{"*", "webhook.*"}, "subtree": true, "headers": []string{"X-Tenant: 42"}},
			"organization", ref("organizations", root))).want(201)
		id := hook.text("data", "id")
		org, _ := s.organization("Acme", "parent", ref("organizations", root))
		at := managed + "/" + org
		s.do("PATCH", at, withID(resource("organizations",
			object{"description": "Makers of everything.", "webhookUrl": receiver.URL() + "own"}), org)).want(200)
		s.do("POST", "/public/v2/management/refresh-token/"+org, nil).want(200)
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada", "email": "ada@example.com"}, "organization",
			ref("organizations", org))).want(201).text("data", "id")
		s.do("PATCH", "/public/v2/users/"+user, withID(resource("users", object{"lastName": "Lovelace"}), user)).want(200)
		key := s.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "Sync", "scopes": []string{"users:read"}}, "organization",
				ref("organizations", org))).want(201).text("data", "id")
		s.do("PATCH", "/public/v2/apiKeys/"+key, withID(resource("apiKeys", object{"name": "Other"}), key)).want(200)
		s.do("POST", "/public/v2/apiKeys/"+key+"/rotate", nil).want(200)
		s.do("DELETE", "/public/v2/apiKeys/"+key, nil).want(204)
		s.do("DELETE", "/public/v2/files/"+s.file(org), nil).want(204)
		role := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "clerk", "name": "Clerk"}, "organization",
			ref("organizations", org))).want(201).text("data", "id")
		s.do("PATCH", "/public/v2/roles/"+role, withID(resource("roles", object{"rank": 20}), role)).want(200)
		membership := s.get("/public/v2/memberships?filter[userId]="+user).text("data", 0, "id")
		roles := "/public/v2/memberships/" + membership + "/relationships/roles"
		s.do("POST", roles, object{"data": rolesAs(role)}).want(200)
		s.do("DELETE", roles, object{"data": rolesAs(role)}).want(200)
		s.do("DELETE", "/public/v2/roles/"+role, nil).want(204)
		for email, act := range map[string]func(token, path string){
			"a@example.com": func(token, _ string) { s.as("").accept(token, grace).want(200) },
			"b@example.com": func(token, _ string) {
				s.do("POST", invitations+"/decline", object{"meta": object{"token": token}}).want(200)
			},
			"c@example.com": func(_, path string) {
				s.do("POST", path+"/resend", nil).want(200)
				s.do("DELETE", path, nil).want(204)
			},
		} {
			made := s.invite(email, org).want(201)
			act(made.tokenIn(), invitations+"/"+made.text("data", "id"))
		}
		s.do("POST", hooksPath+"/"+id+"/test", nil).want(202)
		s.do("PATCH", hooksPath+"/"+id, withID(resource("webhooks", object{"name": "Everything", "rate": 10_000}), id)).want(200)
		s.do("POST", hooksPath+"/"+id+"/rotate-secret", nil).want(200)
		gone := s.do("POST", hooksPath, resource("webhooks", object{"url": receiver.URL(), "status": "paused"}, "organization",
			ref("organizations", org))).want(201).text("data", "id")
		s.do("DELETE", hooksPath+"/"+gone, nil).want(204)
		_, portal := s.link(org, object{"name": "Grace"})
		s.frame().open(portal).want(201)
		taken, _ := s.link(org, object{})
		s.do("DELETE", portalPath+"/"+taken, nil).want(204)
		refusing := webhookstest.NewReceiver(t, webhookstest.Status(http.StatusGone))
		ended := s.do("POST", hooksPath, resource("webhooks", object{"url": refusing.URL()}, "organization",
			ref("organizations", org))).want(201).text("data", "id")
		s.do("POST", hooksPath+"/"+ended+"/test", nil).want(202)
		disabled := s.get("/public/v2/events?filter[eventType]=webhook.disabled&filter[subjectId]="+ended, "Prefer", "wait=60").want(200)
		if disabled.json("meta", "total") != 1.0 {
			t.Fatalf("the endpoint was not disabled: %s", disabled.Body)
		}
		s.scoped("organization", org, "users:read").do("DELETE", "/public/v2/users/"+user, nil).want(403)
		s.do("DELETE", "/public/v2/users/"+user, nil).want(204)
		s.do("DELETE", at, nil).want(204)
		s.do("PATCH", at, withID(resource("organizations", object{"deletedAt": nil}), org)).want(200)

		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		seen := map[string]bool{}
		for name := range schemas { // what belongs to a person and to no organization is sent to none
			seen[name] = strings.HasPrefix(name, "session.")
		}
		maps.DeleteFunc(seen, func(_ string, sent bool) bool { return !sent })
		for n := 1; len(seen) < len(schemas); n++ {
			requests, err := receiver.Wait(ctx, n)
			if err != nil {
				t.Fatalf("only these came: %v", seen)
			}
			body := requests[n-1].Body
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			name, _ := value.(object)["type"].(string)
			if schemas[name] == nil {
				t.Fatalf("%q is delivered and not described", name)
			}
			if err := schemas[name].Validate(value); err != nil {
				t.Errorf("%s: %v in %s", name, err, body)
			}
			seen[name] = true
		}
	})
}
