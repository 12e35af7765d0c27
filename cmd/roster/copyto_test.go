package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pressly/goose/v3/lock"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
	"roster/webhooks/webhookstest"
)

// TestAServerGoesOnWithACopy moves a demo of a thousand organizations with a key, a session and an event that nobody was told of yet, and
// works with it as its clients do.
func TestAServerGoesOnWithACopy(t *testing.T) {
	t.Parallel()
	dir, target, receiver := t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres), webhookstest.NewReceiver(t)
	s := serve(t, dir, frontDoors)
	printed := fillDemo(t, dir, "", "--organizations", "1000", "--password", "correct horse battery")
	somebody := &visitor{t: t, base: s.base}
	somebody.signIn(printedRow.FindStringSubmatch(printed)[1], "correct horse battery", http.StatusCreated)
	seen := somebody.ask("GET", "organizations?page[size]=1", "", http.StatusOK).Meta.Total
	if code, _, stderr := command(t, nil, "copy-to", target, "--data-dir", dir); code != exitFailure ||
		!strings.Contains(stderr, "another process has the database open: stop the server on it first") {
		t.Errorf("beside a server: %d %s", code, stderr)
	}
	s.stop()
	last := s.untold(receiver.URL())

	code, stdout, stderr := command(t, nil, "copy-to", target, "--data-dir", dir, "--log-format", "json")
	if code != exitOK || !regexp.MustCompile(`^\d{4,} rows were copied, and compared one by one\.\n`).MatchString(stdout) {
		t.Fatalf("%d %s%s", code, stdout, stderr)
	}
	for line := range strings.Lines(stderr) {
		if !json.Valid([]byte(line)) || strings.Contains(line, target) {
			t.Errorf("the log has %s", line)
		}
	}
	if code, stdout, stderr := command(t, nil, "verify", "--data-dir", dir, "--database-url", target); code != exitOK {
		t.Errorf("verify: %d %s%s", code, stdout, stderr)
	}
	if code, _, stderr := command(t, nil, "copy-to", target, "--data-dir", dir); code != exitFailure ||
		!strings.Contains(stderr, "the target has data already") {
		t.Errorf("once more: %d %s", code, stderr)
	}

	again := serve(t, dir, frontDoors, "--database-url", target, "--allow-private-webhook-targets", "127.0.0.0/8")
	if again.stdout.Len() > 0 {
		t.Errorf("the start prints %s", again.stdout)
	}
	if sent, err := receiver.Wait(t.Context(), 1); err != nil || !strings.Contains(string(sent[0].Body), `"Untold"`) {
		t.Errorf("what waited is sent as %v (%v)", sent, err)
	}
	somebody.base = again.base
	if got := somebody.ask("GET", "organizations?page[size]=1", "", http.StatusOK).Meta.Total; got != seen {
		t.Errorf("with the session of before %d organizations are seen, want %d", got, seen)
	}
	again.stdout.WriteString(s.stdout.String()) // the key of before
	again.create("Tail")
	if got := again.lastPosition(); got != last+1 {
		t.Errorf("positions go on from %d to %d", last, got)
	}
}

// untold creates an organization while no server runs, so that nobody was told of it, and returns the position of that event.
func (s *served) untold(webhookURL string) (position int64) {
	s.t.Helper()
	key, err := readSecretKey(filepath.Join(s.dir, "secret.key"))
	if err != nil {
		s.t.Fatal(err)
	}
	db, err := models.Open(s.t.Context(), modelstest.ConfigAt("sqlite:"+filepath.Join(s.dir, "roster.db")))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // what counts is in the file
	if err := store.Unlock(s.t.Context(), db, key); err != nil {
		s.t.Fatal(err)
	}
	modelstest.Organization(s.t, db, modelstest.With("name", "Untold"), modelstest.With("webhookUrl", webhookURL))
	if err := models.NumberEvents(s.t.Context(), db); err != nil {
		s.t.Fatal(err)
	}
	err = modelstest.Readable(db).QueryRowContext(s.t.Context(), `SELECT MAX(position) FROM event_positions`).Scan(&position)
	if err != nil {
		s.t.Fatal(err)
	}
	return position
}

// lastPosition returns that of the last event.
func (s *served) lastPosition() int64 {
	s.t.Helper()
	status, body := s.managed("GET", "events?sort=-position&page[size]=1", "")
	var told struct {
		Data []struct{ Attributes struct{ Position int64 } }
	}
	if err := json.Unmarshal(body, &told); err != nil || status != http.StatusOK || len(told.Data) != 1 {
		s.t.Fatalf("%d %s %v", status, body, err)
	}
	return told.Data[0].Attributes.Position
}

