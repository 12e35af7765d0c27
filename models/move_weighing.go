package models

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"roster/models/store"
)

// weighed is what a move is meant to come to, and what it comes to.
type weighed struct {
	digest      *string
	consequence *Consequence
}

// isBound reports whether the move is meant to come to something.
func (w *weighed) isBound() bool { return w != nil && w.digest != nil }

// mostWeighed bounds the rows of each kind that are read to say what a move does: memberships above, roles of people, memberships with
// roles that are lost.
const mostWeighed = 100_000

// tooMuchToWeigh is the refusal of a move of which that cannot be said.
func tooMuchToWeigh() error {
	return &store.Error{Kind: store.Conflict, Field: "parent", Whole: true, Message: fmt.Sprintf(
		"The move changes what more than %d memberships mean, which is too much to tell. Move the branch by changing its parent.",
		mostWeighed)}
}

// weigh works out what the move of an organization does, before anything of it is done, and refuses one that is meant to come to something
// else. held is what the caller holds at it. Nobody asks of nil.
func (w *weighed) weigh(ctx context.Context, tx *store.DB, by Caller, held standing, in *Change, before, after *Organization) error {
	if w == nil {
		return nil
	}
	wg := &weighing{by: by, head: before.ID, to: deref(after.ParentID), rs: in.Replacements, people: map[string]*affected{}}
	moves := deref(before.ParentID) != wg.to
	if moves {
		if err := wg.read(ctx, tx, held); err != nil {
			return err
		}
	}
	found := wg.effects(wg.rs)
	digest := wg.digest(tx.Vault(), found)
	if w.digest != nil && *w.digest != digest {
		// Who has seen what is lost and chosen replacements then has the digest of a preview without these.
		if len(wg.rs) == 0 || *w.digest != wg.digest(tx.Vault(), wg.effects(nil)) {
			return &store.Error{Kind: store.PreconditionFailed, Field: "digest",
				Message: "The move would do something else than its preview said. Nothing was done."}
		}
	}
	var err error
	if w.consequence, err = wg.tell(ctx, tx, found); err == nil {
		w.consequence.Digest = digest
	}
	return err
}

// weighing is what a move does, and what that comes from.
type weighing struct {
	by                Caller
	head, to          string
	rs                replacements
	left, came, stay  []string // organizations above the branch only before the move, only after it, and always
	owner             string   // who comes to own the head, "" for nobody
	moved             []string // the live organizations of the branch
	people            map[string]*affected
	roles             roleTable
	holders           []holding
	offers            map[string]int64 // open invitations to the branch, by role
	leaving, joining  []AffectedEndpoint
	ofLines, ofWithin int // rows read
}

// affected is somebody whose rights a move may change.
type affected struct {
	stance
	at map[string]*bearing // by organization of the branch
}

// holding is a role that a membership in the branch has and cannot have at its new place.
type holding struct{ user, membership, role string }

// read reads all that the move depends on.
func (wg *weighing) read(ctx context.Context, tx *store.DB, held standing) error {
	r, err := readRelocation(ctx, tx, wg.head, wg.to)
	if err != nil {
		return err
	}
	wg.left, wg.came, wg.stay = r.sides()
	if err := wg.readOwner(ctx, tx, held); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *store.DB) error{
		wg.readBranch, wg.readHolders, wg.readAbove, wg.readRoles, wg.readWithin,
	} {
		if err := step(ctx, tx); err != nil {
			return fmt.Errorf("weigh a move: %w", err)
		}
	}
	if len(wg.replacedHolders()) > maxReplaced {
		return tooManyReplaced()
	}
	return nil
}

