package webhooks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestABodyTellsWhatTheOrganizationOfTheEndpointSees moves an organization from below one parent to below another: each of the three is
// told the same event, of which it sees another part.
func TestABodyTellsWhatTheOrganizationOfTheEndpointSees(t *testing.T) {
	each(t, func(r *rig) {
		create := func(name, parent string) *models.Organization {
			in := input(map[string]any{"name": name})
			if parent != "" {
				in.Links["parent"] = models.Links{parent}
			}
			org, err := models.CreateOrganization(r.t.Context(), r.db, someone, in)
			if err != nil {
				r.t.Fatal(err)
			}
			return org
		}
		head, elsewhere := create("Head", ""), create("Elsewhere", "")
		child := create("Child", elsewhere.ID)
		updates := jsonapi.Strings{"organization.updated"}
		above, own := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		r.endpoint(head, above.URL(), "subtree", true, "eventTypes", updates)
		r.endpoint(child, own.URL(), "eventTypes", updates)

		in := input(map[string]any{"name": "Grown up"})
		in.Links["parent"] = models.Links{head.ID}
		by := models.Caller{Kind: models.ByManagementKey, ID: models.NewID(), Name: "the operator", RequestID: "r-1"}
		by.Scope, by.Rights = collection.Everything(), models.Rights{Scopes: []string{models.EveryScope}}
		if _, err := models.UpdateOrganization(r.t.Context(), r.db, by, child.ID, in); err != nil {
			r.t.Fatal(err)
		}

		for name, c := range map[string]struct {
			receiver *webhookstest.Receiver
			parent   string // as it is told
		}{
			"the organization": {own, `null`},
			"the new parent":   {above, `"` + head.ID + `"`},
		} {
			body := r.received(c.receiver, 1)[0].Body
			var told struct {
				Organization, Actor json.RawMessage
				RequestID           string
				Changes             map[string]struct{ Before, After json.RawMessage }
				Data                struct {
					Relationships map[string]struct{ Data json.RawMessage }
				}
			}
			if err := json.Unmarshal(body, &told); err != nil {
				r.t.Fatal(err)
			}
			parent := told.Data.Relationships["parent"].Data
			for what, pair := range map[string][2]string{
				"organization":  {string(told.Organization), fmt.Sprintf(`{"id":%q,"name":"Grown up"}`, child.ID)},
				"actor":         {string(told.Actor), `{"kind":"management_key","id":null,"name":null}`},
				"request":       {told.RequestID, "r-1"},
				"former parent": {string(told.Changes["parent"].Before), "null"},
				"new parent":    {string(told.Changes["parent"].After), c.parent},
				"parent as it is": {
					string(parent), strings.Replace(c.parent, `"`+head.ID+`"`, `{"type":"organizations","id":"`+head.ID+`"}`, 1),
				},
				"name as it was":     {string(told.Changes["name"].Before), `"Child"`},
				"bodies of the kind": {fmt.Sprint(r.query(`SELECT COUNT(*) FROM webhook_messages`)), "2"},
			} {
				if pair[0] != pair[1] {
					r.t.Errorf("%s: %s is %s, want %s", name, what, pair[0], pair[1])
				}
			}
			if strings.Contains(string(body), elsewhere.ID) || strings.Contains(string(body), by.ID) {
				r.t.Errorf("%s is told what it does not see: %s", name, body)
			}
		}
	})
}

// TestAnEndpointIsSentNothingOfAKeyThatItsOrganizationDoesNotSee creates a key that manages an organization, and then one of its own. The
// endpoint of a parent that is sent what happens below is sent no more: people of the parent do not see such keys either.
func TestAnEndpointIsSentNothingOfAKeyThatItsOrganizationDoesNotSee(t *testing.T) {
	each(t, func(r *rig) {
		above, own := webhookstest.NewReceiver(r.t), webhookstest.NewReceiver(r.t)
		head := r.organization("")
		in := input(map[string]any{"name": "Child"})
		in.Links["parent"] = models.Links{head.ID}
		org, err := models.CreateOrganization(r.t.Context(), r.db, someone, in)
		if err != nil {
			r.t.Fatal(err)
		}
		types := jsonapi.Strings{"apiKey.*"}
		r.endpoint(head, above.URL(), "subtree", true, "eventTypes", types)
		r.endpoint(org, own.URL(), "eventTypes", types)
		for _, kind := range []models.KeyKind{models.ManagementKey, models.OrganizationKey} {
			in := input(map[string]any{"name": string(kind), "kind": string(kind), "scopes": jsonapi.Strings{"users:read"}})
			in.Links["organization"] = models.Links{org.ID}
			if _, err := models.CreateAPIKey(r.t.Context(), r.db, someone, in); err != nil {
				r.t.Fatal(err)
			}
		}
		for _, receiver := range []*webhookstest.Receiver{above, own} {
			if m := read(r.t, r.received(receiver, 1)[0]); m.Data.Attributes["kind"] != string(models.OrganizationKey) {
				r.t.Errorf("it is sent %+v", m)
			}
		}
		r.quiet()
		for _, receiver := range []*webhookstest.Receiver{above, own} {
			if n := len(receiver.Requests()); n != 1 {
				r.t.Errorf("it is sent %d messages", n)
			}
		}
	})
}

// TestEventsThatNobodyIsToldOfChangeNoNumber fans out, in one batch, events of an organization between some that happened in none.
func TestEventsThatNobodyIsToldOfChangeNoNumber(t *testing.T) {
	each(t, func(r *rig) {
		receiver := webhookstest.NewReceiver(r.t)
		org := r.organization(receiver.URL())
		r.received(receiver, 1)
		var types []string
		err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
			types = nil
			for i, organization := range []*string{nil, &org.ID, nil, nil, &org.ID, &org.ID, nil} {
				changes := jsonapi.Raw("{}")
				e := &models.Event{
					ID: models.NewID(), EventType: fmt.Sprint("number.", i), OccurredAt: jsonapi.Stamp{Time: r.db.Now()},
					OrganizationID: organization, SubjectType: "organizations", SubjectID: org.ID, ActorKind: "system", Changes: &changes,
					Resource: jsonapi.Raw("{}"),
				}
				if organization != nil {
					types = append(types, e.EventType)
				}
				if err := models.Capture(r.t.Context(), tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
		r.received(receiver, 1+len(types))
		r.quiet()
		got := make([]string, len(types))
		for _, q := range receiver.Requests()[1:] {
			var told struct {
				Type     string
				Sequence int
			}
			if err := json.Unmarshal(q.Body, &told); err != nil || told.Sequence < 2 || told.Sequence > 1+len(types) {
				r.t.Fatalf("it is sent %s: %v", q.Body, err)
			}
			got[told.Sequence-2] = told.Type
		}
		if !slices.Equal(got, types) {
			r.t.Errorf("in the order of their sequence it is sent %v, want %v", got, types)
		}
		modelstest.CheckConsistency(r.t, r.db)
	})
}
