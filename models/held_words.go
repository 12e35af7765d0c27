package models

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// HeldWords is what the roles of somebody permit, by the organization of the membership: at it alone, and below it as well.
type HeldWords map[holdsAt][]string

// holdsAt is where words hold.
type holdsAt struct {
	organization string
	below        bool
}

// WordsHeldBy returns what the roles of a user permit at this moment, nothing for who has none. Which organizations are deleted does not
// matter.
func WordsHeldBy(ctx context.Context, db *store.DB, user string) (HeldWords, error) {
	held := HeldWords{}
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
func (h HeldWords) add(at holdsAt, words []string) {
	h[at] = append(h[at], words...)
	if at.below {
		at.below = false
		h[at] = append(h[at], words...)
	}
}

// Include reports whether whatever others permit is permitted by these as well, at the same organizations.
func (h HeldWords) Include(others HeldWords) bool {
	for at, words := range others {
		if slices.ContainsFunc(words, func(word string) bool { return !holds(h[at], word) }) {
			return false
		}
	}
	return true
}
