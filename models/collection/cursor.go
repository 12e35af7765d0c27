package collection

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/store"
)

// Turn is how another page of a list is asked for: by a cursor in page[after] or in page[before].
type Turn struct{ Parameter, Cursor string }

// The parameters that cursors stand in.
const (
	pageAfter  = "page[after]"
	pageBefore = "page[before]"
)

// listing is a list that is paged through by cursors.
type listing struct {
	*Collection
	db    *store.DB
	scope Scope // of the caller
	part  part
	query *jsonapi.Query
	conds []Where
	keys  []sortKey
	// along is asked in one round with the first rows.
	along []store.Query
	// more: there is something before the place that the page begins behind, which is asked along.
	more bool
	// linked is where the linkage of what is read is put; nil if nobody wants it.
	linked linkage
	// mac authenticates cursors of this list, in which they work, and in no other.
	mac func(payload []byte) []byte
}

// pageByCursor returns the page that lies behind one cursor, before another, or between the two. Its cost does not depend on where in the
// list that is, nor on the length of the list: nothing is counted but what a counter knows.
func (c *Collection) pageByCursor(
	ctx context.Context, db *store.DB, scope Scope, p part, q *jsonapi.Query, conds []Where,
) (*Page, error) {
	l := c.listing(db, scope, p, q, conds)
	after, err := l.open(pageAfter, q.Page.After, jsonapi.ListStart)
	if err != nil {
		return nil, err
	}
	before, err := l.open(pageBefore, q.Page.Before, jsonapi.ListEnd)
	if err != nil {
		return nil, err
	}
	l.linked = linkage{}
	page := &Page{linked: l.linked, First: Turn{pageAfter, l.seal(jsonapi.Cursor{Edge: jsonapi.ListStart})},
		Last: Turn{pageBefore, l.seal(jsonapi.Cursor{Edge: jsonapi.ListEnd})}}
	if known := c.known(p.scope, p.filters); known.Name != "" && p.scope == p.seen {
		page.Counted = true
		l.along = []store.Query{known.query(db, &page.Total)}
	}
	l.lookBack(after)
	if err := l.cut(ctx, page, after, before); err != nil {
		return nil, err
	}
	page.Cursors = make([]string, len(page.Items))
	for i, item := range page.Items {
		page.Cursors[i] = l.seal(c.place(item, l.keys))
	}
	return page, l.turns(ctx, page, after, before)
}

// listing returns the list of a query.
func (c *Collection) listing(db *store.DB, scope Scope, p part, q *jsonapi.Query, conds []Where) *listing {
	l := &listing{Collection: c, db: db, scope: scope, part: p, query: q, conds: conds, keys: c.sortKeys(q.Sort)}
	name := fmt.Sprintf("%q", []string{c.Table, c.narrowed, strings.Join(c.orderBy(l.keys), ", "), q.FilterText()})
	l.mac = db.Vault().Digester("cursor", name+"\x00")
	return l
}

// cut reads the items of the page, and one more that tells whether the list goes on.
func (l *listing) cut(ctx context.Context, page *Page, after, before jsonapi.Cursor) error {
	size := l.query.Page.Size
	backward := l.backward()
	from := after
	if backward {
		from = before
	}
	var err error
	if page.Items, err = l.seek(ctx, from, backward, size+1); err != nil {
		return err
	}
	if !backward && l.query.Page.Before != "" {
		end := slices.IndexFunc(page.Items, func(item any) bool { return comparePlaces(l.keys, l.place(item, l.keys), before) >= 0 })
		if end >= 0 {
			page.Items = page.Items[:end]
		}
		page.Truncated = len(page.Items) > size
	}
	page.more = len(page.Items) > size
	page.Items = page.Items[:min(size, len(page.Items))]
	if backward {
		slices.Reverse(page.Items)
	}
	return nil
}

// lookBack asks along whether there is something before the place that the page begins behind, where that is one question. There nearly
// always is; otherwise it may be what stands at the place itself that is before the page.
func (l *listing) lookBack(after jsonapi.Cursor) {
	if after.Edge != jsonapi.NoEdge || l.query.Page.Before != "" || l.narrow(l.part.scope) {
		return
	}
	keys := reversed(l.keys)
	var before Where
	for i, part := range l.behind(keys, after.Values) {
		near := statement{
			columns: l.Table + ".id", from: Condition(l.Table), conds: append(slices.Clip(l.conds), part), order: l.orderBy(keys),
			size: least, steady: wide(l.conds, l.query),
		}.as("near", l.db.Dialect())
		before.SQL += either(i > 0, " UNION ALL ", "") + "SELECT id FROM " + near.SQL
		before.Args = append(before.Args, near.Args...)
	}
	l.along = append(l.along, store.Query{SQL: before.SQL, Args: before.Args, Take: func(a *store.Answer) error {
		l.more = a.Len() > 0
		return nil
	}})
}

