package collection

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/store"
)

// few is the way that finds everything that a scope sees and sorts it, if no more than some lines lead to it. One statement measures how
// many there are, finds the page and tells the total.
func (s *search) few(most int) way {
	return func(ctx context.Context) ([]any, bool, error) {
		lines, ok := s.lines()
		if !ok || s.isCounted() && *s.wanted.counted > int64(most) {
			return nil, false, nil
		}
		m := &measure{lines: lines, most: most}
		along := s.wanted.along
		if s.wanted.count != nil {
			s.wanted.along = nil // the total, which is measured
		}
		items, err := s.read(ctx, func(l *limits) { s.within(m, l) })
		switch {
		case err != nil:
			return nil, false, err
		case m.n > int64(most) && s.wanted.unsure:
			return nil, false, errMany
		case m.n > int64(most):
			s.more = most
			if s.wanted.count != nil {
				s.wanted.along = along
			}
			return nil, false, nil
		case s.wanted.count != nil:
			s.wanted.count(m.rows)
		}
		return items, true, nil
	}
}

// lines returns the SELECT of what leads to the rows that a scope sees, each line with the last column of their order, which is unique. It
// is false where other rows are asked for than organizations lead to.
func (s *search) lines() (lines Where, ok bool) {
	last := strings.TrimPrefix(direction{columns: s.Order}.last(), s.Table+".")
	switch n := len(s.Reached.InOrder); {
	case !s.Reached.whole(s.scope) || slices.ContainsFunc(s.query.Filters, isDeleted):
		return Where{}, false
	case s.isTree():
		lines = s.Reached.themselves(s.scope)
		lines.SQL = "SELECT hp.descendant_id AS id " + lines.SQL
	case n > 0:
		lines = s.Reached.lines(s.scope, false)
		lines.SQL = "SELECT l." + s.Reached.InOrder[n-1] + " AS id " + lines.SQL
	default:
		lines = s.Reached.lines(s.scope, false)
		lines.SQL = "SELECT l." + last + " AS id " + lines.SQL
		return lines, s.Reached.Table == s.Table
	}
	return lines, true
}

// isTree reports whether the rows are the organizations themselves.
func (c *Collection) isTree() bool { return c.Table == "organizations" }

func isDeleted(f jsonapi.Condition) bool { return f.Field == FilterDeleted }

// measure is how many lines lead to the rows that a scope sees, and how many rows these are.
type measure struct {
	lines   Where // a SELECT
	few     Where // of the rows, if the lines are not more than most
	most    int
	n, rows int64
}

// within makes a read find its page among the rows that the lines lead to, which are all that the scope sees.
func (s *search) within(m *measure, l *limits) {
	m.few = Condition(fmt.Sprintf("SELECT %s.* FROM %[1]s WHERE %[2]s IN (SELECT id FROM lines) AND (SELECT COUNT(*) FROM lines) <= %[3]d",
		s.Table, direction{columns: s.Order}.last(), m.most))
	if s.isTree() && s.Live != "" {
		m.few.SQL += " AND " + s.Live
	}
	l.from = &source{Condition("few AS " + s.Table), s.list.conds[1:]}
	l.measure, l.steady = m, len(s.query.Filters) == 0
}

// around returns the statement that measures, and reads a page if that shows it to be right: the numbers stand behind the columns of the
// page, whose rows are none if there is no page.
func (m *measure) around(s statement) statement {
	s.with = Condition(fmt.Sprintf("WITH lines AS MATERIALIZED (%s LIMIT %d), few AS MATERIALIZED (%s), measured AS "+
		"(SELECT (SELECT COUNT(*) FROM lines) AS n, (SELECT COUNT(*) FROM few) AS found) ", m.lines.SQL, m.most+1, m.few.SQL),
		m.lines.Args...)
	s.columns += ", measured.n, measured.found"
	s.from.SQL = "measured LEFT JOIN " + s.from.SQL + " ON 1 = 1"
	return s
}

// take reads the numbers, which stand behind some columns, and reports whether there is a page.
func (m *measure) take(a *store.Answer, behind, id int) bool {
	m.n, m.rows = a.Number(0, behind), a.Number(0, behind+1)
	return !a.Null(0, id)
}
