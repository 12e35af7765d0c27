package models

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
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
	return decide(ctx, db, collection.Everything(), checks, nil)
}

// DecideFor answers checks as a caller may know, all of them with one question to the database: it is told of organizations and users that
// it sees, and, if it is a person, of others where it reads memberships; of the rest no. A check without a user is about the caller itself.
// Of what a yes comes from it is told the memberships and roles that it sees.
func DecideFor(ctx context.Context, db *store.DB, by Caller, checks []Check) ([]Decision, error) {
	self, all := by.User(), by.Scope.All()
	var users, organizations []string // of which it depends whether they are seen
	asked := slices.Clone(checks)
	for i := range asked {
		c := &asked[i]
		c.User = cmp.Or(c.User, self)
		switch {
		case c.User == "": // a program is asked for what its scopes hold
			organizations = append(organizations, c.Organization)
		case c.User == self:
			if by.withholds(c.Permission) {
				*c = Check{User: self} // a no
			}
		case !all: // who sees everything is told of all: whoever holds something is there, and so is where
			users, organizations = append(users, c.User), append(organizations, c.Organization)
		}
	}
	seen, told := map[string]bool{}, map[string]bool{}
	decisions, err := decide(ctx, db, by.Scope, asked, append(
		Users.AmongIDs(db, seen, distinctIDs(users), Users.Present(by.Scope)...),
		by.toldAmong(db, told, organizations)...,
	))
	if err != nil {
		return nil, err
	}
	for i, c := range asked {
		switch {
		case c.User == "":
			decisions[i].Allowed = told[c.Organization] && by.Rights.Hold(c.Permission)
		case c.User != self && !all && (!seen[c.User] || !told[c.Organization]):
			decisions[i] = Decision{}
		}
	}
	return decisions, nil
}

// told returns the condition that a caller may know who does what at the organization in a column: a person where they read memberships,
// others where they see it.
func (by Caller) told(column string) collection.Where {
	return by.Scope.Within(reading("memberships"), column)
}

// toldAmong returns what finds out of which organizations a caller may know who does what there.
func (by Caller) toldAmong(db *store.DB, told map[string]bool, organizations []string) []store.Query {
	return Organizations.AmongIDs(db, told, distinctIDs(organizations),
		by.told("organizations.id"), collection.Condition(Organizations.Live))
}

// distinctIDs returns the different ids among some texts, in order.
func distinctIDs(texts []string) []string {
	return slices.DeleteFunc(store.SortedUnique(texts), func(text string) bool { return !jsonapi.IsID(text) })
}

// withholds reports whether the credential of a person lacks a word: then it is not theirs while they use it.
func (by Caller) withholds(word string) bool { return !by.Rights.Hold(word) }

// spot is a user at an organization, and the checks that ask about it.
type spot struct {
	user, organization string
	asked              []wordsAsked
}

// wordsAsked are the words of which any answers the check with that number.
type wordsAsked struct {
	check int
	words []string
}

// words returns all that are asked about.
func (s spot) words() (all []string) {
	if len(s.asked) == 1 {
		return s.asked[0].words
	}
	for _, a := range s.asked {
		all = append(all, a.words...)
	}
	return store.SortedUnique(all)
}

// spotsOf returns where checks ask; of those that are malformed nowhere.
func spotsOf(checks []Check) (spots []spot) {
	at := make(map[[2]string]int, len(checks))
	for n, c := range checks {
		if !jsonapi.IsID(c.User) || !jsonapi.IsID(c.Organization) {
			continue
		}
		i, known := at[[2]string{c.User, c.Organization}]
		if !known {
			i = len(spots)
			at[[2]string{c.User, c.Organization}], spots = i, append(spots, spot{user: c.User, organization: c.Organization})
		}
		spots[i].asked = append(spots[i].asked, wordsAsked{n, including(c.Permission)})
	}
	return spots
}

// decide answers checks with those reasons that a scope sees, and asks something else along.
func decide(ctx context.Context, db *store.DB, scope collection.Scope, checks []Check, along []store.Query) ([]Decision, error) {
	decisions, spots := make([]Decision, len(checks)), spotsOf(checks)
	if len(spots) > 0 {
		sql := decision(db.Dialect(), scope, spots)
		along = append(along, store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
			for row := range a.Len() {
				for _, asked := range spots[a.Number(row, ofSpot)].asked {
					if slices.Contains(asked.words, a.Text(row, ofWord)) {
						decisions[asked.check].add(a.Text(row, ofMembership), a.Text(row, ofRole))
					}
				}
			}
			return nil
		}})
	}
	if err := db.Ask(ctx, along...); err != nil {
		return nil, fmt.Errorf("decide what is permitted: %w", err)
	}
	for i := range decisions {
		d := &decisions[i]
		d.Memberships, d.Roles = store.SortedUnique(d.Memberships), store.SortedUnique(d.Roles)
	}
	return decisions, nil
}

