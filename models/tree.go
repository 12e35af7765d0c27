package models

import (
	"context"
	"fmt"

	"roster/models/collection"
	"roster/models/store"
)

// MaxDepth is the number of levels that a tree of organizations can have.
const MaxDepth = 16

// place puts a new organization below the parent of the input. A caller who is bound to a subtree never makes a root.
func place(ctx context.Context, tx *store.DB, by Caller, in *Change, org *Organization) error {
	link, given := in.Links["parent"]
	parent := link.One()
	if root := by.Scope.Root(); root != "" && parent == "" {
		if given {
			return &store.Error{Kind: store.Forbidden, Field: "parent",
				Message: "This credential is bound to a subtree: it cannot create an organization without a parent."}
		}
		parent = root
	}
	switch {
	case parent == "" && !by.MayHead(tx):
		return &store.Error{Kind: store.Forbidden, Message: "This credential cannot create an organization without a parent."}
	case parent == "":
		return nil
	}
	if err := lockTrees(ctx, tx, shared, parent); err != nil {
		return err
	}
	org.ParentID = &parent
	return checkParent(ctx, tx, by, parent, 1)
}

// checkParent makes sure that a parent is there, visible and stays there until the transaction ends, and that a branch of that height fits
// below it.
func checkParent(ctx context.Context, tx *store.DB, by Caller, parent string, height int) error {
	if err := permitParent(ctx, tx, by, parent); err != nil {
		return err
	}
	var above int
	err := tx.Session(ctx).Raw("SELECT COUNT(*) FROM organization_paths WHERE descendant_id = ?", parent).Scan(&above).Error
	if err != nil {
		return fmt.Errorf("measure depth: %w", err)
	}
	if above+height > MaxDepth {
		return &store.Error{Kind: store.Invalid, Field: "parent", Message: fmt.Sprintf("A tree has at most %d levels.", MaxDepth)}
	}
	return nil
}

// permitParent makes sure that a parent, "" for none, is there, visible and stays there until the transaction ends, and that the caller may
// write there.
func permitParent(ctx context.Context, tx *store.DB, by Caller, parent string) error {
	if parent == "" {
		return nil
	}
	if err := shareOrganization(ctx, tx, by.Scope, parent); err != nil {
		if store.IsKind(err, store.NotFound) {
			return store.NoRelated("parent", 0, "organizations", parent)
		}
		return err
	}
	return by.may(ctx, tx, parent, "organizations:write")
}

// insertPaths adds the closure rows of a new organization.
func insertPaths(ctx context.Context, tx *store.DB, org *Organization) error {
	const paths = `INSERT INTO organization_paths (ancestor_id, descendant_id, distance) VALUES (?, ?, 0)`
	if err := tx.Later(ctx, "insert paths", paths, org.ID, org.ID); err != nil || org.ParentID == nil {
		return err
	}
	return tx.Later(ctx, "insert paths", `INSERT INTO organization_paths (ancestor_id, descendant_id, distance)
		SELECT ancestor_id, ?, distance + 1 FROM organization_paths WHERE descendant_id = ?`, org.ID, *org.ParentID)
}

// move changes the parent of an organization to the one of the input, if it names one, and makes the kind follow. held is what the caller
// holds at it.
func move(ctx context.Context, tx *store.DB, by Caller, held standing, in *Change, before, org *Organization) error {
	parent, moves, err := destination(ctx, tx, by, in, before)
	if err != nil {
		return err
	}
	if !moves {
		return in.weighed.weigh(ctx, tx, by, held, in, before, org)
	}
	if !hasAlone(tx) {
		return errTreeMoved // it was sent back where it is, and is not there any more: the locks of trees come before that of the row
	}
	if err := lockTrees(ctx, tx, alone, org.ID, parent); err != nil { // which it has, unless the organization was moved meanwhile
		return err
	}
	org.ParentID = optional(parent)
	if _, kindGiven := in.Attributes["kind"]; !kindGiven && (parent == "" || before.ParentID == nil) {
		org.Kind = defaultKind(org.ParentID)
	}
	if in.weighed.isBound() { // a stale preview is told before whatever else is wrong with what it does not say any more
		if err := permitParent(ctx, tx, by, parent); err != nil {
			return err
		}
		if err := in.weighed.weigh(ctx, tx, by, held, in, before, org); err != nil {
			return err
		}
		return checkMove(ctx, tx, by, org.ID, parent, in.Replacements)
	}
	if err := checkMove(ctx, tx, by, org.ID, parent, in.Replacements); err != nil {
		return err
	}
	return in.weighed.weigh(ctx, tx, by, held, in, before, org)
}

