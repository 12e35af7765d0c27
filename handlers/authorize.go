package handlers

import (
	"net/http"
	"strconv"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
)

const authorizePath = "authorize"

var authorizeTag = openapi.Tag{Name: authorizePath, Doc: checks.Doc}

// maxChecks bounds the questions of one request.
const maxChecks = 100

// check is what is asked and answered. Nothing of it is kept.
type check struct {
	ID         string `jsonapi:"primary,checks" doc:"A question: may somebody do that there?" example:"1"`
	Permission string `jsonapi:"attr,permission" rule:"required,max=200" doc:"The word that it would take." example:"invoices:approve"`
	Allowed    bool   `jsonapi:"attr,allowed" rule:"readonly" doc:"Whether it is permitted." example:"true"`
}

var checks = func() *jsonapi.Schema {
	s := jsonapi.ForModel(check{})
	s.Relate(&jsonapi.Relationship{Name: "user", Target: models.Users.Schema, Doc: "Who would do it; the caller itself when absent."})
	s.Relate(&jsonapi.Relationship{Name: "organization", Target: models.Organizations.Schema, Required: true, Doc: "Where."})
	s.Relate(&jsonapi.Relationship{Name: "memberships", Target: models.Memberships.Schema, Many: true, ReadOnly: true,
		Doc: "The memberships by which it is permitted."})
	s.Relate(&jsonapi.Relationship{Name: "roles", Target: models.Roles.Schema, Many: true, ReadOnly: true,
		Doc: "The roles by which it is permitted."})
	return s
}()

// authorize answers checks.
func (a *API) authorize(w http.ResponseWriter, rq *request) error {
	inputs, list, err := jsonapi.DecodeResources(rq.Content, checks, maxChecks)
	if err != nil {
		return err
	}
	asked := make([]models.Check, len(inputs))
	var errs jsonapi.Errors
	for i, in := range inputs {
		links := changeOf(in, nil).Links
		asked[i] = models.Check{
			User: links["user"].One(), Permission: in.Attributes["permission"].(string), Organization: links["organization"].One(),
		}
		if asked[i].Organization == "" {
			errs.Add(jsonapi.NewError(jsonapi.Required, "A check needs the relationship organization.").At(in.PointerTo("organization")))
		}
		if needs := auth.Read("memberships"); asked[i].User != "" && asked[i].User != rq.Caller().User() && !rq.Principal.Allows(needs) {
			rq.Tried.Permission, rq.Tried.Type, rq.Tried.ID = needs.Scope, models.Organizations.Schema.Type, asked[i].Organization
			errs.Add(forbidden(rq.Principal, needs).At(in.PointerTo("user")))
		}
	}
	if err := errs.Err(); err != nil {
		return err
	}
	decisions, err := models.DecideFor(rq.Context(), rq.DB, rq.Caller(), asked)
	if err != nil {
		return err
	}
	answers := make([]*jsonapi.Resource, len(decisions))
	for i, d := range decisions {
		answers[i] = answerTo(i, asked[i], d)
	}
	w.Header().Set("Cache-Control", "no-store")
	doc := &jsonapi.Document{Data: answers, Meta: map[string]any{}, Links: &jsonapi.Links{Self: jsonapi.Href(jsonapi.Root + authorizePath)}}
	if !list {
		doc.Data = answers[0]
	}
	return writeDocument(w, rq, http.StatusOK, doc)
}

// answerTo returns a check with its answer. It can be read nowhere, so it has no links.
func answerTo(i int, c models.Check, d models.Decision) *jsonapi.Resource {
	answer := checks.Form("").Resource(&check{ID: strconv.Itoa(i + 1), Permission: c.Permission, Allowed: d.Allowed})
	for name, id := range map[string]string{"user": c.User, "organization": c.Organization} {
		if id == "" {
			answer.Linked(name).SetNone()
			continue
		}
		answer.Linked(name).SetOne(checks.Relationship(name).Target.Type, id)
	}
	for name, ids := range map[string][]string{"memberships": d.Memberships, "roles": d.Roles} {
		answer.Linked(name).SetMany(identifiers(checks.Relationship(name).Target.Type, ids), "")
	}
	return answer
}
