package models

import (
	"context"
	"fmt"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Plan says what a transaction of several changes is going to change, as far as that is known before it begins.
type Plan struct {
	rows map[*collection.Collection]map[string]bool
	// trees are organizations whose trees are worked in, hold is how.
	trees []string
	hold  hold
	adds  bool // keys, which are counted under the lock of their organization
	// taken are values that are to be those of one resource alone.
	taken []string
}

// Creates notes that a resource of a collection is created of an input.
func (p *Plan) Creates(c *collection.Collection, in *Change) {
	if creates := declared(c).plans.creates; creates != nil {
		creates(p, in)
	}
	p.takes(c, in)
	if in.ID != "" {
		p.taken = append(p.taken, c.Table+".id="+in.ID)
	}
}

// Updates notes that a resource is changed as the input says.
func (p *Plan) Updates(c *collection.Collection, id string, in *Change) {
	if updates := declared(c).plans.updates; updates != nil {
		updates(p, id, in)
	}
	p.takes(c, in)
	p.Changes(c, id)
}

// Relates notes that members of a to-many relationship of a resource are changed. Where they are no part of it, it is they that change.
func (p *Plan) Relates(c *collection.Collection, id string, rel *jsonapi.Relationship, links Links) {
	if !rel.ByURL {
		p.Updates(c, id, &Change{Links: map[string]Links{rel.Name: links}})
		return
	}
	target := c.Relation(rel.Name).Target
	for _, member := range links {
		p.Changes(target, member)
	}
	if moves := declared(target).plans.moves; moves != nil {
		moves(p, id, links)
	}
}

// Deletes notes that a resource is deleted.
func (p *Plan) Deletes(c *collection.Collection, id string) {
	if deletes := declared(c).plans.deletes; deletes != nil {
		deletes(p, id)
	}
	p.Changes(c, id)
}

// worksIn notes that the trees of organizations are worked in. One transaction holds all of its trees in one way.
func (p *Plan) worksIn(how hold, organizations ...string) {
	p.trees = append(p.trees, organizations...)
	if p.hold != alone {
		p.hold = how
	}
}

// takes notes the values of an input that no two resources can have.
func (p *Plan) takes(c *collection.Collection, in *Change) {
	for _, u := range declared(c).unique {
		if value, given := in.Attributes[u.Field].(string); given {
			p.taken = append(p.taken, c.Table+"."+u.Field+"="+value)
		}
	}
}

// Changes notes that something of a resource is changed. The id is "" for one that the transaction creates itself.
func (p *Plan) Changes(c *collection.Collection, id string) {
	if !jsonapi.IsID(id) {
		return
	}
	if p.rows == nil {
		p.rows = map[*collection.Collection]map[string]bool{}
	}
	if p.rows[c] == nil {
		p.rows[c] = map[string]bool{}
	}
	p.rows[c][id] = true
}

// Reserve takes the locks of the planned changes in the order in which single changes take theirs, whatever the order of the changes: two
// transactions that change the same resources in opposite orders then wait, instead of being ended by the database as a deadlock.
// What is not known beforehand can still be one; Transaction then tries again.
func (p *Plan) Reserve(ctx context.Context, tx *store.DB, scope collection.Scope) error {
	if tx.Dialect() != store.Postgres {
		return nil // a write transaction is alone
	}
	if err := p.lockTaken(ctx, tx); err != nil {
		return err
	}
	if p.hold != "" {
		// A caller that is bound to a subtree creates at its root what names no parent.
		if err := lockTrees(ctx, tx, p.hold, append(p.trees, scope.Root())...); err != nil {
			return err
		}
	}
	if p.hold == alone {
		if err := lockWays(ctx, tx, sortedKeys(p.rows[Organizations])...); err != nil {
			return err
		}
	}
	if p.adds {
		p.Changes(Organizations, scope.Root()) // that of keys which name none
	}
	if err := p.addMembers(ctx, tx, scope); err != nil {
		return err
	}
	for _, c := range inLockOrder() {
		if err := p.lock(ctx, tx, scope, c); err != nil {
			return err
		}
	}
	return nil
}

const (
	// takenSeed sets the locks of values apart from other advisory locks.
	takenSeed = treeSeed + 5
	// mostTaken is how many of them a transaction has at most: PostgreSQL has room for as many of each, by default. Those who take the same
	// values meet at the first of them.
	mostTaken = 64
)

// lockTaken lets nobody else who plans to take the same values past it. Whoever comes second finds them taken, and does not come to wait
// for a value of the first while that waits for one of theirs, which PostgreSQL looks for after a second. Two values with one number have
// one lock.
func (p *Plan) lockTaken(ctx context.Context, tx *store.DB) error {
	values := store.SortedUnique(p.taken)
	if len(values) == 0 {
		return nil
	}
	return tx.Later(ctx, "wait for who takes the same", `SELECT pg_advisory_xact_lock(number) FROM (
		SELECT hashtextextended(value, ?) AS number FROM unnest(CAST(? AS text[])) AS value ORDER BY number
	) ordered`, int64(takenSeed), values[:min(len(values), mostTaken)])
}

// addMembers adds the users of the planned memberships: with a membership its user changes.
func (p *Plan) addMembers(ctx context.Context, tx *store.DB, scope collection.Scope) error {
	memberships, err := collection.FindAll(ctx, tx, Memberships, scope, sortedKeys(p.rows[Memberships]), nil)
	for _, m := range memberships {
		p.Changes(Users, m.(*Membership).UserID)
	}
	return err
}

// lock locks the planned rows of a collection that the scope sees.
func (p *Plan) lock(ctx context.Context, tx *store.DB, scope collection.Scope, c *collection.Collection) error {
	if len(p.rows[c]) == 0 {
		return nil
	}
	q := c.From(ctx, tx, c.Visible(scope), collection.Condition(c.Table+".id IN ?", sortedKeys(p.rows[c]))).Clauses(locking(c))
	var locked []string
	if err := q.Order(c.Table+".id").Pluck(c.Table+".id", &locked).Error; err != nil {
		return fmt.Errorf("reserve %s: %w", c.Schema.Type, err)
	}
	return nil
}
