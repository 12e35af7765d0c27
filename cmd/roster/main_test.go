package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	_ "net/http/pprof" // for what is profiled
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"roster/auth"
	"roster/handlers"
	"roster/server"
	"roster/server/servertest"
)

// asProgram makes the test binary be the program, so that tests can send signals to a process of its own.
const asProgram = "ROSTER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asBare) != "" {
		if err := serveBare(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(asProgram) != "" {
		if address := os.Getenv(profiledVariable); address != "" {
			go func() { _ = http.ListenAndServe(address, nil) }() // another service may have it
		}
		for _, v := range environment(os.Environ()).unknown() { // those of the suite, which the program would tell of
			_ = os.Unsetenv(v.name)
		}
		main()
	}
	// The test databases' PostgreSQL lives as long as this process, and so do the one who reads its log and the connection that makes
	// databases. On that, pgx begins to read in the background when a statement is slow to send, and goes on until it is closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("io.discard.ReadFrom"),
		goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgconn/internal/bgreader.(*BGReader).bgRead"))
}

// served is `roster serve` within this process, on a free port and a directory of its own.
type served struct {
	t         *testing.T
	base      string
	dir       string
	stdout    *bytes.Buffer
	log       *servertest.Output
	cancel    context.CancelFunc // as SIGTERM
	interrupt context.CancelFunc // as SIGINT
	ended     chan int
}

// command runs the program to its end.
func command(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	code = run(t.Context(), append([]string{"roster"}, args...), environmentOf(env), &out, &log, noRoutes)
	return code, out.String(), log.String()
}

// noRoutes is the door of the API without its routes.
func noRoutes(a *app) []*server.Door {
	d := handlers.NewAPI(a.db, a.logger).Door()
	d.Routes = nil
	return []*server.Door{d}
}

// serve starts the server and waits until it listens.
func serve(t *testing.T, dir string, doors func(*app) []*server.Door, args ...string) *served {
	t.Helper()
	return serveIn(t, nil, dir, doors, args...)
}

// serveIn is serve in an environment.
func serveIn(t *testing.T, env map[string]string, dir string, doors func(*app) []*server.Door, args ...string) *served {
	t.Helper()
	s := beginIn(t, env, dir, doors, args...)
	s.await()
	return s
}

// withSecretKey makes the secret key that a command with those arguments needs on PostgreSQL, where none is made unasked.
func withSecretKey(t testing.TB, args []string) {
	t.Helper()
	after := func(flag string) string {
		if at := slices.Index(args, flag); at >= 0 {
			return args[at+1]
		}
		return ""
	}
	if dir := after("--data-dir"); dir != "" && strings.HasPrefix(after("--database-url"), "postgres") {
		if err := makeSecretKey(filepath.Join(dir, "secret.key")); err != nil {
			t.Fatal(err)
		}
	}
}

// begin starts the server.
func begin(t *testing.T, dir string, doors func(*app) []*server.Door, args ...string) *served {
	t.Helper()
	return beginIn(t, nil, dir, doors, args...)
}

func beginIn(t *testing.T, env map[string]string, dir string, doors func(*app) []*server.Door, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &served{
		t: t, dir: dir, stdout: &bytes.Buffer{}, log: servertest.NewOutput(), ended: make(chan int, 1),
		cancel: func() { cancel(nil) }, interrupt: func() { cancel(errInterrupted) },
	}
	args = append([]string{"roster", "serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--log-format", "json"}, args...)
	withSecretKey(t, args)
	go func() {
		code := run(ctx, args, environmentOf(env), s.stdout, s.log, doors)
		s.log.End()
		s.ended <- code
	}()
	t.Cleanup(func() { s.stop() })
	return s
}

// await returns when the server listens.
func (s *served) await() {
	s.t.Helper()
	var ok bool
	if s.base, ok = listens(s.log); !ok {
		s.t.Fatalf("the server ended with %d: %s", s.stop(), s.log)
	}
}

// stop asks the server to end, as who interrupts it in a terminal does, and returns its exit code.
func (s *served) stop() int {
	s.interrupt()
	code := <-s.ended
	s.ended <- code
	return code
}

// get requests a path over a connection of its own.
func (s *served) get(path string, headers ...string) (servertest.Reply, []byte) {
	s.t.Helper()
	answer, body, err := servertest.Exchange(s.t.Context(), servertest.Fresh(), "GET", s.base+path, nil, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, body
}

func message(text string) func(map[string]any) bool {
	return func(line map[string]any) bool { return line["msg"] == text }
}

// mode returns the permissions of a file in a directory.
func mode(t *testing.T, elements ...string) os.FileMode {
	t.Helper()
	info, err := os.Stat(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// testRoutes are served by tests beside the probes.
func testRoutes(started, finish chan struct{}) func(*app) []*server.Door {
	answers := map[string]http.HandlerFunc{
		"/slow": func(w http.ResponseWriter, r *http.Request) {
			started <- struct{}{}
			select {
			case <-finish:
				_, _ = io.WriteString(w, "finished")
			case <-r.Context().Done():
			}
		},
		"/panic": func(http.ResponseWriter, *http.Request) { panic("boom") },
		"/echo": func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		},
		"/long": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.api+json")
			_, _ = io.WriteString(w, strings.Repeat("long ", 1000))
		},
	}
	return func(a *app) []*server.Door {
		all := noRoutes(a)
		for path, serve := range answers {
			take := func(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
				return func(w http.ResponseWriter) error { serve(w, rq.Request); return nil }, nil
			}
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				all[0].Routes = append(all[0].Routes, server.Route{Method: method, Path: path, Needs: auth.Public(), Take: take})
			}
		}
		return all
	}
}

// patience bounds what should end by itself.
const patience = 10 * time.Second