// least is how many rows are asked for by who wants to know whether there is one: with LIMIT 1, SQLite takes sorting to be free and may
// read an index that is in another order.
const least = 2

// backward reports whether the page is read from its end.
func (l *listing) backward() bool { return l.query.Page.After == "" && l.query.Page.Before != "" }

// turns finds out whether there are items on either side of the page. On the side that it was read towards, and at the end of the list
// that it began at, it is known.
func (l *listing) turns(ctx context.Context, page *Page, after, before jsonapi.Cursor) error {
	prev, next := Turn{Parameter: pageBefore}, Turn{Parameter: pageAfter}
	first, last := before, after
	if n := len(page.Items); n > 0 {
		first, last = l.place(page.Items[0], l.keys), l.place(page.Items[n-1], l.keys)
		prev.Cursor, next.Cursor = page.Cursors[0], page.Cursors[n-1]
	} else {
		prev.Cursor, next.Cursor = l.seal(before), l.seal(after)
	}
	var hasPrev, hasNext bool
	var err error
	switch {
	case l.backward():
		hasPrev = page.more
	case l.more: // what is before the place is before the page
		hasPrev = true
	case after.Edge != jsonapi.ListStart:
		if hasPrev, err = l.any(ctx, first, true); err != nil {
			return err
		}
	}
	switch {
	case !l.backward() && (before.Edge == jsonapi.ListEnd || page.Truncated):
		hasNext = page.more
	case before.Edge != jsonapi.ListEnd:
		if hasNext, err = l.any(ctx, last, false); err != nil {
			return err
		}
	}
	if hasPrev {
		page.Prev = &prev
	}
	if hasNext {
		page.Next = &next
	}
	return nil
}

// any reports whether there is an item behind a place, or before it.
func (l *listing) any(ctx context.Context, from jsonapi.Cursor, backward bool) (bool, error) {
	l.linked = nil
	found, err := l.seek(ctx, from, backward, least)
	return len(found) > 0, err
}

// seek returns the items next to a place, nearest first.
func (l *listing) seek(ctx context.Context, from jsonapi.Cursor, backward bool, n int) ([]any, error) {
	keys := l.keys
	if backward {
		keys = reversed(keys)
	}
	parts := []Where{Always()}
	switch {
	case from.Edge == jsonapi.ListStart && backward, from.Edge == jsonapi.ListEnd && !backward:
		return nil, l.db.Ask(ctx, l.along...)
	case from.Edge == jsonapi.NoEdge:
		parts = l.behind(keys, from.Values)
	}
	items := []any{}
	for _, part := range parts {
		wanted := limits{size: n - len(items), also: columnsOf(keys), along: l.along}
		if l.linked != nil {
			wanted.link(l.Collection, l.scope, l.query, l.linked)
		}
		l.along = nil
		list := stretch{conds: append(slices.Clip(l.conds), part), keys: keys, place: from.Values}
		found, err := l.search(ctx, l.db, l.part.scope, list, l.part.of(l.query), wanted)
		if err != nil {
			return nil, err
		}
		if items = append(items, found...); len(items) == n {
			break
		}
	}
	return items, nil
}

// seal returns the text of a cursor.
func (l *listing) seal(cursor jsonapi.Cursor) string { return cursor.Encode(l.mac) }

// open reads the cursor in a parameter; without one it is the end of the list that the parameter begins at.
func (l *listing) open(parameter, text string, absent jsonapi.Edge) (jsonapi.Cursor, error) {
	if text == "" {
		return jsonapi.Cursor{Edge: absent}, nil
	}
	cursor, ok := jsonapi.DecodeCursor(text, l.mac)
	if !ok || cursor.Edge == jsonapi.NoEdge && len(cursor.Values) != len(l.keys) {
		return cursor, &store.Error{
			Kind: store.Invalid, Parameter: parameter,
			Message: "It is not a cursor of this list. Cursors are taken from the answers to requests with the same path, " +
				"filters and sort.",
		}
	}
	return cursor, nil
}
