package collection

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// Relation is how a relationship is stored: exactly one of Column, Foreign and Through is set.
type Relation struct {
	Target *Collection
	// Column is this table's column with the id of the one related resource.
	Column string
	// Foreign is the target's column with the id of this resource.
	Foreign string
	// Through is a table between the two, with the columns Owner (this) and Other (the target).
	Through, Owner, Other string
	// First: of what it leads to through the table, only the first row in this order that the reader sees counts; a to-one. The table is j.
	First string
	// CountedBy is the filter of the target's list that means the same as this to-many relationship, and may have a counter.
	CountedBy string
	// Lasting: the target cannot vanish while this resource is there, or stays known, so a caller that sees everything is told it.
	Lasting bool
	// Remembers returns, of ids that a scope does not see because what they name is gone, those that it is told nevertheless; nil where a
	// link ends with its target.
	Remembers func(ctx context.Context, db *store.DB, scope Scope, ids []string) (map[string]bool, error)
	// Evident: a caller that sees the resource may know which the target is, or saw it when the resource was there.
	Evident bool
	// OwnToo: whose own this resource is may know which the First is, whatever their roles.
	OwnToo bool
	// TypeColumn is this table's column with the type of what a to-one leads to, if that differs from resource to resource: one of Also, or
	// NULL for Target; or any type, of a polymorphic one, which has no Target, but TargetOf, that returns the collection of a type, or nil.
	TypeColumn string
	Also       []*Collection
	TargetOf   func(typ string) *Collection
}

// Relation returns how the relationship of a name is stored, the zero Relation for a name that it does not have.
func (c *Collection) Relation(name string) Relation { return c.relations[name] }

// Relate adds a relationship and how it is stored.
func (c *Collection) Relate(rel jsonapi.Relationship, stored Relation) {
	if stored.Target != nil {
		rel.Target = stored.Target.Schema
	}
	for _, other := range stored.Also {
		rel.Also = append(rel.Also, other.Schema)
	}
	c.Schema.Relate(&rel)
	if c.relations == nil {
		c.relations = map[string]Relation{}
	}
	c.relations[rel.Name] = stored
}

// related returns the condition of a filter by relationship: one of the ids is related, and visible.
func (c *Collection) related(scope Scope, f jsonapi.Condition) Where {
	r := c.relations[f.Relationship.Name]
	if f.Op == jsonapi.OpNull {
		return c.unrelated(r, scope, f.Value.(bool))
	}
	ids := knownIDs(f.Value.([]any))
	if len(ids) == 0 {
		return Never()
	}
	if r.Column != "" {
		return Both(Condition(c.Table+"."+r.Column+" IN ?", ids), c.shows(r, scope))
	}
	guard, args := Conjunction(r.Target.Present(scope)...)
	args = append([]any{ids}, args...)
	target := r.Target.Table
	// The related table under its own name, because conditions name it; this one is reached from outside by an IN.
	if r.Foreign != "" {
		return Condition(fmt.Sprintf("%s.id IN (SELECT %s.%s FROM %s WHERE %s.id IN ?%s)",
			c.Table, target, r.Foreign, target, target, guard), args...)
	}
	return c.among(scope, "id", target, "j."+r.Owner, Condition(fmt.Sprintf("FROM %s j JOIN %s ON %s.id = j.%s WHERE %s.id IN ?%s",
		r.Through, target, target, r.Other, target, guard), args...))
}

// among is [Scope.Filters] of a column of this table and rows that another one is among. Of rows of this table none can be asked singly:
// conditions have but one name for it.
func (c *Collection) among(scope Scope, column, other, key string, rows Where) Where {
	scope.single = scope.single && other != c.Table
	return scope.Filters(c.Table+"."+column, key, rows)
}

