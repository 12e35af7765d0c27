package main

import (
	"context"
	"fmt"

	"roster/models/store"
)

// checkPooler says what stands before the database. It fails if that lends a server fewer connections than it may need: requests, and the
// start itself, would wait for one until they are given up.
func (a *app) checkPooler(ctx context.Context) error {
	pooler := a.db.Pooler()
	if pooler.Mode == "" {
		return nil
	}
	a.logger.InfoContext(ctx, "the database is behind a pooler", "pool_mode", pooler.Mode, "prepared_statements", pooler.Prepares,
		"listens", a.db.Hears())
	if pooler.Mode != store.PoolSession {
		return nil
	}
	if lent := a.db.Lent(ctx); lent < a.cfg.connections {
		return fmt.Errorf("the pooler lends %d connections at once, and --database-connections (ROSTER_DATABASE_CONNECTIONS) is %d: let "+
			"its pool (pool_size) be as large as that of all replicas together, or set pool_mode = transaction",
			lent, a.cfg.connections)
	}
	return nil
}
