package collection

import (
	"context"
	"fmt"
	"slices"

	"roster/models/store"
)

// Texts says by which two texts of theirs resources are found. PostgreSQL has an index of the pieces of these, <table>_search; SQLite one
// of all of them, in which each kind has a letter.
type Texts struct {
	Kind string
	// First and Second are the texts in SQL, as the index has them, with the table before the names of columns.
	First, Second string
	// Words let people read the rows where they hold one. Own is the column of the user who sees a row whatever their words, "" for none.
	Words Words
	Own   string
	// Above: who sees an organization sees what belongs to those above it, too, and what belongs to none.
	Above bool
}

// Sighting is what was found of one collection: the ids of resources that have a word which begins with the text, and of others that
// contain it. There may be more of either when there are as many as were asked for.
type Sighting struct {
	Begins, Within []string
}

// A search has four ways, each of which costs seconds where another one costs a millisecond, as those to a page (docs/adr/0117):
//
// Look through the first rows that the scope leads to. That is all for who sees little, and whatever others have then costs nothing. For
// who sees more it is enough if the text is common.
//
// Ask the index, and of each row that it finds whether the scope sees it, up to some of them.
//
// Compare all that the index finds, if that is not very much, with all that the scope leads to: for who sees much, but little of what has
// the text.
//
// Go through all that the scope sees, until enough is found. That is what is left.
//
// To read the text of a row costs more than to ask whether the scope sees it, so of what the index finds that is asked first.
type windows struct {
	// first rows are looked through for who sees everything, or a large part; near ones for who sees no more organizations than that.
	first, near int
	// candidates are how many rows that the index finds are asked about one by one, crossed how many are compared with the scope at once.
	candidates, crossed int
}

var usualWindows = windows{first: 300, near: 2000, candidates: 1000, crossed: 50_000}

// Seek finds resources of collections that a scope sees and that have a text, at most so many of each, of which some may be left out where
// others come before them. along is asked in the same round trip as the first.
func Seek(ctx context.Context, db *store.DB, scope Scope, of []*Collection, text store.Sought, most int, along ...store.Query,
) ([]Sighting, error) {
	return seek(ctx, db, scope, of, text, most, usualWindows, along...)
}

func seek(ctx context.Context, db *store.DB, scope Scope, of []*Collection, text store.Sought, most int, w windows, along ...store.Query,
) ([]Sighting, error) {
	found := make([]Sighting, len(of))
	if scope.reach == nothing || text.AtWord() == "" {
		return found, db.Ask(ctx, along...)
	}
	s := seeking{windows: w, db: db, scope: scope, text: text, most: most}
	for i, c := range of {
		s.hunts = append(s.hunts, &hunt{seeking: &s, c: c, seen: map[string]bool{}, found: &found[i]})
	}
	if err := s.measure(ctx); err != nil {
		return nil, err
	}
	if err := s.lookThroughFirst(ctx, along); err != nil {
		return nil, err
	}
	if err := s.askIndex(ctx, true); err != nil {
		return nil, err
	}
	begin := 0
	for i := range found {
		begin += len(found[i].Begins)
	}
	if begin >= most || text.Within() == "" {
		return found, nil
	}
	return found, s.askIndex(ctx, false)
}

type seeking struct {
	windows
	db    *store.DB
	scope Scope
	text  store.Sought
	most  int
	hunts []*hunt
}

// hunt is a search of one collection.
type hunt struct {
	*seeking
	c *Collection
	// close: the scope has few organizations. whole: nothing else is to be found. compared: nothing else among what the index finds for
	// words that begin with the text; filled: there may be.
	close, whole, filled, compared bool
	seen                           map[string]bool
	found                          *Sighting
}

// measure finds out for which collections the scope has few organizations.
func (s *seeking) measure(ctx context.Context) error {
	var asked []store.Query
	var counts []*int64
	for _, h := range s.hunts {
		switch {
		case s.scope.reach == subtree && counts != nil: // it has the same of each
		case s.scope.reach == subtree || s.scope.reach == person:
			n, query := Reached{Words: h.c.Texts.Words}.spread(s.scope, s.near+1)
			counts, asked = append(counts, n), append(asked, query)
		}
	}
	if err := s.db.Ask(ctx, asked...); err != nil {
		return fmt.Errorf("measure a scope: %w", err)
	}
	for i, h := range s.hunts {
		switch s.scope.reach {
		case oneOrganization:
			h.close = true
		case subtree:
			h.close = *counts[0] <= int64(s.near)
		case person:
			h.close = *counts[i] <= int64(s.near)
		}
	}
	return nil
}

