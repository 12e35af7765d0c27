package models

// Scope is what a caller may see. The zero Scope sees nothing.
type Scope struct {
	reach reach
	id    string
	// gathered changes how conditions are written, not what they say, see [Scope.gather].
	gathered bool
}

type reach int

const (
	nothing reach = iota
	everything
	subtree
	oneOrganization
)

// Everything sees the whole installation.
func Everything() Scope { return Scope{reach: everything} }

// Subtree sees an organization and all below it.
func Subtree(organizationID string) Scope { return Scope{reach: subtree, id: organizationID} }

// OnlyOrganization sees one organization and what hangs on it.
func OnlyOrganization(organizationID string) Scope {
	return Scope{reach: oneOrganization, id: organizationID}
}

// Root returns the organization that bounds the scope, or "".
func (s Scope) Root() string { return s.id }

// Manages reports whether the scope is that of the management: the whole installation or a subtree.
func (s Scope) Manages() bool { return s.reach == everything || s.reach == subtree }

// All reports whether the scope is the whole installation.
func (s Scope) All() bool { return s.reach == everything }

// SeesBelow reports whether what belongs to the organizations below a visible one is visible, too.
func (s Scope) SeesBelow() bool { return s.Manages() }

// hidesParentOf reports whether the parent of a visible organization is outside of the scope.
func (s Scope) hidesParentOf(organizationID string) bool {
	return s.reach == oneOrganization || s.reach == subtree && s.id == organizationID
}

// bounded reports whether the scope is an organization, alone or with all below it.
func (s Scope) bounded() bool { return s.reach == subtree || s.reach == oneOrganization }

// where is a condition of a query with its arguments. The empty condition is always true.
type where struct {
	sql  string
	args []any
}

func always() where { return where{} }
func never() where  { return where{sql: "1 = 0"} }

func condition(sql string, args ...any) where { return where{sql, args} }

// either returns the first of two words of SQL if something holds, otherwise the second.
func either(holds bool, yes, no string) string {
	if holds {
		return yes
	}
	return no
}

// both returns the condition that two conditions hold.
func both(a, b where) where {
	switch {
	case a.sql == "":
		return b
	case b.sql == "":
		return a
	default:
		return where{"(" + a.sql + ") AND (" + b.sql + ")", append(append([]any{}, a.args...), b.args...)}
	}
}

// gather returns the scope with its conditions written so that the database begins with the organizations of the scope and finds rows by
// them. Otherwise they are written to be asked of one row after the other, whichever way the database comes to it. What is right depends on
// how many there are, which no planner knows: see [Collection.search].
func (s Scope) gather() Scope {
	s.gathered = true
	return s
}

// fence is the end of a subquery that PostgreSQL is to ask for each row, and not to turn into a join with all that the scope sees.
const fence = " LIMIT 1 OFFSET 0"

// within returns the condition that the organization in a column, named with its table, is in the scope. It says nothing of deleted
// organizations.
func (s Scope) within(column string) where {
	switch {
	case s.reach == everything:
		return always()
	case s.reach == subtree && s.gathered:
		return condition(column+" IN (SELECT descendant_id FROM organization_paths WHERE ancestor_id = ?)", s.id)
	case s.reach == subtree:
		return condition("EXISTS (SELECT 1 FROM organization_paths r WHERE r.ancestor_id = ? AND r.descendant_id = "+column+fence+")", s.id)
	case s.reach == oneOrganization:
		return condition(column+" = ?", s.id)
	default:
		return never()
	}
}
