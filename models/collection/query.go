package collection

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"roster/jsonapi"
	"roster/models/store"
)

// Page is one page of a list.
type Page struct {
	// Items are models of the collection, as pointers.
	Items []any
	// Total counts what the query matches, TotalUnfiltered what it would match without filters. Both are exact. Of a page that was cut by
	// cursors only Total is told, and only if Counted.
	Total, TotalUnfiltered int64
	Counted                bool

	// The rest is only told of a page that was cut by cursors. Cursors has one for each item.
	Cursors []string
	// Prev and Next are nil if there is no such page.
	Prev, Next  *Turn
	First, Last Turn
	// Truncated: there is more between the two cursors of the query than the page holds.
	Truncated bool

	more   bool    // in the direction that the page was read in
	linked linkage // of the items, as far as it was read with them
}

// List returns the page of the collection that the query asks for, of what the scope sees.
func List(ctx context.Context, db *store.DB, c *Collection, scope Scope, q *jsonapi.Query) (*Page, error) {
	if err := c.caughtUp(ctx, db); err != nil {
		return nil, err
	}
	p, err := c.part(ctx, db, scope, q.Filters, q.Page.Start() > 0)
	if err != nil {
		return nil, err
	}
	page, err := c.page(ctx, db, scope, p, q)
	if errors.Is(err, errMany) {
		if p, err = c.part(ctx, db, scope, q.Filters, true); err != nil {
			return nil, err
		}
		return c.page(ctx, db, scope, p, q)
	}
	return page, err
}

// errMany says that a scope leads to so many rows that it is worth while to be sure of the part that they are.
var errMany = errors.New("too many rows to find them at once")

// page returns the page of a part of what the scope sees. If the part is unsure, it may fail with errMany.
func (c *Collection) page(ctx context.Context, db *store.DB, scope Scope, p part, q *jsonapi.Query) (*Page, error) {
	filtered, err := c.conditions(db, p)
	if err != nil {
		return nil, err
	}
	if order := c.lineOrder(q); order != "" {
		return c.line(ctx, db, scope, q, filtered, order)
	}
	if q.Page.Paging == jsonapi.ByCursor {
		return c.pageByCursor(ctx, db, scope, p, q, filtered)
	}
	page, keys := &Page{linked: linkage{}}, c.sortKeys(q.Sort)
	wanted := limits{size: q.Page.Size, start: q.Page.Start(), counted: page.reached(p), unsure: p.unsure}
	wanted.link(c, scope, q, page.linked)
	if len(wanted.toOnes) > 0 || c.narrow(p.scope) {
		wanted.also = columnsOf(keys)
	}
	if wanted.along, err = c.totals(db, p, page); err != nil {
		return nil, err
	}
	if p.whole() && c.known(p.scope, nil).Name == "" {
		wanted.count = func(n int64) { page.Total, page.TotalUnfiltered = n, n }
	}
	if c.narrow(p.scope) && wanted.start > 0 || wanted.start >= deep { // it would be a pity to look for a page that there is not
		if err := db.Ask(ctx, wanted.along...); err != nil {
			return nil, err
		}
		if int64(wanted.start) >= page.Total {
			page.Items = []any{}
			return page, nil
		}
		wanted.along, wanted.count, wanted.length = nil, nil, c.length(db, scope, q.Filters, int64(2*wanted.start) > page.Total)
	}
	page.Items, err = c.search(ctx, db, p.scope, stretch{conds: filtered, keys: keys}, p.of(q), wanted)
	return page, err
}

// reached returns where it is counted how many rows the scope of a part sees, nil for nowhere.
func (p *Page) reached(of part) *int64 {
	switch {
	case of.scope == of.seen:
		return &p.TotalUnfiltered
	case len(of.filters) == 0:
		return &p.Total
	default:
		return nil
	}
}

// deep is how many rows come before a page that is far down a list: it is asked for once it is known that there is one, and found by its
// ids.
const deep = 200

// HasAny reports whether a scope sees anything in the collection.
func (c *Collection) HasAny(ctx context.Context, db *store.DB, scope Scope) (bool, error) {
	if c.narrow(scope) && !c.Reached.Own {
		n, lines := c.Reached.countLines(scope, 1)
		err := db.Ask(ctx, lines)
		return *n > 0, err
	}
	var n int64
	err := db.Ask(ctx, c.unfiltered(db, scope, &n))
	return n > 0, err
}

type limits struct {
	size, start int
	also        []string      // columns to read besides those that the query asks for
	along       []store.Query // what is asked in the same round, before
	counted     *int64        // how many rows the scope sees, known when along is; nil where nobody counts these
	count       func(int64)   // takes how many rows the scope sees, instead of along; nil where that is not all that is asked along
	from        *source       // where the rows are, nil for those of the collection's table that meet the conditions
	length      Where         // of the list, where it is nearer to count from its end
	unsure      bool          // the part is: many rows are errMany
	inOrder     bool          // they come from there in the order that is asked for
	steady      bool          // one plan of the statement is right whatever its arguments are
	toOnes      []toOne       // that are read with the rows
	linked      linkage       // where these are put
	measure     *measure      // of what leads to them, that tells whether they are the page; nil: they are
}

