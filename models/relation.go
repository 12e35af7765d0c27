package models

import (
	"context"
	"fmt"

	"roster/jsonapi"
	"roster/models/store"
)

// related returns the condition of a filter by relationship: one of the ids is related, and visible.
func (c *Collection) related(scope Scope, f jsonapi.Condition) where {
	r := c.relations[f.Relationship.Name]
	if f.Op == jsonapi.OpNull {
		return c.unrelated(r, scope, f.Value.(bool))
	}
	ids := knownIDs(f.Value.([]any))
	if len(ids) == 0 {
		return never()
	}
	guards := r.target.base(scope)
	if r.column != "" {
		guards = guards[:1] // what was deleted can still be named by what remembers it
	}
	guard, args := conjunction(guards)
	args = append([]any{ids}, args...)
	target := r.target.table
	// The related table under its own name, because conditions name it; this one is reached from outside by an IN.
	switch {
	case r.column != "" && guard == "":
		return condition(c.table+"."+r.column+" IN ?", ids)
	case r.column != "":
		return condition(fmt.Sprintf("%s.%s IN (SELECT %s.id FROM %s WHERE %s.id IN ?%s)",
			c.table, r.column, target, target, target, guard), args...)
	case r.foreign != "":
		return condition(fmt.Sprintf("%s.id IN (SELECT %s.%s FROM %s WHERE %s.id IN ?%s)",
			c.table, target, r.foreign, target, target, guard), args...)
	default:
		return condition(fmt.Sprintf("%s.id IN (SELECT j.%s FROM %s j JOIN %s ON %s.id = j.%s WHERE %s.id IN ?%s)",
			c.table, r.owner, r.through, target, target, r.other, target, guard), args...)
	}
}

// unrelated returns the condition that a relationship is empty, or is not.
func (c *Collection) unrelated(r relation, scope Scope, empty bool) where {
	not := either(empty, "NOT ", "")
	switch {
	case r.column != "":
		column := c.table + "." + r.column
		if visible := r.target.visible(scope); visible.sql != "" { // an invisible one is shown as none
			return condition(fmt.Sprintf("%s(%s IS NOT NULL AND %s IN (SELECT %s.id FROM %s WHERE %s))",
				not, column, column, r.target.table, r.target.table, visible.sql), visible.args...)
		}
		return condition(column + " IS " + either(empty, "NULL", "NOT NULL"))
	default:
		owners, args := r.owners(scope)
		return condition(fmt.Sprintf("%sEXISTS (SELECT 1 FROM (%s) related WHERE owner = %s.id)", not, owners, c.table), args...)
	}
}

// owners returns a SELECT of the ids that a to-many relationship leads from to something that a scope sees.
func (r relation) owners(scope Scope) (string, []any) {
	target := r.target.table
	guard, args := conjunction(r.target.base(scope))
	if r.foreign != "" {
		return fmt.Sprintf("SELECT %s.%s AS owner FROM %s WHERE 1 = 1%s", target, r.foreign, target, guard), args
	}
	return fmt.Sprintf("SELECT j.%s AS owner FROM %s j JOIN %s ON %s.id = j.%s WHERE 1 = 1%s",
		r.owner, r.through, target, target, r.other, guard), args
}

// conjunction returns conditions as the end of a WHERE, each behind an AND.
func conjunction(conds []where) (sql string, args []any) {
	for _, w := range conds {
		if w.sql != "" {
			sql += " AND " + w.sql
			args = append(args, w.args...)
		}
	}
	return sql, args
}

// Related returns the collection of what is related to one resource by a to-many relationship: a collection like any other, to be listed,
// filtered, sorted and paged. Whether the caller sees the resource itself is not its business.
func (c *Collection) Related(relationship, id string) *Collection {
	r := c.relations[relationship]
	narrow := condition(fmt.Sprintf("%s.id IN (SELECT %s FROM %s WHERE %s = ?)", r.target.table, r.other, r.through, r.owner), id)
	if r.foreign != "" {
		narrow = condition(r.target.table+"."+r.foreign+" = ?", id)
	}
	related := *r.target
	related.narrowed = c.table + " " + id + " " + relationship
	related.reached = reached{} // the one resource leads to few, or to what its whole list is sorted by
	related.visible = func(s Scope) where { return both(r.target.visible(s), narrow) }
	related.total = func(s Scope, filter, _ string) counted {
		if filter != "" || r.countedBy == "" || r.target.total == nil {
			return counted{}
		}
		return r.target.total(s, r.countedBy, id)
	}
	return &related
}

// RelatedID returns the id of the resource that a to-one relationship of a model leads a scope to, and its collection; "" for none.
// Whether the scope sees the resource is another question.
func (c *Collection) RelatedID(ctx context.Context, db *store.DB, scope Scope,
	model any, relationship string) (*Collection, string, error) {
	r := c.relations[relationship]
	if r.first {
		firsts, err := r.firsts(ctx, db, scope, []string{c.ID(model)})
		return r.target, firsts[c.ID(model)], err
	}
	id := c.columnValue(model, r.column)
	if id == "" || r.target != nil {
		return r.target, id, nil
	}
	return CollectionOf(c.columnValue(model, r.typeColumn)), id, nil
}

// firsts returns, for each owner, the id of the first resource that a to-one through a table leads a scope to. Owners that it leads
// nowhere are not in it.
func (r relation) firsts(ctx context.Context, db *store.DB, scope Scope, owners []string) (map[string]string, error) {
	firsts := map[string]string{}
	if len(owners) == 0 {
		return firsts, nil
	}
	guard, args := conjunction(r.target.base(scope))
	var pairs []pair
	statement := fmt.Sprintf(`SELECT owner, target FROM (
			SELECT j.%[1]s AS owner, j.%[2]s AS target, ROW_NUMBER() OVER (PARTITION BY j.%[1]s ORDER BY j.created_at, j.id) AS place
			FROM %[3]s j JOIN %[4]s ON %[4]s.id = j.%[2]s
			WHERE j.%[1]s IN ?%[5]s
		) ranked WHERE place = 1`, r.owner, r.other, r.through, r.target.table, guard)
	if err := db.Session(ctx).Raw(statement, append([]any{owners}, args...)...).Scan(&pairs).Error; err != nil {
		return nil, fmt.Errorf("select the first of %s: %w", r.target.Schema.Type, err)
	}
	for _, p := range pairs {
		firsts[p.Owner] = p.Target
	}
	return firsts, nil
}

// visibleIDs returns which of the ids a scope sees in a collection.
func visibleIDs(ctx context.Context, db *store.DB, c *Collection, scope Scope, ids []string) (map[string]bool, error) {
	seen := map[string]bool{}
	if len(ids) == 0 {
		return seen, nil
	}
	if err := c.caughtUp(ctx, db); err != nil {
		return nil, err
	}
	var found []string
	if err := c.from(ctx, db, append(c.base(scope), condition(c.table+".id IN ?", ids))...).Pluck(c.table+".id", &found).Error; err != nil {
		return nil, fmt.Errorf("look up %s: %w", c.Schema.Type, err)
	}
	for _, id := range found {
		seen[id] = true
	}
	return seen, nil
}