func TestCopyToIsRefused(t *testing.T) {
	t.Parallel()
	dir, foreign, target := t.TempDir(), t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres)
	serve(t, dir, noRoutes).stop()
	serve(t, foreign, noRoutes).stop()
	other := filepath.Join(foreign, "secret.key")
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no target":                         {nil, exitUsage, "takes one argument, the URL of the target: postgres://"},
		"another target":                    {[]string{"sqlite:elsewhere.db"}, exitUsage, "takes one argument, the URL of the target: postgres://"},
		"a password that is half of a host": {[]string{"postgres://roster:hu@hush@127.0.0.1/roster"}, exitUsage, "(# is %23"},
		"a password that is half of a URL":  {[]string{"postgres://roster:hu#hush@127.0.0.1/roster"}, exitUsage, "(# is %23"},
		"PostgreSQL":                        {[]string{target, "--database-url", target}, exitUsage, "what is copied is an embedded database"},
		"nothing there":                     {[]string{target, "--data-dir", t.TempDir()}, exitFailure, "there is no database at"},
		"another key":                       {[]string{target, "--secret-key-file", other}, exitFailure, "the secret key is not the one"},
		"no server": {[]string{"postgres://roster:hush@127.0.0.1:1/roster"}, exitFailure,
			"open the target: open database: reach database"},
	} {
		args := append([]string{"copy-to"}, c.args...)
		if !strings.Contains(strings.Join(args, " "), "--data-dir") {
			args = append(args, "--data-dir", dir)
		}
		code, stdout, stderr := command(t, nil, args...)
		if code != c.code || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "hush") {
			t.Errorf("%s: %d %s%s", name, code, stdout, stderr)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) == 0 {
		t.Error(left, err)
	}
}

// TestNobodyWorksWithHalfOfACopy has a value in the way, and then the mark of a copy that was interrupted.
func TestNobodyWorksWithHalfOfACopy(t *testing.T) {
	t.Parallel()
	dir, target := t.TempDir(), modelstest.URL(t, store.Postgres)
	db := modelstest.OpenConfig(t, modelstest.ConfigAt(target))
	serve(t, dir, noRoutes).stop()
	if _, err := db.Run(t.Context(), `CREATE TABLE roster_copying (digest text)`); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve"}, {"verify"}, {"key", "list"}, {"migrate", "up"}} {
		code, _, stderr := command(t, nil, append(args, "--data-dir", dir, "--database-url", target)...)
		if code != exitFailure || !strings.Contains(stderr, "the database is half of a copy; run 'roster copy-to' again") {
			t.Errorf("%v: %d %s", args, code, stderr)
		}
	}
}

// TestACopyThatIsKilledWhileItMigratesHasItsMark is kept from the first step of the schema, and killed then.
func TestACopyThatIsKilledWhileItMigratesHasItsMark(t *testing.T) {
	t.Parallel()
	dir, target := t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres)
	serve(t, dir, noRoutes).stop()
	db := modelstest.OpenConfig(t, modelstest.ConfigAt(target))
	conn, err := modelstest.Readable(db).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the test is over
	if _, err := conn.ExecContext(t.Context(), `SELECT pg_advisory_lock($1)`, lock.DefaultLockID); err != nil {
		t.Fatal(err)
	}
	copying := exec.CommandContext(t.Context(), os.Args[0], "copy-to", target, "--data-dir", dir)
	copying.Env = append(os.Environ(), asProgram+"=1")
	if err := copying.Start(); err != nil {
		t.Fatal(err)
	}
	server := []string{"serve", "--migrate", "--listen", "127.0.0.1:0", "--data-dir", dir, "--database-url", target}
	refused := func() bool {
		code, _, stderr := command(t, nil, "verify", "--data-dir", dir, "--database-url", target)
		return code == exitFailure && strings.Contains(stderr, "the database is half of a copy; run 'roster copy-to' again")
	}
	servertest.Poll(t, "a mark", refused)
	_ = copying.Process.Kill()
	_ = copying.Wait() // it was killed
	if code, _, stderr := command(t, nil, server...); code != exitFailure || !strings.Contains(stderr, "half of a copy") {
		t.Errorf("a server begins there: %d %s", code, stderr)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // and with it the lock goes
		t.Fatal(err)
	}
	if code, stdout, stderr := command(t, nil, "copy-to", target, "--data-dir", dir); code != exitOK {
		t.Errorf("once more: %d %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := command(t, nil, "verify", "--data-dir", dir, "--database-url", target); code != exitOK {
		t.Errorf("verify: %d %s%s", code, stdout, stderr)
	}
}
