package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
)

func TestSmallDifferencesOfClocksAreNotWorthAWarning(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{
		0: false, 2 * time.Second: false, -2 * time.Second: false, 4 * time.Second: true, -4 * time.Second: true, -10 * time.Minute: true,
	} {
		if got := clocksDiffer(ahead); got != want {
			t.Errorf("a database %v ahead: warning %v, want %v", ahead, got, want)
		}
	}
}

func TestAWrongClockIsWarnedOfAtTheStart(t *testing.T) {
	t.Parallel()
	for off, want := range map[time.Duration]string{10 * time.Minute: "database_ahead=-", -10 * time.Minute: "database_ahead=", 0: ""} {
		cfg := modelstest.Config(t, store.Postgres)
		cfg.Now = func() time.Time { return time.Now().Add(off) }
		var log bytes.Buffer
		a := &app{db: modelstest.OpenConfig(t, cfg), logger: slog.New(slog.NewTextHandler(&log, nil))}
		if err := a.compareClocks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if warned := strings.Contains(log.String(), "level=WARN"); warned != (off != 0) || !strings.Contains(log.String(), want) {
			t.Errorf("a clock that is off by %s: %q", off, log.String())
		}
	}
}