// readOwner finds out whether the caller comes to own the new head (see ownHead), and whether anybody does.
func (wg *weighing) readOwner(ctx context.Context, tx *store.DB, held standing) error {
	user := wg.by.User()
	if wg.to != "" || user == "" {
		return nil
	}
	var owners []string
	err := tx.Session(ctx).Raw(`SELECT m.user_id FROM memberships m JOIN membership_roles mr ON mr.membership_id = m.id
		JOIN users u ON u.id = m.user_id AND u.active
		WHERE m.organization_id = ? AND mr.role_id = ?`, wg.head, RoleOwner).Scan(&owners).Error
	switch {
	case err != nil:
		return fmt.Errorf("look for owners: %w", err)
	case slices.Contains(owners, user):
	case held.owner:
		wg.owner = user
	case len(owners) == 0:
		return nobodyOwns()
	}
	return nil
}

// readBranch reads what moves, and who hears of it.
func (wg *weighing) readBranch(ctx context.Context, tx *store.DB) error {
	return tx.Ask(ctx, store.Query{
		SQL: `SELECT p.descendant_id FROM organization_paths p JOIN organizations o ON o.id = p.descendant_id AND o.deleted_at IS NULL
			WHERE p.ancestor_id = ? ORDER BY p.descendant_id`,
		Args: []any{wg.head},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				wg.moved = append(wg.moved, a.Text(i, 0))
			}
			return nil
		},
	}, endpointsAt(wg.left, &wg.leaving), endpointsAt(wg.came, &wg.joining))
}

// endpointsAt returns the query of the endpoints of some organizations that hear of those below.
func endpointsAt(organizations []string, found *[]AffectedEndpoint) store.Query {
	return store.Query{
		SQL:  `SELECT id, name, url, organization_id FROM webhooks WHERE organization_id IN ? AND subtree ORDER BY id`,
		Args: []any{organizations},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				e := AffectedEndpoint{Webhook: a.Text(i, 0), URL: a.Text(i, 2), Organization: a.Text(i, 3)}
				if !a.Null(i, 1) {
					name := a.Text(i, 1)
					e.Name = &name
				}
				*found = append(*found, e)
			}
			return nil
		},
	}
}

// readHolders reads which memberships in the branch, and invitations to it, have roles of organizations that are not above it afterwards.
func (wg *weighing) readHolders(ctx context.Context, tx *store.DB) error {
	wg.offers = map[string]int64{}
	err := tx.Ask(ctx, store.Query{
		// SQLite takes a CROSS JOIN in the order in which it is written: few have roles of these organizations, many are in the branch.
		SQL: `SELECT m.user_id, m.id, mr.role_id FROM roles r CROSS JOIN membership_roles mr CROSS JOIN memberships m
			CROSS JOIN organization_paths p WHERE r.organization_id IN ? AND mr.role_id = r.id AND m.id = mr.membership_id
				AND p.ancestor_id = ? AND p.descendant_id = m.organization_id LIMIT ` + strconv.Itoa(mostWeighed+1),
		Args: []any{wg.left, wg.head},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				wg.holders = append(wg.holders, holding{a.Text(i, 0), a.Text(i, 1), a.Text(i, 2)})
			}
			return nil
		},
	}, store.Query{
		SQL: `SELECT ir.role_id, COUNT(*) FROM roles r CROSS JOIN invitation_roles ir CROSS JOIN invitations CROSS JOIN organization_paths p
			WHERE r.organization_id IN ? AND ir.role_id = r.id AND invitations.id = ir.invitation_id AND ` + openInvitations + `
				AND p.ancestor_id = ? AND p.descendant_id = invitations.organization_id GROUP BY ir.role_id`,
		Args: []any{wg.left, tx.Now(), wg.head},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				wg.offers[a.Text(i, 0)] = a.Number(i, 1)
			}
			return nil
		},
	})
	if err == nil && len(wg.holders) > mostWeighed {
		err = tooMuchToWeigh()
	}
	slices.SortFunc(wg.holders, func(a, b holding) int {
		return cmp.Or(cmp.Compare(a.role, b.role), cmp.Compare(a.membership, b.membership))
	})
	return err
}

