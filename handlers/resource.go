package handlers

import (
	"net/http"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
)

// list answers with a collection.
func (a *API) list(w http.ResponseWriter, rq *request) error {
	return a.listOf(w, rq, rq.route.served.Collection, rq.base())
}

// listOf answers with one page of a collection, or with all of it in the form of an export. base is the path that its resources are read
// at.
func (a *API) listOf(w http.ResponseWriter, rq *request, c *collection.Collection, base string) error {
	if rq.exported != "" {
		return a.export(w, rq, c, base)
	}
	page, err := a.page(w, rq, c)
	if err != nil {
		return err
	}
	return a.writePage(w, rq, c, page, base)
}

// writePage answers with a page of resources of a collection.
func (a *API) writePage(w http.ResponseWriter, rq *request, c *collection.Collection, page *collection.Page, base string) error {
	resources, err := page.Render(rq.Context(), rq.DB, c, rq.Scope(), base, rq.query)
	if err != nil {
		return err
	}
	markCursors(resources, page)
	doc := paged(&jsonapi.Document{Data: resources}, rq, page)
	if doc.Included, err = a.included(rq, c, page.Items, resources); err != nil {
		return err
	}
	return writeDocument(w, rq, http.StatusOK, doc)
}

// included returns the resources to include with the primary ones, or nil if the client did not ask for any.
func (a *API) included(rq *request, c *collection.Collection, items []any, resources []*jsonapi.Resource) ([]*jsonapi.Resource, error) {
	if rq.query.Include == nil {
		return nil, nil
	}
	return collection.Include(rq.Context(), rq.DB, c, rq.Scope(), items, resources, rq.query)
}

// read answers with one resource.
func (a *API) read(w http.ResponseWriter, rq *request) error {
	item, err := collection.Find(rq.Context(), rq.DB, rq.route.served.Collection, rq.Scope(), rq.id(), rq.query)
	if err != nil {
		return err
	}
	return a.writeOne(w, rq, http.StatusOK, item)
}

// writeOne answers with one model as a resource.
func (a *API) writeOne(w http.ResponseWriter, rq *request, status int, item any) error {
	return a.writeOneTo(w, rq, rq.Scope(), status, item)
}

// writeOneTo answers with one model as a resource, as a scope sees it.
func (a *API) writeOneTo(w http.ResponseWriter, rq *request, scope collection.Scope, status int, item any) error {
	resources, err := collection.Render(rq.Context(), rq.DB, rq.route.served.Collection, scope, []any{item}, rq.base(), rq.query)
	if err != nil {
		return err
	}
	self := resources[0].URL()
	if status == http.StatusCreated {
		w.Header().Set("Location", self)
	}
	doc := &jsonapi.Document{
		Data: resources[0], Meta: metaOf(item), Links: &jsonapi.Links{Self: jsonapi.Href(self + rq.query.Encode())},
	}
	if doc.Included, err = a.included(rq, rq.route.served.Collection, []any{item}, resources); err != nil {
		return err
	}
	return writeVersion(w, rq, status, rq.route.served.Version(item), doc)
}

// metaOf returns what an answer says beside a resource: when a token that it shows ceases to work, if it does.
func metaOf(item any) map[string]any {
	meta := map[string]any{}
	if org, ok := item.(*models.Organization); ok && org.TokenExpiresAt != nil {
		meta["tokenExpiresAt"] = *org.TokenExpiresAt
	}
	return meta
}

// decodeCreation reads the resource that is to be made.
func (rq *request) decodeCreation() (err error) {
	res := rq.route.served
	rq.sent.input, err = jsonapi.DecodeResource(rq.Content, res.Schema, jsonapi.Create, "")
	if err != nil {
		return err
	}
	rq.sent.change = changeOf(rq.sent.input, nil)
	rq.triedIn(rq.sent.change)
	if res.prepare == nil {
		return nil
	}
	return res.prepare(rq.Context(), rq.DB, rq.sent.change)
}

// create makes a resource of what was sent (§ Creating Resources).
func (a *API) create(w http.ResponseWriter, rq *request) error {
	res, in := rq.route.served, rq.sent.input
	if rq.sent.err != nil {
		return rq.sent.err
	}
	if err := rq.permitID(in); err != nil {
		return err
	}
	item, err := res.create(rq, rq.DB, rq.sent.change)
	if err != nil {
		return located(err, in)
	}
	return a.writeOne(w, rq, http.StatusCreated, item)
}

// permitID makes sure that the caller may choose the id of a new resource, if it did.
func (rq *request) permitID(in *jsonapi.Input) error {
	switch {
	case in.ID == "":
		return nil
	case !in.Schema.ClientIDs:
		return jsonapi.NewError(jsonapi.ClientIDForbidden, "The ids of %s are chosen by the server.", in.Schema.Type).At(in.PointerTo("id"))
	case !rq.Scope().Manages():
		return jsonapi.NewError(jsonapi.ClientIDForbidden, "Only a management key can choose ids.").At(in.PointerTo("id"))
	default:
		return nil
	}
}

// update changes a resource (§ Updating Resources).
func (a *API) update(w http.ResponseWriter, rq *request) error {
	res := rq.route.served
	in, change, err := a.decodeUpdate(rq)
	if err != nil {
		return rq.refusedFirst(err, rq.askUpdate)
	}
	item, err := res.update(rq, rq.DB, rq.id(), change)
	if err != nil {
		return located(err, in)
	}
	return a.writeOne(w, rq, http.StatusOK, item)
}

// decodeUpdate reads what a resource is to become, and which versions of it that is meant for.
func (a *API) decodeUpdate(rq *request) (*jsonapi.Input, *models.Change, error) {
	res := rq.route.served
	in, err := jsonapi.DecodeResource(rq.Content, res.Schema, jsonapi.Update, rq.id(), rq.Var("id"))
	if err != nil {
		return nil, nil, err
	}
	versions, err := a.conditions(rq)
	if err != nil {
		return nil, nil, err
	}
	change := changeOf(in, versions)
	return in, change, res.optionsOf(in.Meta, "/meta", change)
}

// remove deletes a resource (§ Deleting Resources). A body is taken and ignored: some clients send the identifier.
func (a *API) remove(w http.ResponseWriter, rq *request) error {
	versions, err := a.conditions(rq)
	if err != nil {
		return rq.refusedFirst(err, func(none *models.Versions) error {
			return rq.route.served.remove(rq, rq.DB, rq.id(), none)
		})
	}
	if err := rq.route.served.remove(rq, rq.DB, rq.id(), versions); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
