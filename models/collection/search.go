package collection

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/store"
)

// stretch is a list from some place on, in one direction.
type stretch struct {
	// conds are those of [Collection.filter], of which the first is what the scope sees, and that of a row behind the place.
	conds []Where
	keys  []sortKey
	// place is what the last row before the stretch has for each key; none at the beginning of the list.
	place []any
}

// search is the reading of one page of what a scope sees of a part of everything that no index has in order.
type search struct {
	*Collection
	list   stretch
	terms  []string // of the list's ORDER BY
	db     *store.DB
	scope  Scope
	query  *jsonapi.Query
	wanted limits
	// small: the scope leads to so few rows that it is not worth while to walk. more is a number of rows that it leads to more than.
	small bool
	more  int
	// walked is the window that was walked through in vain.
	walked int
}

// A way finds the rows of a page, or says that it is not the right one.
type way func(context.Context) (items []any, found bool, err error)

// search reads the rows of a page that a scope sees, in order. There are four ways, and each can take seconds where another one takes a
// millisecond (docs/adr/0063):
//
// Merge the lists of the organizations, each of which is a range of an index. That is right where there is such an index, which is for the
// order that a client gets without asking, and costs each organization.
//
// Walk through the index of the order, and ask of each row whether the scope sees it. That is right if the scope sees a good part of
// everything, and fruitless if what it sees is elsewhere in the order, so a walk ends with its window.
//
// Find few, if all that the scope sees is no more than such a window, with how many they are (docs/adr/0101).
//
// Gather all that the scope sees, and sort it. That is right for a scope that sees little.
func (c *Collection) search(ctx context.Context, db *store.DB, scope Scope, list stretch, q *jsonapi.Query, wanted limits) ([]any, error) {
	s := c.searching(db, scope, list, q, wanted)
	if !c.narrow(scope) {
		return s.read(ctx, func(l *limits) {
			l.steady = wide(list.conds, q)
			if l.start >= deep {
				s.found(l)
			}
		})
	}
	window := firstWindow * (wanted.start + wanted.size)
	ways := []way{
		s.mergingOrWalking(mergedAtOnce, window),
		s.few(window),
		s.walking(window, window),
		s.merging(mergedAtMost),
		s.walking(nextWindow*window, worthwhile*nextWindow*window),
		s.walking(nextWindow*nextWindow*window, worthwhile*nextWindow*nextWindow*window),
	}
	for _, way := range ways {
		if items, found, err := way(ctx); err != nil || found {
			return items, err
		}
	}
	return s.gatherAll(ctx)
}

func (c *Collection) searching(db *store.DB, scope Scope, list stretch, q *jsonapi.Query, wanted limits) *search {
	return &search{Collection: c, list: list, terms: c.orderBy(list.keys), db: db, scope: scope, query: q, wanted: wanted}
}

// narrow reports whether a scope sees a part of the collection that no index has in order.
func (c *Collection) narrow(scope Scope) bool {
	return c.Reached.Table != "" &&
		(scope.reach == subtree || scope.reach == person || scope.reach == oneOrganization && c.Reached.Distinct != "")
}

// wide reports whether a list has everything, so that no argument changes how much a statement reads: one place in the order is as good as
// another. conds are those of [Collection.filter].
func wide(conds []Where, q *jsonapi.Query) bool { return conds[0].SQL == "" && len(q.Filters) == 0 }

// read reads the page from where from says.
func (s *search) read(ctx context.Context, from func(*limits)) ([]any, error) {
	return s.rows(ctx, s.db, s.list.conds, s.terms, s.query, func(l *limits) {
		*l = s.wanted
		l.along, s.wanted.along = s.wanted.along, nil
		from(l)
	})
}

// ask asks something, and before it what is wanted along.
func (s *search) ask(ctx context.Context, queries ...store.Query) error {
	queries = append(slices.Clip(s.wanted.along), queries...)
	s.wanted.along = nil
	return s.db.Ask(ctx, queries...)
}

// The windows of a walk, for each row up to the end of the page: a scope that sees every fortieth row fills the page from the first, one
// that sees every three-hundredth from the second.
const (
	firstWindow = 40
	nextWindow  = 8 // times as large
	// worthwhile is how many times as many rows as a window a scope must have: to gather what a scope sees costs each of its rows, to walk
	// in vain costs the window.
	worthwhile = 8
)

// walking is the way through a window of rows, for a scope that leads to more rows than least.
func (s *search) walking(window, least int) way {
	return func(ctx context.Context) ([]any, bool, error) {
		if s.small {
			return nil, false, nil
		}
		large, err := s.leadsBeyond(ctx, least)
		if err != nil || !large {
			s.small = true
			return nil, false, err
		}
		if s.walked >= window {
			return nil, false, nil
		}
		items, err := s.read(ctx, func(l *limits) { s.walk(s.db, s.list.conds, s.terms, window, l) })
		return s.filled(ctx, items, window, err)
	}
}

