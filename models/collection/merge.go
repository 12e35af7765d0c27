package collection

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"roster/models/store"
)

// What a merge may cost. Merging a few organizations costs less than a walk that finds nothing; merging many costs less than gathering
// all that they have.
const (
	mergedAtOnce = 200    // organizations, without a walk before
	mergedAtMost = 20_000 // organizations, and rows up to the end of the page
)

// mergingOrWalking is the way that merges the lists of the organizations if there are at most so many, and otherwise walks through a
// window. PostgreSQL is asked for the walk with how many there are, and does not begin it if they are few; SQLite, which is not asked over
// a wire, would begin.
func (s *search) mergingOrWalking(most, window int) way {
	merging := s.merging(most)
	return func(ctx context.Context) ([]any, bool, error) {
		if !s.mergeable() || s.scope.reach == oneOrganization || s.db.Dialect() == store.SQLite {
			return merging(ctx)
		}
		organizations, spread := s.Reached.spread(s.scope, most+1)
		s.wanted.along = append(slices.Clip(s.wanted.along), spread)
		items, err := s.read(ctx, func(l *limits) {
			s.walk(s.db, s.list.conds, s.terms, window, l)
			many := Condition(fmt.Sprintf("(%s) > %d", spread.SQL, most), spread.Args...)
			l.from.conds, l.steady = append(slices.Clip(l.from.conds), many), true
		})
		if err != nil || *organizations > int64(most) {
			return s.filled(ctx, items, window, err)
		}
		return s.merged(ctx, *organizations)
	}
}

// merging is the way that merges the lists of the organizations, if there are at most so many.
func (s *search) merging(most int) way {
	return func(ctx context.Context) ([]any, bool, error) {
		if !s.mergeable() {
			return nil, false, nil
		}
		if s.scope.reach == oneOrganization {
			items, err := s.read(ctx, s.only)
			return items, true, err
		}
		organizations, spread := s.Reached.spread(s.scope, most+1)
		if err := s.ask(ctx, spread); err != nil || *organizations > int64(most) {
			return nil, false, err
		}
		return s.merged(ctx, *organizations)
	}
}

// merged merges the lists of so many organizations.
func (s *search) merged(ctx context.Context, organizations int64) ([]any, bool, error) {
	items, err := s.read(ctx, func(l *limits) { s.merge(int(organizations), l) })
	return items, true, err
}

// only makes a read take the page from the list of one organization.
func (s *search) only(l *limits) {
	by := direction{s.Reached.InOrder, s.list.keys[0].descending}
	whose := "?"
	if s.Reached.Live {
		// Beside that it is there, it keeps PostgreSQL from counting on how long the list of this one is. It would plan the page for one
		// that is shorter than most each time, which takes longer than to read it, and come to the same.
		whose = "(SELECT id FROM organizations WHERE id = ? AND deleted_at IS NULL)"
	}
	list := statement{
		columns: "r." + by.last(), from: Condition(s.Reached.Table + " r"), order: []string{by.terms("r.")}, size: l.size, start: l.start,
		steady: true, conds: []Where{Condition("r."+s.Reached.Column+" = "+whose, s.scope.id)},
	}
	if len(s.list.place) > 0 {
		list.conds = append(list.conds, by.behind("r.", s.list.place))
	}
	page := list.on(s.db.Dialect())
	l.from, l.start, l.steady = s.meeting(Condition(direction{columns: s.Order}.last()+" IN ("+page.SQL+")", page.Args...)), 0, true
}

// mergeable reports whether the lists of the organizations are in the order of the page, and whole.
func (s *search) mergeable() bool {
	if !s.Reached.whole(s.scope) {
		return false // the lists are not whole
	}
	if len(s.Reached.InOrder) == 0 || len(s.query.Filters) > 0 || s.wanted.start+s.wanted.size > mergedAtMost {
		return false
	}
	return slices.EqualFunc(s.list.keys, s.Order, func(key sortKey, column string) bool {
		return s.Table+"."+key.column == column && key.descending == s.list.keys[0].descending
	})
}

