package collection

import (
	"context"

	"roster/models/store"
)

// Counted is a number that a counter knows, by the name and the key of that; the zero Counted is none.
type Counted struct {
	Name, Key string
	// Plus is added to the counter.
	Plus int64
	// Live: the number is that of an organization, and 0 once that is deleted.
	Live bool
}

// read returns the number as it is now.
func (k Counted) read(ctx context.Context, db *store.DB) (int64, error) {
	if k.Live {
		var live int64
		err := db.Session(ctx).Raw(`SELECT COUNT(*) FROM organizations WHERE id = ? AND deleted_at IS NULL`,
			IDOrNil(k.Key)).Scan(&live).Error
		if err != nil || live == 0 {
			return 0, err
		}
	}
	n, err := store.ReadCounter(ctx, db, k.Name, k.Key)
	return n + k.Plus, err
}
