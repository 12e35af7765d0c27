package handlers

import (
	"net/http"
	"strings"

	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
)

const mePath = "me"

var meTag = openapi.Tag{Name: mePath, Doc: "Who the caller is, and what it may do where."}

// maxAsked bounds the organizations that one request asks for the permissions of.
const maxAsked = 100

// meQuery is what the query of the route speaks of.
var meQuery = func() *jsonapi.Schema {
	s := jsonapi.ForModel(struct {
		ID string `jsonapi:"primary,me"`
	}{})
	s.Computed = true
	s.Filters = []jsonapi.Filter{{Name: "organizationId", Kind: jsonapi.String, Doc: "Up to 100 ids, separated by commas."}}
	return s
}()

// whoAmI answers with the resource that the caller is. People are told whether they have a second factor, and whether they may create the
// head of a tree; nobody else is.
func (a *API) whoAmI(w http.ResponseWriter, rq *request) error {
	meta := map[string]any{}
	var err error
	if user := rq.Principal.UserID; user != "" {
		if meta["secondFactor"], err = models.HasSecondFactor(rq.Context(), rq.DB, user); err != nil {
			return err
		}
		meta["createsHeads"] = rq.Caller().MayHead(rq.DB)
	}
	for _, f := range rq.query.Filters {
		asked := strings.Split(f.Value.(string), ",")
		if len(asked) > maxAsked {
			return jsonapi.NewError(jsonapi.InvalidParameter, "At most %d ids.", maxAsked).InParameter(f.Parameter)
		}
		if meta["permissions"], err = models.Permissions(rq.Context(), rq.DB, rq.Caller(), asked); err != nil {
			return err
		}
	}
	return a.writeCaller(w, rq, meta)
}

// writeCaller answers with the resource that the caller is, and with what is said beside it.
func (a *API) writeCaller(w http.ResponseWriter, rq *request, meta map[string]any) error {
	c, id := models.APIKeys, rq.Principal.KeyID
	switch {
	case rq.Principal.UserID != "":
		c, id = models.Users, rq.Principal.UserID
	case rq.Principal.IsPortal():
		c, id = models.PortalLinks, rq.Principal.LinkID
	case id == "":
		c, id = models.Organizations, rq.Principal.OrganizationID
	}
	// Everything, because a caller sees itself, whatever its scopes.
	item, err := collection.Find(rq.Context(), rq.DB, c, collection.Everything(), id, rq.query)
	if err != nil {
		return err
	}
	resources, err := collection.Render(rq.Context(), rq.DB, c, rq.Scope(), []any{item}, c.Schema.URL(), rq.query)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeDocument(w, rq, http.StatusOK, &jsonapi.Document{
		Data: resources[0], Meta: meta, Links: &jsonapi.Links{Self: jsonapi.Href(jsonapi.Root + mePath + rq.query.Encode())},
	})
}
