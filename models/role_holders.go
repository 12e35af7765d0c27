package models

import (
	"context"
	"fmt"
	"slices"

	"roster/models/collection"
	"roster/models/store"
)

// How many memberships have a role is counted by the writes: a role that everybody has would be counted over everybody. Those in deleted
// organizations are not there to be counted.

// holdersByRole is the query of the counters.
const holdersByRole = `SELECT 'holders', CAST(mr.role_id AS text), COUNT(*) FROM membership_roles mr
	JOIN memberships m ON m.id = mr.membership_id JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
	GROUP BY mr.role_id`

// holdersByBranch are the queries of those of branches.
const (
	holdersAt = `SELECT 'holdersAt', CAST(m.organization_id AS text) || ' ' || CAST(mr.role_id AS text), COUNT(*) FROM membership_roles mr
	JOIN memberships m ON m.id = mr.membership_id JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
	GROUP BY m.organization_id, mr.role_id`
	holdersBelow = `SELECT 'holdersBelow', CAST(p.ancestor_id AS text) || ' ' || CAST(mr.role_id AS text), COUNT(*) FROM membership_roles mr
	JOIN memberships m ON m.id = mr.membership_id JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
	JOIN organization_paths p ON p.descendant_id = m.organization_id AND p.distance > 0
	GROUP BY p.ancestor_id, mr.role_id`
)

// countRoles counts so many memberships more or less of an organization with a role.
func countRoles(tx *store.DB, organization string, roles []string, n int64) {
	for _, role := range roles {
		tx.Count(countHolders, role, n)
		tx.CountAt(countHoldersIn, organization, role, n)
	}
}

// countChangedRoles counts the roles of a membership, which is locked, that are others than before. Sharing the row of its organization
// keeps that from being deleted, or restored, meanwhile.
func countChangedRoles(ctx context.Context, tx *store.DB, m *Membership, before, after []string) error {
	live, err := sharesLive(ctx, tx, m.OrganizationID)
	if err == nil && live {
		countRoles(tx, m.OrganizationID, before, -1)
		countRoles(tx, m.OrganizationID, after, 1)
	}
	return err
}

// sharesLive keeps an organization from being deleted, or restored, until the transaction ends, and reports whether it is there. Mostly it
// is, and that is assumed.
func sharesLive(ctx context.Context, tx *store.DB, organization string) (bool, error) {
	const query = `SELECT deleted_at IS NULL FROM organizations WHERE id = ?`
	if assumed, err := tx.Assume(ctx, query+` AND deleted_at IS NULL`+tx.Sharing(""), organization); assumed || err != nil {
		return assumed, err
	}
	var live []bool
	if err := tx.Session(ctx).Raw(query+tx.Sharing(""), organization).Scan(&live).Error; err != nil {
		return false, fmt.Errorf("share organization: %w", err)
	}
	return len(live) > 0 && live[0], nil
}

// countHidden takes the memberships of an organization out of the totals when it is deleted, and back when it is restored.
func countHidden(ctx context.Context, tx *store.DB, organization string, sign int64) error {
	var members int64
	held := map[string]int64{}
	counter, args := store.CounterSQL(countUsers, organization)
	if err := tx.HoldCounters(ctx); err != nil {
		return err
	}
	err := tx.Ask(ctx,
		store.Query{SQL: "SELECT " + counter, Args: args, Take: func(a *store.Answer) error {
			members = a.Number(0, 0) + tx.Uncounted(countUsers, organization)
			return nil
		}},
		byID(held, collection.Condition(`SELECT mr.role_id, COUNT(*) FROM memberships m
			JOIN membership_roles mr ON mr.membership_id = m.id WHERE m.organization_id = ? GROUP BY mr.role_id`, organization)))
	if err != nil {
		return fmt.Errorf("count memberships of an organization: %w", err)
	}
	tx.Count(countMemberships, "", sign*members)
	if err := countHiddenPeople(ctx, tx, organization, sign*members); err != nil {
		return err
	}
	for role, n := range held {
		countRoles(tx, organization, []string{role}, sign*n)
	}
	return nil
}

