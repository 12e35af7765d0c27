package main

import (
	"slices"

	"roster/models"
)

// grownTree is a tree of the demo with its people: the company comes first, and who owns it.
type grownTree struct {
	organizations []*models.Organization
	users         []*models.User
}

// below returns the organizations of the tree that are below one of them, and not on the way down to the feet of a line.
func (g grownTree) below(top string, except []*models.Organization) (found []*models.Organization) {
	in := map[string]bool{top: true}
	for _, org := range g.organizations { // parents come first
		if org.ParentID == nil || !in[*org.ParentID] {
			continue
		}
		in[org.ID] = true
		if !slices.Contains(except, org) {
			found = append(found, org)
		}
	}
	return found
}

// leaves returns those of some organizations of the tree that have none below them.
func (g grownTree) leaves(of []*models.Organization) []*models.Organization {
	return slices.DeleteFunc(slices.Clone(of), func(org *models.Organization) bool {
		return slices.ContainsFunc(g.organizations, func(o *models.Organization) bool { return o.ParentID != nil && *o.ParentID == org.ID })
	})
}

// line returns the organizations from the company down to one of those that are farthest below it.
func (g grownTree) line() []*models.Organization {
	lines := make(map[string][]*models.Organization, len(g.organizations))
	var longest []*models.Organization
	for _, org := range g.organizations { // parents come first
		line := []*models.Organization{org}
		if org.ParentID != nil {
			line = append(slices.Clone(lines[*org.ParentID]), org)
		}
		if lines[org.ID] = line; len(line) > len(longest) {
			longest = line
		}
	}
	return longest
}

// The parts that people of the demo have. Whoever comes before theFormer signs in.
const (
	theOwner = iota
	theAdmin
	theManager
	theAccountant
	theDirector
	theMember
	theViewer
	theFormer
	parts
)

// roles says what each is called in the table, how far below the company they are a member, of a line of four, and with which role.
var roles = [parts]struct {
	title string
	level int
	role  string
}{
	theOwner:      {"owner", 0, models.RoleOwner},
	theAdmin:      {"administrator", 1, models.RoleAdmin},
	theManager:    {"manager", 2, models.RoleManager},
	theAccountant: {"accountant", 1, models.RoleViewer},                   // later one of the company's own, see ownRoles
	theDirector:   {"director, not below", 0, models.RoleViewer},          // the same
	theMember:     {"member, and viewer elsewhere", 3, models.RoleMember}, // elsewhere by an invitation
	theViewer:     {"viewer", 3, models.RoleViewer},
	theFormer:     {"not active", 2, models.RoleMember},
}

// actor is one of the people who have a part.
type actor struct {
	*models.User
	membership string
	home       *models.Organization
}

// cast is the people of the demo who have parts. They are in one tree, on a line from its company downwards.
type cast struct {
	company *models.Organization
	line    []*models.Organization // from the company downwards
	tree    grownTree
	// others are memberships of people of the tree who have no part, each in one organization and with one role.
	others []*models.Membership
	key    uint64 // what the random choices are made from
	actors [parts]actor
	// host owns the company of another tree. It is nobody if there is no other one with people.
	host actor
}

// castFrom takes the first people of a tree of a batch and puts them where their parts are: in that with the longest line of those that
// have enough. It returns nil if none has.
func castFrom(batch *models.Batch, trees []grownTree) *cast {
	stage := -1
	for i, g := range trees {
		if len(g.users) >= parts && (stage < 0 || len(g.line()) > len(trees[stage].line())) {
			stage = i
		}
	}
	if stage < 0 {
		return nil
	}
	line := trees[stage].line()
	c := &cast{company: line[0], line: line, tree: trees[stage]}
	for part, user := range trees[stage].users[:parts] {
		user.Active = part != theFormer
		c.actors[part] = place(batch, user, line[min(roles[part].level, len(line)-1)], roles[part].role)
	}
	other := slices.IndexFunc(trees, func(g grownTree) bool { return len(g.users) > 0 && g.organizations[0] != line[0] })
	if other >= 0 {
		owner := trees[other].users[0]
		at := slices.IndexFunc(batch.Memberships, func(m *models.Membership) bool { return m.UserID == owner.ID })
		c.host = actor{owner, batch.Memberships[at].ID, trees[other].organizations[0]}
	}
	c.others = extras(batch, trees[stage])
	return c
}

// extras returns the memberships of those people of a tree who have no part, are active and in one organization.
func extras(batch *models.Batch, tree grownTree) (found []*models.Membership) {
	without, times := map[string]bool{}, map[string]int{}
	for _, user := range tree.users[parts:] {
		without[user.ID] = user.Active
	}
	for _, m := range batch.Memberships {
		times[m.UserID]++
	}
	for _, m := range batch.Memberships {
		if without[m.UserID] && times[m.UserID] == 1 && batch.Roles[m.ID][0] == models.RoleMember {
			found = append(found, m)
		}
	}
	return found
}

// place makes one membership of those that a user has in a batch: with a role, in an organization.
func place(batch *models.Batch, user *models.User, org *models.Organization, role string) actor {
	of := func(m *models.Membership) bool { return m.UserID == user.ID }
	m := batch.Memberships[slices.IndexFunc(batch.Memberships, of)]
	batch.Memberships = slices.DeleteFunc(batch.Memberships, func(other *models.Membership) bool { return of(other) && other != m })
	m.OrganizationID, batch.Roles[m.ID] = org.ID, []string{role}
	if since := org.CreatedAt; m.CreatedAt.Before(since.Time) {
		m.CreatedAt, m.UpdatedAt = since, since
	}
	return actor{user, m.ID, org}
}
