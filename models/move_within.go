package models

import (
	"context"
	"slices"
	"strconv"

	"roster/models/store"
)

// What somebody holds in a branch by their roles in it matters for what they lose and gain by its move. For most of those concerned it is
// enough to know what they are at its head: if that counts below as well, they hold it everywhere in the branch, and if they are nothing at
// the head, they lose most there. Of the others everything that they are in the branch is read.

// atOnce is of how many people that is read at once.
const atOnce = 200

// readWithin reads what people are below the head, of whom that matters.
func (wg *weighing) readWithin(ctx context.Context, tx *store.DB) error {
	for users := range slices.Chunk(wg.intricate(), atOnce) {
		rest := mostWeighed - wg.ofWithin
		err := tx.Ask(ctx, store.Query{
			SQL: `SELECT m.user_id, m.organization_id, o.parent_id, mr.role_id FROM memberships m
				JOIN organization_paths p ON p.descendant_id = m.organization_id AND p.ancestor_id = ?
				JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
				JOIN users u ON u.id = m.user_id AND u.active
				JOIN membership_roles mr ON mr.membership_id = m.id
				WHERE m.user_id IN ? LIMIT ` + strconv.Itoa(rest+1),
			Args: []any{wg.head, users},
			Take: func(a *store.Answer) error { return wg.takeWithin(a, users) },
		})
		if err != nil {
			return err
		}
		if wg.ofWithin > mostWeighed {
			return tooMuchToWeigh()
		}
		if err := wg.readPlaces(ctx, tx, users); err != nil {
			return err
		}
	}
	return nil
}

// intricate returns the people of whom it matters what they are below the head, in order: those who are something at the head that does not
// count below, and those who are something else in the branch afterwards.
func (wg *weighing) intricate() []string {
	users := wg.replacedHolders()
	if wg.owner != "" {
		users = append(users, wg.owner)
	}
	for user, p := range wg.people {
		for _, b := range p.within {
			if len(wg.roles.inheritable(b.before)) < len(b.before) {
				users = append(users, user)
			}
		}
	}
	return store.SortedUnique(users)
}

// takeWithin reads all that some people are in the branch, in place of what was known.
func (wg *weighing) takeWithin(a *store.Answer, users []string) error {
	for _, user := range users {
		if p := wg.people[user]; p != nil {
			p.within, p.at = nil, nil
		}
	}
	wg.ofWithin += a.Len()
	for i := range a.Len() {
		b := wg.person(a.Text(i, 0)).bearing(a.Text(i, 1), a.Text(i, 2))
		b.before = append(b.before, a.Text(i, 3))
	}
	return nil
}

// readPlaces reads where the organizations are at which some people are something, and the roles that they have there.
func (wg *weighing) readPlaces(ctx context.Context, tx *store.DB, users []string) error {
	places, roles := map[string][]*bearing{}, map[string]bool{}
	for _, user := range users {
		p := wg.people[user]
		if p == nil {
			continue // who is not active holds nothing
		}
		if user == wg.owner {
			p.bearing(wg.head, "")
		}
		for _, b := range p.within {
			places[b.organization] = append(places[b.organization], b)
			for _, role := range b.before {
				roles[role] = true
			}
		}
	}
	if err := wg.addRoles(ctx, tx, roles); err != nil {
		return err
	}
	organizations := sortedKeys(places)
	return tx.Ask(ctx, store.Query{
		SQL:  `SELECT descendant_id, ancestor_id FROM organization_paths WHERE descendant_id IN ? AND distance > 0`,
		Args: []any{organizations},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				for _, b := range places[a.Text(i, 0)] {
					b.above = append(b.above, a.Text(i, 1))
				}
			}
			return nil
		},
	}, store.Query{
		SQL:  `SELECT parent_id, COUNT(*) FROM organizations WHERE parent_id IN ? AND deleted_at IS NULL GROUP BY parent_id`,
		Args: []any{organizations},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				for _, b := range places[a.Text(i, 0)] {
					b.children = a.Number(i, 1)
				}
			}
			return nil
		},
	})
}

// effects returns what the move does to each of the people to whom it does anything, if it replaces roles by some replacements.
func (wg *weighing) effects(rs replacements) map[string]*effect {
	es, found := &effects{roles: wg.roles, head: wg.head, known: map[string]*effect{}}, map[string]*effect{}
	for user, p := range wg.people {
		for _, b := range p.within {
			b.after = rs.applied(b.before)
			if user == wg.owner && b.organization == wg.head {
				b.after = store.SortedUnique(append(b.after, RoleOwner))
			}
		}
		if e := es.of(&p.stance); !e.isNone() {
			found[user] = e
		}
	}
	return found
}

// applied returns roles as they are with the replacements.
func (rs replacements) applied(roles []string) []string {
	after := make([]string, len(roles))
	for n, role := range roles {
		after[n] = role
		if i := rs.instead(role); i >= 0 {
			after[n] = rs[i].To
		}
	}
	return store.SortedUnique(after)
}
