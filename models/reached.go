package models

import (
	"context"
	"fmt"
	"slices"

	"roster/models/store"
)

// reached is how organizations lead to the rows of a collection: by a table with a column of their ids.
type reached struct {
	table, column string
	// distinct is the column of the table with the ids of the rows, if several lines can lead to one. Such lines have shared set.
	distinct string
	// live: nothing is reached by organizations that are deleted.
	live bool
	// inOrder are the columns of the table with what the collection is sorted by when a client names nothing. With the column of the
	// organization in front, they are an index of the table; where there is no such index they are none.
	inOrder []string
}

// organizations returns a FROM and a WHERE with the organizations of a scope that lead to rows, as p.descendant_id, and what is joined to
// each of them.
func (r reached) organizations(scope Scope, joined where) where {
	sql, args := "FROM organization_paths p "+joined.sql, slices.Clone(joined.args)
	if r.live {
		sql += " JOIN organizations o ON o.id = p.descendant_id AND o.deleted_at IS NULL"
	}
	sql, args = sql+" WHERE p.ancestor_id = ?", append(args, scope.id)
	if scope.reach == oneOrganization {
		sql, args = sql+" AND p.descendant_id = ?", append(args, scope.id)
	}
	return condition(sql, args...)
}

// lines returns a FROM and a WHERE with every line that leads from a scope to a row.
func (r reached) lines(scope Scope) where {
	return r.organizations(scope, condition("JOIN "+r.table+" l ON l."+r.column+" = p.descendant_id"))
}

// count returns how many rows a subtree leads to. It reads indexes only, and each organization once.
func (r reached) count(ctx context.Context, db *store.DB, scope Scope) (int64, error) {
	counting, n := r.counting(scope), int64(0)
	if err := db.Session(ctx).Raw(counting.sql, counting.args...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count %s of a subtree: %w", r.table, err)
	}
	return n, nil
}

// counting returns the SELECT of count.
func (r reached) counting(scope Scope) where {
	lines := r.lines(scope)
	sql, args := "SELECT COUNT(*) "+lines.sql, lines.args
	if r.distinct != "" {
		// Only lines that are marked as shared can lead to the same row.
		sql = "SELECT (" + sql + ") - (SELECT COUNT(*) - COUNT(DISTINCT l." + r.distinct + ") " + lines.sql + " AND l.shared)"
		args = slices.Concat(args, lines.args)
	}
	return condition(sql, args...)
}

// exceeds reports whether a scope leads to more than some lines.
func (r reached) exceeds(ctx context.Context, db *store.DB, scope Scope, most int) (bool, error) {
	n, err := countUpTo(ctx, db, most+1, r.lines(scope))
	return n > most, err
}

// spread returns how many organizations are in a scope, deleted ones too; most+1 if there are more than most.
func (r reached) spread(ctx context.Context, db *store.DB, scope Scope, most int) (int, error) {
	if scope.reach == oneOrganization {
		return 1, nil
	}
	return countUpTo(ctx, db, most+1, condition("FROM organization_paths WHERE ancestor_id = ?", scope.id))
}

// countUpTo counts the lines that a FROM and a WHERE lead to. It reads no more of them than enough.
func countUpTo(ctx context.Context, db *store.DB, enough int, lines where) (int, error) {
	n := 0
	sql := fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 AS line %s LIMIT %d) lines", lines.sql, enough)
	if err := db.Session(ctx).Raw(sql, lines.args...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("measure what a scope leads to: %w", err)
	}
	return n, nil
}
