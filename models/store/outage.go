package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Outage tells of a time in which the database cannot be used as of one thing, whoever meets it: with a line in the log when it begins, one
// a minute while it lasts, and one when it is over. A nil Outage explains nothing.
type Outage struct {
	db  *DB
	log *slog.Logger // which is told of outages

	looking sync.Mutex // only one looks at a database that is in doubt
	passed  time.Time  // when that showed that it works

	mu      sync.Mutex // of what follows
	began   time.Time  // zero while there is none
	told    time.Time  // when the last line was written
	cause   error      // the last that was met
	refused int        // requests
	failed  bool       // something, since the last look
	worked  time.Time  // since when nothing failed and every look worked; zero if something did
	ended   time.Time  // when the last one was over
	again   bool       // it began soon after that
}

const (
	outageLook = time.Second // the longest look at the database, and how often there is one while it is in doubt
	outageTell = time.Minute // between two lines; and what it takes to believe that one is over that came back soon
	// How long after its end something may be given up that waited for a database that was away: about as long as a request may take.
	outageDelay = 30 * time.Second
)

// NewOutage returns what tells a log of the outages of a database. There is none yet.
func NewOutage(db *DB, log *slog.Logger) *Outage { return &Outage{db: db, log: log} }

// Explains reports whether something failed because the database cannot be used by anybody, so that it is enough to tell of that. Work that
// took too long, a connection that was not made in time among it, is explained by an outage if a look at the database takes too long as
// well: a machine with too much to do is late with one thing or another. So it is while there is an outage, and soon after one: it was
// under way meanwhile, and makes that no longer. What was called off is explained by whoever did that.
func (o *Outage) Explains(ctx context.Context, err error) bool {
	return o.explains(ctx, err, outageDelay)
}

// explains is Explains for something that took so long.
func (o *Outage) explains(ctx context.Context, err error, took time.Duration) bool {
	switch {
	case o == nil, isElsewhere(err), errors.Is(err, context.Canceled):
		return false
	case late(err):
		if o.db.dialect == SQLite { // of which it says nothing by itself
			return o.mayHaveDelayed(took)
		}
		cause := o.doubt(ctx)
		if cause == nil {
			return o.mayHaveDelayed(took)
		}
		err = cause
	case !lost(err):
		return false
	}
	o.note(err)
	return true
}

// ExplainsRefusal is Explains for what a request was refused with after so long, which is counted. An outage that was over before the
// request came did not delay it.
func (o *Outage) ExplainsRefusal(ctx context.Context, err error, took time.Duration) bool {
	explained := o.explains(ctx, err, min(took, outageDelay))
	if explained {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.refused++
	}
	return explained
}

// late reports whether an error says only that something took too long: ours, of which a connection may tell before the context, or a
// transaction that PostgreSQL ended because it heard nothing of us in time, which it finds out when it goes on after it stood still.
func late(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &pg) && waitedInVain(pg.Code)
}

// lost reports whether an error says that the database cannot be used by anybody. That others were first, or that a statement took longer
// than it may, says nothing of the kind.
func lost(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "40001", "40P01", "55P03", "57014":
			return false
		}
	}
	return Unavailable(err)
}

// Lasts reports whether there is an outage.
func (o *Outage) Lasts() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.began.IsZero()
}

// mayHaveDelayed reports whether there is an outage, or was one during what took too long, that long, and is only given up now.
func (o *Outage) mayHaveDelayed(took time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.began.IsZero() || !o.ended.IsZero() && o.db.Now().Sub(o.ended) < took
}

// doubt looks at the database, unless that is known already, and returns what was wrong.
func (o *Outage) doubt(ctx context.Context) error {
	o.looking.Lock()
	defer o.looking.Unlock()
	if o.Lasts() || o.db.Now().Sub(o.passed) < outageLook {
		return nil
	}
	err := o.look(context.WithoutCancel(ctx))
	if err == nil {
		o.passed = o.db.Now()
	}
	return err
}

// look writes something to the database that is there already. On PostgreSQL it opens a connection of its own: those of the pool may be
// taken, which is no outage.
func (o *Outage) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, outageLook)
	defer cancel()
	const same = "UPDATE installation SET value = value WHERE name = 'vault_check'"
	var err error
	if o.db.dialect == Postgres {
		_, err = o.db.pools.aside.ExecContext(ctx, same)
	} else {
		_, err = o.db.Exec(ctx, same)
	}
	if err != nil {
		return fmt.Errorf("look at the database for %s: %w", outageLook, err)
	}
	return nil
}

// note begins an outage, unless it lasts already.
func (o *Outage) note(err error) {
	now := o.db.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed, o.worked, o.cause = true, time.Time{}, err
	if !o.began.IsZero() {
		return
	}
	o.again = !o.ended.IsZero() && now.Sub(o.ended) < outageTell
	o.began, o.told, o.refused = now, now, 0
	o.log.Error("database outage began", "error", err)
}

// Watch looks at each tick whether an outage is over, until ctx ends.
func (o *Outage) Watch(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if !o.Lasts() {
			continue
		}
		err := o.look(ctx)
		if ctx.Err() != nil {
			return
		}
		o.looked(err)
	}
}

// looked tells of an outage what there is to tell after a look at the database.
func (o *Outage) looked(err error) {
	now := o.db.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.cause = err
	}
	switch {
	case err != nil || o.failed: // what takes more room than a look may fail when that does not
		o.worked = time.Time{}
	case o.worked.IsZero():
		o.worked = now
	}
	o.failed = false
	believed := !o.worked.IsZero() && (!o.again || now.Sub(o.worked) >= outageTell)
	switch {
	case believed:
		o.log.Warn("database outage over", "lasted", o.worked.Sub(o.began).Round(time.Millisecond).String(), "requests_refused", o.refused,
			"last_error", o.cause)
		o.began, o.ended, o.cause = time.Time{}, now, nil
	case o.worked.IsZero() && now.Sub(o.told) >= outageTell: // while it works, it may be over
		o.told = now
		o.log.Error("database outage goes on", "for", now.Sub(o.began).Round(time.Second).String(), "requests_refused", o.refused,
			"error", o.cause)
	}
}

// Logger returns a log in which the warnings and errors that an outage explains are for who debugs.
func (o *Outage) Logger() *slog.Logger { return slog.New(outageHandler{o.log.Handler(), o}) }

// outageHandler lowers the level of what an outage explains.
type outageHandler struct {
	slog.Handler
	outage *Outage
}

// Handle implements slog.Handler.
func (h outageHandler) Handle(ctx context.Context, line slog.Record) error {
	explained := false
	if line.Level >= slog.LevelWarn {
		line.Attrs(func(a slog.Attr) bool {
			err, failed := a.Value.Any().(error)
			explained = failed && h.outage.Explains(ctx, err)
			return !failed
		})
	}
	if explained {
		if line.Level = slog.LevelDebug; !h.Enabled(ctx, line.Level) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h outageHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return outageHandler{h.Handler.WithAttrs(attrs), h.outage}
}

// WithGroup implements slog.Handler.
func (h outageHandler) WithGroup(name string) slog.Handler {
	return outageHandler{h.Handler.WithGroup(name), h.outage}
}