// destination returns the parent that a change moves an organization to, "" for none, if the caller may take it away from where it is.
// moves is false for a change that says nothing but what the caller was shown.
func destination(ctx context.Context, tx *store.DB, by Caller, in *Change, before *Organization) (parent string, moves bool, err error) {
	link, given := in.Links["parent"]
	parent = link.One() // an id that the caller is not shown is refused as any other would be, which tells nothing
	shown, err := shownParent(ctx, tx, by.Scope, before.ID, before.ParentID)
	if err != nil || !given || parent == shown {
		return "", false, err
	}
	if before.DeletedAt != nil && parent == "" && !by.Scope.All() {
		if err := shareOrganization(ctx, tx, by.Scope, deref(before.ParentID)); store.IsKind(err, store.NotFound) {
			return "", false, nil // it is shown none if that is deleted, too
		} else if err != nil {
			return "", false, err
		}
	}
	return parent, true, permitMove(ctx, tx, by, before, parent)
}

// arrive does for a branch what its move asks for at the new place. held is what the caller held at it before.
func arrive(ctx context.Context, tx *store.DB, by Caller, held standing, in *Change, before, org *Organization) error {
	if deref(before.ParentID) == deref(org.ParentID) {
		return nil
	}
	if org.ParentID == nil && by.User() != "" {
		if err := ownHead(ctx, tx, by, held, org); err != nil {
			return err
		}
	}
	return replacements(in.Replacements).carryOut(ctx, tx, by, org.ID)
}

// MayHead reports whether a caller may create the head of a tree, and make a branch one: who sees all, and people where that is allowed.
func (by Caller) MayHead(tx *store.DB) bool {
	return by.Scope.All() || by.User() != "" && allowedOn(tx).UsersCreateOrganizations
}

// permitMove makes sure that a caller may take an organization away from where it is.
func permitMove(ctx context.Context, tx *store.DB, by Caller, org *Organization, parent string) error {
	switch {
	case by.Scope.Single() || by.Scope.Root() == org.ID:
		return &store.Error{Kind: store.ReadOnly, Field: "parent", Message: "This credential cannot move the organization."}
	case parent == "" && by.User() != "" && !by.MayHead(tx):
		return &store.Error{Kind: store.Forbidden, Field: "parent", Message: "A user cannot make an organization the head of a tree."}
	case parent == "" && !by.MayHead(tx):
		return &store.Error{Kind: store.Forbidden, Field: "parent",
			Message: "This credential is bound to a subtree: it cannot move an organization out of it."}
	case org.ParentID == nil && by.User() != "":
		return &store.Error{Kind: store.Forbidden, Field: "parent",
			Message: "A user cannot move the head of a tree: who is above it holds rights in it."}
	case org.ParentID == nil:
		return nil
	default:
		return by.may(ctx, tx, *org.ParentID, deleteOrganizations)
	}
}

// checkMove makes sure that a branch fits below a parent, "" for none, where the caller may write, with the roles that its members have
// or get.
func checkMove(ctx context.Context, tx *store.DB, by Caller, head, parent string, rs replacements) error {
	r, moved, err := checkPlace(ctx, tx, by, head, parent)
	if err != nil {
		return err
	}
	if err := r.keepRoles(ctx, tx, by, head, rs); err != nil {
		return err
	}
	return r.bound(tx, moved)
}

