package collection

import (
	"context"
	"fmt"
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
	if err := c.tellLinkage(ctx, db, scope, resources); err != nil || c.Remark == nil {
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

// tellLinkage makes the linkage of to-ones that of a reader: it fills in what is another one for each of them, and empties what leads to
// something that the scope does not see, so that linkage does not tell what a request for the target would not. What is evident from the
// resource it does tell, and what lasts to whoever sees everything. All relationships are asked about in one round.
func (c *Collection) tellLinkage(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource) error {
	var asked []store.Query
	var then []func() error
	for _, rel := range c.Schema.Relationships {
		r := c.relations[rel.Name]
		if rel.Many || r.Evident || r.First == "" && r.Lasting && scope.All() {
			continue
		}
		queries, put, err := c.linkageOf(ctx, db, scope, rel.Name, resources)
		if err != nil {
			return err
		}
		asked, then = append(asked, queries...), append(then, put...)
	}
	if err := db.Ask(ctx, asked...); err != nil {
		return fmt.Errorf("look up what %s lead to: %w", c.Schema.Type, err)
	}
	for _, put := range then {
		if err := put(); err != nil {
			return err
		}
	}
	return nil
}

// linkageOf returns the queries of the linkage of a to-one, as a reader is told it, and what puts that into the resources.
func (c *Collection) linkageOf(ctx context.Context, db *store.DB, scope Scope, name string, resources []*jsonapi.Resource) (
	asked []store.Query, then []func() error, _ error,
) {
	r := c.relations[name]
	if r.First != "" {
		asked, put := c.tellFirsts(scope, name, resources)
		return asked, []func() error{put}, nil
	}
	for target, ids := range r.targets(name, resources) {
		if err := target.caughtUp(ctx, db); err != nil {
			return nil, nil, err
		}
		seen := map[string]bool{}
		asked = append(asked, target.AmongIDs(db, seen, ids, target.Present(scope)...)...)
		then = append(then, func() error {
			err := r.remember(ctx, db, scope, ids, seen)
			r.hide(name, target, seen, resources)
			return err
		})
	}
	return asked, then, nil
}

// tellFirsts returns the query of the linkage that is another one for each reader, and what puts it into the resources.
func (c *Collection) tellFirsts(scope Scope, name string, resources []*jsonapi.Resource) (asked []store.Query, put func() error) {
	var owners []string
	for _, resource := range resources {
		if resource.Linked(name) != nil {
			owners = append(owners, resource.ID)
		}
	}
	firsts := map[string]string{}
	if len(owners) > 0 {
		asked = []store.Query{c.firstsOf(scope, name, owners, firsts)}
	}
	return asked, func() error {
		for _, resource := range resources {
			if id := firsts[resource.ID]; id != "" {
				resource.Linked(name).SetOne(c.relations[name].Target.Schema.Type, id)
			}
		}
		return nil
	}
}

// targets returns the ids that a to-one relationship of resources leads to, by the collection that they are in.
func (r Relation) targets(name string, resources []*jsonapi.Resource) map[*Collection][]string {
	byTarget := map[*Collection][]string{}
	for _, resource := range resources {
		if target, id := r.targetOf(resource, name); target != nil {
			byTarget[target] = append(byTarget[target], id)
		}
	}
	return byTarget
}

// remember adds to the ids that a scope sees those that it is told of otherwise.
func (r Relation) remember(ctx context.Context, db *store.DB, scope Scope, ids []string, seen map[string]bool) error {
	if r.Remembers == nil || len(seen) == len(ids) {
		return nil
	}
	gone := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return seen[id] })
	remembered, err := r.Remembers(ctx, db, scope, gone)
	maps.Copy(seen, remembered)
	return err
}

// hide empties the linkage that leads to a target which is not among those that are told.
func (r Relation) hide(name string, target *Collection, told map[string]bool, resources []*jsonapi.Resource) {
	for _, resource := range resources {
		if t, id := r.targetOf(resource, name); t == target && !told[id] {
			resource.Linked(name).SetNone()
		}
	}
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
