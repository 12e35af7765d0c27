package handlers

import (
	"net/http"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
)

// effectivePermission is a word that somebody holds. Nothing of it is kept: it is put together when it is asked for.
type effectivePermission struct {
	ID         string `jsonapi:"primary,effectivePermissions" doc:"A word that somebody holds at an organization. Its id is another one at each reading." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	Permission string `jsonapi:"attr,permission" rule:"readonly" doc:"The word. The service's own for reading is held by who holds that for writing; * stands for every word, those of applications that no role has, too." example:"users:read"`
}

var effectivePermissions = func() *jsonapi.Schema {
	s := jsonapi.ForModel(effectivePermission{})
	s.Computed = true
	s.Filters = []jsonapi.Filter{{Name: "organizationId", Kind: jsonapi.String, Required: true,
		Doc: "The organization where they are held."}}
	s.Relate(&jsonapi.Relationship{Name: "memberships", Target: models.Memberships.Schema, Many: true, ReadOnly: true,
		Doc: "The memberships that it comes from, of those that the caller sees."})
	s.Relate(&jsonapi.Relationship{Name: "roles", Target: models.Roles.Schema, Many: true, ReadOnly: true,
		Doc: "The roles that it comes from, of those that the caller sees."})
	return s
}()

// permission is a word as it is described.
type permission struct {
	ID          string  `jsonapi:"primary,permissions" doc:"A word that a role can permit. Its id is another one at each reading." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	Permission  string  `jsonapi:"attr,permission" rule:"readonly" doc:"The word." example:"users:read"`
	Own         bool    `jsonapi:"attr,own" rule:"readonly" doc:"Whether it is one of the service's own; others are an application's." example:"true"`
	Description *string `jsonapi:"attr,description" rule:"readonly" doc:"What it permits; null for one of an application, which knows it." example:"Read people and their files."`
}

const permissionsPath = "permissions"

var permissions = func() *jsonapi.Schema {
	s := jsonapi.ForModel(permission{})
	s.Computed = true
	s.Filters = []jsonapi.Filter{{Name: "usableAt", Kind: jsonapi.String,
		Doc: "With the words of applications that roles have which can be given at that organization."}}
	return s
}()

// permissionRoutes are those that tell the words there are, and who holds them.
func permissionRoutes() []route {
	users := resourceOf("users")
	return []route{
		{
			method: "GET", path: "users/{id}/effectivePermissions", form: openapi.List, needs: auth.Read("memberships").Owned(),
			query: jsonapi.Accepts{Select: true}, speaks: effectivePermissions, shows: effectivePermissions, target: users,
			tag: users.tag(), handle: (*API).listEffectivePermissions,
			doc: "Lists every word that a user holds at an organization, with the memberships and roles that it comes from: what " +
				"authorize permits, for each word that is known there. About themselves people ask with whatever credential, about " +
				"others it needs the scope memberships:read. Where the caller may not know who does what it is empty. It has no pages: " +
				"meta.truncated tells that there are more than 1000.",
		},
		{
			method: "GET", path: permissionsPath, form: openapi.List, needs: auth.Read("roles"),
			query: jsonapi.Accepts{Select: true}, speaks: permissions, shows: permissions, handle: (*API).listPermissions,
			tag: openapi.Tag{Name: permissionsPath, Doc: permissions.Doc},
			doc: "Lists the words that a role can permit: the service's own, each with a sentence, and with filter[usableAt] those of " +
				"applications in the roles that can be given there, as far as the caller sees these. It has no pages: meta.truncated " +
				"tells that there are more than 1000.",
		},
	}
}

// listEffectivePermissions answers with what a user holds at an organization.
func (a *API) listEffectivePermissions(w http.ResponseWriter, rq *request) error {
	if needs := auth.Read("memberships"); rq.id() != rq.Caller().User() && !rq.Principal.Allows(needs) {
		return forbidden(rq.Principal, needs)
	}
	organization := rq.query.Filters[0].Value.(string) // the one there is, which is needed
	held, more, err := models.EffectivePermissions(rq.Context(), rq.DB, rq.Caller(), rq.id(), organization)
	if err != nil {
		return err
	}
	form := effectivePermissions.Form("")
	words := make([]*jsonapi.Resource, len(held))
	for i, h := range held {
		words[i] = form.Resource(&effectivePermission{ID: models.NewID(), Permission: h.Word})
		for name, ids := range map[string][]string{"memberships": h.Memberships, "roles": h.Roles} {
			words[i].Linked(name).SetMany(identifiers(effectivePermissions.Relationship(name).Target.Type, ids), "")
		}
	}
	return writeComputed(w, rq, words, more)
}

// listPermissions answers with the words that a role can permit.
func (a *API) listPermissions(w http.ResponseWriter, rq *request) error {
	form := permissions.Form("")
	var words []*jsonapi.Resource
	for _, word := range models.OwnPermissions() {
		doc := models.PermissionDoc(word)
		words = append(words, form.Resource(&permission{ID: models.NewID(), Permission: word, Own: true, Description: &doc}))
	}
	truncated := false
	for i, f := range rq.query.Filters {
		if i > 0 { // in its other spelling
			return jsonapi.NewError(jsonapi.InvalidParameter, "It is given more than once.").InParameter(f.Parameter)
		}
		others, more, err := models.ApplicationWords(rq.Context(), rq.DB, rq.Scope(), f.Value.(string))
		if err != nil {
			return err
		}
		for _, word := range others {
			words = append(words, form.Resource(&permission{ID: models.NewID(), Permission: word}))
		}
		truncated = more
	}
	return writeComputed(w, rq, words, truncated)
}

// writeComputed answers with resources that were put together for it. truncated: there are more.
func writeComputed(w http.ResponseWriter, rq *request, resources []*jsonapi.Resource, truncated bool) error {
	meta := map[string]any{"total": len(resources)}
	if truncated {
		meta = map[string]any{"truncated": true}
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeDocument(w, rq, http.StatusOK, &jsonapi.Document{
		Data: resources, Meta: meta, Links: &jsonapi.Links{Self: jsonapi.Href(rq.URL.Path + rq.query.Encode())},
	})
}

// identifiers returns the identifiers of resources of a type.
func identifiers(typ string, ids []string) []jsonapi.Identifier {
	all := make([]jsonapi.Identifier, len(ids))
	for i, id := range ids {
		all[i] = jsonapi.Identifier{Type: typ, ID: id}
	}
	return all
}
