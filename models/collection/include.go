package collection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// errTooLarge: a whole document would include more than jsonapi.MaxIncluded. Its linkage is cut then (include_cut.go).
var errTooLarge = errors.New("more would be included than an answer holds")

// Include returns the resources that a query asks to have included with primary ones (§ Compound Documents), and fills in the linkage by
// which they are reached, so that the document has full linkage. Each step of a path costs a fixed number of queries, however many
// resources it starts from. items are the models behind the resources.
func Include(ctx context.Context, db *store.DB, c *Collection, scope Scope, items []any, resources []*jsonapi.Resource,
	q *jsonapi.Query) ([]*jsonapi.Resource, error) {
	return newIncluder(db, scope, q).build(func(in *includer) error {
		for _, r := range resources {
			in.objects[key(r.Type(), r.ID)] = r
			unlink(r, q.Include)
		}
		return in.follow(ctx, c, items, q.Include.Children, jsonapi.MaxIncluded)
	})
}

// IncludeLinked returns the resources that a query asks to have included with linkage: those of the collection that the linkage names by
// their ids, and what the inclusions beneath lead to from these. Of linkage that is cut into pages these are the members of the page, no
// others: every included resource must be reached from the primary data.
func IncludeLinked(ctx context.Context, db *store.DB, c *Collection, scope Scope, ids []string, beneath []*jsonapi.Inclusion,
	q *jsonapi.Query) ([]*jsonapi.Resource, error) {
	return newIncluder(db, scope, q).build(func(in *includer) error {
		found, err := in.fetch(ctx, c, ids)
		if err != nil {
			return err
		}
		return in.follow(ctx, c, found, beneath, jsonapi.MaxIncluded-len(found))
	})
}

func newIncluder(db *store.DB, scope Scope, q *jsonapi.Query) *includer {
	return &includer{db: db, scope: scope, q: q, objects: map[string]*jsonapi.Resource{}, included: []*jsonapi.Resource{},
		linked: map[string]*firstLinkage{}}
}

// build returns what is included: everything, or as much as an answer holds.
func (in *includer) build(follow func(*includer) error) ([]*jsonapi.Resource, error) {
	err := follow(in)
	if errors.Is(err, errTooLarge) {
		in = newIncluder(in.db, in.scope, in.q)
		in.cutting = true
		err = follow(in)
	}
	if err != nil {
		return nil, err
	}
	return in.included, nil
}

// includer builds one compound document.
type includer struct {
	db    *store.DB
	scope Scope
	q     *jsonapi.Query
	// objects holds every resource object of the document by type and id: each is in it once.
	objects  map[string]*jsonapi.Resource
	included []*jsonapi.Resource
	// cutting: to-many linkage is cut to what there is room for. Otherwise too much of it is errTooLarge.
	cutting bool
	// linked holds the linkage of to-many relationships while cutting, by relationshipKey.
	linked map[string]*firstLinkage
}

func key(typ, id string) string { return typ + " " + id }

func relationshipKey(c *Collection, owner, name string) string {
	return key(c.Schema.Type, owner) + " " + name
}

// follow includes what the relationships of the inclusions lead to from the items. room is how much that may be, if it is cut.
func (in *includer) follow(ctx context.Context, c *Collection, items []any, children []*jsonapi.Inclusion, room int) error {
	for i, child := range children {
		share, before := shareOf(children[i:], room), len(in.included)
		arrows, err := in.arrows(ctx, c, items, child, share)
		if err != nil {
			return err
		}
		r := c.relations[child.Relationship.Name]
		target := r.Target
		found, err := in.fetch(ctx, target, targets(arrows))
		if err != nil {
			return err
		}
		for _, other := range r.Also { // an id is that of one resource
			if slices.Contains(child.Also, other.Schema) {
				if _, err := in.fetch(ctx, other, targets(arrows)); err != nil {
					return err
				}
			}
		}
		if child.Relationship.Many {
			in.link(c, items, child, target, arrows)
		}
		if err := in.follow(ctx, target, found, child.Children, share-(len(in.included)-before)); err != nil {
			return err
		}
		room -= len(in.included) - before
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

// pairsIn returns the query of a SELECT of owners and targets.
func pairsIn(sql Where, pairs *[]pair) store.Query {
	return store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
		for row := range a.Len() {
			*pairs = append(*pairs, pair{a.Text(row, 0), a.Text(row, 1)})
		}
		return nil
	}}
}

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

