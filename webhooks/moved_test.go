package webhooks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// eachHeld runs a test on each database, with a worker that begins only when the test starts it.
func eachHeld(t *testing.T, test func(r *rig, start func())) {
	t.Helper()
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		r := &rig{t: t, db: db}
		test(r, func() { r.w, r.stop = startWorker(t, db) })
	})
}

// below creates an organization below another one.
func (r *rig) below(parent *models.Organization, name string) *models.Organization {
	r.t.Helper()
	in := input(map[string]any{"name": name})
	if parent != nil {
		in.Links["parent"] = models.Links{parent.ID}
	}
	org, err := models.CreateOrganization(r.t.Context(), r.db, someone, in)
	if err != nil {
		r.t.Fatal(err)
	}
	return org
}

// move changes attributes of an organization and its parent, to none for nil.
func (r *rig) move(org, parent *models.Organization, attributes map[string]any) {
	r.t.Helper()
	r.moveBy(someone, org, parent, attributes)
}

func (r *rig) moveBy(by models.Caller, org, parent *models.Organization, attributes map[string]any) {
	r.t.Helper()
	in := input(attributes)
	in.Links["parent"] = nil
	if parent != nil {
		in.Links["parent"] = models.Links{parent.ID}
	}
	if _, err := models.UpdateOrganization(r.t.Context(), r.db, by, org.ID, in); err != nil {
		r.t.Fatal(err)
	}
}

// watch adds an endpoint that looks at a subtree.
func (r *rig) watch(org *models.Organization, eventTypes ...string) *webhookstest.Receiver {
	r.t.Helper()
	receiver := webhookstest.NewReceiver(r.t)
	r.endpoint(org, receiver.URL(), "subtree", true, "eventTypes", jsonapi.Strings(eventTypes), "ordering", models.OrderFIFO)
	return receiver
}

// names returns the type of each message that a receiver has, with the name of the resource that it tells.
func names(t *testing.T, requests []webhookstest.Request) string {
	t.Helper()
	var all []string
	for _, q := range requests {
		m := read(t, q)
		all = append(all, fmt.Sprint(m.Type, " ", m.Data.Attributes["name"]))
	}
	return strings.Join(all, ", ")
}

// TestAnEventGoesToWhoWasAboveWhenItHappened moves a branch to and fro before anything is fanned out.
func TestAnEventGoesToWhoWasAboveWhenItHappened(t *testing.T) {
	eachHeld(t, func(r *rig, start func()) {
		from, to := r.below(nil, "From"), r.below(nil, "To")
		branch := r.below(from, "Branch")
		leaf := r.below(branch, "Leaf")
		updates := "organization.updated"
		old, fresh := r.watch(from, updates), r.watch(to, updates)
		r.change(leaf, "1 below From")
		r.move(branch, to, map[string]any{"name": "moved to To"})
		r.change(leaf, "2 below To")
		r.move(branch, from, map[string]any{"name": "moved to From"})
		r.change(leaf, "3 below From")
		r.move(branch, nil, map[string]any{"name": "moved away"})
		r.change(leaf, "4 alone")

		start()
		r.quiet()
		for name, c := range map[string]struct {
			receiver *webhookstest.Receiver
			want     []string
		}{
			"From": {old, []string{"1 below From", "Branch", "moved to From", "3 below From", "moved to From"}},
			"To":   {fresh, []string{"moved to To", "2 below To", "moved to To"}},
		} {
			got, want := names(r.t, c.receiver.Requests()), updates+" "+strings.Join(c.want, ", "+updates+" ")
			if got != want {
				r.t.Errorf("%s is sent %s, want %s", name, got, want)
			}
		}
		if n := r.query(`SELECT COUNT(*) FROM branch_moves`); n != int64(0) {
			r.t.Errorf("%v moves are kept when the queue is empty", n)
		}
	})
}

