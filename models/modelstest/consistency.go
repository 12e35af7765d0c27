package modelstest

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"roster/models"
	"roster/models/store"
)

// CheckConsistency fails the test for everything in the database that does not agree with the rest: closure rows that parent_id does not
// imply, counters that are not what counting finds, resources without the event of their creation, credentials of what is deleted.
func CheckConsistency(t testing.TB, db *store.DB) {
	t.Helper()
	// PostgreSQL has to be told to look at one moment; SQLite's writer always does.
	opts := map[store.Dialect]*sql.TxOptions{store.Postgres: {Isolation: sql.LevelRepeatableRead}}[db.Dialect()]
	found, err := inconsistencies(t.Context(), Writable(db), opts)
	if err != nil {
		t.Fatal(err)
	}
	for i, inconsistency := range found {
		if i == 20 {
			t.Errorf("and %d more", len(found)-i)
			break
		}
		t.Error(inconsistency)
	}
}

// inconsistencies returns a sentence for each.
func inconsistencies(ctx context.Context, pool *sql.DB, opts *sql.TxOptions) ([]string, error) {
	tx, err := pool.BeginTx(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	nodes, err := pick[node](ctx, tx, `SELECT id, COALESCE(CAST(parent_id AS text), ''), deleted_at IS NOT NULL FROM organizations`)
	if err != nil {
		return nil, err
	}
	found, err := closureInconsistencies(ctx, tx, nodes)
	if err != nil {
		return nil, err
	}
	counted, err := counterInconsistencies(ctx, tx, nodes)
	if err != nil {
		return nil, err
	}
	found = append(found, counted...)
	for _, rule := range models.Invariants() {
		broken, err := pick[name](ctx, tx, rule.Query)
		if err != nil {
			return nil, err
		}
		for _, b := range broken {
			found = append(found, rule.Says+": "+b.Name)
		}
	}
	return found, nil
}

type node struct {
	ID, Parent string
	Deleted    bool
}

func (n *node) fields() []any { return []any{&n.ID, &n.Parent, &n.Deleted} }

type path struct {
	Ancestor, Descendant string
	Distance             int
}

func (p *path) fields() []any { return []any{&p.Ancestor, &p.Descendant, &p.Distance} }

type counter struct {
	Name, Key string
	N         int64
}

func (c *counter) fields() []any { return []any{&c.Name, &c.Key, &c.N} }

type name struct{ Name string }

func (n *name) fields() []any { return []any{&n.Name} }

// pick returns the rows of a query.
func pick[T any, P interface {
	*T
	fields() []any
}](ctx context.Context, tx *sql.Tx, query string) ([]T, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var row T
		if err := rows.Scan(P(&row).fields()...); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// above returns the ancestors of an organization, itself first.
func above(parents map[string]string, id string) []string {
	var line []string
	for id != "" && len(line) <= len(parents) { // a circle ends, and shows
		line = append(line, id)
		id = parents[id]
	}
	return line
}

func closureInconsistencies(ctx context.Context, tx *sql.Tx, nodes []node) ([]string, error) {
	kept, err := pick[path](ctx, tx, `SELECT ancestor_id, descendant_id, distance FROM organization_paths`)
	if err != nil {
		return nil, err
	}
	parents := map[string]string{}
	for _, n := range nodes {
		parents[n.ID] = n.Parent
	}
	wanted := map[path]bool{}
	var found []string
	for _, n := range nodes {
		line := above(parents, n.ID)
		if len(line) > models.MaxDepth {
			found = append(found, fmt.Sprintf("organization %s is on level %d", n.ID, len(line)))
		}
		for distance, ancestor := range line {
			wanted[path{ancestor, n.ID, distance}] = true
		}
	}
	for _, p := range kept {
		if !wanted[p] {
			found = append(found, fmt.Sprintf("a closure row that parent_id does not imply: %+v", p))
		}
		delete(wanted, p)
	}
	for p := range wanted {
		found = append(found, fmt.Sprintf("no closure row for %+v", p))
	}
	return found, nil
}

func counterInconsistencies(ctx context.Context, tx *sql.Tx, nodes []node) ([]string, error) {
	kept, err := pick[counter](ctx, tx, `SELECT name, key, SUM(n) FROM counters GROUP BY name, key HAVING SUM(n) <> 0`)
	if err != nil {
		return nil, err
	}
	wanted, err := pick[counter](ctx, tx, strings.Join(models.Counts(), " UNION ALL "))
	if err != nil {
		return nil, err
	}
	parents, descendants := map[string]string{}, map[string]int64{}
	for _, n := range nodes {
		parents[n.ID] = n.Parent
	}
	for _, n := range nodes {
		if !n.Deleted {
			for _, ancestor := range above(parents, n.ID)[1:] {
				descendants[ancestor]++
			}
		}
	}
	for id, n := range descendants {
		wanted = append(wanted, counter{"descendants", id, n})
	}
	want := map[counter]bool{}
	for _, c := range wanted {
		if c.N != 0 {
			want[c] = true
		}
	}
	var found []string
	for _, c := range kept {
		if !want[c] {
			found = append(found, fmt.Sprintf("the counter %s of %q stands at %d", c.Name, c.Key, c.N))
		}
		delete(want, c)
	}
	missing := make([]counter, 0, len(want))
	for c := range want {
		missing = append(missing, c)
	}
	slices.SortFunc(missing, func(a, b counter) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	for _, c := range missing {
		found = append(found, fmt.Sprintf("counting %s of %q finds %d", c.Name, c.Key, c.N))
	}
	return found, nil
}
