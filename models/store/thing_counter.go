package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// Things names a counter of the things that lines lead to from an organization or one below it: a thing counts once, however many lines
// lead to it. The key is the organization.
type Things struct {
	Name string
	// Lines is the SQL expression of how many lines lead from the organization place.ancestor_id, and those below it, to place.thing.
	Lines string
}

// thingTally collects how many lines more lead from organizations to things. Whether a thing counts by that depends on its other lines, and
// is found out when it is stored.
type thingTally map[thingAt]int64

type thingAt struct {
	counter             Things
	organization, thing string
}

// CountLines notes that n lines more lead from an organization to a thing, which the transaction has locked: it is counted, at that
// organization and everything above it, when the transaction is committed.
func (db *DB) CountLines(counter Things, organization, thing string, n int64) {
	db.branches.things[thingAt{counter, organization, thing}] += n
}

// Begins notes that the transaction makes a thing, so that no lines lead to it but its own.
func (db *DB) Begins(thing string) { db.branches.begun[thing] = true }

// changed returns the lines that come or go, in order.
func (t thingTally) changed() []thingAt {
	at := changed(t)
	slices.SortFunc(at, func(x, y thingAt) int {
		return slices.Compare([]string{x.counter.Name, x.thing, x.organization}, []string{y.counter.Name, y.thing, y.organization})
	})
	return at
}

// countBegun counts the things that one line alone leads to without a look at others.
func (b *branches) countBegun() {
	lines := map[string]int{}
	for place := range b.things {
		lines[place.thing]++
	}
	for place, n := range b.things {
		if b.begun[place.thing] && lines[place.thing] == 1 && n == 1 {
			delete(b.things, place)
			b.tally[branchAt{Branchwise{At: place.counter.Name, Below: place.counter.Name}, place.organization, ""}]++
		}
	}
}

// storeThings adds the things to the counters of where the first line leads to them now, and takes them out where the last one did.
func (b *branches) storeThings(ctx context.Context, tx *DB, shard int, at []thingAt) error {
	return eachCounter(at, func(counter Things, at []thingAt) error {
		difference, args := b.difference(tx.dialect, counter, at)
		return tx.Later(ctx, "update counters of things", `INSERT INTO counters (name, key, shard, n)
			SELECT CAST(? AS text), CAST(ancestor_id AS text), CAST(? AS integer), n FROM (`+difference+`) AS difference
			WHERE n <> 0 ORDER BY 2
			ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n`, append([]any{counter.Name, shard}, args...)...)
	})
}

// SettleLines finds out now by which things the counters change, before the transaction changes the place of organizations or what of them
// is there: until then lines are where they were.
func (db *DB) SettleLines(ctx context.Context) error {
	b := db.branches
	err := eachCounter(b.things.changed(), func(counter Things, at []thingAt) error {
		difference, args := b.difference(db.dialect, counter, at)
		return db.Ask(ctx, Query{SQL: `SELECT ancestor_id, n FROM (` + difference + `) AS difference WHERE n <> 0`, Args: args,
			Take: func(a *Answer) error {
				for i := range a.Len() {
					db.Count(counter.Name, a.Text(i, 0), a.Number(i, 1))
				}
				return nil
			}})
	})
	if err != nil {
		return fmt.Errorf("count things of branches: %w", err)
	}
	b.things, b.begun = thingTally{}, map[string]bool{}
	return nil
}

// eachCounter calls do with the lines of each counter, which come in order.
func eachCounter(at []thingAt, do func(Things, []thingAt) error) error {
	for len(at) > 0 {
		end := slices.IndexFunc(at, func(p thingAt) bool { return p.counter != at[0].counter })
		if end < 0 {
			end = len(at)
		}
		if err := do(at[0].counter, at[:end]); err != nil {
			return err
		}
		at = at[end:]
	}
	return nil
}

// difference returns a SELECT of organizations, as ancestor_id, and of how many things more, or less, n, lines lead to from there.
func (b *branches) difference(dialect Dialect, counter Things, at []thingAt) (string, []any) {
	from, args := b.lines(dialect, at)
	return `SELECT ancestor_id,
			CAST(SUM(CASE WHEN lines > 0 THEN 1 ELSE 0 END - CASE WHEN lines - more > 0 THEN 1 ELSE 0 END) AS bigint) AS n
		FROM (SELECT place.ancestor_id, place.more, ` + counter.Lines + ` AS lines FROM (
			SELECT p.ancestor_id, t.thing, SUM(t.n) AS more FROM (` + from + `) t
			JOIN organization_paths p ON p.descendant_id = t.organization_id GROUP BY 1, 2) AS place) AS counted
		GROUP BY 1`, args
}

// lines returns a SELECT of what was collected.
func (b *branches) lines(dialect Dialect, at []thingAt) (string, []any) {
	if dialect == Postgres {
		return `SELECT * FROM unnest(CAST(? AS uuid[]), CAST(? AS uuid[]), CAST(? AS bigint[])) AS u (organization_id, thing, n)`, []any{
			Column(at, func(p thingAt) string { return p.organization }), Column(at, func(p thingAt) string { return p.thing }),
			Column(at, func(p thingAt) int64 { return b.things[p] }),
		}
	}
	encoded, _ := json.Marshal(Column(at, func(p thingAt) [3]any { return [3]any{p.organization, p.thing, b.things[p]} })) // texts, numbers
	return `SELECT value ->> 0 AS organization_id, value ->> 1 AS thing, value ->> 2 AS n FROM json_each(?)`, []any{string(encoded)}
}
