package models_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestWhatMayWorkLaterIsToldFromWhatIsWrong(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		&pgconn.PgError{Code: "57P01"}: true,  // shut down by an administrator
		&pgconn.PgError{Code: "57P03"}: true,  // starting
		&pgconn.PgError{Code: "53100"}: true,  // disk full
		&pgconn.PgError{Code: "53300"}: true,  // too many connections
		&pgconn.PgError{Code: "25006"}: true,  // read-only
		&pgconn.PgError{Code: "57014"}: true,  // the statement took too long
		&pgconn.PgError{Code: "40P01"}: true,  // a deadlock, again and again
		&pgconn.PgError{Code: "23505"}: false, // a duplicate
		&pgconn.PgError{Code: "42601"}: false, // a mistake of ours
		&pgconn.PgError{}:              false,
		driver.ErrBadConn:              true,
		io.ErrUnexpectedEOF:            true,
		context.Canceled:               false,
		errors.New("no"):               false,
	} {
		if got := store.Unavailable(fmt.Errorf("read: %w", err)); got != want {
			t.Errorf("%v: %t, want %t", err, got, want)
		}
	}
}

func TestWhatWillBeRefusedAgainIsToldFromTheRest(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"22021": true, // text that is none
		"23514": true, // a constraint
		"54000": true, // too large
		"57P01": false,
		"2":     false,
		"":      false,
	} {
		if got := store.Unwritable(fmt.Errorf("settle: %w", &pgconn.PgError{Code: code})); got != want {
			t.Errorf("%q: %t, want %t", code, got, want)
		}
	}
}

func TestADatabaseThatIsCutOffIsUnavailable(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	db := modelstest.OpenConfig(t, cfg)
	read := func() error {
		_, err := models.HasOrganization(t.Context(), db, models.NewID())
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		_, err := models.HasOrganization(t.Context(), tx, models.NewID())
		proxy.Cut()
		if _, err := models.HasOrganization(t.Context(), tx, models.NewID()); !store.Unavailable(err) {
			t.Errorf("on the connection that breaks: %v", err)
		}
		return err
	})
	if !store.Unavailable(err) {
		t.Errorf("at the end of a transaction whose connection broke: %v", err)
	}
	for range 10 { // on connections that break, and on those that are refused
		if err := read(); !store.Unavailable(err) {
			t.Errorf("while it is cut off: %v", err)
		}
	}
	proxy.Restore()
	if err := read(); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}
