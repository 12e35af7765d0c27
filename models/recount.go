package models

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"roster/models/store"
)

// Recount sets each counter that does not agree with what counting finds, and returns how many did not. It calls found with a sentence for
// each of the first twenty, as [Verify] does. Servers may run: what they write waits until it is done, on PostgreSQL only what changes a
// counter.
func Recount(ctx context.Context, db *store.DB, found func(sentence string)) (n int, err error) {
	type miscount struct {
		name, key     string
		kept, counted int64
	}
	var wrong []miscount
	err = store.Transaction(store.Alone(ctx), db, func(tx *store.DB) error {
		wrong = nil // when it is run again
		if err := tx.LockCounters(ctx); err != nil {
			return err
		}
		err := tx.Read(ctx, func(rows *sql.Rows) error {
			var m miscount
			err := rows.Scan(&m.name, &m.key, &m.kept, &m.counted)
			wrong = append(wrong, m)
			return err
		}, miscounts())
		if err != nil {
			return err
		}
		for _, m := range wrong {
			tx.Count(m.name, m.key, m.counted-m.kept)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count anew: %w", err)
	}
	for i, m := range wrong {
		if i == mostSaid {
			found(fmt.Sprintf("and %d more of this kind", len(wrong)-mostSaid))
			break
		}
		found(sayMiscounted(m.name, m.key, strconv.FormatInt(m.kept, 10), strconv.FormatInt(m.counted, 10)))
	}
	return len(wrong), nil
}
