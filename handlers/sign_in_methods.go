package handlers

import (
	"net/http"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
)

// signInMethodsPath is where whoever wants to sign in learns how.
const signInMethodsPath = "signInMethods"

// Provider is a provider that people sign in with, as they are told of it.
type Provider struct {
	// ID is what it is known by in paths, Name what people call it, URL the page that leads to it.
	ID, Name, URL string
}

// signInMethod is a way to sign in. They are settings of the program, so there is no table of them.
type signInMethod struct {
	ID   string `jsonapi:"primary,signInMethods" doc:"A way to sign in: password, or a provider." example:"skyline"`
	Kind string `jsonapi:"attr,kind,omitempty" rule:"readonly,enum=oidc" doc:"What a provider speaks. The method password has no attributes." example:"oidc"`
	Name string `jsonapi:"attr,name,omitempty" rule:"readonly" doc:"What people know the provider by." example:"Skyline ID"`
	URL  string `jsonapi:"attr,url,omitempty" rule:"readonly" doc:"Where a browser is sent to sign in with it; it takes next, a path to come back to." example:"/auth/skyline"`
}

var signInMethods = func() *jsonapi.Schema {
	s := jsonapi.ForModel(signInMethod{})
	s.Computed = true
	return s
}()

func signInMethodsRoute() route {
	return route{
		method: http.MethodGet, path: signInMethodsPath, form: openapi.List, needs: auth.Public(), query: jsonapi.NoQuery,
		tag: openapi.Tag{Name: signInMethodsPath, Doc: "How people sign in here."}, shows: signInMethods, handle: (*API).listSignInMethods,
		doc: "Lists how people sign in: with a password, by POST sessions, and with each provider that is set up. It needs no credential.",
	}
}

// listSignInMethods answers with the ways to sign in, passwords first.
func (a *API) listSignInMethods(w http.ResponseWriter, rq *request) error {
	form := signInMethods.Form("") // they are read nowhere else, so they have no links
	resources := []*jsonapi.Resource{form.Resource(&signInMethod{ID: "password"})}
	for _, p := range a.Providers {
		resources = append(resources, form.Resource(&signInMethod{ID: p.ID, Kind: "oidc", Name: p.Name, URL: p.URL}))
	}
	return writeDocument(w, rq, http.StatusOK, &jsonapi.Document{
		Data: resources, Meta: map[string]any{"total": len(resources)},
		Links: &jsonapi.Links{Self: jsonapi.Href(jsonapi.Root + signInMethodsPath)},
	})
}
