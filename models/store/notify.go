package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Notify tells whoever listens on a channel of the PostgreSQL database, in all processes; in a transaction, when that commits.
func Notify(ctx context.Context, db *DB, channel, payload string) error {
	return db.Later(ctx, "notify", `SELECT pg_notify(?, ?)`, channel, payload)
}

// Hears reports whether [Listen] hears anything: on PostgreSQL, unless a pooler lends a connection for a transaction only. Whoever waits
// for what other processes do has to look from time to time anyway.
func (db *DB) Hears() bool { return db.dialect == Postgres && db.pools.pooler.Mode != PoolTransaction }

const (
	listenSteady = time.Second // how long a connection has listened that is replaced at once when it breaks; others wait as long
	listenTries  = 5           // that break sooner, one after the other, before that is told
)

// Listen calls heard for each notification on a channel of the PostgreSQL database until ctx ends or the database cannot be reached. It
// keeps one connection of the pool for itself. That one is silent for hours, so it is the one that firewalls, proxies and administrators
// end, some of them again and again: then it takes another. Each time it begins to listen it calls heard with "", for whatever was missed
// before.
func Listen(ctx context.Context, db *DB, channel string, heard func(payload string)) error {
	for short := 0; ; {
		var began time.Time
		reached, err := listen(ctx, db, channel, heard, func() {
			began = time.Now()
			heard("")
		})
		short++
		if !began.IsZero() && time.Since(began) >= listenSteady {
			short = 0
		}
		switch {
		case ctx.Err() != nil || !lost(err) || !reached:
			return fmt.Errorf("listen: %w", err)
		case short == listenTries: // not wrapped: somebody ends these, which keeps nobody else from the database
			return fmt.Errorf("listen: %d connections were ended within %s each: %s", short, listenSteady, err.Error())
		}
		if short < 2 {
			continue
		}
		select {
		case <-time.After(listenSteady):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// listen is Listen with one connection, and tells whether there was one, which may have been ended in the pool. It calls ready when nothing
// is missed any more.
func listen(ctx context.Context, db *DB, channel string, heard func(string), ready func()) (reached bool, err error) {
	conn, err := db.pools.write.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool, or is broken
	return true, Beneath(ctx, conn, func(pg *pgx.Conn) error {
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
		ready()
		for {
			n, err := pg.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			heard(n.Payload)
		}
	})
}