// add makes a decision a yes that comes from a membership and a role, "" for one that is not told.
func (d *Decision) add(membership, role string) {
	d.Allowed = true
	if membership != "" {
		d.Memberships = append(d.Memberships, membership)
	}
	if role != "" {
		d.Roles = append(d.Roles, role)
	}
}

// Places of a line of decision.
const (
	ofSpot = iota
	ofMembership
	ofRole
	ofWord
)

// decision returns the SELECT of the memberships and roles by which somebody active holds words at spots, as far as a scope sees them. That
// of one spot has plain arguments, so that PostgreSQL plans it once and for all: planning takes ten times as long as the answer.
func decision(dialect store.Dialect, scope collection.Scope, spots []spot) collection.Where {
	lines, seen := reasons(scope)
	if len(spots) == 1 {
		s := spots[0]
		return collection.Condition(lines("0", "", "?", "?", "IN ?"), append(seen, s.user, s.organization, s.words())...)
	}
	if dialect == store.Postgres {
		return collection.Condition(`WITH c AS MATERIALIZED (
				SELECT n - 1 AS n, user_id, organization_id, string_to_array(words, '`+between+`') AS words
				FROM unnest(?::uuid[], ?::uuid[], ?::text[]) WITH ORDINALITY AS u (user_id, organization_id, words, n)
			)
			SELECT g.* FROM c
			CROSS JOIN LATERAL (`+lines("c.n", "", "c.user_id", "c.organization_id", "= ANY (c.words)")+` OFFSET 0) AS g`, append([]any{
			store.Column(spots, func(s spot) string { return s.user }),
			store.Column(spots, func(s spot) string { return s.organization }),
			store.Column(spots, func(s spot) string { return strings.Join(s.words(), between) }),
		}, seen...)...)
	}
	encoded, _ := json.Marshal(store.Column(spots, func(s spot) [3]any { return [3]any{s.user, s.organization, s.words()} }))
	return collection.Condition(lines("c.key", "json_each(?) AS c CROSS JOIN ", "c.value ->> 0", "c.value ->> 1",
		"IN (SELECT value FROM json_each(c.value ->> 2))"), append(seen, string(encoded))...)
}

// reasons returns what makes a SELECT of the memberships and roles by which somebody active holds words at an organization, as far as a
// scope sees them, and the arguments that come first in it.
func reasons(scope collection.Scope) (lines func(n, from, user, organization, words string) string, seen []any) {
	membership, role := Memberships.IfSeen(scope, "hm.id"), Roles.IfSeen(scope, "hmr.role_id")
	return func(n, from, user, organization, words string) string {
		return `SELECT ` + n + `, ` + membership.SQL + `, ` + role.SQL + `, hr.permission FROM ` + from + collection.HeldWords + `
			JOIN users hu ON hu.id = hm.user_id AND hu.active
			WHERE hm.user_id = ` + user + ` AND hp.descendant_id = ` + organization + ` AND hr.permission ` + words
	}, slices.Concat(membership.Args, role.Args)
}

// between stands between words in one text. A word with it, which no role can hold, comes apart there, and the lines of its parts answer no
// check.
const between = " "

// Permissions returns, for organizations, the words that a caller holds there, in order. Of themselves people are told everywhere, as
// checks tell them; a program is told none for an organization that it does not see.
func Permissions(ctx context.Context, db *store.DB, by Caller, organizations []string) (map[string][]string, error) {
	seen, user := map[string]bool{}, by.User()
	if user == "" {
		var err error
		if seen, err = collection.VisibleIDs(ctx, db, Organizations, by.Scope, distinctIDs(organizations)); err != nil {
			return nil, err
		}
	}
	words := map[string][]string{}
	for _, id := range organizations {
		var held []string
		switch {
		case user != "":
			s, err := standingOfUser(ctx, db, user, id)
			if err != nil {
				return nil, err
			}
			held = within(by.Rights, s.Scopes)
		case seen[id]:
			held = by.Rights.Scopes
		}
		words[id] = append([]string{}, store.SortedUnique(held)...)
	}
	return words, nil
}
