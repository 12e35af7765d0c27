package collection

import (
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// Counted is a number that a counter knows, by the name and the key of that; the zero Counted is none.
type Counted struct {
	Name, Key string
	// Plus is added to the counter.
	Plus int64
	// Late: what a transaction adds to the counter is known only when it is committed.
	Late bool
	// Live: the number is that of an organization, and 0 once that is deleted.
	Live bool
	// Within: the number is that of an organization, and 0 unless that is this one or below it; "" for anywhere.
	Within string
}

// query returns the query of the number as it is now.
func (k Counted) query(db *store.DB, n *int64) store.Query {
	counter, args := store.CounterSQL(k.Name, k.Key)
	sql := "SELECT 1 = 1, " + counter
	switch {
	case k.Live:
		sql = "SELECT EXISTS (SELECT 1 FROM organizations WHERE id = ? AND deleted_at IS NULL), " + counter
		args = append([]any{IDOrNil(k.Key)}, args...)
	case k.Within != "":
		sql = "SELECT EXISTS (SELECT 1 FROM organization_paths WHERE ancestor_id = ? AND descendant_id = ?), " + counter
		args = append([]any{k.Within, IDOrNil(k.Key)}, args...)
	}
	return store.Query{SQL: sql, Args: args, Take: func(a *store.Answer) error {
		if there := a.Number(0, 0) != 0; there { // a program of the version before leaves counters behind, also below 0
			*n = max(0, a.Number(0, 1)+db.Uncounted(k.Name, k.Key)+k.Plus)
		}
		return nil
	}}
}

// length returns the expression of how many rows the filters leave, if it is wanted and a counter knows. The statement that it is a part of
// sees the rows and the counter at one moment. What a transaction has not counted yet is in no counter.
func (c *Collection) length(db *store.DB, scope Scope, filters []jsonapi.Condition, wanted bool) Where {
	known := c.known(scope, filters)
	if !wanted || known.Name == "" || known.Live || known.Within != "" || db.InTransaction() {
		return Always()
	}
	sql, args := store.CounterSQL(known.Name, known.Key)
	return Condition(fmt.Sprintf("%s + %d", sql, known.Plus), args...)
}

// totals returns the queries of how many rows a part of a list has and of how many the scope sees. What has a counter is not counted.
func (c *Collection) totals(db *store.DB, p part, page *Page) ([]store.Query, error) {
	unfiltered := c.unfiltered(db, p.seen, &page.TotalUnfiltered)
	if p.whole() {
		take := unfiltered.Take
		unfiltered.Take = func(a *store.Answer) error {
			err := take(a)
			page.Total = page.TotalUnfiltered
			return err
		}
		return []store.Query{unfiltered}, nil
	}
	if known := c.known(p.scope, p.filters); known.Name != "" && (p.scope == p.seen || !known.Late && len(p.filters) > 0) {
		return []store.Query{unfiltered, known.query(db, &page.Total)}, nil
	}
	if len(p.filters) == 0 {
		return []store.Query{unfiltered, c.unfiltered(db, p.scope, &page.Total)}, nil
	}
	conds, err := c.conditions(db, p.written(Scope.gather))
	if err != nil {
		return nil, err
	}
	return []store.Query{unfiltered, number(c.counting(db, conds), &page.Total)}, nil
}

// unfiltered returns the query of how many rows a scope sees.
func (c *Collection) unfiltered(db *store.DB, scope Scope, n *int64) store.Query {
	if known := c.known(scope, nil); known.Name != "" && (!known.Late || !db.InTransaction()) {
		return known.query(db, n)
	}
	if c.Reached.Table != "" && (scope.reach == subtree || scope.reach == person) && c.Reached.whole(scope) {
		return number(c.Reached.counting(scope), n)
	}
	if scope.besides { // nothing belongs to the branch and to them
		theirs := []Where{Condition(c.Own+" = ?", scope.heir)}
		scope.besides = false
		rest, own := c.counting(db, c.Present(scope.gather())), c.counting(db, theirs)
		return number(Condition("SELECT ("+rest.SQL+") + ("+own.SQL+")", slices.Concat(rest.Args, own.Args)...), n)
	}
	return number(c.counting(db, c.Present(scope.gather())), n)
}

// counting returns the SELECT of how many rows meet every condition.
func (c *Collection) counting(db *store.DB, conds []Where) Where {
	return statement{columns: "COUNT(*)", from: Condition(c.Table), conds: conds}.on(db.Dialect())
}

// known returns the counter of what the filters leave, or the zero Counted if only counting tells: with several filters, or one by
// something else than one id.
func (c *Collection) known(scope Scope, filters []jsonapi.Condition) Counted {
	switch {
	case c.Total == nil || len(filters) > 1:
		return Counted{}
	case len(filters) == 0:
		return c.Total(scope, "", "")
	default:
		if value := soleValue(filters[0]); value != "" {
			return c.Total(scope, filters[0].Field, value)
		}
		return Counted{}
	}
}

// True is the value of a filter by a boolean that is to be true, as [Collection] hands it to Total.
const True = "true"

// soleValue returns the one id that a filter names, True, or "".
func soleValue(f jsonapi.Condition) string {
	switch v := f.Value.(type) {
	case bool:
		if v && f.Op == jsonapi.OpEqual && f.Attribute == nil && f.Relationship == nil {
			return True
		}
	case string:
		if f.Op == jsonapi.OpEqual && f.Attribute == nil {
			return v
		}
	case []any:
		if s, ok := v[0].(string); ok && len(v) == 1 && f.Relationship != nil {
			return s
		}
	}
	return ""
}
