package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// declaration is what a resource says of itself, in its own file, so that nothing else has a case for it. What lists need to know of it is
// in its [collection.Collection]; the rest, which is about writing and telling, is here.
type declaration struct {
	// unique are its uniquenesses beside that of its id.
	unique []store.Unique
	// tells are the events about it: whatever record is asked to tell.
	tells []told
	// follows are the types that it hangs on, where nobody has a word for it alone: who reads those reads it, too.
	follows []string
	// called are the attributes that people know one by: the first that has a text. calledBy is the relationship to what lends its name to
	// what has none.
	called   []string
	calledBy string
	// besides are names in the changes of its updates that are no fields.
	besides []string
	// unsaid are attributes that its events do not tell, because how much of them is told depends on the reader.
	unsaid []string
	// steers: a change of it may change what is sent where; see the function.
	steers bool
	// hides reports whether a scope does not see a resource of those attributes, although it sees the organization; nil if it always does.
	hides func(scope collection.Scope, attributes map[string]any) bool
	// restorable: one that was deleted can be restored by the management, and so is known to it.
	restorable bool
	// rank is its place in the order in which single changes lock rows of several resources; those without a rank come last.
	rank int
	// plans say what else a change of it works with, for who changes several in one transaction; nil for nothing.
	plans plans
	// leaving ends what belongs to an organization that is deleted, before that is told. left does it after the event, of which it knows
	// the place in the queue.
	leaving func(ctx context.Context, tx *store.DB, by Caller, organization string) error
	left    func(ctx context.Context, tx *store.DB, organization string, ordinal int64) error
	// returning undoes leaving when an organization is restored, as far as it can be.
	returning func(ctx context.Context, tx *store.DB, organization string) error
	// counts are queries of counters, as counting finds them: name, key, number.
	counts []string
	// invariants are queries that find what must not be.
	invariants []Invariant
	// recorded are those that find what no request has made.
	recorded []Invariant
}

// declarations are a table of the program, as the collections are. They are found by the schema, which a collection has in common with the
// parts of it (see [collection.Collection.Related]).
var declarations = map[*jsonapi.Schema]declaration{}

// declare adds what a resource says of itself, once.
func declare(c *collection.Collection, d declaration) { declarations[c.Schema] = d }

// declared returns what the resource of a collection says of itself, which may be nothing.
func declared(c *collection.Collection) declaration { return declarations[c.Schema] }

// steers reports whether what happened to a resource may change what is sent where. That there is a new one does not: nothing is known of
// it, nor due to it.
func steers(c *collection.Collection, happened verb) bool {
	return declared(c).steers && happened != created
}

// reads returns the words that reading every resource of a collection takes.
func reads(c *collection.Collection) []string {
	words := []string{}
	for _, typ := range declared(c).follows {
		words = append(words, typ+":read")
	}
	if len(words) == 0 {
		words = append(words, c.Schema.Type+":read")
	}
	return words
}

// told is one type of event.
type told struct {
	verb verb
	doc  string
}

// plans say what a change works with besides its own row.
type plans struct {
	creates func(p *Plan, in *Change)
	updates func(p *Plan, id string, in *Change)
	deletes func(p *Plan, id string)
	// moves is asked of a resource that members of a relationship are: they are changed at the URL of what they belong to.
	moves func(p *Plan, owner string, members Links)
}

// Invariant is a query that must find nothing: it returns the ids of what breaks a rule.
type Invariant struct{ Says, Query string }

// invariants returns those of every resource, and those that hold between resources.
func invariants() []Invariant {
	all := slices.Concat(treeInvariants, credentialInvariants)
	for _, c := range collections {
		all = append(all, declared(c).invariants...)
	}
	return all
}

// recorded returns those that hold where requests have made everything that there is. A demo fills in years of a history that nobody was
// told of, and no tokens.
func recorded() []Invariant {
	all := []Invariant{withoutToken}
	for _, c := range collections {
		all = append(all, declared(c).recorded...)
	}
	return all
}

// withoutCreation is the invariant that every resource of a table has the event of its creation, if it is not so old that this may have
// been removed.
func withoutCreation(table, event string) Invariant {
	return Invariant{table + " without " + event, fmt.Sprintf(
		`SELECT id FROM %s r WHERE %s AND NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = r.id AND e.event_type = '%s')`, table,
		afterHorizon("r.created_at"), event)}
}

// Counts returns queries of everything that counters count, as counting finds it: name, key, number.
func Counts() []string {
	var all []string
	for _, c := range collections {
		all = append(all, declared(c).counts...)
	}
	return all
}

// Restorable reports whether a resource of a collection that is not found may have been deleted, and a caller with that scope can restore
// it.
func Restorable(c *collection.Collection, s collection.Scope) bool {
	return declared(c).restorable && s.Manages()
}

// idTaken is what a client is told of an id that is there.
const idTaken = "That id is taken."

// uniques returns every uniqueness that a change can break.
func uniques() []store.Unique {
	all := []store.Unique{credentialUnique}
	for _, c := range collections {
		all = append(all, store.Unique{Postgres: c.Table + "_pkey", SQLite: c.Table + ".id", Field: "id", Message: idTaken})
		all = append(all, declared(c).unique...)
	}
	return all
}

// inLockOrder returns the collections in the order in which single changes lock rows of several: a user before its memberships, these
// before their organizations, and an organization before what goes with it.
func inLockOrder() []*collection.Collection {
	last := len(collections)
	place := func(c *collection.Collection) int { return cmp.Or(declared(c).rank, last) }
	return slices.SortedStableFunc(slices.Values(collections), func(a, b *collection.Collection) int {
		return cmp.Compare(place(a), place(b))
	})
}
