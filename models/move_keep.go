package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"roster/models/collection"
	"roster/models/store"
)

// keep keeps what a move does from becoming something else before its transaction ends, if it is meant to come to something: nobody else
// joins the organizations above, and those concerned stay what they are. The rows are locked in the order in which they are everywhere. The
// locks of the trees, which come first, keep the rest. On SQLite a write transaction is alone.
func (w *weighed) keep(ctx context.Context, tx *store.DB, by Caller, head string, in *Change) error {
	if !w.isBound() || tx.Dialect() != store.Postgres {
		return nil
	}
	places := Links{head, in.Links["parent"].One()}.known()
	seen, err := collection.VisibleIDs(ctx, tx, Organizations, by.Scope, places)
	if err != nil || len(seen) < len(places) || !seen[head] {
		return err // whoever does not see them is refused, and keeps nothing of theirs until then
	}
	r, err := readRelocation(ctx, tx, head, in.Links["parent"].One())
	if err != nil {
		return err
	}
	left, came, _ := r.sides()
	sides := slices.Concat(left, came)
	if err := boundMembers(ctx, tx, sides); err != nil {
		return err
	}
	people, args := `SELECT user_id FROM memberships WHERE organization_id = ANY(?)`, []any{sides}
	if from := (Links(store.Column(in.Replacements, func(r RoleReplacement) string { return r.From })).known()); len(from) > 0 {
		people += ` UNION SELECT m.user_id FROM membership_roles mr JOIN memberships m ON m.id = mr.membership_id
			JOIN organization_paths p ON p.descendant_id = m.organization_id WHERE mr.role_id = ANY(?) AND p.ancestor_id = ?`
		args = append(args, from, head)
	}
	given := replacements(in.Replacements).to().known()
	concerned, err := tx.Run(ctx, `SELECT 1 FROM users WHERE id IN (`+people+`) ORDER BY id`+tx.Sharing(""), args...)
	for _, s := range []struct {
		sql  string
		args []any
	}{
		{`SELECT 1 FROM memberships WHERE user_id IN (` + people + `) ORDER BY id` + tx.Sharing(""), args},
		{`SELECT 1 FROM organizations WHERE id = ANY(?) ORDER BY id FOR NO KEY UPDATE`, []any{append(slices.Clip(sides), head)}},
		{`SELECT 1 FROM roles WHERE organization_id IS NOT NULL AND (id = ANY(?) OR id IN (SELECT mr.role_id FROM membership_roles mr
			JOIN memberships m ON m.id = mr.membership_id WHERE m.user_id IN (` + people + `))) ORDER BY id` + tx.Sharing(""),
			append([]any{given}, args...)},
		{`SELECT 1 FROM webhooks WHERE organization_id = ANY(?) ORDER BY id` + tx.Sharing(""), []any{sides}},
	} {
		if err == nil {
			_, err = tx.Run(ctx, s.sql, s.args...)
		}
	}
	if err != nil {
		return fmt.Errorf("keep whom a move concerns: %w", err)
	}
	// Who joined before the organizations were locked was not locked.
	var now int64
	err = tx.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&now) },
		`SELECT COUNT(*) FROM users WHERE id IN (`+people+`)`, args...)
	if err != nil {
		return fmt.Errorf("count whom a move concerns: %w", err)
	}
	if now != concerned {
		return errJoined
	}
	return nil
}

// errJoined says that somebody became one of those whom a move concerns while these were locked. The transaction is run again.
var errJoined = fmt.Errorf("somebody joined an organization above meanwhile: %w", store.ErrTryAgain)
