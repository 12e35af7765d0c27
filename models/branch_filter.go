package models

import (
	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// below returns the filter of rows that an organization in a column, named with its table, leads to: the one that is named, or one below it.
// Who does not see the one that is named is told of none, or they would learn what stands below it.
func below(column string) collection.FilterBeyond {
	return func(_ *store.DB, scope collection.Scope, v any) collection.Where {
		branch, ok := branchOf(scope, v)
		if !ok {
			return collection.Never()
		}
		return collection.Condition(column+" IN (SELECT a.descendant_id "+branch.SQL+")", branch.Args...)
	}
}

// branchOf returns a FROM and a WHERE with the organizations of the branch that a filter names, as a.descendant_id, if the scope sees its
// head; it is false for what is no id.
func branchOf(scope collection.Scope, v any) (branch collection.Where, ok bool) {
	id, _ := v.(string)
	if !jsonapi.IsID(id) {
		return branch, false
	}
	and, args := collection.Conjunction(scope.Within(reading("organizations"), "a.ancestor_id"))
	return collection.Condition("FROM organization_paths a WHERE a.ancestor_id = ?"+and, append([]any{id}, args...)...), true
}

// ancestorFilter returns the condition that an organization is below the one that is named.
func ancestorFilter(_ *store.DB, scope collection.Scope, v any) collection.Where {
	branch, ok := branchOf(scope, v)
	if !ok {
		return collection.Never()
	}
	return collection.Condition("organizations.id IN (SELECT a.descendant_id "+branch.SQL+" AND a.distance > 0)", branch.Args...)
}

// usersBelow returns the condition that a user is a member of the organization that is named, or of one below it. Out of sight there are no
// members.
func usersBelow(_ *store.DB, scope collection.Scope, v any) collection.Where {
	branch, ok := branchOf(scope, v)
	if !ok {
		return collection.Never()
	}
	and, args := collection.Conjunction(scope.Within(reading("users"), "m.organization_id"))
	return collection.Condition("users.id IN (SELECT m.user_id FROM memberships m JOIN organizations mo ON mo.id = m.organization_id "+
		"WHERE mo.deleted_at IS NULL AND m.organization_id IN (SELECT a.descendant_id "+branch.SQL+")"+and+")", append(branch.Args, args...)...)
}

// byAncestor declares the filter of what belongs to a branch, of resources that are called what.
func byAncestor(what string) jsonapi.Filter {
	return jsonapi.Filter{Name: collection.FilterAncestor, Kind: jsonapi.String, Doc: what + " of that organization and of all below it."}
}
