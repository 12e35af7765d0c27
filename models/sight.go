package models

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Sight is what a caller sees of a collection at a moment, as far as it shows later whether they have ceased to see something that is still
// there: what they lose by their own rights, and what a move of a branch takes away from them.
type Sight struct {
	of       *collection.Collection
	scope    collection.Scope
	branch   string    // the organization that the list is narrowed to, "" for none
	alone    bool      // without what is below it
	held     heldWords // of a person
	position int64     // of the last event
}

// SightOf returns what a scope sees at this moment of a collection, narrowed by filters.
func SightOf(ctx context.Context, db *store.DB, of *collection.Collection, scope collection.Scope, filters ...jsonapi.Condition) (
	s *Sight, err error,
) {
	s = &Sight{of: of, scope: scope}
	var organization, ancestor string
	for _, f := range filters {
		if f.Attribute != nil || f.Relationship != nil {
			continue
		}
		switch f.Field {
		case "organizationId":
			organization, _ = f.Value.(string)
		case collection.FilterAncestor:
			ancestor, _ = f.Value.(string)
		}
	}
	if organization == "" || ancestor == "" { // whoever is in both is lost by either
		s.branch = organization + ancestor
		s.alone = organization != "" && of.Schema != Roles.Schema // of an organization, which are seen from below
	}
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

// IsWhole reports whether nothing was out of the sight of the caller, who has another scope now, for any time since: by moves of branches,
// or because an organization was deleted, and restored. What they see by roles that they got meanwhile does not count, since nothing tells
// whether they had them in time. What happened at organizations that are deleted is out of the sight of people, but there.
func (s *Sight) IsWhole(ctx context.Context, db *store.DB, now collection.Scope) (bool, error) {
	kinds := s.words()
	if len(kinds) == 0 {
		return true, nil
	}
	if err := NumberEvents(ctx, db); err != nil {
		return false, err
	}
	for _, words := range kinds {
		if !s.leavesOutDeleted(now) {
			break
		}
		if gone, err := isTrue(ctx, db, s.deleted(now, words)); err != nil || gone {
			return false, err
		}
	}
	if now.All() {
		return true, nil
	}
	moved, tree, err := s.movedIn(ctx, db)
	if err != nil {
		return false, err
	}
	lost, above := s.loses(kinds), map[string]bool{}
	if tree.undo(moved, func(tree parents, m displaced) bool {
		for _, id := range s.leftAbove(tree, m) {
			above[id] = true
		}
		return lost(tree, m)
	}) {
		return false, nil
	}
	for some := range slices.Chunk(sortedKeys(above), 1000) {
		roles := collection.Condition("SELECT 1 FROM roles WHERE organization_id IN ?", some)
		if gone, err := isTrue(ctx, db, roles); err != nil || gone {
			return false, err
		}
	}
	return true, nil
}

// words returns the words by which people see the collection: each kind of them by itself shows something of it.
func (s *Sight) words() []collection.Words {
	switch s.of.Schema {
	case Roles.Schema:
		return []collection.Words{reading("roles")}
	case Files.Schema:
		return []collection.Words{reading("organizations"), reading("users")}
	}
	if words := s.of.Reached.Words; len(words) > 0 {
		return []collection.Words{words}
	}
	return nil
}

// movedIn returns the moves since, in their order, and a tree that has seen all of these and no others.
func (s *Sight) movedIn(ctx context.Context, db *store.DB) (moved []displaced, tree parents, err error) {
	for seen := -1; seen != len(moved); {
		seen = len(moved)
		if seen > 0 {
			if tree, err = parentsAround(ctx, db, moved, append(s.places(), s.branch)...); err != nil {
				return nil, nil, err
			}
		}
		if err = NumberEvents(ctx, db); err != nil {
			return nil, nil, err
		}
		if moved, err = displacedSince(ctx, db, s.position); err != nil {
			return nil, nil, err
		}
	}
	return moved, tree, nil
}

// loses returns what tells whether a move took something out of sight, in the tree as it was then.
func (s *Sight) loses(kinds []collection.Words) func(parents, displaced) bool {
	return func(tree parents, m displaced) bool {
		return s.concerns(tree, m) && slices.ContainsFunc(kinds, func(words collection.Words) bool {
			at := func(id string) bool { return s.reads(words, id, true) }
			return !at(m.head) && slices.ContainsFunc(tree.line(m.from), at) && !slices.ContainsFunc(tree.line(m.to), at)
		})
	}
}

// places returns the organizations at which the caller may read something, or below which.
func (s *Sight) places() (ids []string) {
	if s.scope.PersonID() == "" {
		return []string{s.scope.Root()}
	}
	for at := range s.held {
		if !at.below || s.held[holdsAt{at.organization, false}] == nil {
			ids = append(ids, at.organization)
		}
	}
	return ids
}

// reads reports whether the caller may read things of a kind at an organization, or else below it as well.
func (s *Sight) reads(words collection.Words, id string, below bool) bool {
	if s.scope.PersonID() != "" {
		return words.Among(s.held[holdsAt{id, below}])
	}
	return id == s.scope.Root() && (!below || s.scope.SeesBelow())
}

// leftAbove returns, of roles, the organizations that a move left behind above a place from which their roles were seen, unless these were
// seen otherwise right behind that move.
func (s *Sight) leftAbove(tree parents, m displaced) (left []string) {
	words := reading("roles")
	if s.of.Schema != Roles.Schema || m.from == "" || !s.concerns(tree, m) {
		return nil
	}
	places := slices.DeleteFunc(s.places(), func(id string) bool { return !s.reads(words, id, false) })
	if !slices.ContainsFunc(places, func(id string) bool { return slices.Contains(tree.line(id), m.head) }) {
		return nil
	}
	after := tree.line(m.to)
	for _, above := range tree.line(m.from) {
		up := tree.line(above)
		seen := slices.Contains(after, above) || slices.ContainsFunc(places, func(id string) bool {
			return slices.Contains(tree.line(id), above) || s.reads(words, id, true) && slices.Contains(up, id)
		})
		if !seen && (s.branch == "" || slices.Contains(up, s.branch)) {
			left = append(left, above)
		}
	}
	return left
}

// concerns reports whether a move is of something in the branch that the list is narrowed to, or of the whole of that.
func (s *Sight) concerns(tree parents, m displaced) bool {
	return s.branch == "" || slices.Contains(tree.line(s.branch), m.head) ||
		!s.alone && slices.Contains(tree.line(m.from), s.branch)
}

// leavesOutDeleted reports whether the caller does not see what hangs on organizations that are deleted.
func (s *Sight) leavesOutDeleted(now collection.Scope) bool {
	if now.All() && s.of.Schema == Users.Schema && s.branch == "" {
		return false
	}
	return now.PersonID() != "" || s.of.Reached.Live || s.of.Schema == Roles.Schema || s.of.Schema == Files.Schema
}

// deleted returns a SELECT of something if organizations were deleted that the caller sees, or would see: of those that were restored as
// well, whatever hangs on them was not there for a time.
func (s *Sight) deleted(now collection.Scope, words collection.Words) collection.Where {
	which := []collection.Where{now.WithinAny(words, "organizations.id")}
	if s.branch != "" {
		within := collection.Condition(`EXISTS (SELECT 1 FROM organization_paths n
			WHERE n.ancestor_id = ? AND n.descendant_id = organizations.id`, collection.IDOrNil(s.branch))
		if s.alone {
			within.SQL += " AND n.distance = 0"
		}
		within.SQL += ")"
		which = append(which, within)
	}
	if s.of.Schema != Events.Schema {
		which = append(which, collection.Condition(`EXISTS (SELECT 1 FROM event_feed r WHERE r.subject_id = d.subject_id
			AND r.event_type = 'organization.restored' AND r.position > d.position)`))
	}
	return collection.Condition(`SELECT 1 FROM event_feed d JOIN organizations ON organizations.id = d.subject_id
		WHERE d.position > ? AND d.event_type = 'organization.deleted'`, s.position).And(which...)
}

// isTrue reports whether a SELECT finds anything.
func isTrue(ctx context.Context, db *store.DB, sql collection.Where) (found bool, err error) {
	err = db.Ask(ctx, store.Query{SQL: "SELECT EXISTS (" + sql.SQL + ")", Args: sql.Args, Take: func(a *store.Answer) error {
		return a.Into(0, 0, &found)
	}})
	if err != nil {
		return false, fmt.Errorf("look what went out of sight: %w", err)
	}
	return found, nil
}
