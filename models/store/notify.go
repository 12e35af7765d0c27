package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Notify tells whoever listens on a channel of the PostgreSQL database, in all processes; in a transaction, when that commits.
func Notify(ctx context.Context, db *DB, channel, payload string) error {
	return db.Later(ctx, "notify", `SELECT pg_notify(?, ?)`, channel, payload)
}

// Hears reports whether [Listen] hears anything: on PostgreSQL, unless a pooler lends a connection for a transaction only. Whoever waits
// for what other processes do has to look from time to time anyway.
func (db *DB) Hears() bool { return db.dialect == Postgres && db.pools.pooler.Mode != PoolTransaction }

// Listen calls heard for each notification on a channel of the PostgreSQL database until ctx ends or the connection breaks. It keeps one
// connection of the pool for itself.
func Listen(ctx context.Context, db *DB, channel string, heard func(payload string)) error {
	conn, err := db.pools.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool, or is broken
	err = Beneath(ctx, conn, func(pg *pgx.Conn) error {
		// What still listens must not go back to the pool.
		defer func() { _ = pg.Close(context.WithoutCancel(ctx)) }()
		// Who listens is idle for as long as nothing happens, which is no reason to end it. PostgreSQL before 14 has no such setting.
		const stay = `SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'`
		if _, err := pg.Exec(ctx, stay); err != nil {
			return err
		}
		if _, err := pg.Exec(ctx, "LISTEN "+channel); err != nil {
			return err
		}
		for {
			n, err := pg.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			heard(n.Payload)
		}
	})
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return nil
}
