package collection

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// FilterAncestor is the filter of what belongs to an organization or to one below it.
const FilterAncestor = "ancestor"

// part is the part of a collection that a list is of: the one that a scope sees and filters leave. Where that is a branch of the tree, its
// scope is that of the branch's key: rows are found then in the ways of such a key (see search), and counted by its counters, which no
// planner finds for a condition. So it is where the filter of a branch says no more than that the caller wants to see it, and where
// somebody inherits the sight of all that there is for them. What rows lead to is still told by the scope of the caller.
type part struct {
	// seen is what the caller sees without filters, scope what is left of it by those that are not in filters.
	seen, scope Scope
	// asking is whose sight filters by relationships go by, beyond that of the filters that look at organizations.
	asking, beyond Scope
	filters        []jsonapi.Condition
	// unsure: nobody has asked whether somebody inherits the sight of all that they see.
	unsure bool
}

// part returns the part that a caller's scope and filters leave. Of organizations without a filter it leaves unsure whether somebody
// inherits the sight of them, unless it is to be sure: what is reached are the rows themselves, and one round trip finds them if they are
// few.
func (c *Collection) part(ctx context.Context, db *store.DB, scope Scope, filters []jsonapi.Condition, sure bool) (part, error) {
	p := allOf(scope, filters)
	i, head := c.branchOf(scope, filters)
	person := c.Inherited != nil && scope.reach == person && !slices.ContainsFunc(filters, isDeleted)
	if c.isTree() && len(filters) == 0 && !sure {
		person, p.unsure = false, person
	}
	if !person && (head == "" || !scope.Manages()) {
		return p, nil
	}
	var whole, inside string
	var asked []store.Query
	switch root := scope.Root(); {
	case person:
		asked = append(asked, idOf(c.Reached.Words.overAll(scope.id, c.Branches), &whole))
		if head != "" {
			asked = append(asked, idOf(c.Reached.Words.over(head, scope.id, c.Branches), &inside))
		}
	case root != "" && root != head:
		asked = append(asked, idOf(Condition(
			"SELECT descendant_id FROM organization_paths WHERE ancestor_id = ? AND descendant_id = ?", root, head), &inside))
	default:
		inside = head
	}
	if err := db.Ask(ctx, asked...); err != nil {
		return p, fmt.Errorf("find the branch of a list: %w", err)
	}
	if whole != "" {
		p.seen = c.inherited(scope, whole)
		p.seen.besides = c.Inherited.Elsewhere
		p.scope, p.beyond = p.seen, p.seen
	}
	switch {
	case inside != "" && c.isTree(): // the filter leaves out the head
		p.scope = c.inherited(scope, head)
		p.beyond = p.scope
	case head != "" && c.isTree():
	case inside != "":
		p.scope, p.filters = c.inherited(scope, head), slices.Delete(slices.Clone(filters), i, i+1)
	case head != "" && !person:
		p.scope, p.filters = Scope{}, slices.Delete(slices.Clone(filters), i, i+1)
	}
	return p, nil
}

// allOf returns the part that is what a scope sees, and filters by themselves leave.
func allOf(scope Scope, filters []jsonapi.Condition) part {
	return part{seen: scope, scope: scope, asking: scope, beyond: scope, filters: filters}
}

// branchOf returns the head of the branch that filters leave to a scope which may ask for it, and which of them says so; "" for none.
func (c *Collection) branchOf(scope Scope, filters []jsonapi.Condition) (i int, head string) {
	i = slices.IndexFunc(filters, func(f jsonapi.Condition) bool { return f.Field == FilterAncestor && f.Attribute == nil })
	if i < 0 || c.Branches == nil || !scope.Holds(c.Branches) {
		return i, ""
	}
	if id, _ := filters[i].Value.(string); jsonapi.IsID(id) {
		return i, id
	}
	return i, ""
}

// inherited returns the scope that sees of the collection what belongs to an organization or to one below it: as its key does, if it is
// that of a program, and otherwise as a person does who inherits the sight of it.
func (c *Collection) inherited(scope Scope, head string) Scope {
	scope.heir, scope.besides = scope.PersonID(), false
	scope.live = scope.heir != "" && c.Inherited.UntilDeleted
	scope.reach = subtree
	return scope.RootedIn(head)
}

// idOf returns the query of an id, which is left as it is if there is none.
func idOf(sql Where, id *string) store.Query {
	return store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
		if a.Len() > 0 {
			*id = a.Text(0, 0)
		}
		return nil
	}}
}

// whole reports whether it is all that the caller sees.
func (p part) whole() bool { return p.scope == p.seen && len(p.filters) == 0 }

// written returns the part with its conditions written in another way.
func (p part) written(how func(Scope) Scope) part {
	p.scope, p.asking, p.beyond = how(p.scope), how(p.asking), how(p.beyond)
	return p
}

// of returns the query of the part with the filters that are left of it.
func (p part) of(q *jsonapi.Query) *jsonapi.Query {
	of := *q
	of.Filters = p.filters
	return &of
}
