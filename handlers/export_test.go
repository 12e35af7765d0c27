package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"
)

// lines returns the lines of an answer in NDJSON.
func (a *answer) lines() []string {
	a.t.Helper()
	if !strings.HasSuffix(string(a.Body), "\n") {
		a.t.Fatalf("it does not end with a line: %s", a.Body)
	}
	return strings.Split(strings.TrimSuffix(string(a.Body), "\n"), "\n")
}

func TestAListIsExported(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		s.person("Bob", f.leaf)
		_, viewer := s.person("=Eve \"the\" viewer,\nand more", f.leaf, models.RoleViewer)
		for _, c := range []struct {
			as         *service
			list, more string // the list, and what else it is asked with
		}{
			{s, "events", "?filter[organizationId]=" + f.leaf}, {s, "events", "?fields[events]=eventType,position&sort=-position"},
			{s, "users", ""}, {viewer, "users", ""}, {viewer, "organizations", ""}, {s, "management/organizations", "?sort=-name"},
			{s, "memberships", ""}, {s, "roles", "?filter[builtIn]=true"}, {s, "apiKeys", ""}, {s, "webhooks", ""},
			{s, "organizations/" + f.leaf + "/users", ""}, {s, "organizations/" + f.leaf + "/events", ""},
		} {
			path := "/public/v2/" + c.list + c.more
			separator := "?"
			if c.more != "" {
				separator = "&"
			}
			page := c.as.get(path + separator + "page[size]=200&page[number]=1").want(200)
			var want []string
			for _, r := range page.json("data").([]any) {
				want = append(want, string(compact(t, r)))
			}
			want = append(want, fmt.Sprintf(`{"meta":{"complete":true,"count":%d}}`, len(want)))
			a := c.as.do("GET", path, nil, "Accept", jsonapi.NDJSON).want(200)
			got := a.lines()
			for i, line := range got[:len(got)-1] {
				var r any
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					t.Fatalf("%s: %v in %s", path, err, line)
				}
				got[i] = string(compact(t, r))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
			if head := a.Header; head.Get("Content-Type") != jsonapi.NDJSON ||
				!strings.HasPrefix(head.Get("Content-Disposition"), `attachment; filename="`) || head.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %v", path, head)
			}
		}
		for query, want := range map[string]string{
			"page[size]=10": jsonapi.NDJSON, "include=memberships": jsonapi.NDJSON, "filter[nothing]=1": jsonapi.CSV, "x=1": jsonapi.CSV,
		} {
			a := s.send("GET", "/public/v2/users?"+query, nil, "Accept", want).want(400)
			if a.Header.Get("Content-Type") != jsonapi.MediaType || a.Header.Get("Content-Disposition") != "" || len(a.errors()) != 1 {
				t.Errorf("%s: %v %s", query, a.Header, a.Body)
			}
		}
		s.as("").send("GET", "/public/v2/users", nil, "Accept", jsonapi.NDJSON).want(401)
		s.scoped("organization", f.leaf, "users:read").send("GET", "/public/v2/events", nil, "Accept", jsonapi.NDJSON).want(403)
		s.send("GET", "/public/v2/users/"+models.NewID(), nil, "Accept", jsonapi.NDJSON).want(406)
		s.send("GET", "/public/v2/event-types", nil, "Accept", jsonapi.CSV).want(406)
		a := s.send("HEAD", "/public/v2/users", nil, "Accept", jsonapi.CSV).want(200)
		if a.Header.Get("Content-Type") != jsonapi.CSVContent || len(a.Body) != 0 {
			t.Errorf("HEAD: %v", a.Header)
		}
	})
}

// compact returns JSON in one form.
func compact(t *testing.T, v any) []byte {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestAnExportToASpreadsheetIsHarmless(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		names := []string{"=1+1", "+1", "-1", "@x", "plain", "with \"quotes\", and\nlines", "'quoted", "a=b", "x;=1+1;", "two\n@lines",
			`x;"=1+1;"`, `x;""@y`, `"=quoted`, `x;" = 1`, "re\rturned", " far", "a, b"}
		for _, name := range names {
			s.do("POST", "/public/v2/users", resource("users", object{"firstName": name}, "organization",
				ref("organizations", org))).want(201)
		}
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/public/v2/users?fields[users]=firstName,active,email", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		req.Header.Set("Accept", jsonapi.CSV)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(body, []byte("and\nlines")) || bytes.Count(body, []byte("\r\n")) != len(names)+1 {
			t.Errorf("lines do not end as they should: %q", body)
		}
		table, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Trailer.Get("Roster-Complete"); got != fmt.Sprint(len(names)) {
			t.Errorf("the trailer is %q of %v", got, res.Trailer)
		}
		if !slices.Equal(table[0], []string{"id", "firstName", "email", "active"}) {
			t.Errorf("the columns are %q", table[0])
		}
		for i, name := range names {
			want := name
			if strings.ContainsRune("=+-@", rune(name[0])) {
				want = "'" + name
			}
			want = strings.NewReplacer(";=", ";'=", "\n@", "\n'@", `"=`, `"'=`, `"@`, `"'@`).Replace(want)
			if row := table[i+1]; !slices.Equal(row[1:], []string{want, "", "true"}) || !jsonapi.IsID(row[0]) {
				t.Errorf("%q is %q", name, row)
			}
		}
		a := s.send("GET", "/public/v2/events?fields[events]=actor,subject&filter[eventType]=organization.created", nil,
			"Accept", jsonapi.CSV)
		table, err = csv.NewReader(strings.NewReader(string(a.want(200).Body))).ReadAll()
		if err != nil || len(table) != 2 || !strings.HasPrefix(table[1][1], `{"kind":"management_key"`) ||
			table[1][2] != "organizations/"+org {
			t.Errorf("%q, %v", table, err)
		}
	})
}