// lookThroughFirst looks through the first rows of each collection that the scope leads to.
func (s *seeking) lookThroughFirst(ctx context.Context, along []store.Query) error {
	asked := along
	lines := make([]*int64, len(s.hunts))
	for i, h := range s.hunts {
		led := Condition("SELECT id FROM " + h.c.Table)
		if h.close {
			led = h.c.ledTo(s.scope)
		}
		var measured store.Query
		lines[i], measured = countUpTo(h.window(), Condition("FROM ("+led.SQL+") AS led", led.Args...))
		asked = append(asked, measured, h.lookThrough(led))
	}
	if err := s.db.Ask(ctx, asked...); err != nil {
		return fmt.Errorf("look through the first rows: %w", err)
	}
	for i, h := range s.hunts {
		h.whole = *lines[i] < int64(h.window())
	}
	return nil
}

// window returns how many rows are looked through.
func (h *hunt) window() int {
	if h.close {
		return h.near
	}
	return h.first
}

// lookThrough returns the query of what is found among the first rows, to which a SELECT of ids leads.
func (h *hunt) lookThrough(led Where) store.Query {
	begins, from, among := h.has(true), h.from(h.c.Table), Always()
	if h.close {
		among = Condition(fmt.Sprintf("%s.id IN (SELECT id FROM (%s) AS led LIMIT %d)", h.c.Table, led.SQL, h.window()), led.Args...)
	} else {
		from = h.from(fmt.Sprintf("(SELECT * FROM %s LIMIT %d) AS %[1]s", h.c.Table, h.window()))
	}
	and, args := Conjunction(append([]Where{among, h.mayHave(), h.has(h.text.Within() == "")}, h.c.Present(h.scope)...)...)
	sql := Condition(fmt.Sprintf("SELECT %s.id, CASE WHEN %s THEN 1 ELSE 0 END FROM %s WHERE 1 = 1%s ORDER BY 2 DESC, 1 LIMIT %d",
		h.c.Table, begins.SQL, from, and, h.most), append(begins.Args, args...)...)
	return store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
		for row := range a.Len() {
			h.note(a.Text(row, 0), a.Number(row, 1) != 0)
		}
		return nil
	}}
}

// note adds a resource to what was found, once.
func (h *hunt) note(id string, begins bool) {
	if h.seen[id] {
		return
	}
	h.seen[id] = true
	if begins {
		h.found.Begins = append(h.found.Begins, id)
	} else {
		h.found.Within = append(h.found.Within, id)
	}
}

// enough reports whether no more is to be looked for of what begins with the text, or of whatever has it.
func (h *hunt) enough(begins bool) bool {
	n := len(h.found.Begins)
	if !begins {
		n += len(h.found.Within)
	}
	return h.whole || n >= h.most
}

// askIndex asks the index for each collection of which not enough is found, and then takes the next way where that may not have been
// everything.
func (s *seeking) askIndex(ctx context.Context, begins bool) error {
	var asked []store.Query
	for _, h := range s.wanting(begins) {
		asked = append(asked, h.byIndex(begins))
	}
	if err := s.db.Ask(ctx, asked...); err != nil {
		return fmt.Errorf("ask the index of texts: %w", err)
	}
	if s.scope.All() {
		return nil
	}
	wanting := s.wanting(begins)
	counts, counting := make([]*int64, len(wanting)), make([]store.Query, len(wanting))
	for i, h := range wanting {
		counts[i], counting[i] = countUpTo(max(s.candidates, s.crossed), h.listed(begins))
	}
	if err := s.db.Ask(ctx, counting...); err != nil {
		return fmt.Errorf("count what may have a text: %w", err)
	}
	var last, again []store.Query
	for i, h := range wanting {
		switch {
		case *counts[i] < int64(s.candidates): // of all of which the scope was asked
		case *counts[i] < int64(s.crossed):
			last = append(last, h.across(begins, h.has(false)))
		default:
			last = append(last, h.throughAll(begins))
		}
	}
	if err := s.db.Ask(ctx, last...); err != nil {
		return fmt.Errorf("look through a scope: %w", err)
	}
	for _, h := range wanting {
		if begins && h.filled && !h.enough(true) { // by what does not begin a word
			again = append(again, h.across(true, h.has(true)))
		}
	}
	if err := s.db.Ask(ctx, again...); err != nil {
		return fmt.Errorf("look through a scope again: %w", err)
	}
	return nil
}

