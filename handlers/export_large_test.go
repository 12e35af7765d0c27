package handlers_test

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// exportMemory is what an export may take, of whatever size.
const exportMemory = 16 << 20

// TestAnExportHasTheMemoryOfOnePart exports tens of megabytes of events and users to a client that stops in between until the server waits
// for it. It is alone, and on one database after the other, because it looks at the memory of the process.
func TestAnExportHasTheMemoryOfOnePart(t *testing.T) { //nolint:paralleltest // see above
	modelstest.Sequential(t)
	for _, dialect := range modelstest.Dialects { //nolint:paralleltest // see above
		t.Run(string(dialect), func(t *testing.T) {
			s := newServiceWith(t, modelstest.Open(t, dialect), smallBuffers)
			s.many()

			reader := newStalling(s, "/public/v2/events?filter[eventType]=user.updated", jsonapi.NDJSON)
			lines, last := 0, ""
			for line := bufio.NewScanner(reader); line.Scan(); lines++ {
				last = line.Text()
			}
			if want := fmt.Sprintf(`{"meta":{"complete":true,"count":%d}}`, largeList); last != want || lines != largeList+1 {
				t.Errorf("events: %d lines, the last is %.200s", lines, last)
			}
			reader.check("events")

			reader = newStalling(s, "/public/v2/users?fields[users]=firstName,lastName", jsonapi.CSV)
			rows := 0
			for table := csv.NewReader(reader); ; rows++ {
				row, err := table.Read()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil || rows > 0 && (!strings.HasPrefix(row[1], "'=Number ") || len(row[2]) != largeText) {
					t.Fatalf("row %d is %.200q: %v", rows, row, err)
				}
			}
			if got := reader.res.Trailer.Get("Roster-Complete"); got != fmt.Sprint(largeList) || rows != largeList+1 {
				t.Errorf("users: %d rows, and the trailer says %q", rows, got)
			}
			reader.check("users")
		})
	}
}

// many makes largeList events and users.
func (s *service) many() {
	s.t.Helper()
	s.get("/public/v2/events").want(200) // which numbers those that there are
	id := "'01912f6a-8c00-7abc-8def-' || printf('%012x', i)"
	if s.db.Dialect() == store.Postgres {
		id = "CAST('01912f6a-8c00-7abc-8def-' || lpad(to_hex(i), 12, '0') AS uuid)"
	}
	const step = 10_000 // of so many at once, which is done before a statement is over time on a busy machine
	for from := 1; from <= largeList; from += step {
		s.manyFrom(id, from, min(from+step-1, largeList))
	}
	s.exec(fmt.Sprintf("UPDATE event_sequences SET last = last + %d WHERE organization_id = '%s'", largeList, wholeInstallation))
}

// wholeInstallation is what numbers the events of everybody.
const wholeInstallation = "00000000-0000-0000-0000-000000000000"

// manyFrom makes those of some numbers.
func (s *service) manyFrom(id string, from, to int) {
	s.t.Helper()
	numbers := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)", from, to)
	text, now := strings.Repeat("x", largeText), "(SELECT MAX(created_at) FROM api_keys)"
	last := "(SELECT last FROM event_sequences WHERE organization_id = '" + wholeInstallation + "')"
	for _, statement := range []string{
		"INSERT INTO users (id, first_name, last_name, active, version, created_at, updated_at) " + numbers +
			" SELECT " + id + ", '=Number ' || i, '" + text + "', true, 1, " + now + ", " + now + " FROM n",
		"INSERT INTO events (id, event_type, subject_type, subject_id, actor_kind, data, occurred_at) " + numbers +
			" SELECT " + id + ", 'user.updated', 'users', " + id + ", 'system', '{\"type\":\"users\",\"id\":\"' || " + id +
			" || '\",\"attributes\":{\"firstName\":\"" + text + "\"}}', " + now + " FROM n",
		"INSERT INTO event_positions (position, event_id, subject_id) " + numbers +
			" SELECT " + last + " + i, " + id + ", " + id + " FROM n",
	} {
		s.exec(statement)
	}
}

// stalling reads an export, stops once until the server waits for it, and looks at the memory meanwhile.
type stalling struct {
	s            *service
	res          *http.Response
	read, look   int64 // how much was read, and after how much it looks at the memory
	stopped      bool
	inUse        int   // connections to the database, while nothing is asked
	before, most int64 // bytes of the heap
}

func newStalling(s *service, path, mediaType string) *stalling {
	s.t.Helper()
	r := &stalling{s: s, inUse: inUse(s.db), before: heap()}
	r.res = s.begun(path, mediaType)
	return r
}

// inUse returns how many connections to a database are in use. One listens.
func inUse(db *store.DB) (n int) {
	for _, pool := range db.Pools() {
		n += pool.Stats().InUse
	}
	return n
}

// Read implements io.Reader.
func (r *stalling) Read(p []byte) (n int, err error) {
	n, err = r.res.Body.Read(p)
	r.read += int64(n)
	const step = 8 << 20
	if r.read < r.look+step {
		return n, err
	}
	r.look = r.read
	if !r.stopped {
		r.stopped = true
		r.stop()
	}
	r.most = max(r.most, heap())
	return n, err
}

// stop reads nothing until the server has nothing of the database for so long that it waits for its client.
func (r *stalling) stop() {
	looks := 0
	servertest.Poll(r.s.t, "an export that waits for its client", func() bool {
		if looks++; inUse(r.s.db) > r.inUse {
			looks = 0
		}
		return looks > 20
	})
	if r.s.api.Exporting() != 1 {
		r.s.t.Error("it is over before everything was read")
	}
	r.s.get("/public/v2/organizations").want(200) // others are served
}

// check compares what was sent with the memory that it took.
func (r *stalling) check(what string) {
	r.s.t.Helper()
	taken := r.most - r.before
	r.s.t.Logf("%d %s are %d MiB, and took %.1f MiB", largeList, what, r.read>>20, float64(taken)/(1<<20))
	if !r.stopped || r.read < 2*exportMemory || taken > exportMemory {
		r.s.t.Errorf("an export of %d bytes of %s took %d bytes", r.read, what, taken)
	}
}

// heap returns how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
