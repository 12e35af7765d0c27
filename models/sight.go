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
	kinds    []sightKind
	branch   string    // the organization that the list is narrowed to, "" for none
	alone    bool      // without what is below it
	held     heldWords // of a person
	position int64     // of the last event
}

// sightKind is something that has to be seen for rows to be in a list: they themselves, or what filters go by.
type sightKind struct {
	words collection.Words
	// own: people see their own wherever it is; of memberships, as long as the organization is there.
	own bool
	// anywhere: it need not be in the branch that the list is narrowed to.
	anywhere bool
	// present: what is deleted counts for nobody.
	present bool
}

// SightOf returns what a scope sees at this moment of a collection, narrowed by filters.
func SightOf(ctx context.Context, db *store.DB, of *collection.Collection, scope collection.Scope, filters ...jsonapi.Condition) (
	s *Sight, err error,
) {
	s = &Sight{of: of, scope: scope, kinds: kindsOf(of)}
	s.narrow(filters)
	if s.held, err = wordsHeldBy(ctx, db, scope.PersonID()); err != nil {
		return nil, err
	}
	if err := NumberEvents(ctx, db); err != nil {
		return nil, err
	}
	s.position, err = lastPosition(ctx, db)
	return s, err
}

// kindsOf returns what people see a collection by: each kind by itself shows something of it.
func kindsOf(of *collection.Collection) (kinds []sightKind) {
	switch of.Schema {
	case Roles.Schema:
		return []sightKind{{words: reading("roles")}}
	case Files.Schema:
		return []sightKind{{words: reading("organizations")}, {words: reading("users")}}
	}
	if words := of.Reached.Words; len(words) > 0 {
		kinds = append(kinds, sightKind{words: words, own: of.Schema == Memberships.Schema})
	}
	return kinds
}

// narrow notes what filters leave, and what has to be seen for that.
func (s *Sight) narrow(filters []jsonapi.Condition) {
	var organization, ancestor string
	by := func(present bool, targets ...*collection.Collection) {
		for _, target := range targets {
			for _, kind := range kindsOf(target) {
				kind.anywhere, kind.present = true, present
				s.kinds = append(s.kinds, kind)
			}
		}
	}
	for _, f := range filters {
		switch {
		case f.Attribute != nil:
		case f.Relationship != nil:
			r := s.of.Relation(f.Relationship.Name)
			if r.Target != nil {
				by(r.Column == "", append(slices.Clone(r.Also), r.Target)...)
			}
		case f.Field == "organizationId":
			organization, _ = f.Value.(string)
		case f.Field == collection.FilterAncestor:
			ancestor, _ = f.Value.(string)
			s.kinds = append(s.kinds, sightKind{words: reading("organizations")})
		case s.of.Beyond[f.Field] != nil:
			by(true, Organizations)
		case s.of.Sighted[f.Field] != nil:
			by(false, actorsOf("")...)
		}
	}
	if organization == "" || ancestor == "" { // whoever is in both is lost by either
		s.branch = organization + ancestor
		s.alone = organization != "" && s.of.Schema != Roles.Schema // of an organization, which are seen from below
	}
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
// whether they had them in time. What happened at organizations that are deleted is out of the sight of people, but there. Where events are
// removed already that would tell, it was not.
func (s *Sight) IsWhole(ctx context.Context, db *store.DB, now collection.Scope) (bool, error) {
	if len(s.kinds) == 0 {
		return true, nil
	}
	if err := NumberEvents(ctx, db); err != nil {
		return false, err
	}
	for _, kind := range s.kinds {
		if !s.leavesOutDeleted(now, kind) {
			continue
		}
		if gone, err := isTrue(ctx, db, s.deleted(now, kind)); err != nil || gone {
			return false, err
		}
	}
	if !now.All() {
		if kept, err := s.keptInSight(ctx, db); err != nil || !kept {
			return false, err
		}
	}
	removed, err := eventHorizon(ctx, db)
	return removed <= s.position, err
}

// keptInSight reports whether no move since took something out of sight.
func (s *Sight) keptInSight(ctx context.Context, db *store.DB) (bool, error) {
	moved, tree, err := s.movedIn(ctx, db)
	if err != nil {
		return false, err
	}
	above := map[string]bool{}
	if tree.undo(moved, func(tree parents, m displaced) bool {
		return slices.ContainsFunc(s.kinds, func(kind sightKind) bool {
			for _, id := range s.leftAbove(kind, tree, m) {
				above[id] = true
			}
			return s.loses(kind, tree, m)
		})
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

// loses reports whether a move took something out of sight, in the tree as it was then.
func (s *Sight) loses(kind sightKind, tree parents, m displaced) bool {
	at := func(id string) bool { return s.reads(kind.words, id, true) }
	return s.concerns(kind, tree, m) && !at(m.head) &&
		slices.ContainsFunc(tree.line(m.from), at) && !slices.ContainsFunc(tree.line(m.to), at)
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
func (s *Sight) leftAbove(kind sightKind, tree parents, m displaced) (left []string) {
	words := reading("roles")
	if !slices.Equal(kind.words, words) || m.from == "" || !s.concerns(kind, tree, m) {
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
		if !seen && (kind.anywhere || s.branch == "" || slices.Contains(up, s.branch)) {
			left = append(left, above)
		}
	}
	return left
}

// concerns reports whether a move is of something in the branch that the list is narrowed to, or of the whole of that.
func (s *Sight) concerns(kind sightKind, tree parents, m displaced) bool {
	return kind.anywhere || s.branch == "" || slices.Contains(tree.line(s.branch), m.head) ||
		!s.alone && slices.Contains(tree.line(m.from), s.branch)
}

// leavesOutDeleted reports whether the caller does not see what hangs on organizations that are deleted.
func (s *Sight) leavesOutDeleted(now collection.Scope, kind sightKind) bool {
	switch {
	case now.All() && (kind.anywhere || s.of.Schema == Users.Schema && s.branch == ""):
		return kind.present
	case kind.anywhere && now.PersonID() == "": // keys see what is deleted, but not who was there
		return kind.present || slices.Equal(kind.words, reading("users"))
	}
	return now.PersonID() != "" || s.of.Reached.Live || s.of.Schema == Roles.Schema || s.of.Schema == Files.Schema
}

// deleted returns a SELECT of something if organizations were deleted that the caller sees, or would see: of those that were restored as
// well, whatever hangs on them was not there for a time. What is left of others was in the list only if it outlives them.
func (s *Sight) deleted(now collection.Scope, kind sightKind) collection.Where {
	seen := now.WithinAny(kind.words, "organizations.id")
	if user := now.PersonID(); kind.own && user != "" {
		seen = collection.Condition("("+seen.SQL+" OR organizations.id IN (SELECT organization_id FROM memberships WHERE user_id = ?))",
			append(seen.Args, user)...)
	}
	which := []collection.Where{seen}
	if s.branch != "" && !kind.anywhere {
		within := collection.Condition(`EXISTS (SELECT 1 FROM organization_paths n
			WHERE n.ancestor_id = ? AND n.descendant_id = organizations.id`, collection.IDOrNil(s.branch))
		if s.alone {
			within.SQL += " AND n.distance = 0"
		}
		within.SQL += ")"
		which = append(which, within)
	}
	outlives := s.of.Schema == Events.Schema || s.of.Schema == WebhookDeliveries.Schema || s.of.Schema == WebhookReplays.Schema
	if !outlives && !kind.anywhere || now.All() {
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