// unrelated returns the condition that a relationship is empty, or is not.
func (c *Collection) unrelated(r Relation, scope Scope, empty bool) Where {
	not := either(empty, "NOT ", "")
	switch {
	case r.Column != "":
		column := c.Table + "." + r.Column
		if shown := c.shows(r, scope); shown.SQL != "" { // an invisible one is shown as none
			return Condition(not+"("+column+" IS NOT NULL AND ("+shown.SQL+"))", shown.Args...)
		}
		return Condition(column + " IS " + either(empty, "NULL", "NOT NULL"))
	default:
		owners, args := r.owners(scope)
		return Condition(fmt.Sprintf("%sEXISTS (SELECT 1 FROM (%s) related WHERE owner = %s.id)", not, owners, c.Table), args...)
	}
}

// shows returns the condition that what a to-one leads to is something that a scope sees, deleted or not: what was deleted can still be
// named by what remembers it. The related table stands under its own name, because conditions name it, and is reached by an IN.
func (c *Collection) shows(r Relation, scope Scope) Where {
	shown, anything := Never(), true
	for i, target := range append([]*Collection{r.Target}, r.Also...) {
		visible := target.Visible(scope)
		anything = anything && visible.SQL == ""
		within, args := Conjunction(visible)
		part := c.among(scope, r.Column, target.Table, target.Table+".id", Condition("FROM "+target.Table+" WHERE 1 = 1"+within, args...))
		if i == 0 {
			shown = part
			continue
		}
		shown = Condition(shown.SQL+" OR "+part.SQL, append(shown.Args, part.Args...)...)
	}
	if anything {
		return Always()
	}
	return shown
}

// owners returns a SELECT of the ids that a to-many relationship leads from to something that a scope sees.
func (r Relation) owners(scope Scope) (string, []any) {
	target := r.Target.Table
	guard, args := Conjunction(r.Target.Present(scope)...)
	if r.Foreign != "" {
		return fmt.Sprintf("SELECT %s.%s AS owner FROM %s WHERE 1 = 1%s", target, r.Foreign, target, guard), args
	}
	return fmt.Sprintf("SELECT j.%s AS owner FROM %s j JOIN %s ON %s.id = j.%s WHERE 1 = 1%s",
		r.Owner, r.Through, target, target, r.Other, guard), args
}

// Related returns the collection of what is related to one resource by a to-many relationship: a collection like any other, to be listed,
// filtered, sorted and paged. Whether the caller sees the resource itself is not its business.
func (c *Collection) Related(relationship, id string) *Collection {
	r := c.relations[relationship]
	narrow := func(s Scope) Where {
		if r.Foreign != "" {
			return Condition(r.Target.Table+"."+r.Foreign+" = ?", id)
		}
		return s.Filters(r.Target.Table+".id", "j."+r.Other, Condition("FROM "+r.Through+" j WHERE j."+r.Owner+" = ?", id))
	}
	related := *r.Target
	related.narrowed = c.Table + " " + id + " " + relationship
	related.Reached, related.Inherited = Reached{}, nil // the one resource leads to few, or to what its whole list is sorted by
	related.Visible = func(s Scope) Where { return Both(r.Target.Visible(s), narrow(s)) }
	related.Total = func(s Scope, filter, _ string) Counted {
		if filter != "" || r.CountedBy == "" || r.Target.Total == nil {
			return Counted{}
		}
		return r.Target.Total(s, r.CountedBy, id)
	}
	return &related
}

// Few returns the collection of the rows that meet a condition, which are few: it is asked of each of them whether a scope sees it. It is
// listed, filtered, sorted and paged by numbers like any other.
func (c *Collection) Few(cond Where) *Collection {
	few := *c
	few.Reached, few.Inherited, few.Total = Reached{}, nil, nil
	few.Visible = func(s Scope) Where {
		s.gathered = false
		return Both(cond, c.Visible(s))
	}
	return &few
}

// RelatedID returns the id of the resource that a to-one relationship of a model leads a scope to, and its collection; "" for none.
// Whether the scope sees the resource is another question.
func (c *Collection) RelatedID(ctx context.Context, db *store.DB, scope Scope,
	model any, relationship string) (*Collection, string, error) {
	r := c.relations[relationship]
	if r.First != "" {
		firsts, err := c.firsts(ctx, db, scope, relationship, []string{c.ID(model)})
		return r.Target, firsts[c.ID(model)], err
	}
	return r.To(c.typeOf(r, model)), c.Text(model, r.Column), nil
}

