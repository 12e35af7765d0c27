package models

import (
	"context"

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
	if c.conceal != nil {
		var err error
		if items, err = c.conceal(ctx, db, scope, items); err != nil {
			return nil, err
		}
	}
	resources, err := jsonapi.Serialize(items, q.Fields[c.Schema.Type])
	if err != nil {
		return nil, err
	}
	return resources, c.complement(ctx, db, scope, items, resources, base, q)
}

// complement adds what the library does not know to the resource objects of models, as a scope sees it.
func (c *Collection) complement(
	ctx context.Context, db *store.DB, scope Scope, items []any, resources []*jsonapi.Resource, base string, q *jsonapi.Query,
) error {
	for i, item := range items {
		c.decorate(resources[i], item, base, q)
	}
	if err := c.showFirsts(ctx, db, scope, resources); err != nil {
		return err
	}
	return c.hideInvisible(ctx, db, scope, resources)
}

// showFirsts fills in the linkage of to-ones that are another one for each reader.
func (c *Collection) showFirsts(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource) error {
	for name, r := range c.relations {
		if !r.first {
			continue
		}
		var owners []string
		for _, resource := range resources {
			if resource.Relationships[name] != nil {
				owners = append(owners, resource.ID)
			}
		}
		firsts, err := r.firsts(ctx, db, scope, owners)
		if err != nil {
			return err
		}
		for _, resource := range resources {
			if id := firsts[resource.ID]; id != "" {
				resource.Relationships[name].Data = jsonapi.Identifier{Type: r.target.Schema.Type, ID: id}
			}
		}
	}
	return nil
}

// decorate adds links and relationships to the resource object of a model.
func (c *Collection) decorate(r *jsonapi.Resource, item any, base string, q *jsonapi.Query) {
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
	typ := ""
	if r.target != nil {
		typ = r.target.Schema.Type
	} else {
		typ = c.columnValue(item, r.typeColumn)
	}
	object.Data = jsonapi.Null
	if r.first {
		return object // the linkage is each reader's own
	}
	if target := c.columnValue(item, r.column); target != "" {
		object.Data = jsonapi.Identifier{Type: typ, ID: target}
	}
	return object
}

// relatedPath returns the URL of related resources.
func (c *Collection) relatedPath(rel *jsonapi.Relationship, id, self string) string {
	if r := c.relations[rel.Name]; r.listed {
		return r.target.Schema.URL() + "?filter[" + r.countedBy + "]=" + id
	}
	return self + "/" + rel.Name
}

// hideInvisible empties the linkage of to-one relationships whose target the scope does not see, so that linkage does not tell what a
// request for the target would not.
func (c *Collection) hideInvisible(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource) error {
	for _, rel := range c.Schema.Relationships {
		if rel.Many || rel.WriteOnly || c.relations[rel.Name].first {
			continue
		}
		byTarget := map[*Collection][]string{}
		for _, r := range resources {
			if target, id := linked(r, rel.Name); target != nil && (!scope.All() || !c.relations[rel.Name].lasting) {
				byTarget[target] = append(byTarget[target], id)
			}
		}
		for target, ids := range byTarget {
			visible, err := visibleIDs(ctx, db, target, scope, ids)
			if err != nil {
				return err
			}
			for _, r := range resources {
				if t, id := linked(r, rel.Name); t == target && !visible[id] {
					r.Relationships[rel.Name].Data = jsonapi.Null
				}
			}
		}
	}
	return nil
}

// linked returns the target of a to-one relationship that is printed and not empty.
func linked(r *jsonapi.Resource, name string) (*Collection, string) {
	object := r.Relationships[name]
	if object == nil {
		return nil, ""
	}
	identifier, ok := object.Data.(jsonapi.Identifier)
	if !ok {
		return nil, ""
	}
	return CollectionOf(identifier.Type), identifier.ID
}

// told returns the query of a resource as events tell it: all of it but linkage that is another one for each reader.
func (c *Collection) told() *jsonapi.Query {
	fields := map[string]bool{}
	for _, name := range c.Schema.FieldNames() {
		rel := c.Schema.Relationship(name)
		fields[name] = rel == nil || !rel.Derived
	}
	return &jsonapi.Query{Fields: map[string]map[string]bool{c.Schema.Type: fields}}
}

// SecretMark stands for the value of a secret wherever a change of one is told.
const SecretMark = "(secret)"
