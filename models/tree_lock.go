package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// A tree has a lock on PostgreSQL, named by its head. Who adds a leaf shares that of its tree, because the ancestors that the leaf counts
// in must not change meanwhile. Who moves a branch has those of the tree that it leaves and the tree that it comes to alone, because two
// moves at once could close a circle that neither sees. Who deletes or restores a leaf has that of its tree alone, because whether its
// people count in an ancestor depends on where else they are below that (docs/adr/0127). The locks are taken in one order, before any row
// is locked (docs/adr/0065).
//
// On SQLite a write transaction is alone.

// hold is how a transaction holds the lock of a tree.
type hold string

const (
	shared hold = "pg_advisory_xact_lock_shared"
	alone  hold = "pg_advisory_xact_lock"
)

// errTreeMoved says that an organization came into another tree while its own was waited for. Locking that one too would break the order,
// so the transaction is run again.
var errTreeMoved = fmt.Errorf("an organization was moved into another tree meanwhile: %w", store.ErrTryAgain)

// treeSeed sets the locks of trees apart from other advisory locks.
const treeSeed = 0x726f73746572 // "roster"

// headsOf is a SELECT of the heads of the trees of some organizations.
const headsOf = `SELECT DISTINCT h.id FROM organization_paths p JOIN organizations h ON h.id = p.ancestor_id
	WHERE h.parent_id IS NULL AND p.descendant_id = ANY(?)`

// lockTrees takes the locks of the trees that organizations are in. What is no organization is in none.
func lockTrees(ctx context.Context, tx *store.DB, how hold, organizations ...string) error {
	ids := slices.DeleteFunc(slices.Clone(organizations), func(id string) bool { return !jsonapi.IsID(id) })
	if tx.Dialect() != store.Postgres || len(ids) == 0 {
		return nil
	}
	if how == alone {
		tx.Total(branchesMove{}, 1)
	}
	// Two trees with one number have one lock, which is more than they need and no harm.
	locked, err := headsIn(ctx, tx, fmt.Sprintf(`SELECT id, %s(number) FROM (
		SELECT id, hashtextextended(id::text, %d) AS number FROM (%s) heads ORDER BY number
	) ordered`, how, treeSeed, headsOf), ids)
	if err != nil {
		return err
	}
	now, err := headsIn(ctx, tx, "SELECT id, NULL FROM ("+headsOf+") heads", ids)
	if err != nil {
		return err
	}
	for _, head := range now {
		if !slices.Contains(locked, head) {
			return errTreeMoved
		}
	}
	tx.StaysInPlace(ids...)
	tx.HoldsTrees(now...) // what was a head when the lock was waited for may be in another tree
	return nil
}

// headsIn reads ids of heads, each with a value that means nothing.
func headsIn(ctx context.Context, db *store.DB, statement string, ids []string) (heads []string, err error) {
	err = db.Read(ctx, func(rows *sql.Rows) error {
		var head string
		var nothing any
		err := rows.Scan(&head, &nothing)
		heads = append(heads, head)
		return err
	}, statement, ids)
	if err != nil {
		return nil, fmt.Errorf("lock trees: %w", err)
	}
	return heads, nil
}

// treeWork returns how a change of an organization needs the lock of its tree, "" for not at all, and the other organization whose tree it
// works in.
func treeWork(in *Change) (how hold, parent string) {
	if link, moving := in.Links["parent"]; moving {
		return alone, link.One()
	}
	if deletedAt, given := in.Echo["deletedAt"]; given && deletedAt == nil {
		return alone, ""
	}
	return "", ""
}

// hasAlone reports whether a transaction has the trees alone that it works in.
func hasAlone(tx *store.DB) bool {
	return tx.Dialect() != store.Postgres || tx.Total(branchesMove{}, 0) > 0
}

// lockTreesFor takes the locks that a change of an organization needs. A parent that is sent back as it is needs none of them alone, and
// neither does an organization that is there already.
func lockTreesFor(ctx context.Context, tx *store.DB, scope collection.Scope, id string, in *Change) error {
	how, parent := treeWork(in)
	if how == "" || tx.Dialect() != store.Postgres || !jsonapi.IsID(id) {
		return nil
	}
	if how == alone {
		var now struct {
			Parent  string
			Deleted bool
		}
		err := tx.Session(ctx).Raw(`SELECT COALESCE(parent_id::text, '') AS parent, deleted_at IS NOT NULL AS deleted FROM organizations
			WHERE id = ?`, id).Scan(&now).Error
		if err != nil {
			return fmt.Errorf("read parent: %w", err)
		}
		shown, err := shownParent(ctx, tx, scope, id, optional(now.Parent))
		if err != nil {
			return err
		}
		if _, moving := in.Links["parent"]; !now.Deleted && (!moving || parent == shown) {
			how = shared // if it moves, or is deleted, before this gets the lock, all of it is run again
		}
	}
	if err := lockTrees(ctx, tx, how, id, parent); err != nil || how == shared {
		return err
	}
	return lockWays(ctx, tx, id)
}

// lockWays locks the ways down to branches that are to move, before the rows of these: a person who writes there may keep the way by which
// they may, and then lock the row (see keepStanding).
func lockWays(ctx context.Context, tx *store.DB, branches ...string) error {
	_, err := tx.Run(ctx, `SELECT 1 FROM organization_paths WHERE descendant_id = ANY(?) AND distance > 0
		ORDER BY descendant_id, ancestor_id`+tx.Locking(""), branches)
	if err != nil {
		return fmt.Errorf("lock ways to branches: %w", err)
	}
	return nil
}

// shownParent returns the parent of an organization as a scope is shown it.
func shownParent(ctx context.Context, tx *store.DB, scope collection.Scope, id string, parent *string) (string, error) {
	if scope.Single() || scope.Root() == id || parent == nil {
		return "", nil
	}
	if scope.PersonID() != "" {
		seen, err := collection.VisibleIDs(ctx, tx, Organizations, scope, []string{*parent})
		if err != nil || !seen[*parent] {
			return "", err
		}
	}
	return *parent, nil
}
