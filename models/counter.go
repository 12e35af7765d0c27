package models

import (
	"context"

	"roster/models/store"
)

// The names of counters. With the key "" they count everything, with an organization what belongs to it.
const (
	countOrganizations = "organizations"
	countDescendants   = "descendants" // live organizations below one, itself not counted
	countChildren      = "children"
	countUsers         = "users"
	countMemberships   = "memberships"
	countAPIKeys       = "apiKeys"
	countEvents        = "events"
	countDeliveries    = "webhookDeliveries"   // by organization
	countDeliveriesTo  = "webhookDeliveriesTo" // by endpoint
)

// counted is a number that a counter knows.
type counted struct {
	name, key string
	// plus is added to the counter.
	plus int64
	// live: the number is that of an organization, and 0 once that is deleted.
	live bool
}

func (k counted) read(ctx context.Context, db *store.DB) (int64, error) {
	if k.live {
		var live int64
		err := db.Session(ctx).Raw(`SELECT COUNT(*) FROM organizations WHERE id = ? AND deleted_at IS NULL`,
			idOrNil(k.key)).Scan(&live).Error
		if err != nil || live == 0 {
			return 0, err
		}
	}
	n, err := store.ReadCounter(ctx, db, k.name, k.key)
	return n + k.plus, err
}

// CountDelivery counts n more deliveries to an endpoint of an organization.
func CountDelivery(tx *store.DB, organization, webhook string, n int64) {
	tx.Count(countDeliveries, "", n)
	tx.Count(countDeliveries, organization, n)
	tx.Count(countDeliveriesTo, webhook, n)
}
