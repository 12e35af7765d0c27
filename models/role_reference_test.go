package models_test

import (
	"slices"
	"strings"

	"roster/models"
)

// believed is what a test believes of who may do what: the rules of effective permissions and of grants, in memory. A caller is a user, or
// "" for the management.
type believed struct {
	parent  map[string]string // of organizations, "" for none
	deleted map[string]bool
	roles   map[string]*models.Role
	members map[place][]string // roles
	away    map[string]bool    // users who are not active
}

// place is a user in an organization.
type place struct{ user, organization string }

// held returns the roles that count for a user at an organization: those there and, of those that are inherited, above it.
func (p *believed) held(user, organization string) (roles []*models.Role) {
	if p.deleted[organization] {
		return nil
	}
	for at := organization; at != ""; at = p.parent[at] {
		for _, id := range p.members[place{user, at}] {
			if role := p.roles[id]; at == organization || role.Inheritable {
				roles = append(roles, role)
			}
		}
	}
	return roles
}

// permits reports whether one of some roles permits a word.
func permits(roles []*models.Role, word string) bool {
	subject, reads := strings.CutSuffix(word, ":read")
	return slices.ContainsFunc(roles, func(role *models.Role) bool {
		return slices.ContainsFunc(role.Permissions, func(held string) bool {
			return held == "*" || held == word || reads && held == subject+":write" && slices.Contains(models.OwnPermissions(), held)
		})
	})
}

// may is the reference: somebody active, by a role that counts there.
func (p *believed) may(user, word, organization string) bool {
	return user == "" || !p.away[user] && permits(p.held(user, organization), word)
}

func (p *believed) rank(user, organization string) (rank int64) {
	for _, role := range p.held(user, organization) {
		rank = max(rank, role.Rank)
	}
	return rank
}

func (p *believed) owns(user, organization string) bool {
	owner := func(role *models.Role) bool { return role.ID == models.RoleOwner }
	return !p.away[user] && slices.ContainsFunc(p.held(user, organization), owner)
}

// above reports whether an organization is another one, or above it.
func (p *believed) above(id, other string) bool {
	for at := other; at != ""; at = p.parent[at] {
		if at == id {
			return true
		}
	}
	return false
}

// somewhere reports whether something holds of one of all organizations.
func (p *believed) somewhere(holds func(organization string) bool) bool {
	for organization := range p.parent {
		if holds(organization) {
			return true
		}
	}
	return false
}

func (p *believed) seesUser(by, user string) bool {
	return by == "" || by == user || p.somewhere(func(o string) bool {
		return p.members[place{user, o}] != nil && p.may(by, "users:read", o)
	})
}

func (p *believed) seesRole(by, id string) bool {
	home := p.roles[id].OrganizationID
	return by == "" || home == nil || p.somewhere(func(o string) bool { return p.above(*home, o) && p.may(by, "roles:read", o) })
}

// gives reports whether a caller can give roles at an organization: they are used there, seen, and within what the caller holds.
func (p *believed) gives(by, organization string, roles []string) bool {
	for _, id := range roles {
		role := p.roles[id]
		if role.OrganizationID != nil && !p.above(*role.OrganizationID, organization) {
			return false
		}
		if by == "" {
			continue
		}
		own := p.held(by, organization)
		if role.Inheritable { // then the words are handed on to what is below
			own = slices.DeleteFunc(own, func(r *models.Role) bool { return !r.Inheritable })
		}
		lacks := func(word string) bool { return !permits(own, word) }
		if !p.seesRole(by, id) || role.Rank > p.rank(by, organization) || slices.ContainsFunc(role.Permissions, lacks) {
			return false
		}
	}
	return true
}

// joins reports whether a caller can make a user a member with roles.
func (p *believed) joins(by string, at place, roles []string) bool {
	return !p.deleted[at.organization] && p.members[at] == nil && p.seesUser(by, at.user) &&
		p.may(by, "organizations:read", at.organization) && p.may(by, "memberships:write", at.organization) &&
		p.gives(by, at.organization, roles)
}

// changes returns the roles that a member has when a caller gives others instead, nil for the end of the membership, and whether they can.
// What the caller does not see the member keeps.
func (p *believed) changes(by string, at place, roles []string) (after []string, can bool) {
	writes, before := p.may(by, "memberships:write", at.organization), p.members[at]
	if p.deleted[at.organization] || before == nil || by != at.user && !writes {
		return nil, false
	}
	if roles != nil {
		for _, id := range before {
			if !p.seesRole(by, id) {
				after = append(after, id)
			}
		}
		new := slices.DeleteFunc(slices.Clone(roles), func(id string) bool { return slices.Contains(before, id) && p.seesRole(by, id) })
		after = append(after, roles...)
		switch {
		case len(new) == 0 && len(after) == len(before):
			return before, true // nothing changes
		case len(new) > 0 && !writes || !p.gives(by, at.organization, new):
			return nil, false
		}
	}
	outranks := by == "" || p.owns(by, at.organization) || p.rank(by, at.organization) > p.rank(at.user, at.organization)
	return after, (by == at.user || outranks) && p.keepsOwner(at, after)
}

// keepsOwner reports whether an organization that loses an owner by other roles of a member has another one.
func (p *believed) keepsOwner(at place, after []string) bool {
	before := p.members[at]
	if p.away[at.user] || !slices.Contains(before, models.RoleOwner) || slices.Contains(after, models.RoleOwner) {
		return true
	}
	p.members[at] = after
	defer func() { p.members[at] = before }()
	for other := range p.members {
		if p.owns(other.user, at.organization) {
			return true
		}
	}
	return false
}