// filled returns what a walk through a window has found, and whether that is the page.
func (s *search) filled(ctx context.Context, items []any, window int, err error) ([]any, bool, error) {
	s.walked = window
	if err != nil || len(items) == s.wanted.size {
		return items, true, err
	}
	whole, err := s.ends(ctx, s.db, s.list.conds, window)
	return items, whole, err
}

// leadsBeyond reports whether the scope leads to more rows than some: so many were counted for the totals, or it is measured.
func (s *search) leadsBeyond(ctx context.Context, rows int) (bool, error) {
	switch {
	case s.more >= rows:
		return true, nil
	case s.wanted.counted != nil: // or is going to be, along
		err := s.ask(ctx)
		return *s.wanted.counted > int64(rows), err
	}
	n, query := s.Reached.countLines(s.scope, rows+1)
	err := s.ask(ctx, query)
	return *n > int64(rows), err
}

// isCounted reports whether it is known how many rows the scope sees.
func (s *search) isCounted() bool { return s.wanted.counted != nil && len(s.wanted.along) == 0 }

// gatherAll finds every page.
func (s *search) gatherAll(ctx context.Context) ([]any, error) {
	conds := append([]Where{s.Visible(s.scope.gather())}, s.list.conds[1:]...)
	return s.read(ctx, func(l *limits) { s.sorted(s.db, conds, s.terms, l) })
}

// walk makes a read go through a window of rows in their order, and keep those that the scope sees.
func (c *Collection) walk(db *store.DB, conds []Where, order []string, window int, l *limits) {
	first := statement{columns: c.Table + ".*", from: Condition(c.Table), conds: conds[1:], order: order, size: window}
	l.from = &source{first.as(c.Table, db.Dialect()), conds[:1]}
	// Rows of a subquery with a limit are passed on one by one. PostgreSQL knows that they are in order; SQLite would ask for all of the
	// window to sort it again.
	l.inOrder = db.Dialect() == store.SQLite
}

// ends reports whether the list has no more rows, whoever sees them, than a window.
func (c *Collection) ends(ctx context.Context, db *store.DB, conds []Where, window int) (bool, error) {
	first := statement{columns: "1 AS line", from: Condition(c.Table), conds: conds[1:], size: window}
	n, err := askNumber(ctx, db, statement{columns: "COUNT(*)", from: first.as("lines", db.Dialect())}.on(db.Dialect()))
	if err != nil {
		return false, fmt.Errorf("measure %s: %w", c.Schema.Type, err)
	}
	return n < int64(window), nil
}

// sorted makes a read find all that the scope sees, sort its ids, and read the rows of the page alone. The subquery in the middle has a
// limit that is none, so that no planner is tempted by an index in the order of the page.
func (c *Collection) sorted(db *store.DB, conds []Where, order []string, l *limits) {
	columns := []string{c.Table + ".id"}
	for _, term := range order {
		if column, _, _ := strings.Cut(term, " "); column != columns[0] {
			columns = append(columns, column)
		}
	}
	all := statement{columns: strings.Join(columns, ", "), from: Condition(c.Table), conds: conds, size: math.MaxInt64}
	c.rowsOf(db, statement{columns: "id", from: all.as(c.Table, db.Dialect()), order: order}, l)
}

// found makes a read find the ids of the page first, and read the rows of the page alone. What comes before a page far down a list costs
// an entry of an index then, and not a row. If the length is given, what comes before is counted from the end.
func (s *search) found(l *limits) {
	ids := statement{columns: s.Table + ".id", from: Condition(s.Table), conds: s.list.conds, order: s.terms}
	if l.length.SQL == "" {
		s.rowsOf(s.db, ids, l)
		return
	}
	ids.order = s.orderBy(reversed(s.list.keys))
	greatest, least := "GREATEST", "LEAST"
	if s.db.Dialect() == store.SQLite {
		greatest, least = "MAX", "MIN"
	}
	page, behind := ids.on(s.db.Dialect()), l.length.SQL+" - ?"
	sql := fmt.Sprintf("%[1]s LIMIT %[2]s(0, %[3]s(%[4]d, %[5]s)) OFFSET %[2]s(0, %[5]s - %[4]d)",
		page.SQL, greatest, least, l.size, behind)
	again := append(slices.Clip(l.length.Args), l.start)
	// The limit around it says to PostgreSQL, which does not know what an expression comes to, that they are few.
	sql = fmt.Sprintf("%s.id IN (SELECT id FROM (%s) AS page LIMIT %d)", s.Table, sql, l.size)
	l.from, l.start = s.meeting(Condition(sql, slices.Concat(page.Args, again, again)...)), 0
}

// rowsOf makes a read take the rows whose ids a SELECT has on the page.
func (c *Collection) rowsOf(db *store.DB, ids statement, l *limits) {
	ids.size, ids.start = l.size, l.start
	page := ids.on(db.Dialect())
	l.from, l.start = c.meeting(Condition(c.Table+".id IN ("+page.SQL+")", page.Args...)), 0
}