// merge makes a read take the page from the lists of the organizations. It looks at the heads of the lists, the first rows of each, which
// are together more than the page. The n-th of the heads, for a page that ends with row n, is that end or behind it, so that no row behind
// it and no list that begins behind it is read. A row can be in several lists, and counts once.
func (s *search) merge(organizations int, l *limits) {
	n, all := l.start+l.size, direction{s.Order, s.list.keys[0].descending}
	by := direction{s.Reached.InOrder, all.descending}
	behind := Always()
	if len(s.list.place) > 0 {
		behind = by.behind("r.", s.list.place)
	}
	each := min(n, 1+2*n/max(organizations, 1)) // twice as many as would do if all lists were equal
	first := s.Reached.organizations(s.scope, s.begin("p.descendant_id", each, by, behind), true)
	lists := s.begin("h.organization", n, by, Both(behind, Condition(by.upTo("r.", "b."))))

	heads := fmt.Sprintf("SELECT p.descendant_id AS organization, %s, DENSE_RANK() OVER (ORDER BY %s) AS place %s",
		by.list("l."), by.terms("l."), first.SQL)
	// If the heads are fewer than n, the bound is the end of everything.
	bound := fmt.Sprintf("SELECT %[1]s FROM (SELECT %[1]s FROM heads WHERE place = %[2]d UNION ALL "+
		"SELECT * FROM (SELECT %[3]s FROM %[4]s ORDER BY %[5]s LIMIT 1) ends) bounds ORDER BY %[6]s LIMIT 1",
		by.list(""), n, all.list(""), s.Table, all.reversed().terms(""), by.terms(""))
	within := fmt.Sprintf("SELECT DISTINCT organization FROM heads WHERE place <= %d", n)
	page := fmt.Sprintf("SELECT DISTINCT %s FROM bound b CROSS JOIN (%s) h %s ORDER BY %s LIMIT %d OFFSET %d",
		by.list("l."), within, lists.SQL, by.terms("l."), l.size, l.start)
	sql := fmt.Sprintf("%s IN (WITH heads AS (%s), bound AS (%s) SELECT %s FROM (%s) page)",
		all.last(), heads, bound, by.last(), page)
	l.from, l.start, l.steady = s.meeting(Condition(sql, slices.Concat(first.Args, lists.Args)...)), 0, true
}

// begin returns a join with the first rows, at most n, of an organization's list that meet a condition. They are r in the condition, and l
// to what is joined.
func (s *search) begin(organization string, n int, by direction, cond Where) Where {
	cond = Both(Condition("r."+s.Reached.Column+" = "+organization), cond)
	rest := fmt.Sprintf("FROM %s r WHERE %s ORDER BY %s LIMIT %d", s.Reached.Table, cond.SQL, by.terms("r."), n)
	if s.db.Dialect() == store.Postgres {
		return Condition("CROSS JOIN LATERAL (SELECT "+by.list("r.")+" "+rest+") l", cond.Args...)
	}
	// SQLite has no LATERAL, and takes a CROSS JOIN in the order in which it is written.
	op := either(n == 1, "=", "IN")
	return Condition("CROSS JOIN "+s.Reached.Table+" l ON l.rowid "+op+" (SELECT r.rowid "+rest+")", cond.Args...)
}

// direction is an order by columns, all of them in one direction.
type direction struct {
	columns    []string
	descending bool
}

func (d direction) reversed() direction { return direction{d.columns, !d.descending} }

// last returns the last column.
func (d direction) last() string { return d.columns[len(d.columns)-1] }

// list returns the columns of a table, whose name and dot are given.
func (d direction) list(of string) string { return of + strings.Join(d.columns, ", "+of) }

// terms returns an ORDER BY of the columns of a table.
func (d direction) terms(of string) string {
	down := either(d.descending, " DESC", "")
	return of + strings.Join(d.columns, down+", "+of) + down
}

// behind returns the condition that a row of a table is behind a place, as one comparison.
func (d direction) behind(of string, place []any) Where {
	op := either(d.descending, "<", ">")
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(place)), ", ")
	return Condition("("+d.list(of)+") "+op+" ("+marks+")", place...)
}

// upTo returns the condition that a row of a table is not behind that of another one.
func (d direction) upTo(of, bound string) string {
	op := either(d.descending, ">=", "<=")
	return "(" + d.list(of) + ") " + op + " (" + d.list(bound) + ")"
}
