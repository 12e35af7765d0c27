package models

import (
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// below returns the filter of rows that an organization in a column, named with its table, leads to: the one that is named, or one below
// it. Who does not see the one that is named is told of none, or they would learn what stands below it.
func below(column string) collection.FilterBeyond {
	return func(_ *store.DB, scope collection.Scope, v any) collection.Where {
		branch, ok := branchOf(scope, v)
		if !ok {
			return collection.Never()
		}
		return scope.Filters(column, "a.descendant_id", branch)
	}
}

// lineOf returns a FROM and a WHERE with an organization that is not deleted and those above it, as a.ancestor_id, if a scope sees the one
// that a filter names; it is false for what is no id.
func lineOf(scope collection.Scope, v any) (line collection.Where, ok bool) {
	id, _ := v.(string)
	if !jsonapi.IsID(id) || !scope.Holds(reading("organizations")) {
		return line, false
	}
	and, args := collection.Conjunction(scope.Within(reading("organizations"), "a.descendant_id"))
	return collection.Condition("FROM organization_paths a JOIN organizations lo ON lo.id = a.descendant_id AND lo.deleted_at IS NULL "+
		"WHERE a.descendant_id = ?"+and, append([]any{id}, args...)...), true
}

// descendantFilter returns the condition that an organization is the one that is named, or above it.
func descendantFilter(_ *store.DB, scope collection.Scope, v any) collection.Where {
	line, ok := lineOf(scope, v)
	if !ok {
		return collection.Never()
	}
	return collection.Condition("organizations.id IN (SELECT a.ancestor_id "+line.SQL+")", line.Args...)
}

// rolesUsableAt returns the condition that a role can be given at an organization.
func rolesUsableAt(_ *store.DB, scope collection.Scope, v any) collection.Where {
	line, ok := lineOf(scope, v)
	if !ok {
		return collection.Never()
	}
	return collection.Both(usableAt(v.(string)), collection.Condition("EXISTS (SELECT 1 "+line.SQL+")", line.Args...))
}

// effectiveAt returns the condition that by a membership somebody holds something at an organization: it is there, or above with a role
// that is inheritable. Roles that are not are few, and those that can be held there belong to the organizations of the line: where there
// are none, nobody's roles are looked at.
func effectiveAt(_ *store.DB, scope collection.Scope, v any) collection.Where {
	line, ok := lineOf(scope, v)
	if !ok {
		return collection.Never()
	}
	above := "IN (SELECT a.ancestor_id " + line.SQL + ")"
	own := "SELECT r.id FROM roles r WHERE NOT r.inheritable AND r.organization_id " + above
	return collection.Condition("memberships.organization_id "+above+" AND (memberships.organization_id = ? OR NOT EXISTS ("+own+") "+
		"OR EXISTS (SELECT 1 FROM membership_roles er WHERE er.membership_id = memberships.id AND er.role_id NOT IN ("+own+")))",
		slices.Concat(line.Args, []any{v}, line.Args, line.Args)...)
}

// equal returns the filter of rows with a value in a column.
func equal(column string) collection.Filter {
	return func(_ *store.DB, v any) collection.Where { return collection.Condition(column+" = ?", v) }
}

// branchOf returns a FROM and a WHERE with the organizations that the scope sees of the branch that a filter names, as a.descendant_id, if
// it sees its head, too: whoever holds other words below one that they see would learn that it is below. It is false for what is no id.
func branchOf(scope collection.Scope, v any) (branch collection.Where, ok bool) {
	id, _ := v.(string)
	if !jsonapi.IsID(id) || !scope.Holds(reading("organizations")) {
		return branch, false
	}
	organizations := reading("organizations")
	and, args := collection.Conjunction(scope.Within(organizations, "a.ancestor_id"), scope.Within(organizations, "a.descendant_id"))
	return collection.Condition("FROM organization_paths a WHERE a.ancestor_id = ?"+and, append([]any{id}, args...)...), true
}

// ancestorFilter returns the condition that an organization is below the one that is named.
func ancestorFilter(_ *store.DB, scope collection.Scope, v any) collection.Where {
	if head := scope.Root(); head != "" && head == v && scope.SeesBelow() { // so it is, but for that one
		return collection.Condition("organizations.id <> ?", head)
	}
	branch, ok := branchOf(scope, v)
	if !ok {
		return collection.Never()
	}
	branch.SQL += " AND a.distance > 0"
	return scope.Filters("organizations.id", "a.descendant_id", branch)
}

// usersBelow returns the condition that a user is a member of the organization that is named, or of one below it. Out of sight there are no
// members.
func usersBelow(_ *store.DB, scope collection.Scope, v any) collection.Where {
	branch, ok := branchOf(scope, v)
	if !ok {
		return collection.Never()
	}
	return membersOf(scope, scope.Filters("m.organization_id", "a.descendant_id", branch))
}

// byAncestor declares the filter of what belongs to a branch, of resources that are called what.
func byAncestor(what string) jsonapi.Filter {
	return jsonapi.Filter{Name: collection.FilterAncestor, Kind: jsonapi.String, Doc: what + " of that organization and of all below it."}
}