// wanting returns the hunts that have not found enough.
func (s *seeking) wanting(begins bool) (hunts []*hunt) {
	for _, h := range s.hunts {
		if !h.enough(begins) {
			hunts = append(hunts, h)
		}
	}
	return hunts
}

// byIndex returns the query of what the index finds, of which the scope is asked row by row.
func (h *hunt) byIndex(begins bool) store.Query {
	has := h.has(begins)
	if h.scope.All() {
		rows := h.matching("SELECT "+h.c.Table+".id FROM ", begins, h.c.Visible(h.scope), has)
		return h.ids(begins, Condition(fmt.Sprintf("%s LIMIT %d", rows.SQL, 2*h.most), rows.Args...)) // some of which may be known
	}
	seen := h.among(begins, h.candidates, h.c.Visible(h.scope))
	return h.ids(begins, Condition(fmt.Sprintf("SELECT %s.id FROM %s WHERE %s LIMIT %d", h.c.Table, h.from(seen.SQL), has.SQL, 2*h.most),
		append(seen.Args, has.Args...)...))
}

// across returns the query of what the index finds and the scope leads to, of rows that have a text. What begins a word comes with what
// does not: if that is all there is, nobody needs to look at these rows again.
func (h *hunt) across(begins bool, has Where) store.Query {
	seen, flag := h.among(begins, h.crossed, h.c.Gathered(h.scope)...), h.has(true)
	sql := fmt.Sprintf("SELECT %s.id, CASE WHEN %s THEN 1 ELSE 0 END FROM %s WHERE %s LIMIT %d", h.c.Table, flag.SQL, h.from(seen.SQL),
		has.SQL, 2*h.most)
	return store.Query{SQL: sql, Args: slices.Concat(flag.Args, seen.Args, has.Args), Take: func(a *store.Answer) error {
		for row := range a.Len() {
			h.note(a.Text(row, 0), a.Number(row, 1) != 0)
		}
		h.filled = a.Len() == 2*h.most
		h.compared = begins && !h.filled
		return nil
	}}
}

// among returns what meets conditions of the first rows that the index finds, as a table. The limits keep the planner from turning that
// around.
func (h *hunt) among(begins bool, first int, conds ...Where) Where {
	rows := h.matching("SELECT "+h.c.Table+".* FROM ", begins)
	and, args := Conjunction(conds...)
	return Condition(fmt.Sprintf("(SELECT * FROM (%s LIMIT %d) AS %s WHERE 1 = 1%s LIMIT %[2]d) AS %[3]s", rows.SQL, first, h.c.Table, and),
		append(rows.Args, args...)...)
}

// throughAll returns the query that goes through what the scope sees.
func (h *hunt) throughAll(begins bool) store.Query {
	and, args := Conjunction(append(h.c.Gathered(h.scope), h.mayHave(), h.has(begins))...)
	sql := fmt.Sprintf("SELECT %s.id FROM %s WHERE 1 = 1%s LIMIT %d", h.c.Table, h.from(h.c.Table), and, 2*h.most)
	return h.ids(begins, Condition(sql, args...))
}

// ids returns a query of ids of what was found.
func (h *hunt) ids(begins bool, sql Where) store.Query {
	return store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
		for row := range a.Len() {
			h.note(a.Text(row, 0), begins)
		}
		return nil
	}}
}

// matching returns the rows that the index finds and that meet conditions, whoever sees them, behind a SELECT and FROM.
func (h *hunt) matching(before string, begins bool, conds ...Where) Where {
	if h.c.Live != "" {
		conds = append(conds, Condition(h.c.Live))
	}
	and, args := Conjunction(conds...)
	listed := h.indexed(begins)
	if h.db.Dialect() == store.SQLite {
		return Condition(before+"search_grams CROSS JOIN search_texts st ON st.number = search_grams.rowid CROSS JOIN "+h.c.Table+" ON "+
			h.c.Table+".id = st.id WHERE "+listed.SQL+and, append(listed.Args, args...)...)
	}
	return Condition(before+h.c.Table+" WHERE "+listed.SQL+and, append(listed.Args, args...)...)
}

