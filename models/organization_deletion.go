package models

import (
	"context"
	"errors"
	"fmt"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// checkRestore makes sure that a change of a deleted organization takes back the deletion, and is one by the management. For everybody
// else there is nothing to change.
func checkRestore(tx *store.DB, org *Organization, by Caller, in *Change) error {
	if value, given := in.Echo["deletedAt"]; !by.Scope.Manages() || !given || value != nil {
		return store.NoResource("organizations", org.ID)
	}
	if !hasAlone(tx) {
		return errTreeMoved // it was there when the locks of trees were taken
	}
	return nil
}

// checkAbove makes sure that a restored organization comes back below one that is there, and stays until the transaction ends.
func checkAbove(ctx context.Context, tx *store.DB, org *Organization) error {
	if org.ParentID == nil {
		return nil
	}
	err := shareOrganization(ctx, tx, collection.Everything(), *org.ParentID)
	if store.IsKind(err, store.NotFound) {
		return &store.Error{Kind: store.Conflict, Field: "deletedAt",
			Message: "The organization above it is deleted: restore that one first, or name another parent."}
	}
	return err
}

// saveRestored writes a restored organization. If another one has taken its slug meanwhile it gets a new one, unless it is to have a
// certain one.
func saveRestored(ctx context.Context, tx *store.DB, before, org *Organization, columns ...string) error {
	if org.Slug != before.Slug {
		return save(ctx, tx, Organizations, org, columns...)
	}
	// Within a savepoint, because PostgreSQL ends a transaction at its first error.
	if _, err := tx.Exec(ctx, "SAVEPOINT restoring"); err != nil {
		return fmt.Errorf("set savepoint: %w", err)
	}
	for {
		err := save(ctx, tx, Organizations, org, append(columns, "slug")...)
		var taken *store.Error
		if !errors.As(err, &taken) || taken.Field != "slug" {
			return err
		}
		if _, err := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT restoring"); err != nil {
			return fmt.Errorf("go back to savepoint: %w", err)
		}
		org.Slug = anotherSlug(before.Slug)
	}
}

// bringBack counts a restored organization in its tree, and brings back what ended with it. Below it all is still deleted.
func bringBack(ctx context.Context, tx *store.DB, org *Organization) error {
	if err := countInTree(ctx, tx, org, 1); err != nil {
		return err
	}
	for _, c := range collections {
		if returning := declared(c).returning; returning != nil {
			if err := returning(ctx, tx, org.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// DeleteOrganization marks an organization as deleted. Its token and keys die with it. One with live children is a Conflict.
func DeleteOrganization(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		if err := lockTrees(ctx, tx, alone, id); err != nil { // it counts in every ancestor, and its people by where else they are
			return err
		}
		org, err := lockOrganization(ctx, tx, by.Scope, id)
		if err != nil {
			return err
		}
		if org.DeletedAt != nil {
			return store.NoResource("organizations", id)
		}
		if err := by.may(ctx, tx, id, "organizations:delete"); err != nil {
			return err
		}
		if err := checkVersion(org.Version, versions); err != nil {
			return err
		}
		var child []string
		err = tx.Session(ctx).Table("organizations").Where("parent_id = ? AND deleted_at IS NULL", id).Limit(1).Pluck("id", &child).Error
		if err != nil {
			return fmt.Errorf("look for children: %w", err)
		}
		if len(child) > 0 {
			return &store.Error{Kind: store.Conflict, Message: "The organization has children; move or delete them first."}
		}
		if err := tx.SettleLines(ctx); err != nil {
			return err
		}
		before := *org
		org.DeletedAt = &jsonapi.Stamp{Time: tx.Now()}
		org.UpdatedAt = *org.DeletedAt
		org.Version++
		if err := save(ctx, tx, Organizations, org, "deleted_at", "updated_at", "version"); err != nil {
			return err
		}
		for _, c := range collections {
			if leaving := declared(c).leaving; leaving != nil {
				if err := leaving(ctx, tx, by, id); err != nil {
					return err
				}
			}
		}
		if err := countInTree(ctx, tx, org, -1); err != nil {
			return err
		}
		var last int64
		err = record(ctx, tx, by, change{verb: deleted, collection: Organizations, organization: id, before: &before, ordinal: &last})
		if err != nil {
			return err
		}
		for _, c := range collections {
			if left := declared(c).left; left != nil {
				if err := left(ctx, tx, id, last); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