// TestWhoLosesABranchIsToldWhereItWas renames an organization and moves it, in one request: each end is told what it sees.
func TestWhoLosesABranchIsToldWhereItWas(t *testing.T) {
	eachHeld(t, func(r *rig, start func()) {
		top := r.below(nil, "Top")
		from, to := r.below(top, "From"), r.below(nil, "To")
		team := r.below(from, "Team")
		child := r.below(team, "Child")
		updates := "organization.updated"
		head, old, fresh := r.watch(top, updates), r.watch(from, updates), r.watch(to, updates)
		r.move(child, to, map[string]any{"name": "Secret plan", "description": "of To"})
		r.move(team, nil, nil) // by the time of the fan-out, the former parent is out of sight as well

		start()
		r.quiet()
		linkage := func(id string) string { return `{"type":"organizations","id":"` + id + `"}` }
		quoted := func(id string) string { return `"` + id + `"` }
		wasChild := `{"id":"` + child.ID + `","name":"Child"}`
		for name, c := range map[string]struct {
			receiver                          *webhookstest.Receiver
			name, before, after, parent, rest string
		}{
			"who had it":              {old, `"Child"`, quoted(team.ID), `null`, linkage(team.ID), wasChild},
			"who is above who had it": {head, `"Child"`, quoted(team.ID), `null`, linkage(team.ID), wasChild},
			"who gets it": {fresh, `"Secret plan"`, `null`, quoted(to.ID), linkage(to.ID),
				`{"id":"` + child.ID + `","name":"Secret plan"}`},
		} {
			body := c.receiver.Requests()[0].Body
			var told struct {
				Organization json.RawMessage
				Changes      map[string]struct{ Before, After json.RawMessage }
				Data         struct {
					Attributes    map[string]json.RawMessage
					Relationships map[string]struct{ Data json.RawMessage }
				}
			}
			if err := json.Unmarshal(body, &told); err != nil {
				r.t.Fatal(err)
			}
			for what, pair := range map[string][2]string{
				"name":           {string(told.Data.Attributes["name"]), c.name},
				"former parent":  {string(told.Changes["parent"].Before), c.before},
				"new parent":     {string(told.Changes["parent"].After), c.after},
				"parent it has":  {string(told.Data.Relationships["parent"].Data), c.parent},
				"whose event":    {string(told.Organization), c.rest},
				"type of a head": {string(told.Data.Attributes["kind"]), `"other"`},
			} {
				if pair[0] != pair[1] {
					r.t.Errorf("%s is told as %s: %s, want %s", name, what, pair[0], pair[1])
				}
			}
			if c.receiver == fresh {
				continue
			}
			for _, hidden := range []string{to.ID, "Secret plan", "of To"} {
				if strings.Contains(string(body), hidden) {
					r.t.Errorf("%s is told %q: %s", name, hidden, body)
				}
			}
			if len(told.Changes) != 1 {
				r.t.Errorf("%s is told more than the move: %s", name, body)
			}
		}
		if n := len(fresh.Requests()); n != 1 {
			r.t.Errorf("who gets it is sent %d messages", n)
		}
	})
}

