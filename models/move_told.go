package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// mostNamed bounds the people and the endpoints of each kind that a consequence names, mostLost the roles.
const (
	mostNamed = 20
	mostLost  = 100
)

// tell returns the consequence as the caller may know it.
func (wg *weighing) tell(ctx context.Context, tx *store.DB, found map[string]*effect) (*Consequence, error) {
	c := &Consequence{Organizations: int64(len(wg.moved)), RolesLost: []LostRole{}}
	roles, err := wg.rolesSeen(ctx, tx)
	if err != nil {
		return nil, err
	}
	told, err := wg.tellsOfOthers(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, side := range []struct {
		of    *AffectedPeople
		parts func(*effect) (words, from []string)
	}{
		{&c.Loses, func(e *effect) ([]string, []string) { return e.lost, e.lostBy }},
		{&c.Gains, func(e *effect) ([]string, []string) { return e.gained, e.gainedBy }},
	} {
		users := slices.DeleteFunc(sortedKeys(found), func(user string) bool {
			words, _ := side.parts(found[user])
			return len(words) == 0
		})
		names, err := wg.name(ctx, tx, users, told)
		if err != nil {
			return nil, err
		}
		*side.of = AffectedPeople{Total: int64(len(users)), People: []AffectedPerson{}}
		for _, user := range names {
			words, from := side.parts(found[user.ID])
			if user.ID != wg.by.User() {
				words = wg.wordsTold(words, roles)
			}
			person := AffectedPerson{User: user.ID, Name: user.fullName(), Permissions: jsonapi.Strings(words), Roles: []AffectedRole{}}
			for _, id := range from {
				if roles[id] {
					person.Roles = append(person.Roles, AffectedRole{id, wg.roles[id].Name})
				}
			}
			side.of.People = append(side.of.People, person)
		}
	}
	c.RolesLost = wg.lostRoles(roles)
	if c.EndpointsLeaving, err = wg.endpoints(ctx, tx, wg.leaving); err != nil {
		return nil, err
	}
	c.EndpointsJoining, err = wg.endpoints(ctx, tx, wg.joining)
	return c, err
}

// rolesSeen returns which of the roles that were read the caller is told: those that are built in, and those that it sees.
func (wg *weighing) rolesSeen(ctx context.Context, tx *store.DB) (map[string]bool, error) {
	own := slices.DeleteFunc(sortedKeys(wg.roles), func(id string) bool { return wg.roles[id].OrganizationID == nil })
	seen := map[string]bool{}
	if wg.by.Scope.Holds(reading("roles")) {
		var err error
		if seen, err = collection.VisibleIDs(ctx, tx, Roles, wg.by.Scope, own); err != nil {
			return nil, err
		}
	}
	for _, id := range builtInRoles {
		seen[id] = true
	}
	return seen, nil
}

// wordsTold returns those of some words that a caller who sees some roles may know, as effectivePermissions names them: the service's own,
// the one that stands for all, and those of the roles.
func (wg *weighing) wordsTold(words []string, seen map[string]bool) []string {
	known := Scopes()
	for id := range wg.roles {
		if seen[id] {
			known = append(known, wg.roles.words(id)...)
		}
	}
	told := []string{}
	for _, word := range words {
		if slices.Contains(known, word) {
			told = append(told, word)
		}
	}
	return told
}

// tellsOfOthers reports whether the caller may know what others hold in the branch: it reads memberships there, and where it is to be.
func (wg *weighing) tellsOfOthers(ctx context.Context, tx *store.DB) (bool, error) {
	if !wg.by.Scope.Holds(reading("memberships")) || !wg.by.Scope.Holds(reading("users")) {
		return false, nil
	}
	places, told := []string{wg.head}, map[string]bool{}
	if wg.to != "" {
		places = append(places, wg.to)
	}
	if err := tx.Ask(ctx, wg.by.toldAmong(tx, told, places)...); err != nil {
		return false, fmt.Errorf("look up whose members are told: %w", err)
	}
	return len(told) == len(places), nil
}

// name returns the first of some users whom the caller is told of, in order: those that it sees, and itself.
func (wg *weighing) name(ctx context.Context, tx *store.DB, users []string, told bool) (named []*User, err error) {
	if !told {
		users = slices.DeleteFunc(users, func(user string) bool { return user != wg.by.User() })
	}
	for chunk := range slices.Chunk(users, 50*mostNamed) {
		if len(named) == mostNamed {
			break
		}
		if wg.by.Scope.All() {
			chunk = chunk[:min(len(chunk), mostNamed)] // all of whom it sees
		}
		var found []*User
		q := Users.From(ctx, tx, append(Users.Present(wg.by.Scope), collection.Condition("users.id IN ?", chunk))...)
		err := q.Select("users.id, users.first_name, users.last_name").Order("users.id").Limit(mostNamed - len(named)).Find(&found).Error
		if err != nil {
			return nil, fmt.Errorf("name users: %w", err)
		}
		named = append(named, found...)
	}
	return named, nil
}

// endpoints returns endpoints as the caller is told of them.
func (wg *weighing) endpoints(ctx context.Context, tx *store.DB, all []AffectedEndpoint) (AffectedEndpoints, error) {
	told := AffectedEndpoints{Total: int64(len(all)), Endpoints: []AffectedEndpoint{}}
	if !wg.by.Scope.Holds(reading("webhooks")) {
		return told, nil
	}
	ids := store.Column(all, func(e AffectedEndpoint) string { return e.Webhook })
	seen, err := collection.VisibleIDs(ctx, tx, Webhooks, wg.by.Scope, ids)
	if err != nil {
		return told, err
	}
	for _, e := range all {
		if seen[e.Webhook] && len(told.Endpoints) < mostNamed {
			told.Endpoints = append(told.Endpoints, e)
		}
	}
	return told, nil
}

// lostRoles returns the roles that members of the branch cannot have at its new place, in the order of their keys. Those that the caller
// does not see have no name, and come last.
func (wg *weighing) lostRoles(seen map[string]bool) []LostRole {
	holders, last := map[string]map[string]bool{}, map[string]bool{}
	for _, h := range wg.holders {
		if holders[h.role] == nil {
			holders[h.role] = map[string]bool{}
		}
		holders[h.role][h.user], last[h.role] = true, true
	}
	for role := range wg.offers {
		last[role] = true
	}
	ids := sortedKeys(last)
	slices.SortFunc(ids, func(a, b string) int {
		switch {
		case seen[a] && !seen[b]:
			return -1
		case seen[b] && !seen[a]:
			return 1
		}
		return cmp.Or(cmp.Compare(wg.roles[a].Key, wg.roles[b].Key), cmp.Compare(a, b))
	})
	lost := []LostRole{}
	for _, id := range ids[:min(len(ids), mostLost)] {
		role := LostRole{Holders: int64(len(holders[id])), Invitations: wg.offers[id]}
		if seen[id] {
			role.Role, role.Name = &wg.roles[id].ID, &wg.roles[id].Name
		}
		lost = append(lost, role)
	}
	return lost
}
