//go:build unix

package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"
	"roster/webhooks/webhookstest"
)

// outage is a server whose database is about to be lost, with work for whatever it does in the background.
type outage struct {
	*served
	key, org string
	name     int
}

func beginOutage(t *testing.T, doors func(*app) []*server.Door, args ...string) *outage {
	t.Helper()
	args = append(args, "--rate-limit", "0", "--allow-private-webhook-targets", "127.0.0.0/8", "--log-level", "debug")
	receiver := webhookstest.NewReceiver(t, webhookstest.Status(http.StatusNoContent))
	o := &outage{served: serve(t, filepath.Join(t.TempDir(), "data"), doors, args...)}
	o.key = keyPrinted.FindString(o.stdout.String())
	_, body := o.ask("POST", "",
		fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Acme","webhookUrl":%q}}}`, receiver.URL()))
	var made struct{ Data struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &made); err != nil {
		t.Fatal(err)
	}
	o.org = made.Data.ID
	return o
}

func (o *outage) ask(method, path, content string) (servertest.Reply, string) {
	o.t.Helper()
	answer, body, err := servertest.Exchange(o.t.Context(), servertest.Fresh(), method,
		o.base+"/public/v2/management/organizations"+path, strings.NewReader(content),
		"Authorization", "Bearer "+o.key, "Content-Type", "application/vnd.api+json")
	if err != nil {
		o.t.Fatal(err)
	}
	return answer, string(body)
}

// write renames the organization.
func (o *outage) write() (servertest.Reply, string) {
	o.t.Helper()
	o.name++
	return o.ask("PATCH", "/"+o.org,
		fmt.Sprintf(`{"data":{"type":"organizations","id":%q,"attributes":{"name":"Name %d"}}}`, o.org, o.name))
}

// refused writes so many times, and all of it is refused for a while.
func (o *outage) refused(times int) {
	o.t.Helper()
	for range times {
		answer, body := o.write()
		if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" ||
			!strings.Contains(body, `"unavailable"`) {
			o.t.Errorf("during the outage: %d %v %s", answer.StatusCode, answer.Header, body)
		}
	}
	o.measures("1")
}

// measures makes sure of what the metric says.
func (o *outage) measures(want string) {
	o.t.Helper()
	_, body, err := servertest.Exchange(o.t.Context(), servertest.Fresh(), "GET", o.base+"/metrics", nil)
	if line := "\nroster_database_outage " + want + "\n"; err != nil || !strings.Contains(string(body), line) {
		o.t.Errorf("the metrics do not have %q (%v)", line, err)
	}
}

// met waits until something that is done in the background has met the outage.
func (o *outage) met() {
	o.t.Helper()
	if _, ok := o.log.Line(func(line map[string]any) bool {
		return line["level"] == "DEBUG" && strings.HasPrefix(line["msg"].(string), "webhooks: ")
	}); !ok {
		o.t.Error("nothing in the background met it")
	}
}

// over waits for the end of the outage, during which so many requests were refused, and makes sure that the log told of one, and of
// nothing else.
func (o *outage) over(refused int) {
	o.t.Helper()
	if answer, body := o.write(); answer.StatusCode != http.StatusOK {
		o.t.Errorf("the first request afterwards: %d %s", answer.StatusCode, body)
	}
	end, ok := o.log.Line(message("database outage over"))
	if !ok || end["requests_refused"] != float64(refused) || end["lasted"] == "" {
		o.t.Errorf("the end of the outage is told as %v", end)
	}
	o.measures("0")
	var told []string
	for line := range strings.Lines(o.log.String()) {
		var l struct {
			Level, Msg, Error string
			Status            int
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			o.t.Errorf("%v: %s", err, line)
		}
		if l.Status >= http.StatusInternalServerError && l.Error == "" {
			o.t.Errorf("at the level debug it says nothing of what failed: %s", line)
		}
		if l.Level == "WARN" || l.Level == "ERROR" {
			told = append(told, l.Level+" "+l.Msg)
		}
	}
	const want = "ERROR database outage began\n" +
		"WARN database outage over"
	if got := strings.Join(told, "\n"); got != want {
		o.t.Errorf("the log tells:\n%s\nof:\n%s", got, o.log)
	}
}

func TestAnOutageOfPostgreSQLIsOneThing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose, bringBack func(*modelstest.Server)
		requests        int
		timeout         string // of a request: what was frozen begins with the connections that were given up meanwhile
	}{
		"stopped": {(*modelstest.Server).Stop, (*modelstest.Server).Start, 30, "1s"},
		"frozen":  {(*modelstest.Server).Freeze, (*modelstest.Server).Thaw, 2, "5s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := modelstest.NewServer(t)
			o := beginOutage(t, frontDoors, "--database-url", database.URL, "--migrate", "--request-timeout", c.timeout)
			c.lose(database)
			o.refused(c.requests)
			if answer, _ := o.get("/readyz"); answer.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("it says that it is ready: %d", answer.StatusCode)
			}
			if name == "stopped" { // what waits for an answer does so for longer than a request
				o.met()
			}
			c.bringBack(database)
			o.over(c.requests)
		})
	}
}

func TestAnOutageOfSQLiteIsOneThing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose, bringBack func(t *testing.T, db *store.DB, beside *sql.DB)
	}{
		"full": {
			func(t *testing.T, db *store.DB, _ *sql.DB) {
				execute(t, db.Pools()["write"], "PRAGMA max_page_count = 1")
			},
			func(t *testing.T, db *store.DB, _ *sql.DB) {
				execute(t, db.Pools()["write"], "PRAGMA max_page_count = 1073741823")
			},
		},
		"locked": {
			func(t *testing.T, db *store.DB, beside *sql.DB) {
				execute(t, db.Pools()["write"], "PRAGMA busy_timeout = 50")
				execute(t, beside, "BEGIN IMMEDIATE")
			},
			func(t *testing.T, _ *store.DB, beside *sql.DB) { execute(t, beside, "ROLLBACK") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var db *store.DB
			file := filepath.Join(t.TempDir(), "roster.db")
			o := beginOutage(t, func(a *app) []*server.Door {
				db = a.db
				return frontDoors(a)
			}, "--database-url", "sqlite:"+file)
			beside, err := sql.Open("sqlite", "file:"+file)
			if err != nil {
				t.Fatal(err)
			}
			beside.SetMaxOpenConns(1)
			defer beside.Close() //nolint:errcheck // the test is over
			c.lose(t, db, beside)
			o.refused(10)
			c.bringBack(t, db, beside)
			o.over(10)
		})
	}
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
