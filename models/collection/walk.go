package collection

import (
	"context"

	"roster/jsonapi"
	"roster/models/store"
)

// Walk reads a whole list in its order, part by part, by the key that the last part ended with. Between two parts it holds nothing of the
// database: what is written meanwhile behind the place that it has come to is read, unless the collection says where a walk ends.
type Walk struct {
	c     *Collection
	db    *store.DB
	query *jsonapi.Query
	until Where
	place jsonapi.Cursor
}

// NewWalk returns the walk through the list that a query asks for, whatever page of it. It begins now, which is where it ends if the
// collection says so.
func NewWalk(ctx context.Context, db *store.DB, c *Collection, q *jsonapi.Query) (*Walk, error) {
	w := &Walk{c: c, db: db, query: q, place: jsonapi.Cursor{Edge: jsonapi.ListStart}}
	if err := c.caughtUp(ctx, db); err != nil || c.Until == nil {
		return w, err
	}
	var err error
	w.until, err = c.Until(ctx, db)
	return w, err
}

// Next returns the next items that a scope sees, no more than most, and none at the end of the list.
func (w *Walk) Next(ctx context.Context, scope Scope, most int) ([]any, error) {
	p := w.c.part(scope, w.query.Filters)
	conds, err := w.c.conditions(w.db, p)
	if err != nil {
		return nil, err
	}
	if w.until.SQL != "" {
		conds = append(conds, w.until)
	}
	l := w.c.listing(w.db, scope, p, w.query, conds)
	items, err := l.seek(ctx, w.place, false, most)
	if err == nil && len(items) > 0 {
		w.place = w.c.place(items[len(items)-1], l.keys)
	}
	return items, err
}
