package models

import (
	"context"
	"fmt"

	"roster/models/collection"
	"roster/models/store"
)

// How many people are at an organization or below it is counted by the writes, each once. Where somebody is changes with their row locked
// and the tree shared, and where organizations are, or whether, with the tree alone: so what else somebody is in stays the same while that
// is looked at.

// peopleBelow is the query of the counters.
const peopleBelow = `SELECT 'people', CAST(p.ancestor_id AS text), COUNT(DISTINCT m.user_id) FROM memberships m
	JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
	JOIN organization_paths p ON p.descendant_id = m.organization_id
	GROUP BY p.ancestor_id`

// countHiddenPeople counts n people less, or more, at an organization that is deleted, or restored, and above it. Who is below an ancestor
// besides counts there as before. What is below the organization is deleted.
func countHiddenPeople(ctx context.Context, tx *store.DB, organization string, n int64) error {
	if n == 0 {
		return nil
	}
	line, err := ancestors(ctx, tx, organization)
	if err != nil {
		return err
	}
	above := store.Column(line, func(a ancestor) string { return a.id })
	besides, err := peopleBesides(ctx, tx, organization, above, collection.Condition(
		`SELECT user_id FROM memberships WHERE shared AND organization_id = ?`, organization))
	if err != nil {
		return err
	}
	for _, id := range above {
		if n < 0 {
			tx.Count(countPeople.Name, id, n+besides[id])
		} else {
			tx.Count(countPeople.Name, id, n-besides[id])
		}
	}
	return nil
}

// movePeople takes the people of a branch out of the counters of some organizations above it, and adds them to those of others, but for
// those who are there besides. The branch has its new place already.
func movePeople(ctx context.Context, tx *store.DB, head string, left, came []string) error {
	n, err := store.ReadCounter(ctx, tx, countPeople.Name, head)
	if err != nil || n == 0 || len(left)+len(came) == 0 {
		return err
	}
	besides, err := peopleBesides(ctx, tx, head, append(left[:len(left):len(left)], came...), collection.Condition(
		`SELECT m.user_id FROM organization_paths b JOIN memberships m ON m.organization_id = b.descendant_id AND m.shared
			JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
			WHERE b.ancestor_id = ?`, head))
	if err != nil {
		return err
	}
	for _, id := range left {
		tx.Count(countPeople.Name, id, besides[id]-n)
	}
	for _, id := range came {
		tx.Count(countPeople.Name, id, n-besides[id])
	}
	return nil
}

// peopleBesides returns how many of some people are below each of some organizations, but not in a branch.
func peopleBesides(ctx context.Context, tx *store.DB, branch string, organizations []string,
	people collection.Where,
) (map[string]int64, error) {
	n := map[string]int64{}
	in, arg := tx.Among("p.ancestor_id", organizations)
	err := tx.Ask(ctx, byID(n, collection.Condition(`SELECT ancestor_id, COUNT(*) FROM (
			SELECT DISTINCT p.ancestor_id, m.user_id FROM memberships m
			JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
			JOIN organization_paths p ON p.descendant_id = m.organization_id AND `+in+`
			WHERE m.user_id IN (`+people.SQL+`) AND NOT EXISTS (
				SELECT 1 FROM organization_paths h WHERE h.ancestor_id = ? AND h.descendant_id = m.organization_id)
		) AS found GROUP BY ancestor_id`, append([]any{arg}, append(people.Args, branch)...)...)))
	if err != nil {
		return nil, fmt.Errorf("count people who are elsewhere besides: %w", err)
	}
	return n, nil
}
