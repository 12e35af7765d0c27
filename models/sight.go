package models

import (
	"context"
	"encoding/json"
	"fmt"

	"roster/models/collection"
	"roster/models/store"
)

// Sight is what a caller sees of a collection at a moment, as far as it shows later whether they have ceased to see something that is still
// there: what they lose by their own rights, and what a move of a branch takes away from them.
type Sight struct {
	of       *collection.Collection
	scope    collection.Scope
	held     heldWords // of a person
	position int64     // of the last event
}

// SightOf returns what a scope sees of a collection at this moment.
func SightOf(ctx context.Context, db *store.DB, of *collection.Collection, scope collection.Scope) (s *Sight, err error) {
	s = &Sight{of: of, scope: scope}
	if s.held, err = wordsHeldBy(ctx, db, scope.PersonID()); err != nil {
		return nil, err
	}
	if err := NumberEvents(ctx, db); err != nil {
		return nil, err
	}
	s.position, err = lastPosition(ctx, db)
	return s, err
}

// HasRights reports whether the caller, who has another scope now, still may read what they might then.
func (s *Sight) HasRights(ctx context.Context, db *store.DB, now collection.Scope) (bool, error) {
	for _, words := range readings {
		if s.scope.Holds(words) && !now.Holds(words) {
			return false, nil
		}
	}
	held, err := wordsHeldBy(ctx, db, now.PersonID())
	if err != nil {
		return false, err
	}
	return held.include(ctx, db, s.held)
}

// IsWhole reports whether nothing was taken out of the sight of the caller, who has another scope now, by moves of branches. What happened
// at organizations that are deleted meanwhile is out of the sight of people, but there.
func (s *Sight) IsWhole(ctx context.Context, db *store.DB, now collection.Scope) (bool, error) {
	words := s.of.Reached.Words
	if s.of.Schema == Roles.Schema {
		words = reading("roles")
	}
	if now.All() || len(words) == 0 {
		return true, nil
	}
	if err := NumberEvents(ctx, db); err != nil {
		return false, err
	}
	moved, deleted, err := displacedSince(ctx, db, s.position)
	if err != nil {
		return false, err
	}
	for _, m := range moved {
		if lost, err := isTrue(ctx, db, s.lostBy(m, words, now)); err != nil || lost {
			return false, err
		}
	}
	if now.PersonID() == "" || s.of.Schema != Events.Schema {
		return true, nil
	}
	for _, id := range deleted {
		seen := collection.Condition("SELECT 1 FROM organizations WHERE id = ?", id).And(now.WithinAny(words, "organizations.id"))
		if lost, err := isTrue(ctx, db, seen); err != nil || lost {
			return false, err
		}
	}
	return true, nil
}

// lostBy returns a SELECT of something if a move took a branch out of sight or, of roles, the branch away from those that are seen from it.
func (s *Sight) lostBy(m displaced, words collection.Words, now collection.Scope) collection.Where {
	branch := collection.Condition(`SELECT 1 FROM organizations b JOIN organizations h ON h.id = ? LEFT JOIN organizations t ON t.id = ?
		WHERE b.id = ?`, m.head, collection.IDOrNil(m.to), m.from).And(now.Over(words, "b.id"), not(now.Over(words, "t.id")),
		not(now.WithinAny(words, "h.id"), m.stands()))
	if s.of.Schema != Roles.Schema {
		return branch
	}
	above := collection.Condition(`SELECT 1 FROM organization_paths a JOIN roles ON roles.organization_id = a.ancestor_id
		JOIN organization_paths d ON d.ancestor_id = ? WHERE a.descendant_id = ?`, m.head, m.from).And(
		now.WithinAny(words, "d.descendant_id"), not(Roles.Visible(now)))
	return collection.Condition(branch.SQL+" UNION ALL "+above.SQL, append(branch.Args, above.Args...)...)
}

// isTrue reports whether a SELECT finds anything.
func isTrue(ctx context.Context, db *store.DB, sql collection.Where) (found bool, err error) {
	err = db.Ask(ctx, store.Query{SQL: "SELECT EXISTS (" + sql.SQL + ")", Args: sql.Args, Take: func(a *store.Answer) error {
		return a.Into(0, 0, &found)
	}})
	if err != nil {
		return false, fmt.Errorf("look what moves took out of sight: %w", err)
	}
	return found, nil
}

// not returns the condition that not all of some others hold.
func not(conds ...collection.Where) collection.Where {
	all := collection.Condition("1 = 1").And(conds...)
	return collection.Condition("NOT ("+all.SQL+")", all.Args...)
}

// displaced is a branch that was moved away from an organization to another one, "" for none.
type displaced struct{ head, from, to string }

// stands returns the condition that the branch h is where that move has brought it.
func (d displaced) stands() collection.Where {
	if d.to == "" {
		return collection.Condition("h.parent_id IS NULL")
	}
	return collection.Condition("h.parent_id = ?", d.to)
}

// displacedSince returns the branches that were moved away from somewhere, once for each move, and the organizations that were deleted, by
// events behind a position.
func displacedSince(ctx context.Context, db *store.DB, position int64) (moved []displaced, deleted []string, err error) {
	err = db.Ask(ctx, store.Query{
		SQL: `SELECT subject_id, CASE event_type WHEN 'organization.updated' THEN changes END FROM event_feed
			WHERE position > ? AND (event_type = 'organization.deleted'
				OR event_type = 'organization.updated' AND changes LIKE '%"parent"%') ORDER BY position`,
		Args: []any{position},
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				if a.Null(row, 1) {
					deleted = append(deleted, a.Text(row, 0))
					continue
				}
				var changes struct {
					Parent struct{ Before, After string }
				}
				if err := json.Unmarshal([]byte(a.Text(row, 1)), &changes); err != nil {
					return err
				}
				if changes.Parent.Before != "" {
					moved = append(moved, displaced{a.Text(row, 0), changes.Parent.Before, changes.Parent.After})
				}
			}
			return nil
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read what was moved: %w", err)
	}
	return moved, deleted, nil
}
