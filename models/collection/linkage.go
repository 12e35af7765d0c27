package collection

import (
	"fmt"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/store"
)

// linkage is what to-ones of resources lead a reader to, where that is another one for each reader or not for each to see: ids by the name
// of the relationship and the id of the resource, "" for nothing. A page is read together with its linkage, each relationship an
// expression of the page's statement.
type linkage map[string]map[string]string

// page is the name under which the rows of a page are read, so that tables of what they lead to stand under their own.
const page = "page"

// toOne is a relationship, and the expression of what it leads a scope to from a row that is called page.
type toOne struct {
	name string
	to   Where
	// own is the column of one that leads to the same collection, "" for others.
	own string
}

// among returns the relationship of rows that are among few, which are all that the scope sees.
func (t toOne) among() toOne {
	if t.own != "" {
		t.to = Condition(fmt.Sprintf("CASE WHEN %s.%s IN (SELECT id FROM few) THEN %[1]s.%[2]s END", page, t.own))
	}
	return t
}

// toOnes returns the relationships that a query wants to have and that have to be asked for.
func (c *Collection) toOnes(scope Scope, q *jsonapi.Query) (asked []toOne) {
	for _, rel := range c.Schema.Relationships {
		r := c.relations[rel.Name]
		switch {
		case !q.Wants(c.Schema.Type, rel.Name) || rel.Many || !r.asks(scope) || r.TargetOf != nil:
		case r.First != "":
			asked = append(asked, toOne{name: rel.Name, to: c.first(r, scope, page+".id")})
		case r.Target.CatchUp != nil:
		default:
			one := toOne{name: rel.Name, to: r.ifSeen(scope)}
			if r.Target.Schema == c.Schema && c.isTree() {
				one.own = r.Column
			}
			asked = append(asked, one)
		}
	}
	return asked
}

// link makes a read also read the linkage that a query wants, and put it somewhere.
func (l *limits) link(c *Collection, scope Scope, q *jsonapi.Query, linked linkage) {
	l.toOnes, l.linked = c.toOnes(scope, q), linked
}

// asks reports whether what a to-one tells a scope is more than the row says. What is evident from the resource is told, and what lasts to
// whoever sees everything.
func (r Relation) asks(scope Scope) bool {
	return r.First != "" || !r.Evident && (!r.Lasting || !scope.All())
}

// ifSeen returns the expression of what a to-one leads to from a row that is called page, NULL where the scope does not see it.
func (r Relation) ifSeen(scope Scope) Where {
	seen := r.Target.ifPresent(scope, page+"."+r.Column)
	for _, other := range r.Also {
		one := other.ifPresent(scope, page+"."+r.Column)
		seen = Condition(fmt.Sprintf("CASE %s.%s WHEN '%s' THEN %s ELSE %s END", page, r.TypeColumn, other.Schema.Type, one.SQL, seen.SQL),
			slices.Concat(one.Args, seen.Args)...)
	}
	return seen
}

// first returns the expression of the first resource that a to-one through a table leads a scope to from the owner in a column; NULL for
// none.
func (c *Collection) first(r Relation, scope Scope, owner string) Where {
	guard, args := Conjunction(r.Target.Present(scope)...)
	if person := scope.PersonID(); r.OwnToo && person != "" {
		guard = fmt.Sprintf(" AND (1 = 1%s OR j.%s IN (SELECT id FROM %s WHERE %s = ?))", guard, r.Owner, c.Table, c.Own)
		args = append(args, person)
	}
	return Condition(fmt.Sprintf("(SELECT j.%s FROM %s j JOIN %s ON %[3]s.id = j.%[1]s WHERE j.%[4]s = %s%s ORDER BY %s LIMIT 1)",
		r.Other, r.Through, r.Target.Table, r.Owner, owner, guard, r.First), args...)
}

// around returns the statement that reads a page, which a statement says, in an order, with what is read besides: behind the columns stands
// what its rows lead to, and the measure.
func (l *limits) around(s statement, c *Collection, columns *selection, order []string, dialect store.Dialect) statement {
	if len(l.toOnes) == 0 && l.measure == nil {
		return s
	}
	whole := statement{columns: columns.of(page), from: s.as(page, dialect)}
	for _, term := range order {
		whole.order = append(whole.order, strings.ReplaceAll(term, c.Table+".", page+"."))
	}
	for _, one := range l.toOnes {
		if l.measure != nil {
			one = one.among()
		}
		whole.columns += ", " + one.to.SQL
		whole.bound = append(whole.bound, one.to.Args...)
	}
	if l.measure != nil {
		return l.measure.around(whole)
	}
	return whole
}

// targets returns the ids that a relationship leads to, nil if it was not read.
func (l linkage) targets(name string) map[string]bool {
	known, ok := l[name]
	if !ok {
		return nil
	}
	ids := make(map[string]bool, len(known))
	for _, id := range known {
		if id != "" {
			ids[id] = true
		}
	}
	return ids
}

// take puts into it what an answer has behind some columns, from models of a collection.
func (l linkage) take(a *store.Answer, asked []toOne, behind int, c *Collection, models []any) {
	for i, one := range asked {
		if l[one.name] == nil {
			l[one.name] = make(map[string]string, len(models))
		}
		for row, model := range models {
			l[one.name][c.ID(model)] = a.Text(row, behind+i)
		}
	}
}
