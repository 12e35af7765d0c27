package models

import (
	"context"
	"fmt"

	"roster/models/store"
)

// CatchUp does what earlier versions have left to be done to what they have written. It is called at each start: once there is nothing
// left, it asks one question and writes nothing. Several processes may call it at once. It returns the ids of users whose address is that
// of another one in another spelling, when that is found out, which is once.
func CatchUp(ctx context.Context, db *store.DB) (others []string, err error) {
	var addresses, urls bool
	// Each part is answered by an index that is empty, or by one row, however much there is.
	err = db.Ask(ctx, store.Query{
		SQL: `SELECT NOT EXISTS (SELECT 1 FROM installation WHERE name = ?),
			(SELECT id FROM organizations WHERE ` + unsealed("organizations") + ` ORDER BY id LIMIT 1) IS NOT NULL
			OR (SELECT id FROM webhooks WHERE ` + unsealed("webhooks") + ` ORDER BY id LIMIT 1) IS NOT NULL
			OR NOT EXISTS (SELECT 1 FROM installation WHERE name = ? AND value = ?)`,
		Args: []any{foldedMark, cutMark, cutDone},
		Take: func(a *store.Answer) error {
			addresses, urls = a.Number(0, 0) != 0, a.Number(0, 1) != 0
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("look for what is left of earlier versions: %w", err)
	}
	if addresses {
		if others, err = rekeyAddresses(ctx, db); err != nil {
			return nil, err
		}
	}
	if urls {
		err = sealURLs(ctx, db)
	}
	return others, err
}
