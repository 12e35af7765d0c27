package models

import "roster/models/store"

// The names of counters. With the key "" they count everything, but for children, with an organization what belongs to it.
const (
	countOrganizations = "organizations"
	countDescendants   = "descendants" // live organizations below one, itself not counted
	countChildren      = "children"    // live organizations right below one; with the key "" those below none, the heads of all trees
	countUsers         = "users"
	countMemberships   = "memberships"
	countAPIKeys       = "apiKeys"
	countEvents        = "events"
	countDeliveries    = "webhookDeliveries"   // by organization
	countDeliveriesTo  = "webhookDeliveriesTo" // by endpoint
	countHolders       = "holders"             // memberships in live organizations, by role
)

// countHoldersIn is countHolders by organization and role, and of what is below.
var countHoldersIn = store.Branchwise{At: "holdersAt", Below: "holdersBelow"}

// countPeople counts the users with a membership in a live organization at or below one, each once, by that organization.
var countPeople = store.Things{Name: "people", Lines: `(SELECT COUNT(*) FROM memberships m
	JOIN organizations mo ON mo.id = m.organization_id AND mo.deleted_at IS NULL
	JOIN organization_paths mp ON mp.ancestor_id = place.ancestor_id AND mp.descendant_id = m.organization_id
	WHERE m.user_id = place.thing)`}

// CountDelivery counts n more deliveries to an endpoint of an organization.
func CountDelivery(tx *store.DB, organization, webhook string, n int64) {
	tx.Count(countDeliveries, "", n)
	tx.Count(countDeliveries, organization, n)
	tx.Count(countDeliveriesTo, webhook, n)
}