// arrows returns those of one relationship that begin at some resources and end at what the scope sees.
func (in *includer) arrows(ctx context.Context, c *Collection, items []any, child *jsonapi.Inclusion, share int) ([]pair, error) {
	rel := child.Relationship
	r := c.relations[rel.Name]
	owners := make([]string, len(items))
	for i, item := range items {
		owners[i] = c.ID(item)
	}
	switch {
	case len(owners) == 0:
		return nil, nil
	case r.First != "":
		firsts, err := c.firsts(ctx, in.db, in.scope, rel.Name, owners)
		return pairsOf(owners, func(i int) string { return firsts[owners[i]] }), err
	case !rel.Many:
		return pairsOf(owners, func(i int) string { return c.Text(items[i], r.Column) }), nil
	case in.cutting:
		return in.cutArrows(ctx, c, child, owners, share/weight(child))
	default:
		return in.allArrows(ctx, c, rel.Name, owners)
	}
}

// allArrows returns every arrow of the owners, or errTooLarge.
func (in *includer) allArrows(ctx context.Context, c *Collection, name string, owners []string) ([]pair, error) {
	r := c.relations[name]
	if err := r.Target.caughtUp(ctx, in.db); err != nil {
		return nil, err
	}
	from, owner := r.Target.Table, r.Target.Table+"."+r.Foreign
	if r.Foreign == "" {
		owner = "j." + r.Owner
		from += fmt.Sprintf(" JOIN %s j ON j.%s = %s.id", r.Through, r.Other, r.Target.Table)
	}
	sql := statement{
		columns: owner + " AS owner, " + r.Target.Table + ".id AS target", from: Condition(from),
		conds: append(r.Target.Present(in.scope), Condition(owner+" IN ?", owners)), size: jsonapi.MaxIncluded + 1,
	}.on(in.db.Dialect())
	var pairs []pair
	if err := in.db.Ask(ctx, pairsIn(sql, &pairs)); err != nil {
		return nil, fmt.Errorf("select %s of %s: %w", name, c.Schema.Type, err)
	}
	if len(pairs) > jsonapi.MaxIncluded {
		return nil, errTooLarge
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Target, b.Target)) })
	return pairs, nil
}

// add puts resources into the document that are not in it yet.
func (in *includer) add(ctx context.Context, c *Collection, items []any) error {
	var missing []any
	for _, item := range items {
		if in.objects[key(c.Schema.Type, c.ID(item))] == nil {
			missing = append(missing, item)
		}
	}
	if !in.cutting && len(in.included)+len(missing) > jsonapi.MaxIncluded {
		return errTooLarge
	}
	resources, err := Render(ctx, in.db, c, in.scope, missing, c.Schema.URL(), in.q)
	if err != nil {
		return err
	}
	for _, r := range resources {
		in.objects[key(r.Type(), r.ID)] = r
	}
	in.included = append(in.included, resources...)
	return nil
}

// link gives the items the linkage of a to-many relationship. A relationship that a sparse fieldset hides has none (§ Sparse Fieldsets).
func (in *includer) link(c *Collection, items []any, child *jsonapi.Inclusion, target *Collection, arrows []pair) {
	name, linkage := child.Relationship.Name, map[string][]jsonapi.Identifier{}
	for _, p := range arrows {
		if in.objects[key(target.Schema.Type, p.Target)] != nil {
			linkage[p.Owner] = append(linkage[p.Owner], jsonapi.Identifier{Type: target.Schema.Type, ID: p.Target})
		}
	}
	for _, item := range items {
		id := c.ID(item)
		object := in.objects[key(c.Schema.Type, id)]
		if object == nil {
			continue
		}
		if linked := object.Linked(name); linked != nil {
			rest := ""
			if l := in.linked[relationshipKey(c, id, name)]; l != nil && l.cut {
				rest = in.q.Rest(len(l.targets), l.through...)
			}
			linked.SetMany(append([]jsonapi.Identifier{}, linkage[id]...), rest)
		}
	}
}
