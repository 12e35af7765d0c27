package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// printMachine prints what the figures of a run depend on besides the program.
func printMachine(b *testing.B, when, postgres string) {
	b.Helper()
	processor, load := "?", "?"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(text), "model name\t: ")
		processor, _, _ = strings.Cut(rest, "\n")
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(text))[:3], " ")
	}
	commit := "?"
	if out, err := exec.CommandContext(b.Context(), "git", "describe", "--always", "--dirty").Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	fmt.Printf("%s %s: %s, %d processors, load average %s, %s, %s, commit %s\n", time.Now().UTC().Format("2006-01-02 15:04"), when,
		processor, runtime.NumCPU(), load, runtime.Version(), postgres, commit)
}

// describePostgres returns the version of a server and how it keeps what is committed.
func describePostgres(b *testing.B, url string) string {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context()) //nolint:errcheck // nothing is left to lose
	var said string
	err = conn.QueryRow(b.Context(), `SELECT format('PostgreSQL %s (fsync %s, synchronous_commit %s, shared_buffers %s)',
		current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),
		current_setting('shared_buffers'))`).Scan(&said)
	if err != nil {
		b.Fatal(err)
	}
	return said
}

// fromEnvironment returns the number in an environment variable.
func fromEnvironment(b *testing.B, variable string, otherwise int) int {
	b.Helper()
	return parsedFromEnvironment(b, variable, otherwise, strconv.Atoi)
}

func durationFromEnvironment(b *testing.B, variable string, otherwise time.Duration) time.Duration {
	b.Helper()
	return parsedFromEnvironment(b, variable, otherwise, time.ParseDuration)
}

func parsedFromEnvironment[T any](b *testing.B, variable string, otherwise T, parse func(string) (T, error)) T {
	b.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	value, err := parse(text)
	if err != nil {
		b.Fatalf("%s: %v", variable, err)
	}
	return value
}
