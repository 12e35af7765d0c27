package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
)

// Branchwise names two counters of one thing: of what is at an organization, and of what is anywhere below it. Their keys are the
// organization and, behind a blank, what it is counted of. So what a branch has is known without going through it.
type Branchwise struct{ At, Below string }

// BranchKey returns the key of the counters of an organization.
func BranchKey(organization, of string) string { return organization + " " + of }

// BranchKeys returns the bounds of the keys of an organization, that below not among them.
func BranchKeys(organization string) (from, below string) {
	return organization + " ", organization + "!"
}

// branchTally collects what a transaction adds to counters of branches, by where that is. What is above is looked up when it is stored, as
// it is by then.
type branchTally map[branchAt]int64

type branchAt struct {
	counters         Branchwise
	organization, of string
}

// CountAt adds to the counter of an organization, and to those of everything above it, when the transaction is committed. If it is counted
// of nothing in particular, "", the key is the organization alone.
func (db *DB) CountAt(counters Branchwise, organization, of string, n int64) {
	db.branches.tally[branchAt{counters, organization, of}] += n
}

// StaysInPlace notes that organizations keep what is above them until the transaction ends, because it has the locks of their trees.
func (db *DB) StaysInPlace(organizations ...string) {
	for _, id := range organizations {
		db.branches.kept[id] = true
	}
}

// HoldsTrees notes that the transaction has the locks of the trees with these heads: nobody else moves what is in them until it ends.
func (db *DB) HoldsTrees(heads ...string) {
	db.branches.heads = SortedUnique(append(heads, db.branches.heads...))
}

// branches is what a transaction knows of the places of organizations.
type branches struct {
	tally  branchTally
	things thingTally
	begun  map[string]bool // the things that the transaction has made
	kept   map[string]bool
	heads  []string // of trees that it has the locks of
	tried  []string // organizations whose trees it tries to hold as the last thing
	// awaited are organizations whose trees the transaction needs: it is run again with their locks if somebody moves branches there.
	awaited []string
}

func newBranches() *branches {
	return &branches{tally: branchTally{}, things: thingTally{}, begun: map[string]bool{}, kept: map[string]bool{}}
}

// await has the next run wait for the trees that this one has tried to hold.
func (b *branches) await() { b.awaited = SortedUnique(append(b.tried, b.awaited...)) }

// begin waits for the trees that the transaction was run without before.
func (b *branches) begin(ctx context.Context, tx *DB) error {
	awaited := b.awaited
	*b = *newBranches()
	b.awaited = awaited
	if len(b.awaited) == 0 {
		return nil
	}
	return tx.Later(ctx, "wait for trees", `SELECT roster_hold_trees(CAST(? AS uuid[]), true)`, b.awaited)
}

// store adds the collected numbers to the counters. Whoever moves a branch takes its numbers along, so nobody does that meanwhile: the
// trees are locked, as the last but for the counters. Who moves there already may wait for what this transaction has, so it does not wait
// for them: it is run again, and waits first.
func (b *branches) store(ctx context.Context, tx *DB, shard int) error {
	b.countBegun()
	at, things := changed(b.tally), b.things.changed()
	if err := b.hold(ctx, tx, at, things); err != nil {
		return err
	}
	if err := b.storePlain(ctx, tx, shard, at); err != nil {
		return err
	}
	return b.storeThings(ctx, tx, shard, things)
}

