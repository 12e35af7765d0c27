package collection

import (
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// FilterAncestor is the filter of what belongs to an organization or to one below it.
const FilterAncestor = "ancestor"

// part is the part of a collection that a list is of: the one that a scope sees and filters leave. Where a filter says no more than that
// the caller wants to see a branch of the tree, its scope becomes that branch: rows are found then in the ways of a subtree's key (see
// search), which no planner finds for a condition. What rows lead to is still told by the scope of the caller.
type part struct {
	scope   Scope
	filters []jsonapi.Condition
	inside  Where // of the branch itself: that it is in the caller's scope
}

// part returns the part that a caller's scope and filters leave.
func (c *Collection) part(scope Scope, filters []jsonapi.Condition) part {
	p := part{scope: scope, filters: filters}
	i := slices.IndexFunc(filters, func(f jsonapi.Condition) bool { return f.Field == FilterAncestor && f.Attribute == nil })
	if i < 0 || c.Branches == nil || !scope.Manages() || !scope.Holds(c.Branches) {
		return p
	}
	id, _ := filters[i].Value.(string)
	if !jsonapi.IsID(id) {
		return p
	}
	p.scope, p.filters = scope.RootedIn(id), slices.Delete(slices.Clone(filters), i, i+1)
	p.scope.reach = subtree
	if root := scope.Root(); root != "" {
		p.inside = Condition("EXISTS (SELECT 1 FROM organization_paths b WHERE b.ancestor_id = ? AND b.descendant_id = ?)", root, id)
	}
	return p
}

// whole reports whether it is all that a scope sees.
func (p part) whole(scope Scope) bool { return p.scope == scope && len(p.filters) == 0 }

// conditions returns those of the rows of a part; the first one is what the scope sees.
func (c *Collection) conditions(db *store.DB, p part) ([]Where, error) {
	conds, err := c.filter(db, p.scope, p.filters)
	if err != nil || p.inside.SQL == "" {
		return conds, err
	}
	return append(conds, p.inside), nil
}
