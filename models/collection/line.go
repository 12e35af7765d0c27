package collection

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// A line is a list that is short, whatever there is, and has an order of its own that no column has. It is read whole, and cut.

// longestLine is how many rows are read of a line. A tree has fewer levels.
const longestLine = 100

// lineOrder returns the order of the line that a query asks for; "" if it asks for another list.
func (c *Collection) lineOrder(q *jsonapi.Query) string {
	if len(q.Sort) > 0 {
		return ""
	}
	for _, f := range q.Filters {
		if order := c.Lines[f.Field]; order != "" && f.Attribute == nil {
			return order
		}
	}
	return ""
}

// line returns a page of a line.
func (c *Collection) line(ctx context.Context, db *store.DB, scope Scope, q *jsonapi.Query, conds []Where, order string) (*Page, error) {
	page := &Page{linked: linkage{}, Counted: true}
	wanted := limits{size: longestLine, along: []store.Query{c.unfiltered(db, scope, &page.TotalUnfiltered)}}
	wanted.link(c, scope, q, page.linked)
	items, err := c.rows(ctx, db, conds, []string{order, c.Table + ".id"}, q, func(l *limits) { *l = wanted })
	if err != nil {
		return nil, err
	}
	page.Total = int64(len(items))
	if q.Page.Paging != jsonapi.ByCursor {
		start := min(q.Page.Start(), len(items))
		page.Items = items[start:min(start+q.Page.Size, len(items))]
		return page, nil
	}
	return page, c.cutLine(db, scope, q, page, items, order)
}

// cutLine makes a page of the items of a line between the cursors of a query. A cursor has the id of an item.
func (c *Collection) cutLine(db *store.DB, scope Scope, q *jsonapi.Query, page *Page, items []any, order string) error {
	l := &listing{Collection: c, db: db, scope: scope, query: q, keys: []sortKey{{column: "id"}}}
	name := fmt.Sprintf("%q", []string{c.Table, c.narrowed, order, q.FilterText()})
	l.mac = db.Vault().Digester("cursor", name+"\x00")
	after, err := l.open(pageAfter, q.Page.After, jsonapi.ListStart)
	if err != nil {
		return err
	}
	before, err := l.open(pageBefore, q.Page.Before, jsonapi.ListEnd)
	if err != nil {
		return err
	}
	// place returns how many items stand before a cursor, or up to it.
	place := func(parameter string, cursor jsonapi.Cursor, itself int) (int, error) {
		switch cursor.Edge {
		case jsonapi.ListStart:
			return 0, nil
		case jsonapi.ListEnd:
			return len(items), nil
		}
		i := slices.IndexFunc(items, func(item any) bool { return c.ID(item) == cursor.Values[0] })
		if i < 0 {
			return 0, &store.Error{Kind: store.Invalid, Parameter: parameter,
				Message: "What stood there has left the list since. Begin at the beginning: the list is short."}
		}
		return i + itself, nil
	}
	from, err := place(pageAfter, after, 1)
	if err != nil {
		return err
	}
	to, err := place(pageBefore, before, 0)
	if err != nil {
		return err
	}
	to = max(from, to)
	switch {
	case to-from <= q.Page.Size:
	case l.backward():
		from = to - q.Page.Size
	default:
		page.Truncated = q.Page.Before != ""
		to = from + q.Page.Size
	}
	page.Items = items[from:to]
	for _, item := range page.Items {
		page.Cursors = append(page.Cursors, l.seal(c.place(item, l.keys)))
	}
	page.First = Turn{pageAfter, l.seal(jsonapi.Cursor{Edge: jsonapi.ListStart})}
	page.Last = Turn{pageBefore, l.seal(jsonapi.Cursor{Edge: jsonapi.ListEnd})}
	if n := len(page.Cursors); n > 0 {
		if from > 0 {
			page.Prev = &Turn{pageBefore, page.Cursors[0]}
		}
		if to < len(items) {
			page.Next = &Turn{pageAfter, page.Cursors[n-1]}
		}
	}
	return nil
}
