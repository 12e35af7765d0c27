package collection

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"

	"roster/jsonapi"
	"roster/models/store"
)

// Walk reads a whole list in its order, part by part. It looks up the ids of what comes next, of many parts at once, and each part by
// these: a list that no index has in order is sorted a few times, and not for each part. Between two parts it holds nothing of the
// database. What it has looked up stands where it stood then, and is left out if the list does not have it any more when it is read. What
// is written behind that until it looks up more is read, unless the collection says where a walk ends. It fails when rows were removed for
// their age before it came to them: who reads the whole to keep it would not have them any more.
type Walk struct {
	c     *Collection
	db    *store.DB
	query *jsonapi.Query
	until Where
	began int64 // see Collection.Begins
	// ahead are the ids that were looked up and not yet read, place is where the last of them stood, span how many are looked up next.
	ahead []uuid.UUID
	place jsonapi.Cursor
	span  int
}

// How many ids are looked up at first, how many times as many the next time, and at most. A list is sorted for each time, so up to the
// bound their number grows with the logarithm of its length; an id takes 16 bytes.
const (
	firstSpan  = 1_000
	spanGrowth = 8
	widestSpan = 100_000
)

// NewWalk returns the walk through the list that a query asks for, whatever page of it. It begins now, which is where it ends if the
// collection says so.
func NewWalk(ctx context.Context, db *store.DB, c *Collection, q *jsonapi.Query) (*Walk, error) {
	w := &Walk{c: c, db: db, query: q, place: jsonapi.Cursor{Edge: jsonapi.ListStart}, span: firstSpan}
	err := c.caughtUp(ctx, db)
	if err == nil && c.Begins != nil {
		w.began, err = c.Begins(ctx, db)
	}
	if err == nil && c.Until != nil {
		w.until, err = c.Until(ctx, db)
	}
	return w, err
}

// passed returns an error if rows were removed since the walk began whose first column is more than a value.
func (w *Walk) passed(ctx context.Context, value int64) error {
	if w.c.Begins == nil {
		return nil
	}
	begins, err := w.c.Begins(ctx, w.db)
	if err == nil && begins > max(w.began, value) {
		err = &store.Error{Kind: store.Conflict,
			Message: fmt.Sprintf("Some of the %s were removed for their age before they were read.", w.c.Schema.Type)}
	}
	return err
}

// passedAhead is passed for what was just looked up behind a place. Where that is in another order than rows are removed in, they can be
// missing wherever it is.
func (w *Walk) passedAhead(ctx context.Context, place jsonapi.Cursor, keys []sortKey) error {
	var value int64
	if keys[0].column == strings.TrimPrefix(w.c.Order[0], w.c.Table+".") && !keys[0].descending && place.Edge == jsonapi.NoEdge {
		value, _ = place.Values[0].(int64)
	}
	return w.passed(ctx, value)
}

// Next returns the next items that a scope sees, no more than most, and none at the end of the list.
func (w *Walk) Next(ctx context.Context, scope Scope, most int) ([]any, error) {
	for {
		if len(w.ahead) == 0 {
			if err := w.lookAhead(ctx, scope); err != nil {
				return nil, fmt.Errorf("look up what comes next: %w", err)
			}
		}
		if len(w.ahead) == 0 {
			return nil, nil
		}
		ids := w.ahead[:min(most, len(w.ahead))]
		items, err := w.read(ctx, scope, ids)
		if err != nil {
			return nil, err
		}
		if w.ahead = w.ahead[len(ids):]; len(items) > 0 {
			return items, nil
		}
	}
}

// read returns what the list has of some ids, in their order.
func (w *Walk) read(ctx context.Context, scope Scope, ids []uuid.UUID) ([]any, error) {
	_, conds, err := w.conditions(ctx, scope, Scope.singly)
	if err != nil {
		return nil, err
	}
	texts, place := make([]string, len(ids)), make(map[string]int, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
		place[texts[i]] = i
	}
	items, err := w.c.rows(ctx, w.db, append(conds, Condition(w.c.Table+".id IN ?", texts)), nil, w.query, nil)
	if err == nil && len(items) < len(ids) {
		err = w.passed(ctx, 0)
	}
	slices.SortFunc(items, func(a, b any) int { return place[w.c.ID(a)] - place[w.c.ID(b)] })
	return items, err
}

// conditions returns those of the rows of the list, and the scope that it has narrowed it to, written in a way.
func (w *Walk) conditions(ctx context.Context, scope Scope, how func(Scope) Scope) (Scope, []Where, error) {
	p, err := w.c.part(ctx, w.db, scope, w.query.Filters, false)
	if err != nil {
		return scope, nil, err
	}
	p = p.written(how)
	conds, err := w.c.conditions(w.db, p)
	return p.scope, conds, err
}

// lookAhead looks up the ids that come next in the list, none at its end.
func (w *Walk) lookAhead(ctx context.Context, scope Scope) error {
	scope, conds, err := w.conditions(ctx, scope, Scope.gather) // all of it is wanted
	if err != nil {
		return err
	}
	keys, parts := w.c.sortKeys(w.query.Sort), []Where{Always()}
	order := w.c.orderBy(keys)
	line := w.c.lineOrder(w.query)
	if line != "" {
		order, w.span = []string{line, w.c.Table + ".id"}, longestLine
	}
	switch w.place.Edge {
	case jsonapi.ListEnd:
		return nil
	case jsonapi.NoEdge:
		parts = w.c.behind(keys, w.place.Values)
	}
	w.ahead = nil
	place := w.place
	for _, part := range parts {
		if len(w.ahead) < w.span {
			if err := w.lookUp(ctx, scope, append(slices.Clip(conds), w.until, part), order, keys); err != nil {
				return err
			}
		}
	}
	if len(w.ahead) < w.span || line != "" {
		w.place = jsonapi.Cursor{Edge: jsonapi.ListEnd}
	}
	w.span = min(w.span*spanGrowth, widestSpan)
	return w.passedAhead(ctx, place, keys)
}

// lookUp adds the first ids in order of the rows that meet conditions, as many as are missing.
func (w *Walk) lookUp(ctx context.Context, scope Scope, conds []Where, order []string, keys []sortKey) error {
	names := append([]string{"id"}, columnsOf(keys)...)
	if i := slices.Index(names[1:], "id"); i >= 0 {
		names = slices.Delete(names, i+1, i+2)
	}
	columns := w.c.layout().selection(names)
	dialect := w.db.Dialect()
	found := statement{columns: columns.text, from: Condition(w.c.Table), conds: conds}
	if w.c.narrow(scope) { // see sorted
		found.size = math.MaxInt64
		found = statement{columns: columns.text, from: found.as(w.c.Table, dialect)}
	}
	found.order, found.size = order, w.span-len(w.ahead)
	sql := found.on(dialect)
	return w.db.Ask(ctx, store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
		n := a.Len()
		if n == 0 {
			return nil
		}
		w.ahead = slices.Grow(w.ahead, n)
		for row := range n {
			id, err := uuid.Parse(a.Text(row, 0))
			if err != nil {
				return fmt.Errorf("read an id: %w", err)
			}
			w.ahead = append(w.ahead, id)
		}
		last, err := columns.read(a.Row(n - 1))
		if err == nil {
			w.place = w.c.place(last[0], keys)
		}
		return err
	}})
}