// largeCount is how many events large records.
const largeCount = 30

// smallBuffers has the server hold little of what a client does not take.
func smallBuffers(_ *server.Config, s *http.Server) {
	s.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		_ = conn.(*net.TCPConn).SetWriteBuffer(128 << 10) // in vain if it is closed already
		return ctx
	}
}

// large records events that do not fit into the buffers of a connection: of an organization, if there is one.
func large(t *testing.T, db *store.DB, organization ...string) {
	t.Helper()
	data, err := jsonapi.Marshal(object{"type": "users", "id": models.NewID(), "meta": object{"text": strings.Repeat("x", 100<<10)}})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Transaction(t.Context(), db, func(tx *store.DB) error {
		for range largeCount {
			var at *string
			if len(organization) > 0 {
				at = &organization[0]
			}
			err := models.Capture(t.Context(), tx, &models.Event{
				OrganizationID: at, ID: models.NewID(), EventType: "user.updated", OccurredAt: jsonapi.Stamp{Time: tx.Now()},
				SubjectType: "users", SubjectID: models.NewID(), ActorKind: models.BySystem, Resource: data,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// stopped begins an export of events and does not read its answer beyond the header. It returns the rest of it.
func (s *service) stopped() *http.Response { return s.begun("/public/v2/events", jsonapi.NDJSON) }

// begun begins an export to a media type and does not read its answer beyond the header. It returns the rest of it.
func (s *service) begun(path, mediaType string) *http.Response {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(256 << 10); err != nil { // the less it takes, the sooner the server has to wait
		s.t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nAccept: %s\r\n\r\n", path, s.key, mediaType)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// TestStoppedReadersOfExportsStallNobody has twenty clients that begin to read and stop.
func TestStoppedReadersOfExportsStallNobody(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newServiceWith(t, db, smallBuffers)
		s.api.StallAfter(time.Hour) // however slow the machine is, they only wait
		large(t, s.db)
		var readers []*http.Response
		for range 5 {
			key := s.key0("events:read", "users:read")
			for range 4 {
				res := key.stopped()
				if res.StatusCode != 200 {
					t.Fatalf("status %d", res.StatusCode)
				}
				readers = append(readers, res)
			}
			if res := key.stopped(); res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
				t.Errorf("a fifth export of one caller: %d", res.StatusCode)
			}
		}
		for range 20 {
			s.organization("Acme")
		}
		rest, err := io.ReadAll(readers[0].Body)
		if lines := strings.Split(strings.TrimSpace(string(rest)), "\n"); err != nil || len(lines) <= largeCount ||
			lines[len(lines)-1] != fmt.Sprintf(`{"meta":{"complete":true,"count":%d}}`, len(lines)-1) {
			t.Errorf("a reader that goes on has %d lines, the last is %.100s: %v", len(lines), lines[len(lines)-1], err)
		}
		// What happened after an export began is not in it.
		if strings.Contains(string(rest), "Acme") {
			t.Error("the export goes on with what happens meanwhile")
		}
	})
}

// TestAnExportThatStallsOrLosesItsKeyIsCut: without the line that says that it is complete.
func TestAnExportThatStallsOrLosesItsKeyIsCut(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newServiceWith(t, db, smallBuffers)
		large(t, db)
		key := s.key0("events:read", "users:read")
		reader := key.stopped()
		s.do("DELETE", "/public/v2/apiKeys/"+key.get("/public/v2/me").want(200).text("data", "id"), nil).want(204)
		rest, err := io.ReadAll(reader.Body)
		if err == nil || strings.Contains(string(rest), "complete") {
			t.Errorf("an export whose key is revoked ends with %v after %d bytes", err, len(rest))
		}
		s.api.StallAfter(200 * time.Millisecond)
		reader = s.stopped()
		servertest.Poll(t, "an end of the export", func() bool { return s.api.Exporting() == 0 })
		if rest, err := io.ReadAll(reader.Body); err == nil || strings.Contains(string(rest), "complete") {
			t.Errorf("an export that nobody reads ends with %v after %d bytes: %.100s", err, len(rest), rest[max(0, len(rest)-100):])
		}
	})
}
