//go:build unix

package modelstest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server of one test, which can be stopped and frozen. It has one database, without any table.
type Server struct {
	// URL is that of the database.
	URL string

	t       testing.TB
	cluster *cluster
	frozen  []int // the processes
}

// NewServer starts a server. It ends with the test.
func NewServer(t testing.TB) *Server {
	t.Helper()
	c, err := startCluster(inMemory, hasty...)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{URL: c.url(), t: t, cluster: c}
	t.Cleanup(func() {
		s.Thaw()
		_ = c.lifeline.Close() // the watchdog does the rest
	})
	return s
}

// Stop ends the server as its administrator does: all connections break, and new ones are refused.
func (s *Server) Stop() {
	s.t.Helper()
	s.order("stop")
	s.until("an end of the server", func(conn *pgx.Conn) bool { return conn == nil })
}

// Start starts a server that was stopped, and returns when it takes connections.
func (s *Server) Start() {
	s.t.Helper()
	s.order("start")
	s.until("a server that takes connections", func(conn *pgx.Conn) bool { return conn != nil })
}

func (s *Server) order(what string) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.cluster.lifeline, what); err != nil {
		s.t.Fatal(err)
	}
}

// until connects again and again, until a connection, nil for none, is what the test waits for.
func (s *Server) until(what string, so func(*pgx.Conn) bool) {
	s.t.Helper()
	ask := time.NewTicker(20 * time.Millisecond)
	defer ask.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-ask.C {
		conn, err := pgx.Connect(context.Background(), s.URL)
		if err != nil {
			conn = nil
		} else {
			_ = conn.Close(context.Background())
		}
		if so(conn) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("there is not %s", what)
		}
	}
}

// Freeze keeps every process of the server from running: connections stay, new ones are made by the system, and nobody answers.
func (s *Server) Freeze() {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.cluster.dir, "data", "postmaster.pid"))
	if err != nil {
		s.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(first)
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := pgx.Connect(context.Background(), s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // nobody answers
	s.stopProcess(postmaster)              // first, so that no other process begins
	rows, err := conn.Query(context.Background(), `SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()`)
	if err != nil {
		s.t.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		s.t.Fatal(err)
	}
	for _, pid := range append(pids, int(conn.PgConn().PID())) {
		s.stopProcess(pid)
	}
}

func (s *Server) stopProcess(pid int) {
	s.t.Helper()
	s.frozen = append(s.frozen, pid)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

// Thaw lets the server go on.
func (s *Server) Thaw() {
	for _, pid := range s.frozen {
		_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
	}
	s.frozen = nil
}
