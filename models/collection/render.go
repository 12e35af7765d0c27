package collection

import (
	"context"
	"maps"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// Render returns the resource objects of models of one collection as the scope may see them: attributes from the library, relationships
// and links from here. The API, the atomic endpoint and the outbox of the webhooks all print resources with it. base is the path that the
// resources are read at, usually c.Schema.URL(); q may be nil.
func Render(ctx context.Context, db *store.DB, c *Collection, scope Scope, items []any, base string,
	q *jsonapi.Query) ([]*jsonapi.Resource, error) {
	if q == nil {
		q = &jsonapi.Query{}
	}
	if c.Tell != nil {
		var err error
		if items, err = c.Tell(ctx, db, scope, items); err != nil {
			return nil, err
		}
	}
	resources, err := jsonapi.Serialize(items, q.Fields[c.Schema.Type])
	if err != nil {
		return nil, err
	}
	return resources, c.Complement(ctx, db, scope, items, resources, base, q)
}

// Complement adds what the library does not know to the resource objects of models, as a scope sees it.
func (c *Collection) Complement(
	ctx context.Context, db *store.DB, scope Scope, items []any, resources []*jsonapi.Resource, base string, q *jsonapi.Query,
) error {
	for i, item := range items {
		c.Decorate(resources[i], item, base, q)
	}
	if err := c.showFirsts(ctx, db, scope, resources); err != nil {
		return err
	}
	if err := c.hideInvisible(ctx, db, scope, resources); err != nil || c.Remark == nil {
		return err
	}
	return c.Remark(ctx, db, scope, items, resources)
}

// showFirsts fills in the linkage of to-ones that are another one for each reader.
func (c *Collection) showFirsts(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource) error {
	for name, r := range c.relations {
		if r.First == "" {
			continue
		}
		var owners []string
		for _, resource := range resources {
			if resource.Relationships[name] != nil {
				owners = append(owners, resource.ID)
			}
		}
		firsts, err := c.firsts(ctx, db, scope, name, owners)
		if err != nil {
			return err
		}
		for _, resource := range resources {
			if id := firsts[resource.ID]; id != "" {
				resource.Relationships[name].Data = jsonapi.Identifier{Type: r.Target.Schema.Type, ID: id}
			}
		}
	}
	return nil
}

// Decorate adds links and relationships to the resource object of a model, whoever reads it. base is that of [Render], q must not be nil.
func (c *Collection) Decorate(r *jsonapi.Resource, item any, base string, q *jsonapi.Query) {
	self := base + "/" + r.ID
	r.Links = &jsonapi.Links{Self: jsonapi.Href(self)}
	r.Relationships = map[string]*jsonapi.RelationshipObject{}
	for _, rel := range c.Schema.Relationships {
		if !rel.WriteOnly && q.Wants(c.Schema.Type, rel.Name) {
			r.Relationships[rel.Name] = c.relationshipObject(rel, item, r.ID, self)
		}
	}
}

func (c *Collection) relationshipObject(rel *jsonapi.Relationship, item any, id, self string) *jsonapi.RelationshipObject {
	object := &jsonapi.RelationshipObject{Links: &jsonapi.Links{
		Self:    jsonapi.Href(self + "/relationships/" + rel.Name),
		Related: jsonapi.Href(c.relatedPath(rel, id, self)),
	}}
	if rel.Many {
		return object // the linkage comes with an inclusion
	}
	r := c.relations[rel.Name]
	object.Data = jsonapi.Null
	if r.First != "" {
		return object // the linkage is each reader's own
	}
	if target := c.Text(item, r.Column); target != "" {
		object.Data = jsonapi.Identifier{Type: c.typeOf(r, item), ID: target}
	}
	return object
}

// relatedPath returns the URL of related resources.
func (c *Collection) relatedPath(rel *jsonapi.Relationship, id, self string) string {
	if r := c.relations[rel.Name]; r.Listed {
		return r.Target.Schema.URL() + "?filter[" + r.CountedBy + "]=" + id
	}
	return self + "/" + rel.Name
}

// hideInvisible empties the linkage of to-one relationships whose target the scope does not see, so that linkage does not tell what a
// request for the target would not. What is evident from the resource it does tell.
func (c *Collection) hideInvisible(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource) error {
	for _, rel := range c.Schema.Relationships {
		if r := c.relations[rel.Name]; rel.Many || rel.WriteOnly || r.First != "" || r.Evident {
			continue
		}
		byTarget := map[*Collection][]string{}
		for _, r := range resources {
			if target, id := c.linked(r, rel.Name); target != nil && (!scope.All() || !c.relations[rel.Name].Lasting) {
				byTarget[target] = append(byTarget[target], id)
			}
		}
		for target, ids := range byTarget {
			visible, err := c.relations[rel.Name].told(ctx, db, target, scope, ids)
			if err != nil {
				return err
			}
			for _, r := range resources {
				if t, id := c.linked(r, rel.Name); t == target && !visible[id] {
					r.Relationships[rel.Name].Data = jsonapi.Null
				}
			}
		}
	}
	return nil
}

// told returns which of the ids that a to-one leads to a scope is told.
func (r Relation) told(ctx context.Context, db *store.DB, target *Collection, scope Scope, ids []string) (map[string]bool, error) {
	visible, err := VisibleIDs(ctx, db, target, scope, ids)
	if err != nil || r.Remembers == nil || len(visible) == len(ids) {
		return visible, err
	}
	gone := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return visible[id] })
	remembered, err := r.Remembers(ctx, db, scope, gone)
	maps.Copy(visible, remembered)
	return visible, err
}

// linked returns the target of a to-one relationship that is printed and not empty.
func (c *Collection) linked(r *jsonapi.Resource, name string) (*Collection, string) {
	object := r.Relationships[name]
	if object == nil {
		return nil, ""
	}
	identifier, ok := object.Data.(jsonapi.Identifier)
	if !ok {
		return nil, ""
	}
	return c.relations[name].To(identifier.Type), identifier.ID
}