// holdersOf returns the query of what the counters know of roles.
func holdersOf(db *store.DB, roles []string, n map[string]int64) store.Query {
	query := byID(n, collection.Condition(`SELECT key, CAST(SUM(n) AS bigint) FROM counters WHERE name = ? AND key IN ? GROUP BY key`,
		countHolders, roles))
	take := query.Take
	query.Take = func(a *store.Answer) error {
		err := take(a)
		for _, role := range roles {
			n[role] += db.Uncounted(countHolders, role)
		}
		return err
	}
	return query
}

// holdersSeen returns the query of how many memberships with each of some roles a scope sees that reads memberships.
func holdersSeen(db *store.DB, scope collection.Scope, roles []string, n map[string]int64) store.Query {
	if scope.PersonID() == "" {
		for _, role := range roles {
			n[role] = 0
		}
	}
	switch {
	case scope.All():
		return holdersOf(db, roles, n)
	case scope.PersonID() != "":
		return byID(n, holdersSeenBy(scope.PersonID(), roles))
	}
	names := []string{countHoldersIn.At}
	if scope.SeesBelow() {
		names = append(names, countHoldersIn.Below)
	}
	keys := store.Column(roles, func(role string) string { return store.BranchKey(scope.Root(), role) })
	return byID(n, collection.Condition(`SELECT SUBSTR(key, ?), CAST(SUM(n) AS bigint) FROM counters WHERE name IN ? AND key IN ?
		GROUP BY key`, len(store.BranchKey(scope.Root(), ""))+1, names, keys))
}

// holdersSeenBy returns a SELECT of the same for a person: those of the branches that they read, of single organizations besides, and their
// own memberships elsewhere. It has no row of a role that others can have only where the person reads no memberships.
func holdersSeenBy(person string, roles []string) collection.Where {
	posts := postsOf(person, reading("memberships"))
	return collection.Condition(posts.SQL+`, heads AS (
			SELECT posts.id, posts.inherits FROM posts WHERE NOT EXISTS (SELECT 1 FROM posts above
				JOIN organization_paths q ON q.ancestor_id = above.id AND q.descendant_id = posts.id AND q.distance > 0
				WHERE above.inherits > 0)
		), asked AS (SELECT id, organization_id FROM roles WHERE id IN ?)
		SELECT id, CAST(SUM(n) AS bigint) FROM (
			SELECT asked.id, k.n FROM heads CROSS JOIN asked
				JOIN counters k ON k.name = ? AND k.key = CAST(heads.id AS text) || ' ' || CAST(asked.id AS text)
			UNION ALL SELECT asked.id, k.n FROM heads CROSS JOIN asked
				JOIN counters k ON k.name = ? AND k.key = CAST(heads.id AS text) || ' ' || CAST(asked.id AS text)
				WHERE heads.inherits > 0
			UNION ALL SELECT mr.role_id, 1 FROM memberships m JOIN membership_roles mr ON mr.membership_id = m.id
				JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
				WHERE m.user_id = ? AND mr.role_id IN ? AND NOT EXISTS (SELECT 1 FROM posts
					JOIN organization_paths q ON q.ancestor_id = posts.id AND q.descendant_id = m.organization_id
					WHERE q.distance = 0 OR posts.inherits > 0)
			UNION ALL SELECT asked.id, 0 FROM asked WHERE EXISTS (SELECT 1 FROM heads
				LEFT JOIN organization_paths q ON q.ancestor_id = asked.organization_id AND q.descendant_id = heads.id
					OR heads.inherits > 0 AND q.ancestor_id = heads.id AND q.descendant_id = asked.organization_id
				WHERE asked.organization_id IS NULL OR q.ancestor_id IS NOT NULL)
		) AS told GROUP BY id`,
		slices.Concat(posts.Args, []any{roles, countHoldersIn.At, countHoldersIn.Below, person, roles})...)
}
