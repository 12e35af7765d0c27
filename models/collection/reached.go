package collection

import (
	"fmt"
	"slices"

	"roster/models/store"
)

// Reached is how organizations lead to the rows of a collection: by a table with a column of their ids.
type Reached struct {
	Table, Column string
	// Words let people read the rows where they hold one. Own: they see rows of their own besides, whatever organizations lead to.
	Words Words
	Own   bool
	// Themselves: a person leads to rows as the organizations do, by their own id in the column.
	Themselves bool
	// Distinct is the column of the table with the ids of the rows, if several lines can lead to one. Such lines have shared set.
	Distinct string
	// Live: nothing is reached by organizations that are deleted.
	Live bool
	// Partly: organizations lead to rows of the management, too, which people do not see.
	Partly bool
	// InOrder are the columns of the table with what the collection is sorted by when a client names nothing. With the column of the
	// organization in front, they are an index of the table; where there is no such index they are none.
	InOrder []string
}

// organizations returns a FROM and a WHERE with the organizations of a scope that lead to rows, as p.descendant_id, and what is joined to
// each of them. Without once, an organization can come several times: that is cheaper, and enough for who wants to know whether there are
// many.
func (r Reached) organizations(scope Scope, joined Where, once bool) Where {
	from, ends := Condition("FROM organization_paths p "), Condition(" WHERE p.ancestor_id = ?", scope.id)
	switch {
	case scope.reach == oneOrganization:
		ends = Condition(ends.SQL+" AND p.descendant_id = ?", scope.id, scope.id)
	case scope.besides && r.Themselves:
		live := either(scope.live, " JOIN organizations o ON o.id = b.descendant_id AND o.deleted_at IS NULL", "")
		from = Condition("FROM (SELECT b.descendant_id FROM organization_paths b"+live+" WHERE b.ancestor_id = ? "+
			"UNION ALL SELECT id FROM users WHERE id = ?) p ", scope.id, scope.heir)
		ends, scope.live = Condition(" WHERE 1 = 1"), false
	case scope.reach == person: // several roles can reach one organization
		reached := r.Words.reaching(scope.id)
		sql := "SELECT " + either(once, "DISTINCT ", "") + "hp.descendant_id " + reached.SQL
		if r.Themselves {
			sql, reached.Args = sql+" UNION ALL SELECT id FROM users WHERE id = ?", append(reached.Args, scope.id)
		}
		from = Condition("FROM ("+sql+") p ", reached.Args...)
		ends = Condition(" WHERE 1 = 1")
	}
	sql := from.SQL + joined.SQL
	if (r.Live || scope.live) && scope.reach != person { // who holds nothing at deleted ones
		sql += " JOIN organizations o ON o.id = p.descendant_id AND o.deleted_at IS NULL"
	}
	return Condition(sql+ends.SQL, slices.Concat(from.Args, joined.Args, ends.Args)...)
}

// whole reports whether organizations lead a scope to all that it sees, and to nothing else.
func (r Reached) whole(scope Scope) bool {
	return (!r.Own || scope.own() == "") && (!r.Partly || scope.heir == "")
}

// lines returns a FROM and a WHERE with every line that leads from a scope to a row.
func (r Reached) lines(scope Scope, once bool) Where {
	return r.organizations(scope, Condition("JOIN "+r.Table+" l ON l."+r.Column+" = p.descendant_id"), once)
}

// themselves returns a FROM and a WHERE with the organizations of a scope, as hp.descendant_id, deleted ones too. One can come several
// times.
func (r Reached) themselves(scope Scope) Where {
	switch scope.reach {
	case person:
		return r.Words.reachingAll(scope.id)
	case oneOrganization:
		return Condition("FROM organization_paths hp WHERE hp.ancestor_id = ? AND hp.descendant_id = ?", scope.id, scope.id)
	default:
		return Condition("FROM organization_paths hp WHERE hp.ancestor_id = ?", scope.id)
	}
}

// counting returns the SELECT of how many rows a subtree leads to. It reads indexes only, and each organization once.
func (r Reached) counting(scope Scope) Where {
	lines := r.lines(scope, true)
	sql, args := "SELECT COUNT(*) "+lines.SQL, lines.Args
	if r.Distinct != "" {
		// Only lines that are marked as shared can lead to the same row.
		sql = "SELECT (" + sql + ") - (SELECT COUNT(*) - COUNT(DISTINCT l." + r.Distinct + ") " + lines.SQL + " AND l.shared)"
		args = slices.Concat(args, lines.Args)
	}
	return Condition(sql, args...)
}

// countLines returns the query of how many lines a scope leads to, and where that is put. It reads no more of them than enough.
func (r Reached) countLines(scope Scope, enough int) (*int64, store.Query) {
	return countUpTo(enough, r.lines(scope, false))
}

// spread returns the query of how many organizations are in a scope, deleted ones too, and where that is put. It reads no more of them than
// enough.
func (r Reached) spread(scope Scope, enough int) (*int64, store.Query) {
	if scope.reach == person {
		return countUpTo(enough, Reached{Words: r.Words, Themselves: r.Themselves}.organizations(scope, Always(), false))
	}
	return countUpTo(enough, Condition("FROM organization_paths WHERE ancestor_id = ?", scope.id))
}

// countUpTo returns the query of how many lines a FROM and a WHERE lead to, and where that is put. It reads no more of them than enough.
func countUpTo(enough int, lines Where) (*int64, store.Query) {
	n := new(int64)
	sql := fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 AS line %s LIMIT %d) lines", lines.SQL, enough)
	return n, number(Condition(sql, lines.Args...), n)
}