// replacedHolders returns the people whose roles are replaced, in order, once for each membership.
func (wg *weighing) replacedHolders() (users []string) {
	memberships := map[string]bool{}
	for _, h := range wg.holders {
		if wg.rs.instead(h.role) >= 0 && !memberships[h.membership] {
			memberships[h.membership], users = true, append(users, h.user)
		}
	}
	return users
}

// readAbove reads the roles that people have above the branch and at its head. Those concerned are the members of organizations that are
// above only before or only after the move; whoever else holds something in the branch holds the same.
func (wg *weighing) readAbove(ctx context.Context, tx *store.DB) error {
	sides := slices.Concat(wg.left, wg.came)
	if err := boundMembers(ctx, tx, sides); err != nil {
		return err
	}
	places := slices.Concat(sides, wg.stay, []string{wg.head})
	// SQLite takes a CROSS JOIN in the order in which it is written.
	const lines = ` k CROSS JOIN users u CROSS JOIN memberships m CROSS JOIN membership_roles mr
		WHERE u.id = k.user_id AND u.active AND m.user_id = k.user_id AND m.organization_id IN ? AND mr.membership_id = m.id LIMIT `
	limit := strconv.Itoa(2*mostWeighed + 1)
	queries := []store.Query{{
		SQL: `SELECT m.user_id, m.organization_id, mr.role_id
			FROM (SELECT DISTINCT user_id FROM memberships WHERE organization_id IN ?)` + lines + limit,
		Args: []any{sides, places}, Take: wg.takeAbove,
	}}
	if holders := store.SortedUnique(wg.replacedHolders()); len(holders) > 0 {
		queries = append(queries, store.Query{
			SQL:  `SELECT m.user_id, m.organization_id, mr.role_id FROM (SELECT id AS user_id FROM users WHERE id IN ?)` + lines + limit,
			Args: []any{holders, places}, Take: wg.takeAbove,
		})
	}
	err := tx.Ask(ctx, queries...)
	if err == nil && wg.ofLines > 2*mostWeighed {
		err = tooMuchToWeigh()
	}
	return err
}

// boundMembers refuses to weigh a move that concerns too many members of organizations above.
func boundMembers(ctx context.Context, tx *store.DB, organizations []string) error {
	var members int64
	err := tx.Ask(ctx, store.Query{
		SQL: `SELECT COUNT(*) FROM (SELECT 1 AS line FROM memberships WHERE organization_id IN ? LIMIT ` +
			strconv.Itoa(mostWeighed+1) + `) AS lines`,
		Args: []any{organizations},
		Take: func(a *store.Answer) error {
			members = a.Number(0, 0)
			return nil
		},
	})
	if err == nil && members > mostWeighed {
		err = tooMuchToWeigh()
	}
	return err
}

// takeAbove reads the answer of one query of readAbove. Somebody can be in both.
func (wg *weighing) takeAbove(a *store.Answer) error {
	side := map[string]int{wg.head: 3}
	for n, organizations := range [][]string{wg.left, wg.stay, wg.came} {
		for _, id := range organizations {
			side[id] = n
		}
	}
	wg.ofLines += a.Len()
	for i := range a.Len() {
		p := wg.person(a.Text(i, 0))
		role := a.Text(i, 2)
		switch side[a.Text(i, 1)] {
		case 0:
			p.left = append(p.left, role)
		case 1:
			p.stay = append(p.stay, role)
		case 2:
			p.came = append(p.came, role)
		default:
			b := p.bearing(wg.head, "")
			b.before = append(b.before, role)
		}
	}
	return nil
}

// person returns what is known of somebody who is active.
func (wg *weighing) person(id string) *affected {
	p := wg.people[id]
	if p == nil {
		p = &affected{}
		wg.people[id] = p
	}
	return p
}

