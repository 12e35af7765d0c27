package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"roster/models/collection"
	"roster/models/store"
)

// MoveBound bounds how long the moves of one request keep others waiting.
type MoveBound struct {
	// Rows is the number of rows of the closure that they may change.
	Rows int
	// Each is what a move counts beside the rows that it changes: about as many could be changed while its other statements run.
	Each int
}

// MoveBoundOf returns the bound of a database. On SQLite every other writer waits, about a quarter of a second; on PostgreSQL only those do
// that work in the same trees (docs/adr/0065).
func MoveBoundOf(d store.Dialect) MoveBound {
	if d == store.SQLite {
		return MoveBound{Rows: 25_000, Each: 200}
	}
	return MoveBound{Rows: 100_000, Each: 80}
}

// weightOfMoves names what the moves of a transaction come to.
type weightOfMoves struct{}

// branch is an organization with all that is below it: its levels, its organizations, and the roles that members of it have.
type branch struct{ Height, Size, Roles int }

// measureBranch returns what a branch comes to. One that is too large to be moved is not counted to its end, because others wait meanwhile.
func measureBranch(ctx context.Context, tx *store.DB, id string) (b branch, err error) {
	most := MoveBoundOf(tx.Dialect()).Rows + 1
	from, below := store.BranchKeys(id)
	err = tx.Session(ctx).Raw(`SELECT COALESCE(MAX(distance), 0) + 1 AS height, COUNT(*) AS size,
			(SELECT COUNT(*) FROM (SELECT DISTINCT SUBSTR(key, ?) FROM counters
				WHERE name IN (?, ?) AND key >= ? AND key < ? LIMIT ?) AS counted) AS roles
		FROM (SELECT distance FROM organization_paths WHERE ancestor_id = ? LIMIT ?) AS branch`,
		len(from)+1, countHoldersIn.At, countHoldersIn.Below, from, below, most, id, most).Scan(&b).Error
	if err != nil {
		return b, fmt.Errorf("measure branch: %w", err)
	}
	return b, nil
}

// bound refuses a move that, together with those before it in the transaction, keeps others waiting for too long. It changes a row of the
// closure for each organization of the branch and each ancestor that is not the same afterwards, and a counter for each role of its members
// and each ancestor that is one only before or only after it.
func (r relocation) bound(tx *store.DB, b branch) error {
	bound := MoveBoundOf(tx.Dialect())
	left, came, _ := r.sides()
	total := tx.Total(weightOfMoves{}, bound.Each+b.Size*len(pathSteps(r.was, r.is))+b.Roles*(len(left)+len(came)))
	if total > bound.Rows {
		return &store.Error{Kind: store.Conflict, Field: "parent", Whole: true,
			Message: fmt.Sprintf("The moves of one request may change %d ancestors of organizations, "+
				"each move counting as %d by itself, and with this one it would be at least %d; send fewer at once, "+
				"or move a large branch in parts.",
				bound.Rows, bound.Each, total)}
	}
	return nil
}

// relocation is what is above the head of a branch before and after a move, nearest first. The distances are from the head.
type relocation struct{ was, is []ancestor }

// readRelocation returns the move of a branch below a parent, "" for none, before it is made.
func readRelocation(ctx context.Context, tx *store.DB, id, parent string) (r relocation, err error) {
	line, err := ancestors(ctx, tx, id)
	if err != nil {
		return r, err
	}
	r.was = line[1:] // without itself
	if r.is, err = ancestors(ctx, tx, parent); err != nil {
		return r, err
	}
	for i := range r.is {
		r.is[i].distance++
	}
	return r, nil
}

// sides returns the organizations that are above the branch only before the move, only after it, and both.
func (r relocation) sides() (left, came, stay []string) {
	has := func(line []ancestor, id string) bool {
		return slices.ContainsFunc(line, func(a ancestor) bool { return a.id == id })
	}
	for _, a := range r.was {
		if has(r.is, a.id) {
			stay = append(stay, a.id)
		} else {
			left = append(left, a.id)
		}
	}
	for _, a := range r.is {
		if !has(r.was, a.id) {
			came = append(came, a.id)
		}
	}
	return left, came, stay
}

