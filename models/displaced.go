package models

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"roster/models/collection"
	"roster/models/store"
)

// displaced is a branch that was moved away from an organization to another one, "" for none.
type displaced struct{ head, from, to string }

// displacedSince returns the branches that were moved by events behind a position, once for each move, in their order. from is "" of one
// that was a tree of its own.
func displacedSince(ctx context.Context, db *store.DB, position int64) (moved []displaced, err error) {
	err = db.Ask(ctx, store.Query{
		SQL: `SELECT subject_id, changes FROM event_feed
			WHERE position > ? AND event_type IN ('organization.updated', 'organization.restored') AND changes LIKE '%"parent"%'
			ORDER BY position`,
		Args: []any{position},
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				var changes struct {
					Parent *struct{ Before, After string }
				}
				if err := json.Unmarshal([]byte(a.Text(row, 1)), &changes); err != nil {
					return err
				}
				if to := changes.Parent; to != nil {
					moved = append(moved, displaced{a.Text(row, 0), to.Before, to.After})
				}
			}
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("read what was moved: %w", err)
	}
	return moved, nil
}

// parents is the parent of each organization of some trees that has one.
type parents map[string]string

// parentsAround returns the parents of all that was above some organizations, or where something was moved from or to, at any time of some
// moves.
func parentsAround(ctx context.Context, db *store.DB, moved []displaced, organizations ...string) (parents, error) {
	places := map[string]bool{}
	for _, id := range organizations {
		places[id] = true
	}
	for _, m := range moved {
		places[m.head], places[m.from], places[m.to] = true, true, true
	}
	maps.DeleteFunc(places, func(id string, _ bool) bool { return collection.IDOrNil(id) == nil })
	tree := parents{}
	for some := range slices.Chunk(sortedKeys(places), 1000) {
		err := db.Ask(ctx, store.Query{
			SQL: `SELECT DISTINCT o.id, o.parent_id FROM organization_paths p JOIN organizations o ON o.id = p.ancestor_id
				WHERE p.descendant_id IN ? AND o.parent_id IS NOT NULL`,
			Args: []any{some},
			Take: func(a *store.Answer) error {
				for row := range a.Len() {
					tree[a.Text(row, 0)] = a.Text(row, 1)
				}
				return nil
			},
		})
		if err != nil {
			return nil, fmt.Errorf("read where branches are that were moved: %w", err)
		}
	}
	return tree, nil
}

// line returns an organization and all above it; nothing for "".
func (p parents) line(organization string) (line []string) {
	for id := organization; id != "" && len(line) < MaxDepth; id = p[id] {
		line = append(line, id)
	}
	return line
}

// undo takes back moves, the last one first, each of which is shown with the tree as it was right behind it. It stops, and returns true,
// where that is wanted.
func (p parents) undo(moved []displaced, stop func(parents, displaced) bool) bool {
	for _, m := range slices.Backward(moved) {
		if stop(p, m) {
			return true
		}
		p[m.head] = m.from
	}
	return false
}
