package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
)

// maxIncluded bounds the resources that one answer includes. Beyond it the related collections are there, with pages.
const maxIncluded = 2000

// Include returns the resources that a query asks to have included with primary ones (§ Compound Documents), and fills in the linkage by
// which they are reached, so that the document has full linkage. Each step of a path costs a fixed number of queries, however many
// resources it starts from. items are the models behind the resources. It fails with Invalid if too much would be included.
func Include(ctx context.Context, db *DB, c *Collection, scope Scope, items []any, resources []*jsonapi.Resource, q *jsonapi.Query) ([]*jsonapi.Resource, error) {
	in := newIncluder(db, scope, q)
	for _, r := range resources {
		in.objects[key(r.Type, r.ID)] = r
	}
	if err := in.follow(ctx, c, items, q.Include.Children); err != nil {
		return nil, err
	}
	return in.included, nil
}

// IncludeLinked returns the resources that a query asks to have included with linkage: those of the collection that the linkage names by
// their ids, and what the inclusions beneath lead to from these. Of linkage that is cut into pages these are the members of the page, no
// others: every included resource must be reached from the primary data.
func IncludeLinked(ctx context.Context, db *DB, c *Collection, scope Scope, ids []string, beneath []*jsonapi.Inclusion, q *jsonapi.Query) ([]*jsonapi.Resource, error) {
	in := newIncluder(db, scope, q)
	found, err := in.fetch(ctx, c, ids)
	if err != nil {
		return nil, err
	}
	if err := in.follow(ctx, c, found, beneath); err != nil {
		return nil, err
	}
	return in.included, nil
}

func newIncluder(db *DB, scope Scope, q *jsonapi.Query) *includer {
	return &includer{db: db, scope: scope, q: q, objects: map[string]*jsonapi.Resource{}, included: []*jsonapi.Resource{}}
}

// includer builds one compound document.
type includer struct {
	db    *DB
	scope Scope
	q     *jsonapi.Query
	// objects holds every resource object of the document by type and id: each is in it once.
	objects  map[string]*jsonapi.Resource
	included []*jsonapi.Resource
}

func key(typ, id string) string { return typ + " " + id }

// follow includes what the relationships of the inclusions lead to from the items.
func (in *includer) follow(ctx context.Context, c *Collection, items []any, children []*jsonapi.Inclusion) error {
	for _, child := range children {
		pairs, err := in.pairs(ctx, c, items, child.Relationship)
		if err != nil {
			return err
		}
		target := c.relations[child.Relationship.Name].target
		found, err := in.fetch(ctx, target, targets(pairs))
		if err != nil {
			return err
		}
		if child.Relationship.Many {
			in.link(c, items, child.Relationship.Name, target, pairs)
		}
		if err := in.follow(ctx, target, found, child.Children); err != nil {
			return err
		}
	}
	return nil
}

// fetch reads resources and puts them into the document.
func (in *includer) fetch(ctx context.Context, c *Collection, ids []string) ([]any, error) {
	found, err := FindAll(ctx, in.db, c, in.scope, ids, in.q)
	if err != nil {
		return nil, err
	}
	return found, in.add(ctx, c, found)
}

// pair is one arrow of a relationship.
type pair struct{ Owner, Target string }

// pairsOf returns the arrows of a to-one from its owners; target returns "" for none.
func pairsOf(owners []string, target func(i int) string) []pair {
	var pairs []pair
	for i, owner := range owners {
		if id := target(i); id != "" {
			pairs = append(pairs, pair{owner, id})
		}
	}
	return pairs
}

// targets returns the different targets, in order.
func targets(pairs []pair) []string {
	ids := make([]string, len(pairs))
	for i, p := range pairs {
		ids[i] = p.Target
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// pairs returns the arrows of a relationship that begin at the items and end at what the scope sees.
func (in *includer) pairs(ctx context.Context, c *Collection, items []any, rel *jsonapi.Relationship) ([]pair, error) {
	r := c.relations[rel.Name]
	owners := make([]string, len(items))
	for i, item := range items {
		owners[i] = c.ID(item)
	}
	switch {
	case len(owners) == 0:
		return nil, nil
	case r.first:
		firsts, err := r.firsts(ctx, in.db, in.scope, owners)
		return pairsOf(owners, func(i int) string { return firsts[owners[i]] }), err
	case !rel.Many:
		return pairsOf(owners, func(i int) string { return c.columnValue(items[i], r.column) }), nil
	}
	tx := r.target.from(ctx, in.db, r.target.base(in.scope)...)
	owner := r.target.table + "." + r.foreign
	if r.foreign == "" {
		owner = "j." + r.owner
		tx = tx.Joins(fmt.Sprintf("JOIN %s j ON j.%s = %s.id", r.through, r.other, r.target.table))
	}
	tx = tx.Select(owner+" AS owner, "+r.target.table+".id AS target").Where(owner+" IN ?", owners)
	var pairs []pair
	if err := tx.Limit(maxIncluded + 1).Find(&pairs).Error; err != nil {
		return nil, fmt.Errorf("select %s of %s: %w", rel.Name, c.Schema.Type, err)
	}
	if len(pairs) > maxIncluded {
		return nil, tooMuch()
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Target, b.Target)) })
	return pairs, nil
}

func tooMuch() error {
	return &Error{Kind: Invalid, Parameter: "include", Message: fmt.Sprintf("More than %d resources would be included; read the related collections page by page instead.", maxIncluded)}
}

// add puts resources into the document that are not in it yet.
func (in *includer) add(ctx context.Context, c *Collection, items []any) error {
	var missing []any
	for _, item := range items {
		if in.objects[key(c.Schema.Type, c.ID(item))] == nil {
			missing = append(missing, item)
		}
	}
	if len(in.included)+len(missing) > maxIncluded {
		return tooMuch()
	}
	resources, err := Render(ctx, in.db, c, in.scope, missing, c.BasePath(), in.q)
	if err != nil {
		return err
	}
	for _, r := range resources {
		in.objects[key(r.Type, r.ID)] = r
	}
	in.included = append(in.included, resources...)
	return nil
}

// link gives the items the linkage of a to-many relationship. A relationship that a sparse fieldset hides has none (§ Sparse Fieldsets).
func (in *includer) link(c *Collection, items []any, name string, target *Collection, pairs []pair) {
	linkage := map[string][]jsonapi.Identifier{}
	for _, p := range pairs {
		if in.objects[key(target.Schema.Type, p.Target)] != nil {
			linkage[p.Owner] = append(linkage[p.Owner], jsonapi.Identifier{Type: target.Schema.Type, ID: p.Target})
		}
	}
	for _, item := range items {
		object := in.objects[key(c.Schema.Type, c.ID(item))]
		if object == nil || object.Relationships[name] == nil {
			continue
		}
		object.Relationships[name].Data = append([]jsonapi.Identifier{}, linkage[c.ID(item)]...)
	}
}