// changed returns what a tally says a number of that is not 0.
func changed[K comparable](tally map[K]int64) (keys []K) {
	for key, n := range tally {
		if n != 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

// hold keeps organizations where they are, if nothing does so already.
func (b *branches) hold(ctx context.Context, tx *DB, at []branchAt, things []thingAt) error {
	if tx.dialect != Postgres {
		return nil
	}
	counted := append(Column(at, func(p branchAt) string { return p.organization }),
		Column(things, func(p thingAt) string { return p.organization })...)
	moved := slices.DeleteFunc(SortedUnique(counted), func(id string) bool { return b.kept[id] })
	if len(moved) == 0 {
		return nil
	}
	b.tried = moved
	// A lock that somebody waits for cannot be had without waiting, not even by who has it in another way: what is below a head whose
	// tree is held already is left out.
	return tx.Later(ctx, "hold trees", `SELECT roster_hold_trees(ARRAY(SELECT member FROM unnest(CAST(? AS uuid[])) AS member
		WHERE NOT EXISTS (SELECT 1 FROM organization_paths p
			WHERE p.descendant_id = member AND p.ancestor_id = ANY(CAST(? AS uuid[])))), false)`, moved, b.heads)
}

// storePlain adds the collected numbers of lines to the counters.
func (b *branches) storePlain(ctx context.Context, tx *DB, shard int, at []branchAt) error {
	if len(at) == 0 {
		return nil
	}
	slices.SortFunc(at, func(x, y branchAt) int {
		return cmp.Or(cmp.Compare(x.counters.At, y.counters.At), cmp.Compare(x.organization, y.organization), cmp.Compare(x.of, y.of))
	})
	from, args := b.rows(tx.dialect, at)
	return tx.Later(ctx, "update counters of branches", `INSERT INTO counters (name, key, shard, n)
		SELECT CASE p.distance WHEN 0 THEN t.at_name ELSE t.below_name END AS name,
			RTRIM(CAST(p.ancestor_id AS text) || ' ' || t.counted) AS key, CAST(? AS integer), CAST(SUM(t.n) AS bigint)
		FROM (`+from+`) t JOIN organization_paths p ON p.descendant_id = t.organization_id
		GROUP BY 1, 2 HAVING SUM(t.n) <> 0 ORDER BY 1, 2
		ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n`, append([]any{shard}, args...)...)
}

// rows returns a SELECT of what was collected.
func (b *branches) rows(dialect Dialect, at []branchAt) (string, []any) {
	if dialect == Postgres {
		return `SELECT * FROM unnest(CAST(? AS text[]), CAST(? AS text[]), CAST(? AS uuid[]), CAST(? AS text[]), CAST(? AS bigint[]))
			AS u (at_name, below_name, organization_id, counted, n)`, []any{
				Column(at, func(p branchAt) string { return p.counters.At }),
				Column(at, func(p branchAt) string { return p.counters.Below }),
				Column(at, func(p branchAt) string { return p.organization }), Column(at, func(p branchAt) string { return p.of }),
				Column(at, func(p branchAt) int64 { return b.tally[p] }),
			}
	}
	encoded, _ := json.Marshal(Column(at, func(p branchAt) [5]any { // of texts and numbers
		return [5]any{p.counters.At, p.counters.Below, p.organization, p.of, b.tally[p]}
	}))
	return `SELECT value ->> 0 AS at_name, value ->> 1 AS below_name, value ->> 2 AS organization_id, value ->> 3 AS counted,
		value ->> 4 AS n FROM json_each(?)`, []any{string(encoded)}
}

// MoveBranchCounters takes what was counted in a branch out of the counters of some organizations above it, and adds it to those of others:
// nobody else changes any of them meanwhile.
func (db *DB) MoveBranchCounters(ctx context.Context, counters Branchwise, head string, left, came []string) error {
	if len(left)+len(came) == 0 {
		return nil
	}
	shard := db.shard()
	type step struct {
		organization string
		sign         int
	}
	var steps []step
	for _, id := range left {
		steps = append(steps, step{id, -1})
	}
	for _, id := range came {
		steps = append(steps, step{id, 1})
	}
	slices.SortFunc(steps, func(x, y step) int { return cmp.Compare(x.organization, y.organization) })
	from, below := BranchKeys(head)
	for _, s := range steps {
		err := db.Later(ctx, "move counters of a branch", `INSERT INTO counters (name, key, shard, n)
			SELECT ?, CAST(? AS text) || SUBSTR(k.key, ?), CAST(? AS integer), CAST(? * SUM(k.n) AS bigint) FROM counters k
			WHERE k.name IN (?, ?) AND k.key >= ? AND k.key < ?
			GROUP BY 2 HAVING SUM(k.n) <> 0 ORDER BY 2
			ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n`,
			counters.Below, s.organization, len(head)+1, shard, s.sign, counters.At, counters.Below, from, below)
		if err != nil {
			return err
		}
	}
	return nil
}
