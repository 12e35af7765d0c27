package handlers_test

import (
	"database/sql"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/models/target"
)

const (
	hooksPath      = "/public/v2/webhooks"
	deliveriesPath = "/public/v2/webhookDeliveries"
	replaysPath    = "/public/v2/webhookReplays"
	eventTypesPath = "/public/v2/event-types"
)

// eachHooks runs a test against the API on each database, with the rules for endpoints that the program has, and a clock that stands.
func eachHooks(t *testing.T, test func(t *testing.T, s *service, clock *modelstest.Clock)) {
	t.Helper()
	eachAllowing(t, []string{"10.9.0.0/16"}, test)
}

// eachAllowing is eachHooks where endpoints may be in some private networks.
func eachAllowing(t *testing.T, networks []string, test func(t *testing.T, s *service, clock *modelstest.Clock)) {
	t.Helper()
	t.Parallel()
	var targets target.Rules
	for _, network := range networks {
		targets.Allow = append(targets.Allow, netip.MustParsePrefix(network))
	}
	for _, dialect := range modelstest.Databases(t) {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			clock := modelstest.NewClock()
			cfg := modelstest.Config(t, dialect)
			cfg.Now = clock.Now
			cfg.WebhookTargets = targets
			test(t, newService(t, modelstest.OpenConfig(t, cfg)), clock)
		})
	}
}

// hook creates an endpoint of an organization with more attributes, and returns the answer.
func (s *service) hook(org string, attributes object) *answer {
	s.t.Helper()
	all := object{"url": "https://hooks.example.com/roster"}
	for name, value := range attributes {
		all[name] = value
	}
	return s.do("POST", hooksPath, resource("webhooks", all, "organization", ref("organizations", org)))
}

// pool returns the connections that can read and write everything.
func (s *service) pool() *sql.DB {
	return modelstest.Writable(s.db)
}

// number returns the only value of a query for a number.
func (s *service) number(query string) int {
	s.t.Helper()
	var n int
	if err := s.pool().QueryRowContext(s.t.Context(), query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// exec changes rows as a worker would.
func (s *service) exec(statement string, args ...any) {
	s.t.Helper()
	for i := range args {
		if s.db.Dialect() == store.Postgres {
			statement = strings.Replace(statement, "?", fmt.Sprintf("$%d", i+1), 1)
		}
	}
	if _, err := s.pool().ExecContext(s.t.Context(), statement, args...); err != nil {
		s.t.Fatal(err)
	}
}

// column returns one column of every row of a query, joined.
func (s *service) column(query string) string {
	s.t.Helper()
	rows, err := s.pool().QueryContext(s.t.Context(), query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var value []byte
		if err := rows.Scan(&value); err != nil {
			s.t.Fatal(err)
		}
		all.Write(value)
		all.WriteByte('\n')
	}
	if err := rows.Err(); err != nil || all.Len() == 0 {
		s.t.Fatalf("nothing was read: %v", err)
	}
	return all.String()
}

// key0 returns the service as a new management key with those scopes sees it.
func (s *service) key0(scopes ...string) *service {
	s.t.Helper()
	a := s.do("POST", "/public/v2/apiKeys", resource("apiKeys",
		object{"name": "limited", "kind": "management", "scopes": scopes})).want(201)
	return s.as(a.text("data", "attributes", "key"))
}

// finish ends a delivery as the worker does.
func (s *service) finish(id, state string, at time.Time) {
	s.t.Helper()
	s.exec(`UPDATE webhook_open
		SET state = ?, attempts = attempts + 1, round_attempts = round_attempts + 1, due_at = NULL, finished_at = ?
		WHERE delivery_id = ?`, state, at, id)
	s.exec(`INSERT INTO webhook_attempts (delivery_id, number, trigger, started_at, url, address, reused, tries, dns_us, connect_us, tls_us,
			sent_us, first_byte_us, total_us, status, code, detail, response_headers, response_head, truncated, secrets, request_headers)
		SELECT delivery_id, attempts, trigger, finished_at, 'https://hooks.example.com/roster', '192.0.2.7:443', false, 1, 1500, 2500, 3000,
			100, 0, 20000000, NULL, 'timeout', 'no answer', '[["Server","nginx"]]', ?, true, '["01912f6a-8c00-7abc-8def-0123456789ab"]',
			'[["Host","hooks.example.com"],["Content-Type","application/json"]]'
		FROM webhook_open
		WHERE delivery_id = ?`,
		[]byte("half a \xff page"), id)
}
