package models

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"roster/models/store"
)

// mostSaid is how often one thing is said.
const mostSaid = 20

// Verify compares what is in the database more than once, at one moment: the closure with the parents, the counters with what counting
// finds, every rule that holds between resources; and opens everything that is sealed. It calls found with a sentence for each thing that
// is wrong, up to twenty of a kind and how many more there are, and fails if it cannot look. No sentence tells a secret.
func Verify(ctx context.Context, db *store.DB, found func(sentence string)) error {
	return verify(ctx, db, invariants(), found)
}

// VerifyRequested does the same where requests have made everything that there is: there is an event of each creation, for example.
func VerifyRequested(ctx context.Context, db *store.DB, found func(sentence string)) error {
	return verify(ctx, db, append(invariants(), recorded()...), found)
}

func verify(ctx context.Context, db *store.DB, rules []Invariant, found func(string)) error {
	return store.Snapshot(ctx, db, func(tx *sql.Tx) error {
		for _, rule := range rules {
			if err := each(ctx, tx, rule.Query, 1, found, func(id []string) string { return rule.Says + ": " + id[0] }); err != nil {
				return err
			}
		}
		if err := verifyCounters(ctx, tx, found); err != nil {
			return err
		}
		for _, s := range sealedColumns {
			if err := s.verify(ctx, tx, db.Vault(), found); err != nil {
				return err
			}
		}
		return nil
	})
}

// treeInvariants hold between organizations and the closure. A closure is right if each organization is in it above itself, and has besides
// what its parent has, one step further: that there is nothing else is found by counting.
var treeInvariants = []Invariant{
	{"an organization that the closure does not have above itself", `SELECT o.id FROM organizations o WHERE NOT EXISTS (
		SELECT 1 FROM organization_paths p WHERE p.ancestor_id = o.id AND p.descendant_id = o.id AND p.distance = 0)`},
	{"an organization without a closure row that its parent_id implies", `SELECT DISTINCT o.id FROM organizations o
		JOIN organization_paths q ON q.descendant_id = o.parent_id WHERE NOT EXISTS (
			SELECT 1 FROM organization_paths p
			WHERE p.descendant_id = o.id AND p.ancestor_id = q.ancestor_id AND p.distance = q.distance + 1)`},
	{"an organization with closure rows that its parent_id does not imply", `SELECT o.id FROM organizations o
		WHERE (SELECT COUNT(*) FROM organization_paths p WHERE p.descendant_id = o.id) >
			1 + (SELECT COUNT(*) FROM organization_paths q WHERE q.descendant_id = o.parent_id)`},
	{"an organization on too deep a level", fmt.Sprintf(
		`SELECT DISTINCT descendant_id FROM organization_paths WHERE distance >= %d`, MaxDepth)},
}

// descendantsCounted counts what is below each organization, by the closure.
const descendantsCounted = `SELECT '` + countDescendants + `', CAST(p.ancestor_id AS text), COUNT(*) FROM organization_paths p
	JOIN organizations o ON o.id = p.descendant_id AND o.deleted_at IS NULL WHERE p.distance > 0 GROUP BY p.ancestor_id`

// sayMiscounted is the sentence about a counter that stands at one number while counting finds another.
func sayMiscounted(name, key, kept, counted string) string {
	return fmt.Sprintf("the counter %s of %s stands at %s, and counting finds %s", name, cmp.Or(key, "all"), kept, counted)
}

// miscounts returns the query of the counters that do not agree with what counting finds: name, key, and both numbers. What counts nothing
// need not be there.
func miscounts() string {
	counted := strings.Join(append(Counts(), descendantsCounted), " UNION ALL ")
	return `WITH kept AS (SELECT name, key, CAST(SUM(n) AS bigint) AS n FROM counters GROUP BY name, key),
		counted (name, key, n) AS (` + counted + `)
	SELECT k.name, k.key, k.n, COALESCE(c.n, 0) FROM kept k
		LEFT JOIN counted c ON c.name = k.name AND c.key = k.key WHERE k.n <> COALESCE(c.n, 0)
	UNION ALL SELECT c.name, c.key, 0, c.n FROM counted c
		WHERE c.n <> 0 AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.name = c.name AND k.key = c.key)
	ORDER BY 1, 2`
}

// verifyCounters compares the counters with what counting finds.
func verifyCounters(ctx context.Context, tx *sql.Tx, found func(string)) error {
	return each(ctx, tx, miscounts(), 4, found, func(c []string) string { return sayMiscounted(c[0], c[1], c[2], c[3]) })
}

// sealedColumn is one that holds what the vault has sealed.
type sealedColumn struct {
	table, column, keys string
	key                 int                       // how many columns the key has
	owner               func(key []string) string // whom it was sealed for
}

// sealedColumns are all of them.
var sealedColumns = []sealedColumn{
	{"organizations", "webhook_secret", "id", 1, theirOwn},
	{"organizations", "sealed_webhook_url", "id", 1, theirURL},
	{"webhooks", "headers", "id", 1, theirOwn},
	{"webhooks", "sealed_url", "id", 1, theirURL},
	{"webhook_secrets", "sealed", "webhook_id", 1, theirOwn},
	{"webhook_attempts a JOIN webhook_dispatches d ON d.id = a.delivery_id", "a.sealed_url", "d.webhook_id", 1, theirURL},
	{"idempotency_keys", "answer", "caller, key", 2, func(key []string) string { return answerOwner(key[0], key[1]) }},
	{"mails", "sealed", "id", 1, func(key []string) string { return mailOwner(key[0]) }},
	{"second_factors", "secret", "user_id", 1, func(key []string) string { return factorOwner(key[0]) }},
}

func theirOwn(key []string) string { return key[0] }
func theirURL(key []string) string { return urlOwner(key[0]) }

// verify opens what is in the column.
func (s sealedColumn) verify(ctx context.Context, tx *sql.Tx, vault *store.Vault, found func(string)) error {
	query := `SELECT ` + s.column + `, ` + s.keys + ` FROM ` + s.table + ` WHERE ` + s.column + ` IS NOT NULL`
	return each(ctx, tx, query, s.key+1, found, func(row []string) string {
		if _, err := vault.Open(s.owner(row[1:]), []byte(row[0])); err == nil {
			return ""
		}
		return fmt.Sprintf("what is sealed in %s of %s cannot be opened with the secret key: %s", s.column, s.table,
			strings.Join(row[1:], " "))
	})
}

// each calls found with what say says of the rows of a query, their columns as texts: "" for nothing.
func each(ctx context.Context, tx *sql.Tx, query string, columns int, found func(string), say func(row []string) string) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer rows.Close()
	row, into := make([]string, columns), make([]any, columns)
	for i := range row {
		into[i] = &row[i]
	}
	said := 0
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		if sentence := say(row); sentence != "" {
			if said++; said <= mostSaid {
				found(sentence)
			}
		}
	}
	if said > mostSaid {
		found(fmt.Sprintf("and %d more of this kind", said-mostSaid))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	return nil
}
