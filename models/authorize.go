package models

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Check is a question: may a user do something at an organization?
type Check struct{ User, Permission, Organization string }

// Decision is the answer to a check, with the memberships and roles that it comes from, in order; none where it is no.
type Decision struct {
	Allowed            bool
	Memberships, Roles []string
}

// Decide answers checks in one statement, each by what is true at that moment. The effective permissions of a user at a live organization
// are those of the roles of their memberships at it and, of roles that are inheritable, at its ancestors; somebody who is not active has
// none. What is unknown or malformed is not allowed.
func Decide(ctx context.Context, db *store.DB, checks []Check) ([]Decision, error) {
	decisions := make([]Decision, len(checks))
	var asked []wordAsked
	for n, c := range checks {
		if !jsonapi.IsID(c.User) || !jsonapi.IsID(c.Organization) {
			continue
		}
		for _, word := range including(c.Permission) {
			asked = append(asked, wordAsked{n, c.User, c.Organization, word})
		}
	}
	if len(asked) == 0 {
		return decisions, nil
	}
	from, args := askedWords(db, asked)
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var n int
		var membership, role string
		err := rows.Scan(&n, &membership, &role)
		d := &decisions[n]
		d.Allowed = true
		d.Memberships, d.Roles = append(d.Memberships, membership), append(d.Roles, role)
		return err
	}, `SELECT DISTINCT c.n, hm.id, hr.id FROM `+from+` CROSS JOIN `+collection.Held+`
		JOIN users u ON u.id = c.user_id AND u.active
		JOIN role_permissions hw ON hw.role_id = hr.id AND hw.permission = c.word
		WHERE hm.user_id = c.user_id AND hp.descendant_id = c.organization_id`, args...)
	if err != nil {
		return nil, fmt.Errorf("decide what is permitted: %w", err)
	}
	for i := range decisions {
		d := &decisions[i]
		d.Memberships, d.Roles = store.SortedUnique(d.Memberships), store.SortedUnique(d.Roles)
	}
	return decisions, nil
}

// DecideFor answers checks as a caller may know: it is told of organizations and users that it sees, and, if it is a person, of others
// where it reads memberships; of the rest no. A check without a user is about the caller itself.
func DecideFor(ctx context.Context, db *store.DB, by Caller, checks []Check) ([]Decision, error) {
	asked := slices.Clone(checks)
	var users, organizations []string
	for i := range asked {
		c := &asked[i]
		c.User = cmp.Or(c.User, by.User())
		if jsonapi.IsID(c.User) && c.User != by.User() {
			users = append(users, c.User)
		}
		if jsonapi.IsID(c.Organization) {
			organizations = append(organizations, c.Organization)
		}
	}
	seenUsers, err := collection.VisibleIDs(ctx, db, Users, by.Scope, store.SortedUnique(users))
	if err != nil {
		return nil, err
	}
	told, err := toldOfMembers(ctx, db, by, store.SortedUnique(organizations))
	if err != nil {
		return nil, err
	}
	programs := map[int]bool{}
	for i := range asked {
		c := &asked[i]
		switch {
		case c.User == "": // a program is asked for what its scopes hold
			programs[i] = told[c.Organization] && by.Rights.Hold(c.Permission)
		case c.User == by.User():
			if !by.Rights.Hold(c.Permission) && !by.Rights.Hold(EveryScope) && isOwn(c.Permission) {
				c.User = "" // its key does not
			}
		case !seenUsers[c.User] || !told[c.Organization]:
			c.User = ""
		}
	}
	decisions, err := Decide(ctx, db, asked)
	for i, allowed := range programs {
		decisions[i].Allowed = allowed
	}
	return decisions, err
}

// toldOfMembers returns of which organizations a caller may know who does what there.
func toldOfMembers(ctx context.Context, db *store.DB, by Caller, organizations []string) (map[string]bool, error) {
	if by.User() == "" {
		return collection.VisibleIDs(ctx, db, Organizations, by.Scope, organizations)
	}
	var checks []Check
	for _, id := range organizations {
		checks = append(checks, Check{by.User(), "memberships:read", id})
	}
	decisions, err := Decide(ctx, db, checks)
	told := map[string]bool{}
	for i, d := range decisions {
		told[organizations[i]] = d.Allowed
	}
	return told, err
}

// wordAsked is a word of a check, or one that includes it.
type wordAsked struct {
	n                        int
	user, organization, word string
}

// askedWords returns a table of what is asked.
func askedWords(db *store.DB, asked []wordAsked) (from string, args []any) {
	if db.Dialect() == store.Postgres {
		return `unnest(?::bigint[], ?::uuid[], ?::uuid[], ?::text[]) AS c (n, user_id, organization_id, word)`, []any{
			store.Column(asked, func(a wordAsked) int64 { return int64(a.n) }),
			store.Column(asked, func(a wordAsked) string { return a.user }),
			store.Column(asked, func(a wordAsked) string { return a.organization }),
			store.Column(asked, func(a wordAsked) string { return a.word }),
		}
	}
	encoded, _ := json.Marshal(store.Column(asked, func(a wordAsked) [4]any { return [4]any{a.n, a.user, a.organization, a.word} }))
	return `(SELECT value ->> 0 AS n, value ->> 1 AS user_id, value ->> 2 AS organization_id, value ->> 3 AS word
		FROM json_each(?)) AS c`, []any{string(encoded)}
}

// Permissions returns, for organizations, the words that a caller holds there, in order: none for one that it does not see.
func Permissions(ctx context.Context, db *store.DB, by Caller, organizations []string) (map[string][]string, error) {
	seen, err := collection.VisibleIDs(ctx, db, Organizations, by.Scope, slices.DeleteFunc(slices.Clone(organizations),
		func(id string) bool { return !jsonapi.IsID(id) }))
	if err != nil {
		return nil, err
	}
	words := map[string][]string{}
	for _, id := range organizations {
		words[id] = []string{}
		if !seen[id] {
			continue
		}
		words[id] = store.SortedUnique(slices.Clone(by.Rights.Scopes))
		if user := by.User(); user != "" {
			s, err := standingOfUser(ctx, db, user, id, "")
			if err != nil {
				return nil, err
			}
			words[id] = within(by.Rights, s.words)
		}
	}
	return words, nil
}