// typeOf returns the type of what a to-one of a model leads to.
func (c *Collection) typeOf(r Relation, model any) string {
	typ := ""
	if r.TypeColumn != "" {
		typ = c.Text(model, r.TypeColumn)
	}
	if typ == "" && r.Target != nil {
		typ = r.Target.Schema.Type
	}
	return typ
}

// To returns the collection of what the relationship leads to, which is of a type; nil for a type that there is none of.
func (r Relation) To(typ string) *Collection {
	for _, other := range r.Also {
		if other.Schema.Type == typ {
			return other
		}
	}
	if r.Target != nil {
		return r.Target
	}
	return r.TargetOf(typ)
}

// firsts returns, for each owner, the id of the first resource that a to-one through a table leads a scope to, "" or nothing for owners
// that it leads nowhere.
func (c *Collection) firsts(ctx context.Context, db *store.DB, scope Scope, relationship string, owners []string) (
	map[string]string, error,
) {
	firsts := map[string]string{}
	if len(owners) == 0 {
		return firsts, nil
	}
	if err := db.Ask(ctx, c.firstsOf(scope, relationship, owners, firsts)); err != nil {
		return nil, fmt.Errorf("select the first of %s: %w", c.relations[relationship].Target.Schema.Type, err)
	}
	return firsts, nil
}

// firstsOf returns the query of firsts, which puts them into a map.
func (c *Collection) firstsOf(scope Scope, relationship string, owners []string, firsts map[string]string) store.Query {
	r := c.relations[relationship]
	first := c.first(r, scope, "o.id")
	sql := fmt.Sprintf("SELECT o.id, %s FROM (SELECT DISTINCT %s AS id FROM %s WHERE %[2]s IN ?) o", first.SQL, r.Owner, r.Through)
	return store.Query{SQL: sql, Args: append(first.Args, owners), Take: func(a *store.Answer) error {
		for row := range a.Len() {
			firsts[a.Text(row, 0)] = a.Text(row, 1)
		}
		return nil
	}}
}

// VisibleIDs returns which of the ids a scope sees in a collection.
func VisibleIDs(ctx context.Context, db *store.DB, c *Collection, scope Scope, ids []string) (map[string]bool, error) {
	seen := map[string]bool{}
	if len(ids) == 0 {
		return seen, nil
	}
	if err := c.caughtUp(ctx, db); err != nil {
		return nil, err
	}
	if err := db.Ask(ctx, c.AmongIDs(db, seen, ids, c.Present(scope)...)...); err != nil {
		return nil, fmt.Errorf("look up %s: %w", c.Schema.Type, err)
	}
	return seen, nil
}

// AmongIDs returns the query that adds to found which of some ids are of rows that meet every condition; none where there is no id.
func (c *Collection) AmongIDs(db *store.DB, found map[string]bool, ids []string, conds ...Where) []store.Query {
	if len(ids) == 0 {
		return nil
	}
	there := append(slices.Clone(conds), Condition(c.Table+".id IN ?", ids))
	sql := statement{columns: c.Table + ".id", from: Condition(c.Table), conds: there}.on(db.Dialect())
	return []store.Query{{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
		for row := range a.Len() {
			found[a.Text(row, 0)] = true
		}
		return nil
	}}}
}

// IfSeen returns the expression of the id in a column, or of NULL where the scope does not see the resource that it is of.
func (c *Collection) IfSeen(scope Scope, column string) Where {
	if scope.All() {
		return Condition(column)
	}
	return c.ifPresent(scope, column)
}

// ifPresent is IfSeen that looks for the resource whatever the scope is.
func (c *Collection) ifPresent(scope Scope, column string) Where {
	seen, args := Conjunction(c.Present(scope)...)
	return Condition("CASE WHEN EXISTS (SELECT 1 FROM "+c.Table+" WHERE "+c.Table+".id = "+column+seen+") THEN "+column+" END", args...)
}