// bearing returns what somebody is at an organization of the branch.
func (p *affected) bearing(organization, parent string) *bearing {
	b := p.at[organization]
	if b == nil {
		b = &bearing{organization: organization, parent: parent}
		if p.at == nil {
			p.at = map[string]*bearing{}
		}
		p.at[organization] = b
		p.within = append(p.within, b)
	}
	return b
}

// readRoles reads the roles that were found so far, and those that are to be given. Above the branch only those count that are inheritable.
func (wg *weighing) readRoles(ctx context.Context, tx *store.DB) error {
	ids := map[string]bool{RoleOwner: true}
	note := func(roles []string) {
		for _, id := range roles {
			ids[id] = true
		}
	}
	for _, p := range wg.people {
		note(p.left)
		note(p.stay)
		note(p.came)
		for _, b := range p.within {
			note(b.before)
		}
	}
	for _, h := range wg.holders {
		ids[h.role] = true
	}
	for role := range wg.offers {
		ids[role] = true
	}
	note(wg.rs.to())
	if err := wg.addRoles(ctx, tx, ids); err != nil {
		return err
	}
	for _, p := range wg.people {
		p.left, p.stay, p.came = wg.fromAbove(p.left), wg.fromAbove(p.stay), wg.fromAbove(p.came)
	}
	return nil
}

// fromAbove returns those of some roles that count below, once each.
func (wg *weighing) fromAbove(roles []string) []string {
	return store.SortedUnique(wg.roles.inheritable(roles))
}

// addRoles reads roles that are not known yet.
func (wg *weighing) addRoles(ctx context.Context, tx *store.DB, ids map[string]bool) error {
	if wg.roles == nil {
		wg.roles = roleTable{}
	}
	missing := slices.DeleteFunc(sortedKeys(ids), func(id string) bool { return wg.roles[id] != nil })
	err := tx.Ask(ctx, store.Query{
		SQL:  `SELECT id, key, name, organization_id, inheritable, permissions FROM roles WHERE id IN ?`,
		Args: []any{Links(missing).known()},
		Take: func(a *store.Answer) error {
			for i := range a.Len() {
				role := &Role{ID: a.Text(i, 0), Key: a.Text(i, 1), Name: a.Text(i, 2), OrganizationID: optional(a.Text(i, 3))}
				if err := a.Into(i, 4, &role.Inheritable); err != nil {
					return err
				}
				if err := a.Into(i, 5, &role.Permissions); err != nil {
					return err
				}
				wg.roles[role.ID] = role
			}
			return nil
		},
	})
	for _, id := range missing {
		if err == nil && wg.roles[id] == nil {
			wg.roles[id] = &Role{ID: id} // nobody has it any more, or nobody ever had: it permits nothing
		}
	}
	return err
}

// digest returns what stands for a consequence: for everything that is told of it and for what is only counted. It is a MAC, or whoever has
// it could try whom it may stand for.
func (wg *weighing) digest(vault *store.Vault, found map[string]*effect) string {
	sum := sha256.New()
	write := func(parts ...string) { _, _ = sum.Write([]byte(strings.Join(parts, " ") + "\n")) } // which never fails
	write(wg.head, wg.to)
	write(wg.moved...)
	for _, user := range sortedKeys(found) {
		e := found[user]
		for _, side := range [][]string{e.lost, e.lostBy, e.gained, e.gainedBy} {
			write(user, strings.Join(side, " "))
		}
	}
	for _, endpoints := range [][]AffectedEndpoint{wg.leaving, wg.joining} {
		write(store.Column(endpoints, func(e AffectedEndpoint) string { return e.Webhook })...)
	}
	for _, h := range wg.holders {
		write(h.membership, h.role)
	}
	for _, role := range sortedKeys(wg.offers) {
		write(role, strconv.FormatInt(wg.offers[role], 10))
	}
	return hex.EncodeToString(vault.Digest("the consequence of a move", string(sum.Sum(nil))))
}
