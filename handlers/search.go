package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

const searchPath = "search"

// The parameters of a search, and their limits.
const (
	searchText    = "filter[text]"
	searchTypes   = "filter[type]"
	searchSize    = "page[size]"
	maxSearchText = 200
	maxSearched   = 20
)

// searchable are the types that are searched, in the order in which they take turns. What is each person's own alone, and kept nowhere, is
// not among them.
var searchable = []*collection.Collection{
	models.Organizations, models.Users, models.Webhooks, models.APIKeys, models.Roles, models.Memberships, models.Invitations,
	models.Events, models.WebhookDeliveries, models.WebhookReplays, models.PortalLinks, models.Files,
}

// searchQuery is what the query of the route speaks of.
var searchQuery = jsonapi.ForModel(struct {
	ID string `jsonapi:"primary,search"`
}{})

var searchAccepts = jsonapi.Accepts{Fields: true, Others: []jsonapi.Other{
	{Name: searchText, Required: true, Doc: fmt.Sprintf("What is searched for: an id of any type, the id of a request, the number of an "+
		"organization (17 or #17), a slug, an address, the public part of a key; or a text of at most %d characters.", maxSearchText)},
	{Name: searchTypes, Doc: "The types that are searched, separated by commas, in the order in which they take turns: some of " +
		strings.Join(typesOf(searchable), ", ") + "; all of them when absent. Those that the caller may not read are left out."},
	{Name: searchSize, Doc: fmt.Sprintf("How many resources are answered at most: 1 to %d, which it is when absent.", maxSearched)},
}}

func typesOf(all []*collection.Collection) []string {
	return store.Column(all, func(c *collection.Collection) string { return c.Schema.Type })
}

var searchTag = openapi.Tag{Name: searchPath, Doc: "Whatever a text may mean."}

func searchRoute() route {
	return route{
		method: "GET", path: searchPath, form: openapi.Find, name: searchPath, needs: auth.Anyone(), query: searchAccepts,
		speaks: searchQuery, tag: searchTag, handle: (*API).search,
		doc: "Finds resources of several types that the caller may read. First come those that the text names: by their id, the id of " +
			"the request that made an event, their number, slug, address or public part of a key. Then come those with a word that " +
			"begins with it, then those that contain it, in whatever case. meta.match tells by which field each was found, and " +
			"whether exactly; meta.path of an organization the names from the head of its tree down to its own. A text of two " +
			"characters finds no more than beginnings of words, one of one character is only compared exactly. Nothing is counted, " +
			"and there is no second page.",
	}
}

// search answers with what a text finds.
func (a *API) search(w http.ResponseWriter, rq *request) error {
	text, of, most, err := searched(rq)
	if err != nil {
		return err
	}
	of = slices.DeleteFunc(of, func(c *collection.Collection) bool { return !rq.Principal.Allows(reading(c.Schema.Type)) })
	matches, err := models.Search(rq.Context(), rq.DB, rq.Scope(), of, text, most)
	if err != nil {
		return err
	}
	resources, err := renderMatches(rq, matches)
	if err != nil {
		return err
	}
	return writeDocument(w, rq, http.StatusOK, &jsonapi.Document{
		Data: resources, Meta: map[string]any{}, Links: &jsonapi.Links{Self: jsonapi.Href(jsonapi.Root + searchPath + rq.query.Encode())},
	})
}

// searched returns what a request searches for: the text, the types and how many.
func searched(rq *request) (text string, of []*collection.Collection, most int, err error) {
	var errs jsonapi.Errors
	wrong := func(parameter, detail string, args ...any) {
		errs.Add(jsonapi.NewError(jsonapi.InvalidParameter, detail, args...).InParameter(parameter))
	}
	text = rq.query.Others[searchText]
	switch {
	case strings.TrimSpace(text) == "":
		wrong(searchText, "A search needs a text.")
	case utf8.RuneCountInString(text) > maxSearchText:
		wrong(searchText, "A text that is searched for has at most %d characters.", maxSearchText)
	}
	of = slices.Clone(searchable)
	if named, given := rq.query.Others[searchTypes]; given {
		of = nil
		for _, typ := range strings.Split(named, ",") {
			i := slices.Index(typesOf(searchable), typ)
			switch {
			case i < 0:
				wrong(searchTypes, "What can be searched is %s.", strings.Join(typesOf(searchable), ", "))
			case !slices.Contains(of, searchable[i]):
				of = append(of, searchable[i])
			}
		}
	}
	most = maxSearched
	if size, given := rq.query.Others[searchSize]; given {
		if most, err = strconv.Atoi(size); err != nil || most < 1 || most > maxSearched {
			wrong(searchSize, "It must be a whole number from 1 to %d.", maxSearched)
		}
	}
	return text, of, most, errs.Err()
}

// renderMatches returns the resource objects of what was found, in its order.
func renderMatches(rq *request, matches []models.Match) ([]*jsonapi.Resource, error) {
	type known struct {
		c  *collection.Collection
		id string
	}
	items, rendered := map[*collection.Collection][]any{}, map[known]*jsonapi.Resource{}
	for _, m := range matches {
		items[m.Collection] = append(items[m.Collection], m.Item)
	}
	for _, c := range searchable {
		if len(items[c]) == 0 {
			continue
		}
		resources, err := collection.Render(rq.Context(), rq.DB, c, rq.Scope(), items[c], c.Schema.URL(), rq.query)
		if err != nil {
			return nil, err
		}
		for _, resource := range resources {
			rendered[known{c, resource.ID}] = resource
		}
	}
	all := []*jsonapi.Resource{}
	for _, m := range matches {
		resource := rendered[known{m.Collection, m.Collection.ID(m.Item)}]
		if resource == nil {
			continue // nothing of it is told
		}
		if resource.Meta == nil {
			resource.Meta = map[string]any{}
		}
		resource.Meta["match"] = map[string]any{"field": m.Field, "exact": m.Exact}
		if m.Collection == models.Organizations {
			resource.Meta["path"] = m.Path
		}
		all = append(all, resource)
	}
	return all, nil
}
