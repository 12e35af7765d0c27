package handlers

import (
	"net/http"

	"roster/auth"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// permission returns the permission that a route needs for a relationship in its path, "" for none.
func (rt *route) permission(relationship string) auth.Permission {
	if relationship == "" || rt.method == http.MethodGet {
		return rt.needs
	}
	return rt.served.linking(relationship)
}

// linking returns the permission to change what a relationship of the resource leads to.
func (res *resource) linking(relationship string) auth.Permission {
	if own, differs := res.members[relationship]; differs {
		return own
	}
	return res.changing()
}

// changing returns the permission to change the resource. If nothing of it can be changed, whoever sees it is told so.
func (res *resource) changing() auth.Permission {
	if res.writes == (auth.Permission{}) {
		return res.reads
	}
	return res.writes
}

// owner returns the model that the path names, if the caller sees it.
func (a *API) owner(rq *request) (any, error) {
	return collection.Find(rq.Context(), rq.DB, rq.route.served.Collection, rq.Scope(), rq.id(), nil)
}

// related answers with what a relationship leads to (§ Fetching Resources): one resource or null, or a page of a collection.
func (a *API) related(w http.ResponseWriter, rq *request) error {
	c, rel := rq.route.served.Collection, rq.relationship
	item, err := a.owner(rq)
	if err != nil {
		return err
	}
	if rel.Many {
		if err := rq.permitRelated(rel.Target.Type); err != nil {
			return err
		}
		return a.listOf(w, rq, c.Related(rel.Name, rq.id()), rel.Target.URL())
	}
	target, id, err := c.RelatedID(rq.Context(), rq.DB, rq.Scope(), item, rel.Name)
	if err != nil {
		return err
	}
	doc := &jsonapi.Document{Data: jsonapi.Null, Meta: map[string]any{},
		Links: &jsonapi.Links{Self: jsonapi.Href(rq.URL.Path + rq.query.Encode())}}
	if rq.query.Include != nil {
		doc.Included = []*jsonapi.Resource{}
	}
	if id == "" || target == nil {
		return writeDocument(w, rq, http.StatusOK, doc)
	}
	if err := rq.permitRelated(target.Schema.Type); err != nil {
		return err
	}
	one, err := collection.Find(rq.Context(), rq.DB, target, rq.Scope(), id, rq.query)
	if store.IsKind(err, store.NotFound) {
		return writeDocument(w, rq, http.StatusOK, doc) // gone, or not for this caller: the same as none
	}
	if err != nil {
		return err
	}
	resources, err := collection.Render(rq.Context(), rq.DB, target, rq.Scope(), []any{one}, target.Schema.URL(), rq.query)
	if err != nil {
		return err
	}
	doc.Data = resources[0]
	if doc.Included, err = a.included(rq, target, []any{one}, resources); err != nil {
		return err
	}
	return writeVersion(w, rq, http.StatusOK, target.Version(one), doc)
}

// permitRelated makes sure that the caller may read resources of the type that a path leads to.
func (rq *request) permitRelated(typ string) error {
	if needs := reading(typ); !rq.Principal.Allows(needs) {
		return forbidden(rq.Principal, needs)
	}
	return nil
}

// relationship answers with linkage (§ Fetching Relationships).
func (a *API) relationship(w http.ResponseWriter, rq *request) error {
	item, err := a.owner(rq)
	if err != nil {
		return err
	}
	return a.writeLinkage(w, rq, item)
}

// writeLinkage answers with the linkage of the relationship in the path, a page of it for a to-many.
func (a *API) writeLinkage(w http.ResponseWriter, rq *request, item any) error {
	c, rel := rq.route.served.Collection, rq.relationship
	// The resource as it is printed has the linkage of a to-one that the caller may see.
	owners, err := collection.Render(rq.Context(), rq.DB, c, rq.Scope(), []any{item}, rq.base(), nil)
	if err != nil {
		return err
	}
	doc := &jsonapi.Document{Data: owners[0].Linked(rel.Name).Data(), Meta: map[string]any{}, Links: &jsonapi.Links{Self: &jsonapi.Link{}}}
	if rel.Many {
		if err := rq.permitRelated(rel.Target.Type); err != nil {
			return err
		}
		if err := a.linkagePage(rq, doc); err != nil {
			return err
		}
	}
	self, related := owners[0].LinksOf(rel)
	doc.Links.Self.Href, doc.Links.Related = self+rq.query.Encode(), jsonapi.Href(related)
	if doc.Included, err = a.includedByLinkage(rq, doc.Data); err != nil {
		return err
	}
	return writeVersion(w, rq, http.StatusOK, c.Version(item), doc)
}

// linkagePage fills in the identifiers of one page of a to-many relationship.
func (a *API) linkagePage(rq *request, doc *jsonapi.Document) error {
	rel := rq.relationship
	target := rq.route.served.Related(rel.Name, rq.id())
	ids := *rq.query
	ids.Fields = map[string]map[string]bool{rel.Target.Type: {}} // nothing but the ids is read
	page, err := collection.List(rq.Context(), rq.DB, target, rq.Scope(), &ids)
	if err != nil {
		return err
	}
	linkage := make([]jsonapi.Identifier, len(page.Items))
	for i, item := range page.Items {
		linkage[i] = jsonapi.Identifier{Type: rel.Target.Type, ID: target.ID(item)}
		if len(page.Cursors) > 0 {
			linkage[i].Meta = cursorOf(page.Cursors[i])
		}
	}
	paged(doc, rq, page).Data = linkage
	return nil
}

// includedByLinkage returns what is included with linkage: the paths begin at the resource that has the relationship, and only those
// through the relationship lead anywhere from its linkage.
func (a *API) includedByLinkage(rq *request, linkage any) ([]*jsonapi.Resource, error) {
	if rq.query.Include == nil {
		return nil, nil
	}
	var beneath []*jsonapi.Inclusion
	for _, child := range rq.query.Include.Children {
		if child.Relationship != rq.relationship {
			return nil, jsonapi.NewError(jsonapi.InvalidParameter, "Paths begin with %s here.", rq.relationship.Name).InParameter("include")
		}
		beneath = child.Children
	}
	if len(rq.query.Include.Children) == 0 {
		return []*jsonapi.Resource{}, nil
	}
	ids := []string{}
	switch linkage := linkage.(type) {
	case jsonapi.Identifier:
		ids = append(ids, linkage.ID)
	case []jsonapi.Identifier:
		for _, identifier := range linkage {
			ids = append(ids, identifier.ID)
		}
	}
	target := models.CollectionOf(rq.relationship.Target.Type)
	return collection.IncludeLinked(rq.Context(), rq.DB, target, rq.Scope(), ids, beneath, rq.query)
}

// replaceRelationship sets a to-one, or makes the sent members the only ones of a to-many.
func (a *API) replaceRelationship(w http.ResponseWriter, rq *request) error {
	if rq.relationship.Many {
		return a.changeMembers(w, rq, models.ReplaceMembers)
	}
	if err := rq.changeable(); err != nil {
		return err
	}
	linkage, change, err := a.decodeReplacement(rq)
	if err != nil {
		return rq.refusedFirst(err, rq.askUpdate)
	}
	if _, err := rq.route.served.update(rq, rq.DB, rq.id(), change); err != nil {
		return locatedInLinkage(err, linkage)
	}
	return a.relationship(w, rq)
}

// decodeReplacement reads what a to-one is to lead to, and which versions of the resource that is meant for.
func (a *API) decodeReplacement(rq *request) (linkage jsonapi.Linkage, change *models.Change, err error) {
	if linkage, err = jsonapi.DecodeLinkage(rq.Content, rq.relationship); err != nil {
		return linkage, nil, err
	}
	meta, err := jsonapi.PlainMeta(rq.Content, rq.route.served.Schema.Options...)
	if err != nil {
		return linkage, nil, err
	}
	change = &models.Change{Links: map[string]models.Links{rq.relationship.Name: linksOf(linkage)}}
	if change.Versions, err = a.conditions(rq); err != nil {
		return linkage, nil, err
	}
	return linkage, change, rq.route.served.optionsOf(meta, "/meta", change)
}

// addToRelationship adds members to a to-many relationship.
func (a *API) addToRelationship(w http.ResponseWriter, rq *request) error {
	return a.changeMembers(w, rq, models.AddMembers)
}

// removeFromRelationship removes members from a to-many relationship.
func (a *API) removeFromRelationship(w http.ResponseWriter, rq *request) error {
	return a.changeMembers(w, rq, models.RemoveMembers)
}

// changeMembers changes the members of a to-many relationship.
func (a *API) changeMembers(w http.ResponseWriter, rq *request, how models.MemberChange) error {
	if err := rq.changeable(); err != nil {
		return err
	}
	res := rq.route.served
	change := func(how models.MemberChange, links models.Links, versions *models.Versions) error {
		return store.Transaction(rq.Context(), rq.DB, func(tx *store.DB) error {
			beside := map[string]models.Links{rq.relationship.Name: links}
			if err := res.keep(rq, tx, rq.id(), &models.Change{Versions: versions, Beside: beside}); err != nil {
				return err
			}
			return models.ChangeMembers(rq.Context(), tx, rq.Caller(), res.Collection, rq.id(), rq.relationship.Name, how, links)
		})
	}
	linkage, versions, err := a.decodeMembers(rq)
	if err != nil {
		return rq.refusedFirst(err, func(*models.Versions) error { return change(models.AddMembers, nil, nil) })
	}
	if err := change(how, linksOf(linkage), versions); err != nil {
		return locatedInLinkage(err, linkage)
	}
	return a.relationship(w, rq)
}

// decodeMembers reads the members that a request names, and which versions of the resource it is meant for.
func (a *API) decodeMembers(rq *request) (linkage jsonapi.Linkage, versions *models.Versions, err error) {
	if linkage, err = jsonapi.DecodeLinkage(rq.Content, rq.relationship); err != nil {
		return linkage, nil, err
	}
	if versions, err = a.conditions(rq); err != nil {
		return linkage, nil, err
	}
	if e := judgeable(rq.relationship, versions); e != nil {
		return linkage, nil, e.InHeader("If-Match")
	}
	return linkage, versions, nil
}

// judgeable returns an error if a change of a relationship is meant for certain versions of the resource, which says nothing of its
// members: they are no part of it.
func judgeable(rel *jsonapi.Relationship, versions *models.Versions) *jsonapi.Error {
	if versions == nil || !rel.ByURL {
		return nil
	}
	return jsonapi.NewError(jsonapi.InvalidHeader, "The members of %s are no part of this resource, so its version says nothing of them. "+
		"Change each member alone to do it at a certain version.", rel.Name)
}

// changeable makes sure that the caller sees the resource, and that the relationship can be changed at all.
func (rq *request) changeable() error {
	c, rel := rq.route.served.Collection, rq.relationship
	if _, err := collection.Find(rq.Context(), rq.DB, c, rq.Scope(), rq.id(), nil); err != nil {
		return err
	}
	if !rel.Changeable() {
		return jsonapi.NewError(jsonapi.ReadOnly, "The relationship %s cannot be changed.", rel.Name)
	}
	if !rel.Many && rq.Method != http.MethodPatch {
		return jsonapi.NewError(jsonapi.ReadOnly, "%s leads to one resource: replace it with PATCH.", rel.Name)
	}
	if rel.Many {
		return rq.permitRelated(rel.Target.Type) // the answer shows them
	}
	return nil
}

// locatedInLinkage is located for a document whose primary data is linkage.
func locatedInLinkage(err error, linkage jsonapi.Linkage) error {
	causes := store.ErrorsOf(err)
	if causes == nil {
		return err
	}
	return errorsOf(causes, func(e *jsonapi.Error, cause *store.Error) *jsonapi.Error {
		if pointer, ok := pointedAt("/meta", cause); ok {
			return e.At(pointer)
		}
		return e.At(linkage.Pointer(cause.Index, cause.Kind == store.RelatedNotFound))
	})
}
