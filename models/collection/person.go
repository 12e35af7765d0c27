package collection

import (
	"slices"
	"strings"
)

// Held is a FROM with the lines by which users have roles at organizations: hm is the membership, hr the role, and hp leads from the
// organization of the membership to the one where the role counts. HeldWords is the same with the words of the role, a line each, in place
// of the role: it is the shorter by a table, which is a good part of what planning it costs.
var (
	Held      = held("roles", "id")
	HeldWords = held("role_permissions", "role_id")
)

// held is the one place that says where a role counts: at the organization of the membership and, if it is inheritable, below, unless that
// is deleted.
func held(roles, id string) string { return heldAnywhere(roles, id) + unlessDeleted }

func heldAnywhere(roles, id string) string {
	return `memberships hm
	JOIN membership_roles hmr ON hmr.membership_id = hm.id
	JOIN ` + roles + ` hr ON hr.` + id + ` = hmr.role_id
	JOIN organization_paths hp ON hp.ancestor_id = hm.organization_id AND (hr.inheritable OR hp.distance = 0)`
}

const unlessDeleted = `
	JOIN organizations ho ON ho.id = hp.descendant_id AND ho.deleted_at IS NULL`

// Words are permissions, any of which lets people read something. They are words of the program, never of a request.
type Words []string

// reaching returns the FROM and WHERE of the organizations, as hp.descendant_id, at which a user holds one of the words. One can come
// several times.
func (w Words) reaching(user string) Where { return w.in(HeldWords, user) }

// reachingAll is reaching with deleted organizations, for who looks at each organization anyway.
func (w Words) reachingAll(user string) Where {
	return w.in(heldAnywhere("role_permissions", "role_id"), user)
}

func (w Words) in(held, user string) Where {
	return Condition("FROM "+held+" WHERE hr.permission IN ("+w.listed()+") AND hm.user_id = ?", user)
}

// overAll returns a SELECT of the organization by a membership at which a user holds one of the words there and everywhere below, and one
// of other words if there are any, if every membership of theirs is at or below it.
func (w Words) overAll(user string, other Words) Where {
	holds := func(words Words) string {
		return ` AND EXISTS (SELECT 1 FROM membership_roles hmr JOIN role_permissions hr ON hr.role_id = hmr.role_id AND hr.inheritable
			WHERE hmr.membership_id = hm.id AND hr.permission IN (` + words.listed() + `))`
	}
	both := holds(w)
	if len(other) > 0 {
		both += holds(other)
	}
	return Condition(`SELECT hm.organization_id FROM memberships hm
		JOIN organizations ho ON ho.id = hm.organization_id AND ho.deleted_at IS NULL
		WHERE hm.user_id = ?`+both+` AND NOT EXISTS (SELECT 1 FROM memberships om WHERE om.user_id = hm.user_id
			AND NOT EXISTS (SELECT 1 FROM organization_paths op WHERE op.ancestor_id = hm.organization_id
				AND op.descendant_id = om.organization_id)) LIMIT 1`, user)
}

// over returns a SELECT of a live organization if a user holds there and everywhere below one of the words, and one of other words.
func (w Words) over(organization, user string, other Words) Where {
	holds := func(words Words) string {
		return "EXISTS (SELECT 1 FROM " + HeldWords + " WHERE hr.inheritable AND hr.permission IN (" + words.listed() +
			") AND hm.user_id = ? AND hp.descendant_id = w.id)"
	}
	return Condition("SELECT w.id FROM organizations w WHERE w.id = ? AND "+holds(w)+" AND "+holds(other), organization, user, user)
}

// Among reports whether one of the words is among some.
func (w Words) Among(words []string) bool {
	return slices.ContainsFunc(w, func(word string) bool { return slices.Contains(words, word) })
}

func (w Words) listed() string { return "'" + strings.Join(w, "', '") + "'" }

// HeldBy returns a SELECT of what a user holds at organizations of a condition on the column hp.descendant_id: the organization and a word.
func HeldBy(user string, organizations Where) Where {
	return Condition("SELECT hp.descendant_id, hr.permission FROM "+HeldWords+" WHERE hm.user_id = ? AND "+organizations.SQL,
		append([]any{user}, organizations.Args...)...)
}

// OrOwn returns a condition of what a scope sees, or that the user in a column is the person whose scope it is: what is their own they see
// whatever their roles.
func (s Scope) OrOwn(seen Where, column string) Where {
	own := s.own()
	if own == "" {
		return seen
	}
	return Condition("("+seen.SQL+" OR "+column+" = ?)", append(append([]any{}, seen.Args...), own)...)
}

// own returns the user who sees what is their own, "" for none.
func (s Scope) own() string {
	switch {
	case s.reach == person:
		return s.id
	case s.besides:
		return s.heir
	default:
		return ""
	}
}
