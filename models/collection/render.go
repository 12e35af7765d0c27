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
	return (&Page{Items: items}).Render(ctx, db, c, scope, base, q)
}

// Render returns the resource objects of a page of a list, as [Render] does, to the scope that the list was read for.
func (p *Page) Render(ctx context.Context, db *store.DB, c *Collection, scope Scope, base string,
	q *jsonapi.Query) (_ []*jsonapi.Resource, err error) {
	items := p.Items
	if c.Tell != nil {
		if items, err = c.Tell(ctx, db, scope, items); err != nil {
			return nil, err
		}
	}
	form := c.Schema.Form(base)
	if q != nil {
		form = form.Only(q.Fields[c.Schema.Type])
	}
	resources := form.Resources(items)
	if err := c.complement(ctx, db, scope, items, resources, p.linked); err != nil {
		return nil, err
	}
	return resources, c.tellCounts(ctx, db, scope, resources, q)
}

// tellCounts adds to the meta of resources the numbers that a query asks for.
func (c *Collection) tellCounts(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource, q *jsonapi.Query) error {
	if q == nil || len(q.Counts) == 0 || c.Count == nil || len(resources) == 0 {
		return nil
	}
	ids := make([]string, len(resources))
	for i, resource := range resources {
		ids[i] = resource.ID
	}
	counts, err := c.Count(ctx, db, scope, ids, q.Counts)
	if err != nil {
		return fmt.Errorf("count what belongs to %s: %w", c.Schema.Type, err)
	}
	for _, resource := range resources {
		if resource.Meta == nil {
			resource.Meta = map[string]any{}
		}
		for _, count := range c.Schema.Counts {
			if slices.Contains(q.Counts, count.Name) {
				tellCount(resource, count, counts)
			}
		}
	}
	return nil
}

// tellCount adds to the meta of a resource what was counted under a name, as far as it was: of what the caller may not be told there is no
// number.
func tellCount(resource *jsonapi.Resource, count jsonapi.Count, counts map[string]map[string]int64) {
	member, names := "counts", []string{count.Name}
	if count.Parts != nil {
		member, names = count.Name, count.Parts
	}
	of, _ := resource.Meta[member].(map[string]int64)
	if of == nil {
		of = map[string]int64{}
	}
	for _, name := range names {
		if n, counted := counts[name][resource.ID]; counted {
			of[name] = n
		}
	}
	if count.Parts == nil || len(of) > 0 {
		resource.Meta[member] = of
	}
}

// Complement adds to the resource objects of models their linkage, as a scope sees it, and what it is told beside.
func (c *Collection) Complement(ctx context.Context, db *store.DB, scope Scope, items []any, resources []*jsonapi.Resource) error {
	return c.complement(ctx, db, scope, items, resources, nil)
}

// complement is Complement where some of the linkage is known.
func (c *Collection) complement(ctx context.Context, db *store.DB, scope Scope, items []any, resources []*jsonapi.Resource,
	known linkage) error {
	for i, item := range items {
		c.Link(resources[i], item)
	}
	if err := c.tellLinkage(ctx, db, scope, resources, known); err != nil || c.Remark == nil {
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
// something that the scope does not see, so that linkage does not tell what a request for the target would not. All relationships of which
// it is not known are asked about in one round.
func (c *Collection) tellLinkage(ctx context.Context, db *store.DB, scope Scope, resources []*jsonapi.Resource, known linkage) error {
	var asked []store.Query
	var then []func() error
	for _, rel := range c.Schema.Relationships {
		if rel.Many || !c.relations[rel.Name].asks(scope) {
			continue
		}
		r, name := c.relations[rel.Name], rel.Name
		switch {
		case r.First != "":
			firsts := known[name]
			if owners := linkedBy(name, resources); firsts == nil && len(owners) > 0 {
				firsts = map[string]string{}
				asked = append(asked, c.firstsOf(scope, name, owners, firsts))
			}
			then = append(then, func() error { return r.lead(name, firsts, resources) })
		default:
			for target, ids := range r.targets(name, resources) {
				seen := known.targets(name)
				if seen == nil {
					if err := target.caughtUp(ctx, db); err != nil {
						return err
					}
					seen = map[string]bool{}
					asked = append(asked, target.AmongIDs(db, seen, ids, target.Present(scope)...)...)
				}
				then = append(then, func() error {
					err := r.remember(ctx, db, scope, ids, seen)
					r.hide(name, target, seen, resources)
					return err
				})
			}
		}
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

// linkedBy returns the ids of the resources that print a relationship.
func linkedBy(name string, resources []*jsonapi.Resource) (ids []string) {
	for _, resource := range resources {
		if resource.Linked(name) != nil {
			ids = append(ids, resource.ID)
		}
	}
	return ids
}

// lead fills in the linkage that is another one for each reader.
func (r Relation) lead(name string, firsts map[string]string, resources []*jsonapi.Resource) error {
	for _, resource := range resources {
		if id := firsts[resource.ID]; id != "" {
			resource.Linked(name).SetOne(r.Target.Schema.Type, id)
		}
	}
	return nil
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
