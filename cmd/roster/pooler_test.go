package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/conformance/suite"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
	"roster/webhooks/webhookstest"
)

var poolModes = []store.PoolMode{store.PoolSession, store.PoolTransaction}

// eachPooler runs test before a database without any table, behind a PgBouncer in each of some modes, with the settings that are
// documented.
func eachPooler(t *testing.T, modes []store.PoolMode, test func(t *testing.T, pooler *modelstest.Pooler, mode store.PoolMode)) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "auth_file = /etc/pgbouncer/userlist.txt\npool_mode = transaction\n")
	block, _, found := strings.Cut(block, "```")
	if !found {
		t.Fatal("docs/operating.md has no pgbouncer.ini")
	}
	for _, mode := range modes {
		settings := strings.Split(strings.TrimSpace(block), "\n")
		if mode == store.PoolSession {
			settings = append(settings, "default_pool_size = 40") // of two replicas
		}
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			test(t, modelstest.NewPooler(t, modelstest.UnmigratedURL(t, store.Postgres), mode, settings...), mode)
		})
	}
}

func TestEveryRowOfTheSpecificationHoldsBehindAPooler(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	description, err := suite.LoadDescription(filepath.Join("..", "..", "conformance", "roster.json"))
	if err != nil {
		t.Fatal(err)
	}
	eachPooler(t, modelstest.OneOf(t, poolModes), func(t *testing.T, pooler *modelstest.Pooler, _ store.PoolMode) {
		checkReport(t, conformanceOf(t, pooler.URL, description, frontDoors))
	})
}

// TestTwoReplicasWorkBehindAPooler fills the database by the command, changes something on one replica, and waits for it on the other.
func TestTwoReplicasWorkBehindAPooler(t *testing.T) {
	t.Parallel()
	eachPooler(t, poolModes, func(t *testing.T, pooler *modelstest.Pooler, mode store.PoolMode) {
		dir, receiver := t.TempDir(), webhookstest.NewReceiver(t)
		settings := []string{"--database-url", pooler.URL, "--migrate", "--allow-private-webhook-targets", "127.0.0.0/8"}
		one := serve(t, dir, frontDoors, settings...)
		if said, ok := one.log.Line(message("the database is behind a pooler")); !ok || said["pool_mode"] != string(mode) ||
			said["listens"] != (mode == store.PoolSession) {
			t.Errorf("the start says %v", said)
		}
		code, _, stderr := command(t, nil, "demo", "--data-dir", dir, "--database-url", pooler.URL, "--organizations", "100")
		if code != exitOK {
			t.Fatalf("demo: %s", stderr)
		}
		two := serve(t, dir, frontDoors, settings...)
		key := keyPrinted.FindString(one.stdout.String())

		ask := func(s *served, method, path, body string, headers ...string) []byte {
			answer, got, err := servertest.Exchange(t.Context(), servertest.Fresh(), method, s.base+path, strings.NewReader(body),
				append(headers, "Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json")...)
			if err != nil || answer.StatusCode >= http.StatusBadRequest {
				t.Errorf("%s %s: %d %s %v", method, path, answer.StatusCode, got, err)
			}
			return got
		}
		var last struct {
			Data []struct{ Attributes struct{ Position int64 } }
		}
		err := json.Unmarshal(ask(two, "GET", "/public/v2/events?sort=-position&page[size]=1", ""), &last)
		if err != nil || len(last.Data) != 1 {
			t.Fatal(last, err)
		}
		waited := make(chan []byte, 1)
		go func() {
			waited <- ask(two, "GET", "/public/v2/events?"+url.Values{
				"filter[position][gt]": {fmt.Sprint(last.Data[0].Attributes.Position)}, "filter[eventType]": {"organization.created"},
			}.Encode(), "", "Prefer", "wait=20")
		}()
		ask(one, "POST", "/public/v2/management/organizations",
			fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Pooled","webhookUrl":%q}}}`, receiver.URL()))
		if found := <-waited; !strings.Contains(string(found), `"Pooled"`) {
			t.Errorf("who waits on the other replica is answered %s", found)
		}
		if _, err := receiver.Wait(t.Context(), 1); err != nil {
			t.Error(err)
		}
	})
}

// TestAPoolThatIsTooSmallIsToldAtTheStart and not by requests that wait.
func TestAPoolThatIsTooSmallIsToldAtTheStart(t *testing.T) {
	t.Parallel()
	small := modelstest.NewPooler(t, modelstest.UnmigratedURL(t, store.Postgres), store.PoolSession, "default_pool_size = 6")
	dir := t.TempDir()
	start := []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--database-url", small.URL, "--migrate"}
	withSecretKey(t, start)
	code, _, stderr := command(t, nil, append(start, "--database-connections", "7")...)
	const want = "roster: the pooler lends 6 connections at once, and --database-connections (ROSTER_DATABASE_CONNECTIONS) is 7: "
	if code != 1 || !strings.Contains(stderr, want) {
		t.Errorf("%d %s", code, stderr)
	}
	s := serve(t, dir, frontDoors, "--database-url", small.URL, "--migrate", "--database-connections", "6")
	if said, found := s.log.Line(message("the database is behind a pooler")); !found || said["pool_mode"] != "session" {
		t.Errorf("the start says %v", said)
	}
}

// TestAnOutageOfThePoolerEndsWithIt: requests are refused as long as it lasts, and the first one afterwards is answered.
func TestAnOutageOfThePoolerEndsWithIt(t *testing.T) {
	t.Parallel()
	eachPooler(t, poolModes, func(t *testing.T, pooler *modelstest.Pooler, _ store.PoolMode) {
		s := serve(t, t.TempDir(), frontDoors, "--database-url", pooler.URL, "--migrate")
		key := keyPrinted.FindString(s.stdout.String())
		look := func() int {
			answer, _ := s.get("/public/v2/management/organizations", "Authorization", "Bearer "+key)
			return answer.StatusCode
		}
		for range 2 {
			if got := look(); got != http.StatusOK {
				t.Errorf("before: %d", got)
			}
			pooler.Stop()
			if got := look(); got != http.StatusServiceUnavailable {
				t.Errorf("without the pooler: %d", got)
			}
			pooler.Start()
			if got := look(); got != http.StatusOK {
				t.Errorf("after: %d", got)
			}
		}
	})
}
