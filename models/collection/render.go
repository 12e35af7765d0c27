package collection

import (
	"context"
	"maps"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// Render returns the resource objects of models of one collection as the scope may see them. The API, the atomic endpoint and exports all
// print resources with it, the outbox of the webhooks with [Collection.Complement]. base is the path that the resources are read at,
// usually c.Schema.URL(); q may be nil.
func Render(ctx context.Context, db *store.DB, c *Collection, scope Scope, items []any, base string,
	q *jsonapi.Query) ([]*jsonapi.Resource, error) {
	if c.Tell != nil {
		var err error
		if items, err = c.Tell(ctx, db, scope, items); err != nil {
			return nil, err
		}
	}
	form := c.Schema.Form(base)
	if q != nil {
		form = form.Only(q.Fields[c.Schema.Type])
	}
	resources := form.Resources(items)
	return resources, c.Complement(ctx, db, scope, items, resources)
}

// Complement adds to the resource objects of models their linkage, as a scope sees it, and what it is told beside.
func (c *Collection) Complement(ctx context.Context, db *store.DB, scope Scope, items []any, resources []*jsonapi.Resource) error {
	for i, item := range items {
		c.Link(resources[i], item)
	}
	if err := c.showFirsts(ctx, db, scope, resources); err != nil {
		return err
	}
	if err := c.hideInvisible(ctx, db, scope, resources); err != nil || c.Remark == nil {
		return err
	}
	return c.Remark(ctx, db, scope, items, resources)
}

// Link adds to the resource object of a model the linkage that is the same for each reader: that of to-ones, which is null where it is each
// reader's own. That of to-manies comes with an inclusion.
func (c *Collection) Link(resource *jsonapi.Resource, item any) {
	for _, rel := range c.Schema.Relationships {
		linked := resource.Linked(rel.Name)
		if rel.Many || linked == nil {
			continue
		}
		linked.SetNone()
		r := c.relations[rel.Name]
		if r.First != "" {
			continue
		}
		if target := c.Text(item, r.Column); target != "" {
			linked.SetOne(c.typeOf(r, item), target)
		}
	}
}

// showFirsts fills in the linkage of to-ones that are another one for each reader.
func (c *Collection) showFirsts(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource) error {
	for name, r := range c.relations {
		if r.First == "" {
			continue
		}
		var owners []string
		for _, resource := range resources {
			if resource.Linked(name) != nil {
				owners = append(owners, resource.ID)
			}
		}
		firsts, err := c.firsts(ctx, db, scope, name, owners)
		if err != nil {
			return err
		}
		for _, resource := range resources {
			if id := firsts[resource.ID]; id != "" {
				resource.Linked(name).SetOne(r.Target.Schema.Type, id)
			}
		}
	}
	return nil
}

// hideInvisible empties the linkage of to-one relationships whose target the scope does not see, so that linkage does not tell what a
// request for the target would not. What is evident from the resource it does tell, and what lasts to whoever sees everything.
func (c *Collection) hideInvisible(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource) error {
	for _, rel := range c.Schema.Relationships {
		r := c.relations[rel.Name]
		if rel.Many || r.First != "" || r.Evident || r.Lasting && scope.All() {
			continue
		}
		byTarget := map[*Collection][]string{}
		for _, resource := range resources {
			if target, id := r.targetOf(resource, rel.Name); target != nil {
				byTarget[target] = append(byTarget[target], id)
			}
		}
		for target, ids := range byTarget {
			visible, err := r.told(ctx, db, target, scope, ids)
			if err != nil {
				return err
			}
			for _, resource := range resources {
				if t, id := r.targetOf(resource, rel.Name); t == target && !visible[id] {
					resource.Linked(rel.Name).SetNone()
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

// targetOf returns what a to-one relationship of a resource leads to, if it is printed and not empty.
func (r Relation) targetOf(resource *jsonapi.Resource, name string) (target *Collection, id string) {
	linked := resource.Linked(name)
	if linked == nil {
		return nil, ""
	}
	typ, id := linked.One()
	if id == "" {
		return nil, ""
	}
	return r.To(typ), id
}
