package models

import (
	"context"
	"fmt"

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
