package models

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Check is a question: may a user do something at an organization?
type Check struct{ User, Permission, Organization string }

// Decision is the answer to a check, with memberships and roles that it comes from, in order; none where it is no.
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
	statement, args := decision(db, asked)
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var n int
		var membership, role string
		err := rows.Scan(&n, &membership, &role)
		d := &decisions[n]
		d.Allowed = true
		d.Memberships, d.Roles = append(d.Memberships, membership), append(d.Roles, role)
		return err
	}, statement, args...)
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
// where it reads memberships; of the rest no. A check without a user is about the caller itself. Of what a yes comes from it is told the
// memberships and roles that it sees.
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
			if by.withholds(c.Permission) {
				c.User = ""
			}
		case !seenUsers[c.User] || !told[c.Organization]:
			c.User = ""
		}
	}
	decisions, err := Decide(ctx, db, asked)
	if err != nil {
		return nil, err
	}
	for i, allowed := range programs {
		decisions[i].Allowed = allowed
	}
	return decisions, by.tellReasons(ctx, db, decisions)
}

// tellReasons takes out of decisions the memberships and roles that a caller does not see.
func (by Caller) tellReasons(ctx context.Context, db *store.DB, decisions []Decision) error {
	if by.Scope.All() {
		return nil
	}
	for _, reasons := range []struct {
		of  *collection.Collection
		ids func(*Decision) *[]string
	}{
		{Memberships, func(d *Decision) *[]string { return &d.Memberships }}, {Roles, func(d *Decision) *[]string { return &d.Roles }},
	} {
		var named []string
		for i := range decisions {
			named = append(named, *reasons.ids(&decisions[i])...)
		}
		seen, err := collection.VisibleIDs(ctx, db, reasons.of, by.Scope, store.SortedUnique(named))
		if err != nil {
			return err
		}
		for i := range decisions {
			ids := reasons.ids(&decisions[i])
			*ids = slices.DeleteFunc(*ids, func(id string) bool { return !seen[id] })
		}
	}
	return nil
}

// told returns the condition that a caller may know who does what at the organization in a column: a person where they read memberships,
// others where they see it.
func (by Caller) told(column string) collection.Where {
	return by.Scope.Within(reading("memberships"), column)
}

// toldOfMembers returns of which organizations a caller may know who does what there.
func toldOfMembers(ctx context.Context, db *store.DB, by Caller, organizations []string) (map[string]bool, error) {
	told := map[string]bool{}
	if len(organizations) == 0 {
		return told, nil
	}
	var ids []string
	err := Organizations.From(ctx, db, by.told("organizations.id"), collection.Condition(Organizations.Live),
		collection.Condition("organizations.id IN ?", organizations)).Pluck("organizations.id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("look up whose members are told: %w", err)
	}
	for _, id := range ids {
		told[id] = true
	}
	return told, nil
}

// withholds reports whether the credential of a person lacks a word: then it is not theirs while they use it.
func (by Caller) withholds(word string) bool { return !by.Rights.Hold(word) }

// wordAsked is a word of a check, or one that includes it.
type wordAsked struct {
	n                        int
	user, organization, word string
}

// lines returns a SELECT of the memberships and roles by which somebody active holds a word. Its arguments are a user, an organization and
// the word, or what names them.
func lines(n, user, organization, word string) string {
	return `SELECT ` + n + ` AS n, hm.id AS membership, hmr.role_id AS role FROM ` + collection.HeldWords + `
		JOIN users hu ON hu.id = hm.user_id AND hu.active
		WHERE hm.user_id = ` + user + ` AND hp.descendant_id = ` + organization + ` AND hr.permission = ` + word
}

// decision returns the statement that answers what is asked. That of one check has plain arguments, so that PostgreSQL plans it once and
// for all: planning takes ten times as long as the answer.
func decision(db *store.DB, asked []wordAsked) (statement string, args []any) {
	if last := asked[len(asked)-1]; last.n == asked[0].n {
		var parts []string
		for _, a := range asked {
			parts, args = append(parts, lines(strconv.Itoa(a.n), "?", "?", "?")), append(args, a.user, a.organization, a.word)
		}
		return strings.Join(parts, " UNION ALL "), args
	}
	if db.Dialect() == store.Postgres {
		return `SELECT g.* FROM unnest(?::bigint[], ?::uuid[], ?::uuid[], ?::text[]) AS c (n, user_id, organization_id, word)
			CROSS JOIN LATERAL (` + lines("c.n", "c.user_id", "c.organization_id", "c.word") + ` OFFSET 0) AS g`, []any{
				store.Column(asked, func(a wordAsked) int64 { return int64(a.n) }),
				store.Column(asked, func(a wordAsked) string { return a.user }),
				store.Column(asked, func(a wordAsked) string { return a.organization }),
				store.Column(asked, func(a wordAsked) string { return a.word }),
			}
	}
	encoded, _ := json.Marshal(store.Column(asked, func(a wordAsked) [4]any { return [4]any{a.n, a.user, a.organization, a.word} }))
	return strings.Replace(lines("c.value ->> 0", "c.value ->> 1", "c.value ->> 2", "c.value ->> 3"),
		" FROM ", " FROM json_each(?) AS c CROSS JOIN ", 1), []any{string(encoded)}
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
		held := by.Rights.Scopes
		if user := by.User(); user != "" {
			s, err := standingOfUser(ctx, db, user, id)
			if err != nil {
				return nil, err
			}
			held = within(by.Rights, s.Scopes)
		}
		words[id] = append(words[id], store.SortedUnique(held)...)
	}
	return words, nil
}
