package models

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gorm.io/gorm"

	"roster/jsonapi"
)

// reached is how organizations lead to the rows of a collection: by a table with a column of their ids.
type reached struct {
	table, column string
	// distinct is the column of the table with the ids of the rows, if several lines can lead to one. Such lines have shared set.
	distinct string
	// live: nothing is reached by organizations that are deleted.
	live bool
}

// lines returns a FROM and a WHERE with every line that leads from a subtree to a row.
func (r reached) lines(scope Scope) where {
	sql := "FROM organization_paths p JOIN " + r.table + " l ON l." + r.column + " = p.descendant_id"
	if r.live {
		sql += " JOIN organizations o ON o.id = p.descendant_id AND o.deleted_at IS NULL"
	}
	return condition(sql+" WHERE p.ancestor_id = ?", scope.id)
}

// count returns how many rows a subtree leads to. It reads indexes only, and each organization once.
func (r reached) count(ctx context.Context, db *DB, scope Scope) (int64, error) {
	lines, n := r.lines(scope), int64(0)
	sql, args := "SELECT COUNT(*) "+lines.sql, lines.args
	if r.distinct != "" {
		// Only lines that are marked as shared can lead to the same row.
		sql = "SELECT (" + sql + ") - (SELECT COUNT(*) - COUNT(DISTINCT l." + r.distinct + ") " + lines.sql + " AND l.shared)"
		args = append(slices.Clone(args), lines.args...)
	}
	if err := db.session(ctx).Raw(sql, args...).Scan(&n).Error; err != nil {
		return 0, fmt.Errorf("count %s of a subtree: %w", r.table, err)
	}
	return n, nil
}

// exceeds reports whether a subtree leads to more than some lines.
func (r reached) exceeds(ctx context.Context, db *DB, scope Scope, most int) (bool, error) {
	lines, n := r.lines(scope), 0
	if scope.reach == oneOrganization {
		lines = condition("FROM "+r.table+" l WHERE l."+r.column+" = ?", scope.id)
	}
	sql := fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 AS line %s LIMIT %d) lines", lines.sql, most+1)
	if err := db.session(ctx).Raw(sql, lines.args...).Scan(&n).Error; err != nil {
		return false, fmt.Errorf("measure %s of a subtree: %w", r.table, err)
	}
	return n > most, nil
}

// The windows of a walk, for each row up to the end of the page: a scope that sees every fortieth row fills the page from the first, one
// that sees every three-hundredth from the second.
const (
	firstWindow = 40
	nextWindow  = 8 // times as large
	windows     = 3
	// worthwhile is how many times as many rows as a window a scope must have: to gather what a scope sees costs each of its rows, to walk in
	// vain costs the window.
	worthwhile = 8
)

// search reads the rows of a page that a scope sees, in order. There are two ways, and either can take seconds where the other one takes a
// millisecond (docs/adr/0063):
//
// Walk through the index of the order, and ask of each row whether the scope sees it. That is right if the scope sees a good part of
// everything, and fruitless if what it sees is elsewhere in the order, so a walk ends with its window.
//
// Gather all that the scope sees, and sort it. That is right for a scope that sees little.
//
// conds are those of [Collection.filter]: what the scope sees is the first of them.
func (c *Collection) search(
	ctx context.Context, db *DB, scope Scope, conds []where, order []string, q *jsonapi.Query, wanted limits,
) ([]any, error) {
	read := func(from func(*limits)) ([]any, error) {
		return c.rows(ctx, db, conds, order, q, func(l *limits) {
			*l = wanted
			from(l)
		})
	}
	if !c.narrow(scope) {
		return read(func(*limits) {})
	}
	window := firstWindow * (wanted.start + wanted.size)
	for n := range windows {
		least := window
		if n > 0 {
			least *= worthwhile
		}
		large, err := c.reached.exceeds(ctx, db, scope, least)
		if err != nil {
			return nil, err
		}
		if !large {
			break
		}
		items, err := read(func(l *limits) { c.walk(ctx, db, conds, order, window, l) })
		if err != nil || len(items) == wanted.size {
			return items, err
		}
		if whole, err := c.ends(ctx, db, conds, window); err != nil || whole {
			return items, err
		}
		window *= nextWindow
	}
	gathered := append([]where{c.visible(scope.gather())}, conds[1:]...)
	return read(func(l *limits) { c.sorted(ctx, db, gathered, order, l) })
}

// narrow reports whether a scope sees a part of the collection that no index has in order.
func (c *Collection) narrow(scope Scope) bool {
	return c.reached.table != "" && (scope.reach == subtree || scope.reach == oneOrganization && c.reached.distinct != "")
}

// walk makes a read go through a window of rows in their order, and keep those that the scope sees.
func (c *Collection) walk(ctx context.Context, db *DB, conds []where, order []string, window int, l *limits) {
	l.from = c.window(ctx, db, conds, order, window)
	if conds[0].sql != "" {
		l.from = l.from.Where(conds[0].sql, conds[0].args...)
	}
	// Rows of a subquery with a limit are passed on one by one. PostgreSQL knows that they are in order; SQLite would ask for all of the
	// window to sort it again.
	l.inOrder = db.dialect == SQLite
}

// window returns the first rows, in order, that meet all conditions but the first: what a scope sees.
func (c *Collection) window(ctx context.Context, db *DB, conds []where, order []string, size int) *gorm.DB {
	inner := c.from(ctx, db, conds[1:]...).Select(c.table + ".*").Order(strings.Join(order, ", ")).Limit(size)
	return db.session(ctx).Table("(?) AS "+c.table, inner)
}

// ends reports whether the list has no more rows, whoever sees them, than a window.
func (c *Collection) ends(ctx context.Context, db *DB, conds []where, window int) (bool, error) {
	var n int64
	inner := c.from(ctx, db, conds[1:]...).Select("1 AS line").Limit(window)
	if err := db.session(ctx).Table("(?) AS lines", inner).Count(&n).Error; err != nil {
		return false, fmt.Errorf("measure %s: %w", c.Schema.Type, err)
	}
	return n < int64(window), nil
}

// sorted makes a read find all that the scope sees, sort its ids, and read the rows of the page alone. The subquery in the middle has a
// limit that is none, so that no planner is tempted by an index in the order of the page.
func (c *Collection) sorted(ctx context.Context, db *DB, conds []where, order []string, l *limits) {
	columns := []string{c.table + ".id"}
	for _, term := range order {
		if column, _, _ := strings.Cut(term, " "); column != columns[0] {
			columns = append(columns, column)
		}
	}
	all := c.from(ctx, db, conds...).Select(columns).Limit(math.MaxInt64)
	page := db.session(ctx).Table("(?) AS "+c.table, all).Select("id").Order(strings.Join(order, ", ")).Limit(l.size).Offset(l.start)
	l.from, l.start = c.from(ctx, db).Where(c.table+".id IN (?)", page), 0
}