// listed returns a FROM and a WHERE of what the index finds, deleted ones, too.
func (h *hunt) listed(begins bool) Where {
	listed := h.indexed(begins)
	if h.db.Dialect() == store.SQLite {
		return Condition("FROM search_grams WHERE "+listed.SQL, listed.Args...)
	}
	return Condition("FROM "+h.c.Table+" WHERE "+listed.SQL, listed.Args...)
}

// indexed returns the condition that the index finds a row: it has all pieces of the text, and may have the text.
func (h *hunt) indexed(begins bool) Where {
	pieces := store.PiecesOf(h.looksFor(begins))
	if !begins && h.compared {
		pieces = pieces.Except(store.PiecesOf(h.looksFor(true)))
	}
	if h.db.Dialect() == store.SQLite {
		return Condition("search_grams MATCH ?", pieces.Tokens(h.c.Texts.Kind))
	}
	return Condition("roster_pieces("+h.c.Texts.sql()+") @@ CAST(? AS tsquery)", pieces.TSQuery())
}

func (h *hunt) looksFor(begins bool) string {
	if begins {
		return h.text.AtWord()
	}
	return h.text.Within()
}

// from returns rows of the table with their texts.
func (h *hunt) from(rows string) string {
	if h.db.Dialect() == store.SQLite {
		return rows + " CROSS JOIN search_texts st ON st.id = " + h.c.Table + ".id AND st.kind = '" + h.c.Texts.Kind + "'"
	}
	return rows
}

// has returns the condition that the texts of a row have the text.
func (h *hunt) has(begins bool) Where {
	if h.db.Dialect() == store.SQLite {
		return contains(h.db, "st.text", "?", h.looksFor(begins))
	}
	return contains(h.db, h.c.Texts.sql(), "?", h.looksFor(begins))
}

// mayHave returns a condition of rows whose texts have the text, and of others: it costs PostgreSQL a fifth. The planner has it first.
func (h *hunt) mayHave() Where {
	word := h.text.Word()
	if h.db.Dialect() == store.SQLite || word == "" {
		return Always()
	}
	t := h.c.Texts
	return contains(h.db, "roster_lower(COALESCE("+t.First+", '') || ' ' || COALESCE("+t.Second+", ''))", "?", word)
}

// sql returns the text that is searched in, on PostgreSQL.
func (t *Texts) sql() string { return "roster_search_text(" + t.First + ", " + t.Second + ")" }

// ledTo returns a SELECT of the ids of rows that a narrow scope leads to. It has all that the scope sees, and maybe more.
func (c *Collection) ledTo(scope Scope) Where {
	var led Where
	switch {
	case c.isTree():
		led = c.Reached.themselves(scope)
		led.SQL = "SELECT hp.descendant_id AS id " + led.SQL
	case c.Texts.Above:
		return c.ledToAbove(scope)
	default:
		id := c.Reached.Distinct
		if id == "" {
			id = "id"
		}
		led = c.Reached.lines(scope, false)
		led.SQL = "SELECT l." + id + " AS id " + led.SQL
	}
	if c.Texts.Own == "" || scope.reach != person {
		return led
	}
	return Condition("SELECT id FROM "+c.Table+" WHERE "+c.Texts.Own+" = ? UNION ALL "+led.SQL, append([]any{scope.id}, led.Args...)...)
}

// ledToAbove is ledTo for what organizations below see as well. What is between an organization of the scope and one below it is in the
// scope, so that what is above begins where the scope does.
func (c *Collection) ledToAbove(scope Scope) Where {
	there := Reached{Words: c.Texts.Words}.themselves(scope)
	above := Condition("FROM organization_paths up WHERE up.descendant_id = ?", scope.id)
	if scope.reach == person {
		above.SQL = "FROM memberships am JOIN organization_paths up ON up.descendant_id = am.organization_id WHERE am.user_id = ?"
	}
	return Condition("SELECT id FROM "+c.Table+" WHERE organization_id IS NULL UNION ALL SELECT l.id FROM (SELECT hp.descendant_id AS id "+
		there.SQL+" UNION SELECT up.ancestor_id "+above.SQL+") AS at JOIN "+c.Table+" l ON l.organization_id = at.id",
		append(there.Args, above.Args...)...)
}