// keepRoles refuses a move that would leave memberships in the branch with roles of an ancestor which is not above them afterwards, and
// which are not replaced, or open invitations with such roles: what these offer is not replaced.
func (r relocation) keepRoles(ctx context.Context, tx *store.DB, by Caller, head string, rs replacements) error {
	left, _, _ := r.sides()
	if err := rs.check(ctx, tx, by, left); err != nil || len(left) == 0 {
		return err
	}
	in, arg := tx.Among("r.organization_id", left)
	var ids, keys []string
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var id, key string
		var offered int
		err := rows.Scan(&id, &key, &offered)
		if rs.instead(id) < 0 || offered > 0 {
			ids, keys = append(ids, id), append(keys, key)
		}
		return err
	}, `SELECT r.id, r.key, MAX(used.offered) FROM roles r JOIN (
			SELECT mr.role_id, m.organization_id, 0 AS offered FROM membership_roles mr JOIN memberships m ON m.id = mr.membership_id
			UNION ALL SELECT ir.role_id, invitations.organization_id, 1 FROM invitation_roles ir
				JOIN invitations ON invitations.id = ir.invitation_id AND `+openInvitations+`
		) used ON used.role_id = r.id
		JOIN organization_paths p ON p.descendant_id = used.organization_id
		WHERE `+in+` AND p.ancestor_id = ? GROUP BY r.id, r.key ORDER BY r.key, r.id`, tx.Now(), arg, head)
	if err != nil {
		return fmt.Errorf("look for roles of ancestors: %w", err)
	}
	if len(ids) == 0 {
		return nil
	}
	told, err := keysSeen(ctx, tx, by.Scope, ids, keys)
	if err == nil {
		err = &store.Error{Kind: store.Conflict, Field: "parent",
			Message: "Members of the branch, or people who are invited to it, have roles that belong to an organization which would " +
				"not be above it any more: " + told + ". Give them others first, or name replacements."}
	}
	return err
}

// mostKeys bounds the keys of roles that an error names.
const mostKeys = 10

// keysSeen returns in words the keys of those of some roles that a scope sees, and the number of the others.
func keysSeen(ctx context.Context, tx *store.DB, scope collection.Scope, ids, keys []string) (string, error) {
	seen, err := collection.VisibleIDs(ctx, tx, Roles, scope, ids)
	if err != nil {
		return "", err
	}
	var named []string
	for i, id := range ids {
		if seen[id] && len(named) < mostKeys {
			named = append(named, keys[i])
		}
	}
	switch others := len(ids) - len(named); {
	case others == 0:
		return strings.Join(named, ", "), nil
	case len(named) == 0:
		return fmt.Sprintf("%d in number", others), nil
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(named, ", "), others), nil
	}
}

// carryOut gives a branch the closure rows of its new place instead of those that it has.
func (r relocation) carryOut(ctx context.Context, tx *store.DB, id string) error {
	for _, s := range pathSteps(r.was, r.is) {
		statement, args := s.statement(id)
		if _, err := tx.Run(ctx, statement, args...); err != nil {
			return fmt.Errorf("move branch: %w", err)
		}
	}
	return nil
}

// ancestor is an organization above another one, so many levels.
type ancestor struct {
	id       string
	distance int
}

// ancestors returns what is above an organization, from below to above, itself first.
func ancestors(ctx context.Context, tx *store.DB, id string) (above []ancestor, err error) {
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		var a ancestor
		err := rows.Scan(&a.id, &a.distance)
		above = append(above, a)
		return err
	}, "SELECT ancestor_id, distance FROM organization_paths WHERE descendant_id = ? ORDER BY distance", collection.IDOrNil(id))
	if err != nil {
		return nil, fmt.Errorf("read ancestors: %w", err)
	}
	return above, nil
}

// pathStep makes the closure rows below one ancestor of a branch those below another one; nil is none.
type pathStep struct{ from, to *ancestor }

// pathSteps returns what is to be done with the closure rows of a branch whose ancestors become others. Nothing is done for an ancestor
// that stays as far above. A row is rather changed than deleted and inserted, which takes SQLite half as long again.
func pathSteps(was, is []ancestor) []pathStep {
	find := func(among []ancestor, id string) *ancestor {
		if i := slices.IndexFunc(among, func(a ancestor) bool { return a.id == id }); i >= 0 {
			return &among[i]
		}
		return nil
	}
	var steps []pathStep
	var leaves, comes []*ancestor
	for i, a := range was {
		switch stays := find(is, a.id); {
		case stays == nil:
			leaves = append(leaves, &was[i])
		case *stays != a:
			steps = append(steps, pathStep{&was[i], stays})
		}
	}
	for i, a := range is {
		if find(was, a.id) == nil {
			comes = append(comes, &is[i])
		}
	}
	for i := range max(len(leaves), len(comes)) {
		var s pathStep
		if i < len(leaves) {
			s.from = leaves[i]
		}
		if i < len(comes) {
			s.to = comes[i]
		}
		steps = append(steps, s)
	}
	return steps
}

// statement returns the SQL of the step for a branch.
func (s pathStep) statement(branch string) (string, []any) {
	const ofBranch = " AND descendant_id IN (SELECT descendant_id FROM organization_paths WHERE ancestor_id = ?)"
	switch {
	case s.to == nil:
		return "DELETE FROM organization_paths WHERE ancestor_id = ?" + ofBranch, []any{s.from.id, branch}
	case s.from == nil:
		return `INSERT INTO organization_paths (ancestor_id, descendant_id, distance)
			SELECT ?, descendant_id, distance + ? FROM organization_paths WHERE ancestor_id = ?`, []any{s.to.id, s.to.distance, branch}
	default:
		return "UPDATE organization_paths SET ancestor_id = ?, distance = distance + ? WHERE ancestor_id = ?" + ofBranch,
			[]any{s.to.id, s.to.distance - s.from.distance, s.from.id, branch}
	}
}