// TestABodyTellsWhatWasSeenWhenItHappened has keys act in a branch that is moved afterwards.
func TestABodyTellsWhatWasSeenWhenItHappened(t *testing.T) {
	eachHeld(t, func(r *rig, start func()) {
		from, to := r.below(nil, "From"), r.below(nil, "To")
		team := r.below(from, "Team")
		leaf := r.below(team, "Leaf")
		key := func(org *models.Organization) models.Caller {
			in := input(map[string]any{
				"name": "key of " + org.Name, "kind": string(models.ManagementKey), "scopes": jsonapi.Strings{"*"},
			})
			in.Links["organization"] = models.Links{org.ID}
			made, err := models.CreateAPIKey(r.t.Context(), r.db, someone, in)
			if err != nil {
				r.t.Fatal(err)
			}
			return models.Caller{
				Kind: models.ByManagementKey, ID: made.ID, Name: made.Name, Scope: collection.Subtree(org.ID),
				Rights: models.Rights{Scopes: []string{"*"}},
			}
		}
		ofTeam, ofTo := key(team), key(to)
		old, fresh := r.watch(from, "organization.updated"), r.watch(to, "organization.updated")
		rename := func(by models.Caller, name string) {
			in := input(map[string]any{"name": name})
			if _, err := models.UpdateOrganization(r.t.Context(), r.db, by, leaf.ID, in); err != nil {
				r.t.Fatal(err)
			}
		}
		rename(ofTeam, "before")
		mover := ofTeam
		mover.Scope = collection.Everything()
		r.moveBy(mover, team, to, nil)
		rename(ofTeam, "after")
		rename(ofTo, "by the new owner")
		r.move(team, nil, nil)

		start()
		r.quiet()
		actors := func(receiver *webhookstest.Receiver) string {
			var all []string
			for _, q := range receiver.Requests() {
				var told struct {
					Actor models.Actor
					Data  struct {
						Attributes    struct{ Name string }
						Relationships struct {
							Parent struct{ Data *jsonapi.Ref }
						}
					}
				}
				if err := json.Unmarshal(q.Body, &told); err != nil {
					r.t.Fatal(err)
				}
				name, parent := "nobody", "none"
				if told.Actor.Name != nil {
					name = *told.Actor.Name
				}
				if told.Data.Relationships.Parent.Data != nil {
					parent = map[string]string{from.ID: "From", to.ID: "To", team.ID: "Team"}[told.Data.Relationships.Parent.Data.ID]
				}
				all = append(all, fmt.Sprintf("%s by %s below %s", told.Data.Attributes.Name, name, parent))
			}
			return strings.Join(all, "; ")
		}
		if got, want := actors(old), "before by key of Team below Team; Team by key of Team below From"; got != want {
			r.t.Errorf("From is told: %s, want %s", got, want)
		}
		want := "Team by key of Team below To; after by key of Team below Team; " +
			"by the new owner by key of To below Team; Team by test below To"
		if got := actors(fresh); got != want {
			r.t.Errorf("To is told: %s, want %s", got, want)
		}
	})
}

// TestWhoHadADeletedOrganizationIsNotToldThatItIsRestoredElsewhere deletes it, and restores it below another parent.
func TestWhoHadADeletedOrganizationIsNotToldThatItIsRestoredElsewhere(t *testing.T) {
	eachHeld(t, func(r *rig, start func()) {
		from, to := r.below(nil, "From"), r.below(nil, "To")
		child := r.below(from, "Child")
		old, fresh := r.watch(from, "organization.*"), r.watch(to, "organization.*")
		if err := models.DeleteOrganization(r.t.Context(), r.db, someone, child.ID, nil); err != nil {
			r.t.Fatal(err)
		}
		in := input(map[string]any{})
		in.Echo = map[string]any{"deletedAt": nil}
		in.Links["parent"] = models.Links{to.ID}
		if _, err := models.UpdateOrganization(r.t.Context(), r.db, someone, child.ID, in); err != nil {
			r.t.Fatal(err)
		}
		r.change(child, "Renamed")

		start()
		r.quiet()
		if got, want := names(r.t, old.Requests()), "organization.deleted Child"; got != want {
			r.t.Errorf("who had it is sent %s, want %s", got, want)
		}
		if got, want := names(r.t, fresh.Requests()), "organization.restored Child, organization.updated Renamed"; got != want {
			r.t.Errorf("who has it is sent %s, want %s", got, want)
		}
	})
}

// TestADeletedOrganizationIsToldLastOfABranchThatItLost moves all that it has away, deletes it, and goes on changing.
func TestADeletedOrganizationIsToldLastOfABranchThatItLost(t *testing.T) {
	eachHeld(t, func(r *rig, start func()) {
		from, to := r.below(nil, "From"), r.below(nil, "To")
		child := r.below(from, "Child")
		old := r.watch(from, "organization.*")
		r.change(child, "Before")
		r.move(child, to, nil)
		if err := models.DeleteOrganization(r.t.Context(), r.db, someone, from.ID, nil); err != nil {
			r.t.Fatal(err)
		}
		r.change(child, "After")

		start()
		r.quiet()
		want := "organization.updated Before, organization.updated Before, organization.deleted From"
		if got := names(r.t, old.Requests()); got != want {
			r.t.Errorf("it is sent %s, want %s", got, want)
		}
	})
}
