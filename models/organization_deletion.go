package models

import (
	"context"
	"fmt"

	"roster/jsonapi"
)

// checkRestore allows only one change to a deleted organization, by the management: taking back the deletion. Nothing comes back below
// what is deleted itself.
func checkRestore(ctx context.Context, tx *DB, org *Organization, by Caller, in *jsonapi.Input) error {
	value, given := in.ReadOnly["deletedAt"]
	if !by.Scope.Manages() || !given || value != nil {
		return notFound("organizations", org.ID)
	}
	if org.ParentID == nil {
		return nil
	}
	err := shareOrganization(ctx, tx, Everything(), *org.ParentID)
	if IsKind(err, NotFound) {
		return &Error{Kind: Conflict, Field: "deletedAt", Message: "The organization above it is deleted; restore that one first."}
	}
	return err
}

// DeleteOrganization marks an organization as deleted. Its token and keys die with it. One with live children is a Conflict.
func DeleteOrganization(ctx context.Context, db *DB, by Caller, id string, in *jsonapi.Input) error {
	return Transaction(ctx, db, func(tx *DB) error {
		if err := lockTrees(ctx, tx, shared, id); err != nil { // it counts in every ancestor, and those must stay the same
			return err
		}
		org, err := lockOrganization(ctx, tx, by.Scope, id)
		if err != nil {
			return err
		}
		if org.DeletedAt != nil {
			return notFound("organizations", id)
		}
		if err := checkVersion(org.Version, in); err != nil {
			return err
		}
		var child []string
		err = tx.session(ctx).Table("organizations").Where("parent_id = ? AND deleted_at IS NULL", id).Limit(1).Pluck("id", &child).Error
		if err != nil {
			return fmt.Errorf("look for children: %w", err)
		}
		if len(child) > 0 {
			return &Error{Kind: Conflict, Message: "The organization has children; move or delete them first."}
		}
		before := *org
		org.DeletedAt = &jsonapi.Stamp{Time: tx.Now()}
		org.UpdatedAt = *org.DeletedAt
		org.Version++
		if err := save(ctx, tx, Organizations, org, "deleted_at", "updated_at", "version"); err != nil {
			return err
		}
		counters := tally{}
		if err := revokeCredentials(ctx, tx, by, counters, id); err != nil {
			return err
		}
		if err := countInTree(ctx, tx, counters, org, -1); err != nil {
			return err
		}
		if err := countHidden(ctx, tx, counters, id, -1); err != nil {
			return err
		}
		var last int64
		err = record(ctx, tx, by, change{verb: deleted, collection: Organizations, organization: id, before: &before, ordinal: &last})
		if err != nil {
			return err
		}
		if err := endWebhooks(ctx, tx, id, last); err != nil {
			return err
		}
		return counters.write(ctx, tx)
	})
}