// checkPlace makes sure that a branch fits below a parent, "" for none, where the caller may write. It returns the way there, and what
// moves.
func checkPlace(ctx context.Context, tx *store.DB, by Caller, head, parent string) (r relocation, moved branch, err error) {
	circle, err := isAbove(ctx, tx, head, parent)
	if err == nil && circle {
		err = &store.Error{Kind: store.Conflict, Field: "parent", Message: "An organization cannot be below itself."}
	}
	if err != nil {
		return r, moved, err
	}
	if moved, err = measureBranch(ctx, tx, head); err != nil {
		return r, moved, err
	}
	if parent != "" {
		if err := checkParent(ctx, tx, by, parent, moved.Height); err != nil {
			return r, moved, err
		}
	}
	r, err = readRelocation(ctx, tx, head, parent)
	return r, moved, err
}

// isAbove reports whether an organization is another one, or above it.
func isAbove(ctx context.Context, tx *store.DB, id, other string) (above bool, err error) {
	err = tx.Session(ctx).Raw("SELECT COUNT(*) > 0 FROM organization_paths WHERE ancestor_id = ? AND descendant_id = ?",
		id, collection.IDOrNil(other)).Scan(&above).Error
	if err != nil {
		return false, fmt.Errorf("look for a circle: %w", err)
	}
	return above, nil
}

// resettle makes the closure and the numbers follow an organization that was moved or restored. It returns the move, nil for none.
func resettle(ctx context.Context, tx *store.DB, before, org *Organization) (*branchMove, error) {
	var m *branchMove
	if deref(before.ParentID) != deref(org.ParentID) {
		r, err := readRelocation(ctx, tx, org.ID, deref(org.ParentID))
		if err != nil {
			return nil, err
		}
		if err := r.carryOut(ctx, tx, org.ID); err != nil {
			return nil, err
		}
		if before.DeletedAt == nil { // what is deleted counts nowhere, and neither does what is below it
			if err := r.count(ctx, tx, before, org); err != nil {
				return nil, err
			}
		}
		m = &branchMove{head: org.ID, above: store.Column(r.was, func(a ancestor) string { return a.id })}
	}
	if before.DeletedAt != nil {
		return m, bringBack(ctx, tx, org)
	}
	return m, nil
}

// count moves the numbers of a branch from the old ancestors to the new ones.
func (r relocation) count(ctx context.Context, tx *store.DB, before, org *Organization) error {
	if err := tx.HoldCounters(ctx); err != nil {
		return err
	}
	below, err := store.ReadCounter(ctx, tx, countDescendants, org.ID)
	if err != nil {
		return err
	}
	for _, a := range r.was {
		tx.Count(countDescendants, a.id, -below-1)
	}
	for _, a := range r.is {
		tx.Count(countDescendants, a.id, below+1)
	}
	tx.Count(countChildren, deref(before.ParentID), -1)
	tx.Count(countChildren, deref(org.ParentID), 1)
	left, came, _ := r.sides()
	if err := movePeople(ctx, tx, org.ID, left, came); err != nil {
		return err
	}
	return tx.MoveBranchCounters(ctx, countHoldersIn, org.ID, left, came)
}

// countInTree adds n to every number that one organization is part of.
func countInTree(ctx context.Context, tx *store.DB, org *Organization, n int64) error {
	tx.Count(countOrganizations, "", n)
	tx.Count(countChildren, deref(org.ParentID), n)
	if org.ParentID == nil {
		return nil
	}
	return countAncestors(ctx, tx, org.ID, n)
}

// countAncestors adds n to the descendants of every organization above one.
func countAncestors(ctx context.Context, tx *store.DB, id string, n int64) error {
	line, err := ancestors(ctx, tx, id)
	for _, a := range line {
		if a.distance > 0 {
			tx.Count(countDescendants, a.id, n)
		}
	}
	return err
}

// defaultKind returns the kind of an organization that names none: the head of a tree is a company, and nothing else is.
func defaultKind(parent *string) string {
	if parent == nil {
		return "company"
	}
	return "other"
}
