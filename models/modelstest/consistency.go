package modelstest

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"roster/models"
)

// CheckConsistency fails the test for everything in the database that does not agree with the rest: closure rows that parent_id does not
// imply, counters that are not what counting finds, resources without the event of their creation, credentials of what is deleted.
func CheckConsistency(t testing.TB, db *models.DB) {
	t.Helper()
	// PostgreSQL has to be told to look at one moment; SQLite's writer always does.
	opts := map[models.Dialect]*sql.TxOptions{models.Postgres: {Isolation: sql.LevelRepeatableRead}}[db.Dialect()]
	faults, err := inconsistencies(t.Context(), writable(db), opts)
	if err != nil {
		t.Fatal(err)
	}
	for i, fault := range faults {
		if i == 20 {
			t.Errorf("and %d more", len(faults)-i)
			break
		}
		t.Error(fault)
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
	faults, err := closureFaults(ctx, tx, nodes)
	if err != nil {
		return nil, err
	}
	counted, err := counterFaults(ctx, tx, nodes)
	if err != nil {
		return nil, err
	}
	faults = append(faults, counted...)
	for _, rule := range rules {
		broken, err := pick[name](ctx, tx, rule.query)
		if err != nil {
			return nil, err
		}
		for _, b := range broken {
			faults = append(faults, rule.says+": "+b.Name)
		}
	}
	return faults, nil
}

// rules are queries that must find nothing.
var rules = []struct{ says, query string }{
	{"an organization without the event of its creation", created("organizations", "organization.created")},
	{"a user without the event of its creation", created("users", "user.created")},
	{"a membership without the event of its creation", created("memberships", "membership.created")},
	{"a key without the event of its creation", created("api_keys", "apiKey.created")},
	{"a key without a secret", `SELECT id FROM api_keys WHERE id NOT IN (SELECT api_key_id FROM credentials WHERE api_key_id IS NOT NULL)`},
	{"an event of the creation of an organization that is not there",
		`SELECT subject_id FROM events WHERE event_type = 'organization.created' AND subject_id NOT IN (SELECT id FROM organizations)`},
	{"a live organization without a token", `SELECT id FROM organizations o WHERE deleted_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.organization_id = o.id)
		AND NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = o.id AND e.event_type = 'organization.restored')`},
	{"a deleted organization with a token", `SELECT o.id FROM organizations o JOIN credentials c ON c.organization_id = o.id WHERE o.deleted_at IS NOT NULL`},
	{"a deleted organization with a key", `SELECT o.id FROM organizations o JOIN api_keys k ON k.organization_id = o.id WHERE o.deleted_at IS NOT NULL`},
	{"a membership that does not know whether its user has others", `SELECT id FROM memberships m
		WHERE shared <> (SELECT COUNT(*) > 1 FROM memberships o WHERE o.user_id = m.user_id)`},
	{"a membership that does not know when its user was created",
		`SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.user_created_at <> u.created_at`},
	{"an event without its numbers, and not waiting for them", `SELECT id FROM events
		WHERE id NOT IN (SELECT event_id FROM event_positions) AND id NOT IN (SELECT event_id FROM event_queue WHERE position IS NULL)`},
	{"a position that is left out, or that is not the last one given", `SELECT CAST(position AS text) FROM (
		SELECT position, ROW_NUMBER() OVER (ORDER BY position) AS n FROM event_positions) AS p WHERE position <> n
		UNION ALL SELECT CAST(last AS text) FROM event_sequences WHERE organization_id = '00000000-0000-0000-0000-000000000000'
			AND last <> (SELECT COALESCE(MAX(position), 0) FROM event_positions)`},
	{"a sequence with a gap, or in another order than the positions", `SELECT event_id FROM (
		SELECT event_id, sequence, ROW_NUMBER() OVER (PARTITION BY organization_id ORDER BY position) AS n
		FROM event_positions WHERE sequence > 0) AS p WHERE sequence <> n`},
	{"a live organization below a deleted one",
		`SELECT o.id FROM organizations o JOIN organizations p ON p.id = o.parent_id WHERE o.deleted_at IS NULL AND p.deleted_at IS NOT NULL`},
}

func created(table, event string) string {
	return fmt.Sprintf(`SELECT id FROM %s r WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = r.id AND e.event_type = '%s')`, table, event)
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

func closureFaults(ctx context.Context, tx *sql.Tx, nodes []node) ([]string, error) {
	found, err := pick[path](ctx, tx, `SELECT ancestor_id, descendant_id, distance FROM organization_paths`)
	if err != nil {
		return nil, err
	}
	parents := map[string]string{}
	for _, n := range nodes {
		parents[n.ID] = n.Parent
	}
	wanted := map[path]bool{}
	var faults []string
	for _, n := range nodes {
		line := above(parents, n.ID)
		if len(line) > models.MaxDepth {
			faults = append(faults, fmt.Sprintf("organization %s is on level %d", n.ID, len(line)))
		}
		for distance, ancestor := range line {
			wanted[path{ancestor, n.ID, distance}] = true
		}
	}
	for _, p := range found {
		if !wanted[p] {
			faults = append(faults, fmt.Sprintf("a closure row that parent_id does not imply: %+v", p))
		}
		delete(wanted, p)
	}
	for p := range wanted {
		faults = append(faults, fmt.Sprintf("no closure row for %+v", p))
	}
	return faults, nil
}

func counterFaults(ctx context.Context, tx *sql.Tx, nodes []node) ([]string, error) {
	found, err := pick[counter](ctx, tx, `SELECT name, key, SUM(n) FROM counters GROUP BY name, key HAVING SUM(n) <> 0`)
	if err != nil {
		return nil, err
	}
	wanted, err := pick[counter](ctx, tx, `
		SELECT 'organizations', '', COUNT(*) FROM organizations WHERE deleted_at IS NULL
		UNION ALL SELECT 'children', CAST(parent_id AS text), COUNT(*) FROM organizations WHERE deleted_at IS NULL AND parent_id IS NOT NULL GROUP BY parent_id
		UNION ALL SELECT 'users', '', COUNT(*) FROM users
		UNION ALL SELECT 'users', CAST(organization_id AS text), COUNT(*) FROM memberships GROUP BY organization_id
		UNION ALL SELECT 'memberships', '', COUNT(*) FROM memberships m JOIN organizations o ON o.id = m.organization_id WHERE o.deleted_at IS NULL
		UNION ALL SELECT 'apiKeys', '', COUNT(*) FROM api_keys
		UNION ALL SELECT 'events', '', COUNT(*) FROM event_positions
		UNION ALL SELECT 'events', CAST(organization_id AS text), COUNT(*) FROM event_positions WHERE organization_id IS NOT NULL GROUP BY organization_id
		UNION ALL SELECT 'webhookDeliveries', '', COUNT(*) FROM webhook_deliveries
		UNION ALL SELECT 'webhookDeliveries', CAST(organization_id AS text), COUNT(*) FROM webhook_deliveries GROUP BY organization_id
		UNION ALL SELECT 'webhookDeliveriesTo', CAST(webhook_id AS text), COUNT(*) FROM webhook_deliveries GROUP BY webhook_id`)
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
	var faults []string
	for _, c := range found {
		if !want[c] {
			faults = append(faults, fmt.Sprintf("the counter %s of %q stands at %d", c.Name, c.Key, c.N))
		}
		delete(want, c)
	}
	missing := make([]counter, 0, len(want))
	for c := range want {
		missing = append(missing, c)
	}
	slices.SortFunc(missing, func(a, b counter) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	for _, c := range missing {
		faults = append(faults, fmt.Sprintf("counting %s of %q finds %d", c.Name, c.Key, c.N))
	}
	return faults, nil
}