// source is where rows are, under the name of their table, and which of them.
type source struct {
	from  Where
	conds []Where
}

// meeting returns the rows of the table that meet every condition.
func (c *Collection) meeting(conds ...Where) *source { return &source{Condition(c.Table), conds} }

// Find returns the model of that id, if the scope sees it. Otherwise the error is of kind NotFound. q may be nil.
func Find(ctx context.Context, db *store.DB, c *Collection, scope Scope, id string, q *jsonapi.Query) (any, error) {
	if !jsonapi.IsID(id) {
		return nil, store.NoResource(c.Schema.Type, id)
	}
	if err := c.caughtUp(ctx, db); err != nil {
		return nil, err
	}
	conds := append(c.Present(scope), Condition(c.Table+".id = ?", id))
	rows, err := c.rows(ctx, db, conds, nil, q, func(l *limits) { l.size = 1 })
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, store.NoResource(c.Schema.Type, id)
	}
	if c.Describe != nil && q != nil {
		if err := c.Describe(ctx, db, rows[0], q); err != nil {
			return nil, err
		}
	}
	return rows[0], nil
}

// FindAll returns the models of those ids that the scope sees, in the order of their ids.
func FindAll(ctx context.Context, db *store.DB, c *Collection, scope Scope, ids []string, q *jsonapi.Query) ([]any, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if err := c.caughtUp(ctx, db); err != nil {
		return nil, err
	}
	conds := append(c.Present(scope), Condition(c.Table+".id IN ?", ids))
	return c.rows(ctx, db, conds, []string{c.Table + ".id"}, q, nil)
}

// caughtUp makes sure that what was committed before is there to be read.
func (c *Collection) caughtUp(ctx context.Context, db *store.DB) error {
	if c.CatchUp == nil {
		return nil
	}
	return c.CatchUp(ctx, db)
}

// Present returns the conditions of everything that is there for a scope: what it sees and what is not deleted, in this order.
func (c *Collection) Present(scope Scope) []Where {
	conds := []Where{c.Visible(scope)}
	if c.Live != "" {
		conds = append(conds, Condition(c.Live))
	}
	return conds
}

// Gathered is Present, written so that the database begins with what the scope leads to: for who counts or reads all of it.
func (c *Collection) Gathered(scope Scope) []Where { return c.Present(scope.gather()) }

// From returns a query of the rows that meet every condition.
func (c *Collection) From(ctx context.Context, db *store.DB, conds ...Where) *gorm.DB {
	q := db.Session(ctx).Table(c.Table)
	for _, w := range conds {
		if w.SQL != "" {
			q = q.Where(w.SQL, w.Args...)
		}
	}
	return q
}

// rows runs the one SELECT that every read of resources is.
func (c *Collection) rows(ctx context.Context, db *store.DB, conds []Where, order []string, q *jsonapi.Query,
	limit func(*limits)) ([]any, error) {
	var l limits
	if limit != nil {
		limit(&l)
	}
	columns := c.columns(q, l.also)
	from := l.from
	if from == nil {
		from = c.meeting(conds...)
	}
	read := statement{
		columns: columns.text, from: from.from, conds: from.conds, order: order, size: l.size, start: l.start, steady: l.steady,
	}
	if l.inOrder {
		read.order = nil
	}
	sql := l.around(read, c, &columns, order, db.Dialect()).on(db.Dialect())
	var items []any
	rows := store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) (err error) {
		if l.measure != nil && !l.measure.take(a, len(columns.names)+len(l.toOnes), slices.Index(columns.names, "id")) {
			return nil
		}
		items, err = columns.read(a)
		l.linked.take(a, l.toOnes, len(columns.names), c, items)
		return err
	}}
	if err := db.Ask(ctx, append(slices.Clip(l.along), rows)...); err != nil {
		return nil, fmt.Errorf("select %s: %w", c.Schema.Type, err)
	}
	for _, item := range items {
		if c.Complete == nil {
			break
		}
		if err := c.Complete(db, item); err != nil {
			return nil, fmt.Errorf("read %s %s: %w", c.Schema.Singular(), c.ID(item), err)
		}
	}
	if c.Gather != nil && q != nil {
		return items, c.Gather(ctx, db, items, q)
	}
	return items, nil
}

// columns returns what to read for a query, and some columns besides: fields that a client did not ask for are not read. Without a query
// it is everything.
func (c *Collection) columns(q *jsonapi.Query, also []string) selection {
	l := c.layout()
	if q == nil || q.Fields[c.Schema.Type] == nil {
		return l.whole
	}
	columns := []string{"id"}
	add := func(names ...string) {
		for _, name := range names {
			if name != "" && !slices.Contains(columns, name) {
				columns = append(columns, name)
			}
		}
	}
	add(c.Always...)
	for _, a := range c.Schema.Attributes {
		if q.Wants(c.Schema.Type, a.Name) {
			add(a.Column)
			add(c.Needs[a.Name]...)
		}
	}
	for _, r := range c.relations {
		add(r.Column, r.TypeColumn)
	}
	add(also...)
	slices.Sort(columns) // so that few statements differ
	return l.selection(columns)
}
