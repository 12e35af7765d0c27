package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// outageOf returns what tells of outages on a clock, which moves the clock, and the lines that are told, without their times.
func outageOf(dialect Dialect) (o *Outage, wait func(time.Duration), told func() string) {
	now := time.Date(2024, 8, 20, 10, 45, 7, 0, time.UTC)
	var log bytes.Buffer
	plain := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	o = NewOutage(&DB{dialect: dialect, now: func() time.Time { return now }}, slog.New(slog.NewTextHandler(&log, plain)))
	return o, func(d time.Duration) { now = now.Add(d) }, func() string {
		defer log.Reset()
		return strings.TrimSpace(log.String())
	}
}

var errGone = &pgconn.PgError{Severity: "FATAL", Code: "57P01", Message: "terminating connection"}

func TestAnOutageIsToldWhenItBeginsOnceAMinuteAndWhenItIsOver(t *testing.T) {
	t.Parallel()
	o, wait, told := outageOf(Postgres)
	expect := func(want string) {
		t.Helper()
		if got := told(); got != want {
			t.Errorf("the log has\n%s\nand not\n%s", got, want)
		}
	}
	refuse := func(times int) {
		t.Helper()
		for range times {
			if !o.ExplainsRefusal(t.Context(), errGone, time.Second) {
				t.Error("it is not explained")
			}
		}
	}
	refuse(3)
	expect(`level=ERROR msg="database outage began" error="FATAL: terminating connection (SQLSTATE 57P01)"`)
	for range 60 {
		wait(time.Second)
		refuse(1)
		o.looked(errGone)
	}
	expect(`level=ERROR msg="database outage goes on" for=1m0s requests_refused=63 ` +
		`error="FATAL: terminating connection (SQLSTATE 57P01)"`)
	wait(time.Second)
	refuse(1)
	o.looked(nil) // which takes less than what was refused
	wait(time.Second)
	expect("")
	o.looked(nil)
	expect(`level=WARN msg="database outage over" lasted=1m2s requests_refused=64 ` +
		`last_error="FATAL: terminating connection (SQLSTATE 57P01)"`)

	// One that comes back soon is not over before it stays away for a minute.
	wait(10 * time.Second)
	refuse(1)
	expect(`level=ERROR msg="database outage began" error="FATAL: terminating connection (SQLSTATE 57P01)"`)
	for range 5 {
		wait(5 * time.Second)
		o.looked(nil)
		wait(5 * time.Second)
		refuse(1)
	}
	expect("")
	o.note(&pgconn.PgError{Severity: "FATAL", Code: "57P03", Message: "the database system is starting up"})
	for range 7 {
		wait(10 * time.Second)
		o.looked(nil)
	}
	expect(`level=ERROR msg="database outage goes on" for=1m0s requests_refused=6 ` +
		`error="FATAL: the database system is starting up (SQLSTATE 57P03)"`)
	wait(10 * time.Second)
	o.looked(nil)
	expect(`level=WARN msg="database outage over" lasted=1m10s requests_refused=6 ` +
		`last_error="FATAL: the database system is starting up (SQLSTATE 57P03)"`)
}

func TestOnlyWhatKeepsEverybodyOutIsAnOutage(t *testing.T) {
	t.Parallel()
	o, _, told := outageOf(SQLite)
	for _, err := range []error{
		&pgconn.PgError{Code: "40P01"}, // a deadlock
		&pgconn.PgError{Code: "57014"}, // a statement that took too long
		&pgconn.PgError{Code: "23505"}, // a duplicate
		context.DeadlineExceeded,       // of a server in this process
		context.Canceled,
		errors.New("a mistake of ours"),
		fmt.Errorf("reach the mail server: %w", Elsewhere(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})),
	} {
		if o.Explains(t.Context(), err) {
			t.Errorf("%v is explained", err)
		}
	}
	if (*Outage)(nil).Explains(t.Context(), errGone) {
		t.Error("none explains something")
	}
	log := o.Logger().With("part", "of a worker")
	log.Warn("first", "error", errors.New("a mistake of ours"))
	log.Error("second", "webhook_id", "1", "error", io.ErrUnexpectedEOF)
	log.Error("third", "error", "a text")
	const want = `level=WARN msg=first part="of a worker" error="a mistake of ours"` + "\n" +
		`level=ERROR msg="database outage began" error="unexpected EOF"` + "\n" +
		`level=ERROR msg=third part="of a worker" error="a text"`
	if got := told(); got != want {
		t.Errorf("the log has\n%s", got)
	}
	log.Error("webhooks: fan out events", "error", fmt.Errorf("wait for the lock: %w", context.DeadlineExceeded))
	if got := told(); got != "" {
		t.Errorf("what waits for a database that is away has a line of its own: %s", got)
	}
}
