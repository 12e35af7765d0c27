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
		key, ok := s.keyOfLines()
		if !ok || s.isCounted() && *s.wanted.counted > int64(most) {
			return nil, false, nil
		}
		m := &measure{lines: s.Reached.lines(s.scope, false), key: key, most: most}
		along := s.wanted.along
		if s.wanted.count != nil {
			s.wanted.along = nil // the total, which is measured
		}
		items, err := s.read(ctx, func(l *limits) { s.within(m, l) })
		switch {
		case err != nil:
			return nil, false, err
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

// keyOfLines returns the column of what leads to rows that has the last column of their order, which is unique. It is false where there is
// none, or where other rows are asked for than organizations lead to.
func (s *search) keyOfLines() (key string, ok bool) {
	if s.scope.reach == person && s.Reached.Own || slices.ContainsFunc(s.query.Filters, isDeleted) {
		return "", false
	}
	if n := len(s.Reached.InOrder); n > 0 {
		return s.Reached.InOrder[n-1], true
	}
	return strings.TrimPrefix(direction{columns: s.Order}.last(), s.Table+"."), s.Reached.Table == s.Table
}

func isDeleted(f jsonapi.Condition) bool { return f.Field == FilterDeleted }

// measure is how many lines lead to the rows that a scope sees, and to how many.
type measure struct {
	lines   Where // a FROM and a WHERE
	key     string
	most    int
	n, rows int64
}

// within makes a read find its page among the rows that the lines lead to, if they are not more than most.
func (s *search) within(m *measure, l *limits) {
	few := Condition(direction{columns: s.Order}.last() + " IN (SELECT id FROM lines)")
	bound := Condition(fmt.Sprintf("(SELECT n FROM measured) <= %d", m.most))
	l.from = s.meeting(append([]Where{few, bound}, s.list.conds[1:]...)...)
	l.measure, l.steady = m, len(s.query.Filters) == 0
}

// around returns the statement that measures, and reads a page if that shows it to be right: the numbers stand behind the columns of the
// page, whose rows are none if there is no page.
func (m *measure) around(s statement) statement {
	s.with = Condition(fmt.Sprintf(`WITH lines AS MATERIALIZED (SELECT l.%s AS id %s LIMIT %d),
		measured AS MATERIALIZED (SELECT COUNT(*) AS n, (SELECT COUNT(*) FROM (SELECT DISTINCT id FROM lines) each_row) AS found FROM lines) `,
		m.key, m.lines.SQL, m.most+1), m.lines.Args...)
	s.columns += ", measured.n, measured.found"
	s.from.SQL = "measured LEFT JOIN " + s.from.SQL + " ON 1 = 1"
	return s
}

// take reads the numbers, which stand behind some columns, and reports whether there is a page.
func (m *measure) take(a *store.Answer, behind int, id int) bool {
	m.n, m.rows = a.Number(0, behind), a.Number(0, behind+1)
	return !a.Null(0, id)
}
