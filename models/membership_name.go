package models

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// nameOrganizations tells people, in the meta of memberships of their own, the names of the organizations, which they need not see.
func nameOrganizations(ctx context.Context, db *store.DB, scope collection.Scope, items []any, resources []*jsonapi.Resource) error {
	own := map[string][]*jsonapi.Resource{}
	for i, item := range items {
		if id := item.(*Membership).OrganizationID; Memberships.IsOwn(scope, item) {
			own[id] = append(own[id], resources[i])
		}
	}
	if len(own) == 0 {
		return nil
	}
	var found []*Organization
	named := Organizations.From(ctx, db, collection.Condition("id IN ?", sortedKeys(own)))
	if err := named.Select("id", "name").Find(&found).Error; err != nil {
		return fmt.Errorf("read names of organizations: %w", err)
	}
	for _, org := range found {
		for _, resource := range own[org.ID] {
			resource.Meta = map[string]any{"organizationName": org.Name}
		}
	}
	return nil
}

// sortByName is what memberships can be sorted by besides their own attributes: the name of the user, which they know for that.
const sortByName = "user.fullName"

// nameMemberships tells the memberships of a user, who is locked, their name.
func nameMemberships(ctx context.Context, tx *store.DB, user *User) error {
	return tx.Later(ctx, "name memberships of a user", `UPDATE memberships SET user_full_name = ? WHERE user_id = ?`,
		user.fullName(), user.ID)
}

// MaySort makes sure that a caller may know what a list is sorted by. The order of memberships by the names of people tells of the names:
// it is for who reads people wherever they read memberships.
func MaySort(ctx context.Context, db *store.DB, scope collection.Scope, keys []jsonapi.SortKey) error {
	if !slices.ContainsFunc(keys, func(k jsonapi.SortKey) bool { return k.Attribute.Name == sortByName }) {
		return nil
	}
	refusal := &store.Error{Kind: store.Forbidden, Parameter: "sort",
		Message: "Sorting by " + sortByName + " needs the scope users:read wherever memberships are read.", Permission: "users:read"}
	if !scope.Holds(reading("users")) {
		return refusal
	}
	if scope.PersonID() == "" {
		return nil
	}
	var blind bool
	err := db.Session(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM memberships m JOIN membership_roles mr ON mr.membership_id = m.id
		WHERE m.user_id = ? AND EXISTS (SELECT 1 FROM role_permissions w WHERE w.role_id = mr.role_id AND w.permission IN ?)
		AND NOT EXISTS (SELECT 1 FROM role_permissions w WHERE w.role_id = mr.role_id AND w.permission IN ?))`,
		scope.PersonID(), []string(reading("memberships")), []string(reading("users"))).Scan(&blind).Error
	switch {
	case err != nil:
		return fmt.Errorf("look for roles that do not read people: %w", err)
	case blind:
		return refusal
	}
	return nil
}
