package models

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// heldWords is what the roles of somebody permit, by the organization of the membership: at it alone, and below it as well.
type heldWords map[holdsAt][]string

// holdsAt is where words hold.
type holdsAt struct {
	organization string
	below        bool
}

// wordsHeldBy returns what the roles of a user, "" for nobody, permit at this moment. Which organizations are deleted does not matter.
func wordsHeldBy(ctx context.Context, db *store.DB, user string) (heldWords, error) {
	held := heldWords{}
	if user == "" {
		return held, nil
	}
	err := db.Ask(ctx, store.Query{
		SQL: `SELECT m.organization_id, r.inheritable, r.permissions FROM memberships m
			JOIN membership_roles mr ON mr.membership_id = m.id JOIN roles r ON r.id = mr.role_id WHERE m.user_id = ?`,
		Args: []any{collection.IDOrNil(user)},
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				var at holdsAt
				var words jsonapi.Strings
				for i, into := range []any{&at.organization, &at.below, &words} {
					if err := a.Into(row, i, into); err != nil {
						return err
					}
				}
				held.add(at, words)
			}
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("read what a user holds: %w", err)
	}
	return held, nil
}

// add adds words that hold somewhere; those that hold below hold at the organization, too.
func (h heldWords) add(at holdsAt, words []string) {
	h[at] = append(h[at], words...)
	if at.below {
		at.below = false
		h[at] = append(h[at], words...)
	}
}

// include reports whether whatever others let their holder read can be read by these as well, at the same organizations. What is held
// above them counts.
func (h heldWords) include(ctx context.Context, db *store.DB, others heldWords) (bool, error) {
	missing := map[string][]collection.Words{}
	for at, words := range others {
		for _, reading := range readings {
			if reading.Among(words) && !reading.Among(h[at]) {
				missing[at.organization] = append(missing[at.organization], reading)
			}
		}
	}
	if len(missing) == 0 {
		return true, nil
	}
	above := map[string][]string{} // what is held there by who is above
	err := db.Ask(ctx, store.Query{
		SQL:  `SELECT descendant_id, ancestor_id FROM organization_paths WHERE descendant_id IN ? AND distance > 0`,
		Args: []any{sortedKeys(missing)},
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				id := a.Text(row, 0)
				above[id] = append(above[id], h[holdsAt{a.Text(row, 1), true}]...)
			}
			return nil
		},
	})
	if err != nil {
		return false, fmt.Errorf("read what is held from above: %w", err)
	}
	for id, all := range missing {
		if slices.ContainsFunc(all, func(reading collection.Words) bool { return !reading.Among(above[id]) }) {
			return false, nil
		}
	}
	return true, nil
}
