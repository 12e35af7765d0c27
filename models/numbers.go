package models

import (
	"context"
	"database/sql"
	"fmt"

	"roster/models/store"
)

// NumbersOf returns the numbers of organizations by their ids, whoever sees them: a number tells nothing.
func NumbersOf(ctx context.Context, db *store.DB, ids []string) (map[string]int64, error) {
	numbers := map[string]int64{}
	if len(ids) == 0 {
		return numbers, nil
	}
	in, arg := db.Among("id", ids)
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var id string
		var number int64
		err := rows.Scan(&id, &number)
		numbers[id] = number
		return err
	}, `SELECT id, number FROM organizations WHERE `+in, arg)
	if err != nil {
		return nil, fmt.Errorf("read numbers of organizations: %w", err)
	}
	return numbers, nil
}
