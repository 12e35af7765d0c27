package models_test

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/store"
)

// facts is all that rights and audiences come from, as plain rows: what a move does is worked out from them here by looking at everybody at
// every organization.
type facts struct {
	parent  map[string]string // of live organizations
	roles   map[string]fact
	members []member // who are active
	hearing map[string][]string
}

// fact is a role.
type fact struct {
	words       []string
	inheritable bool
	owner       string // its organization
}

// member is somebody in an organization, who may be deleted, by one role.
type member struct{ user, organization, role, membership string }

// readFacts reads them within a transaction, or outside of one.
func readFacts(t testing.TB, db *store.DB) *facts {
	t.Helper()
	f := &facts{parent: map[string]string{}, roles: map[string]fact{}, hearing: map[string][]string{}}
	read := func(query string, columns int, take func(v []string)) {
		t.Helper()
		err := db.Read(context.WithoutCancel(t.Context()), func(rows *sql.Rows) error {
			values, into := make([]sql.NullString, columns), make([]any, columns)
			for i := range values {
				into[i] = &values[i]
			}
			err := rows.Scan(into...)
			take(store.Column(values, func(v sql.NullString) string { return v.String }))
			return err
		}, query)
		if err != nil {
			t.Fatal(err)
		}
	}
	read(`SELECT id, parent_id FROM organizations WHERE deleted_at IS NULL`, 2, func(v []string) { f.parent[v[0]] = v[1] })
	read(`SELECT id, permissions, inheritable, organization_id FROM roles`, 4, func(v []string) {
		var words []string
		if err := json.Unmarshal([]byte(v[1]), &words); err != nil {
			t.Fatal(err)
		}
		f.roles[v[0]] = fact{words, v[2] == "true" || v[2] == "1", v[3]}
	})
	read(`SELECT m.user_id, m.organization_id, mr.role_id, m.id FROM memberships m JOIN membership_roles mr ON mr.membership_id = m.id
		JOIN users u ON u.id = m.user_id WHERE u.active ORDER BY m.user_id, m.id, mr.role_id`, 4,
		func(v []string) { f.members = append(f.members, member{v[0], v[1], v[2], v[3]}) })
	read(`SELECT organization_id, id FROM webhooks WHERE subtree ORDER BY id`, 2,
		func(v []string) { f.hearing[v[0]] = append(f.hearing[v[0]], v[1]) })
	return f
}

// line returns an organization and those above it.
func (f *facts) line(organization string) (line []string) {
	for id := organization; id != ""; id = f.parent[id] {
		line = append(line, id)
	}
	return line
}

// branch returns the organizations of a branch.
func (f *facts) branch(head string) (all []string) {
	for id := range f.parent {
		if slices.Contains(f.line(id), head) {
			all = append(all, id)
		}
	}
	return all
}

// holding returns what everybody holds at every organization of a branch: words by organization and user.
func (f *facts) holding(head string) map[[2]string][]string {
	held := map[[2]string][]string{}
	for _, id := range f.branch(head) {
		for n, above := range f.line(id) {
			for _, m := range f.members {
				if role := f.roles[m.role]; m.organization == above && (n == 0 || role.inheritable) {
					key := [2]string{id, m.user}
					held[key] = append(held[key], role.words...)
				}
			}
		}
	}
	return held
}

// includes reports whether somebody who holds some words holds another.
func includes(words []string, word string) bool {
	own := slices.Contains(models.Scopes(), word)
	subject, reads := strings.CutSuffix(word, ":read")
	return slices.Contains(words, word) || slices.Contains(words, "*") || own && reads && slices.Contains(words, subject+":write") &&
		slices.Contains(models.Scopes(), subject+":write")
}

// outcome is what a move does, in a form that can be compared.
type outcome struct {
	Loses, Gains     map[string][]string // words by user
	Leaving, Joining []string
	Moved            int
}

// outcomeOf returns what makes the one branch into the other.
func outcomeOf(before, after *facts, head string) outcome {
	o := outcome{Loses: map[string][]string{}, Gains: map[string][]string{}, Moved: len(before.branch(head))}
	was, is := before.holding(head), after.holding(head)
	differ := func(into map[string][]string, from, to map[[2]string][]string) {
		for key, words := range from {
			for _, word := range words {
				if !includes(to[key], word) && !slices.Contains(into[key[1]], word) {
					into[key[1]] = append(into[key[1]], word)
				}
			}
		}
		for _, words := range into {
			slices.Sort(words)
		}
	}
	differ(o.Loses, was, is)
	differ(o.Gains, is, was)
	audience := func(f *facts) (all []string) {
		for _, id := range f.line(f.parent[head]) {
			all = append(all, f.hearing[id]...)
		}
		return all
	}
	heard, hear := audience(before), audience(after)
	o.Leaving = slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(heard), func(id string) bool { return slices.Contains(hear, id) })))
	o.Joining = slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(hear), func(id string) bool { return slices.Contains(heard, id) })))
	return o
}

// said returns what a consequence says, of which everybody is named.
func said(t testing.TB, c *models.Consequence) outcome {
	t.Helper()
	o := outcome{Loses: map[string][]string{}, Gains: map[string][]string{}, Moved: int(c.Organizations)}
	people := func(into map[string][]string, of models.AffectedPeople) {
		if int(of.Total) != len(of.People) {
			t.Errorf("%d people, %d of them named", of.Total, len(of.People))
		}
		for _, p := range of.People {
			into[p.User] = p.Permissions
			if len(p.Roles) == 0 || p.Name == "" {
				t.Errorf("%+v comes from nothing, or has no name", p)
			}
		}
	}
	people(o.Loses, c.Loses)
	people(o.Gains, c.Gains)
	for _, e := range c.EndpointsLeaving.Endpoints {
		o.Leaving = append(o.Leaving, e.Webhook)
	}
	for _, e := range c.EndpointsJoining.Endpoints {
		o.Joining = append(o.Joining, e.Webhook)
	}
	return o
}

// lostRoles returns how many people have each role in a branch that belongs to an organization which is above it only before a move.
func (f *facts) lostRoles(head, to string) map[string]int {
	stays := f.line(to)
	holders := map[string]map[string]bool{}
	for _, m := range f.members {
		owner := f.roles[m.role].owner
		if !slices.Contains(f.line(m.organization), head) || owner == "" || slices.Contains(stays, owner) {
			continue
		}
		if slices.Contains(f.line(f.parent[head]), owner) {
			if holders[m.role] == nil {
				holders[m.role] = map[string]bool{}
			}
			holders[m.role][m.user] = true
		}
	}
	n := map[string]int{}
	for role, users := range holders {
		n[role] = len(users)
	}
	return n
}

// clone returns the facts with another parent of an organization.
func (f *facts) moved(head, to string) *facts {
	other := *f
	other.parent = maps.Clone(f.parent)
	other.parent[head] = to
	return &other
}

// sameOutcome fails the test unless two outcomes are one.
func sameOutcome(t testing.TB, what string, want, got outcome) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-it is, +it is said):\n%s", what, diff)
	}
}

// rolesOfOutcome returns the roles that are lost as a consequence says.
func rolesOfOutcome(c *models.Consequence) map[string]int {
	n := map[string]int{}
	for _, r := range c.RolesLost {
		n[*cmp.Or(r.Role, new(string))] = int(r.Holders)
	}
	return n
}

// moveSaid is a move in words, for errors.
func moveSaid(m models.Move) string { return fmt.Sprintf("move %s to %q with %v", m.Organization, m.To, m.Replacements) }
