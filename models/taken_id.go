package models

import (
	"context"
	"fmt"
	"strings"

	"roster/models/store"
)

// takeID returns the id of a new resource: the one that the client chose, if it was never the id of anything, or a new one. Chosen ids are
// noted, and triggers note those of what is deleted, so that no id is given twice; one that the program made itself cannot come again.
func takeID(ctx context.Context, tx *store.DB, chosen string) (string, error) {
	if chosen == "" {
		return NewID(), nil
	}
	// A second one who chooses it waits here for the first.
	n, err := tx.Exec(ctx, `INSERT INTO taken_ids (id) VALUES (?) ON CONFLICT DO NOTHING`, chosen)
	if err != nil {
		return "", fmt.Errorf("take id: %w", err)
	}
	taken := n == 0
	if !taken {
		if taken, err = isAnID(ctx, tx, chosen); err != nil {
			return "", err
		}
	}
	if taken {
		return "", &store.Error{Kind: store.Conflict, Field: "id", Message: idTaken}
	}
	return chosen, nil
}

// isAnID reports whether something that is there, of any type, has an id.
func isAnID(ctx context.Context, tx *store.DB, id string) (bool, error) {
	tables := []string{"events"} // the collection shows those that have a position
	for _, c := range Collections() {
		if c != Events {
			tables = append(tables, c.Table)
		}
	}
	var selects []string
	var args []any
	for _, table := range tables {
		selects, args = append(selects, "SELECT 1 FROM "+table+" WHERE id = ?"), append(args, id)
	}
	var found []int
	if err := tx.Session(ctx).Raw(strings.Join(selects, " UNION ALL "), args...).Scan(&found).Error; err != nil {
		return false, fmt.Errorf("look for id: %w", err)
	}
	return len(found) > 0, nil
}
