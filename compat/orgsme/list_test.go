package orgsme_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
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

// change is who changes what a test needs.
var change = models.System("test")

func input(attributes map[string]any) *models.Change {
	return &models.Change{Attributes: attributes, Links: map[string]models.Links{}}
}

// TestTheListIsThatOfThePublishedDocument makes its eight organizations, and compares what is answered byte by byte, but for numbers and
// URLs (S0-01 … S0-05, S0-08, S0-09).
func TestTheListIsThatOfThePublishedDocument(t *testing.T) {
	raw, err := os.ReadFile("testdata/published.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []organization
	var published bytes.Buffer
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Compact(&published, raw); err != nil {
		t.Fatal(err)
	}
	if encoded := encode(t, want); encoded != published.String() {
		t.Fatalf("the document has other members, or another order: %s", encoded)
	}
	eachService(t, func(t *testing.T, s *service) {
		ids, parent := map[int64]string{}, ""
		for _, o := range want {
			s.clock.Set(at(t, o.CreatedAt))
			options := []modelstest.Option{}
			if o.ParentID != nil {
				options = append(options, modelstest.To("parent", ids[*o.ParentID]))
			}
			ids[o.ID] = s.organization(o.Name, options...)
			if parent == "" {
				parent = ids[o.ID]
			}
			if o.Logo != nil {
				modelstest.Logo(t, s.db, ids[o.ID], o.Logo.FileName)
			}
			if o.UpdatedAt != o.CreatedAt {
				s.clock.Set(at(t, o.UpdatedAt))
				if _, err := models.UpdateOrganization(t.Context(), s.db, change, ids[o.ID],
					input(map[string]any{"description": "x"})); err != nil {
					t.Fatal(err)
				}
			}
		}
		user, key := s.person(parent, models.RoleViewer)
		modelstest.Membership(t, s.db, user, ids[15], modelstest.To("roles", models.RoleAdmin)) // reached twice, listed once
		got, body := s.list(key)
		if len(got) != len(want) {
			t.Fatalf("%d organizations, want %d: %s", len(got), len(want), body)
		}
		numbers := map[int64]int64{}
		expected := slices.Clone(want)
		for i := range expected {
			numbers[expected[i].ID] = got[i].ID
			expected[i].ID = got[i].ID
			if above := expected[i].ParentID; above != nil {
				number := numbers[*above]
				expected[i].ParentID = &number
			}
			if l := got[i].Logo; l != nil && expected[i].Logo != nil {
				if !strings.HasPrefix(l.SignedURL, s.url+"/public/v2/files/") || l.ID == 0 {
					t.Errorf("the logo is %+v", l)
				}
				told := *expected[i].Logo
				told.ID, told.SignedURL = l.ID, l.SignedURL
				expected[i].Logo = &told
			}
			if i > 0 && got[i].ID <= got[i-1].ID {
				t.Errorf("%d comes behind %d", got[i].ID, got[i-1].ID)
			}
		}
		if encoded := encode(t, expected); body != encoded {
			t.Errorf("answered\n%s\nwant\n%s", body, encoded)
		}
	})
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func encode(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// TestWhoReachesWhat has the rows of reach, and of what is there (S0-01, S0-06, S0-07, SD-06).
func TestWhoReachesWhat(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		head := s.organization("Head")
		branch := s.organization("Branch", modelstest.To("parent", head))
		leaf := s.organization("Leaf", modelstest.To("parent", branch))
		s.organization("Beside", modelstest.To("parent", head))
		local, err := models.CreateRole(t.Context(), s.db, change,
			&models.Change{Attributes: map[string]any{"key": "local", "name": "Local",
				"permissions": jsonapi.Strings{"organizations:read"}, "inheritable": false},
				Links: map[string]models.Links{"organization": {head}}})
		if err != nil {
			t.Fatal(err)
		}
		_, nobody := s.person("")
		if _, body := s.list(nobody); body != "[]" {
			t.Errorf("who reaches nothing is told %s", body)
		}
		_, below := s.person(branch, models.RoleMember)
		reached, _ := s.list(below)
		top, _ := s.list(func() string { _, key := s.person(head, models.RoleOwner); return key }())
		if names(reached) != "Branch, Leaf" || reached[0].ParentID == nil || *reached[0].ParentID != top[0].ID {
			t.Errorf("from a branch on: %+v", reached)
		}
		_, alone := s.person(branch, local.ID)
		if list, _ := s.list(alone); names(list) != "Branch" {
			t.Errorf("by a role that is not inheritable: %s", names(list))
		}
		if err := models.DeleteOrganization(t.Context(), s.db, change, leaf, nil); err != nil {
			t.Fatal(err)
		}
		if list, _ := s.list(below); names(list) != "Branch" {
			t.Errorf("without one that is deleted: %s", names(list))
		}
		restored := &models.Change{Echo: map[string]any{"deletedAt": nil}, Links: map[string]models.Links{}}
		if _, err := models.UpdateOrganization(t.Context(), s.db, change, leaf, restored); err != nil {
			t.Fatal(err)
		}
		if list, _ := s.list(below); names(list) != "Branch, Leaf" {
			t.Errorf("with one that is restored: %s", names(list))
		}
	})
}

// TestWhoIsRefused has the form of errors, and the order of checks (S0-13, S0-14, SD-02 … SD-05, SD-10).
func TestWhoIsRefused(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		head := s.organization("Head")
		user, key := s.person(head, models.RoleViewer)
		_, narrow := s.keyOf(user, "users:read")
		management := *modelstest.Key(t, s.db, models.ManagementKey, "").Key
		own := *modelstest.Key(t, s.db, models.OrganizationKey, head).Key
		for name, c := range map[string]struct {
			method, path, credential string
			status                   int
		}{
			"no credential":            {"GET", listPath, "", 401},
			"one that is none":         {"GET", listPath, "roster_u_x", 401},
			"a token that is none":     {"GET", listPath, models.StatementPrefix + "x.y", 401},
			"a management key":         {"GET", listPath, management, 403},
			"a key of an organization": {"GET", listPath, own, 403},
			"without the scope":        {"GET", listPath, narrow, 403},
			"another method":           {"POST", listPath, key, 405},
			"an unknown path":          {"GET", "/api/orgs/17", "", 404},
			"the root":                 {"GET", "/api/orgs", "", 404},
			"a login by GET":           {"GET", loginPath, "", 405},
			"an unknown login":         {"POST", "/api/auth/other", "", 404},
		} {
			a := s.do(c.method, c.path, "", c.credential)
			var told map[string]any
			if err := json.Unmarshal(a.body, &told); err != nil {
				t.Fatalf("%s: %v %s", name, err, a.body)
			}
			phrase := map[int]string{401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}[c.status]
			message, _ := told["message"].(string)
			if a.StatusCode != c.status || len(told) != 3 || told["statusCode"] != float64(c.status) || told["error"] != phrase ||
				message == "" ||
				a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %s, want %d", name, a.StatusCode, a.body, c.status)
			}
			if (c.status == 401) != (a.Header.Get("WWW-Authenticate") != "") || (c.status == 405) != (a.Header.Get("Allow") != "") {
				t.Errorf("%s: the header is %v", name, a.Header)
			}
		}
		plain := s.do("GET", listPath, "", key)
		for _, c := range [][2]string{{"GET", listPath + "/"}, {"GET", listPath + "?page=x&_=1"}, {"HEAD", listPath}} {
			a := s.do(c[0], c[1], "", key, "Accept", "text/html", "Content-Type", "application/json")
			if a.StatusCode != 200 || c[0] == "GET" && !bytes.Equal(a.body, plain.body) || c[0] == "HEAD" && len(a.body) > 0 {
				t.Errorf("%s %s: %d %s", c[0], c[1], a.StatusCode, a.body)
			}
		}
		for reason, status := range server.Reasons() {
			if told := doorRefusal(&server.Error{Reason: reason, Message: "It is so."}); told == nil || told.Status != status ||
				!bytes.Contains(told.Body, []byte(`"statusCode":`+strconv.Itoa(status))) {
				t.Errorf("%s is told as %+v", reason, told)
			}
		}
	})
}

// TestTheHeadersAreThoseOfThePublishedDocument (S0-10, S0-11, S0-12).
func TestTheHeadersAreThoseOfThePublishedDocument(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db, clock, func(cfg *server.Config) { cfg.Limiter = server.NewLimiter(3, time.Minute, clock.Now) })
		head := s.organization("Head")
		for n := range 12 {
			s.organization(fmt.Sprint("Organization ", n), modelstest.To("parent", head))
		}
		_, key := s.person(head, models.RoleViewer)
		for n := range 3 {
			h := s.do("GET", listPath, "", key).Header
			for name, want := range map[string]string{
				"X-Ratelimit-Limit": "3", "X-Ratelimit-Remaining": strconv.Itoa(2 - n), "X-Ratelimit-Reset": "60", "Tdm-Reservation": "1",
				"X-Robots-Tag": "noai, noimageai", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Content-Encoding": "",
				"Strict-Transport-Security": "",
			} {
				if got := h.Get(name); got != want {
					t.Errorf("call %d: %s is %q, want %q", n+1, name, got, want)
				}
			}
			if h.Get("Date") == "" || !strings.Contains(strings.Join(h.Values("Vary"), ", "), "Origin") {
				t.Errorf("the header is %v", h)
			}
		}
		if a := s.do("GET", listPath, "", key); a.StatusCode != 429 || a.Header.Get("Retry-After") == "" ||
			!bytes.Contains(a.body, []byte(`"statusCode":429,"error":"Too Many Requests"`)) {
			t.Errorf("call 4: %d %s", a.StatusCode, a.body)
		}
		clock.Advance(time.Minute)
		plain := s.do("GET", listPath, "", key)
		zipped := s.do("GET", listPath, "", key, "Accept-Encoding", "gzip")
		reader, err := gzip.NewReader(bytes.NewReader(zipped.body))
		if err != nil {
			t.Fatalf("%v %v", err, zipped.Header)
		}
		if unzipped, err := io.ReadAll(reader); err != nil || !bytes.Equal(unzipped, plain.body) {
			t.Errorf("zipped it is %s (%v)", unzipped, err)
		}
	})
}

// TestReadersWhoStopStallNobody: twenty of them hold nothing of the database, whatever they have not read yet (S0-15).
func TestReadersWhoStopStallNobody(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		const many, readers = 3000, 20
		batch := &models.Batch{Roles: map[string][]string{}}
		for n := range many {
			o := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Organization ", n), Slug: fmt.Sprint("organization-", n),
				Kind: "company", Version: 1}
			if n > 0 {
				o.Kind, o.ParentID = "branch", &batch.Organizations[0].ID
			}
			batch.Organizations = append(batch.Organizations, o)
		}
		if err := models.InsertBatch(t.Context(), s.db, batch); err != nil {
			t.Fatal(err)
		}
		_, key := s.person(batch.Organizations[0].ID, models.RoleViewer)
		for range readers {
			c, err := net.Dial("tcp", s.address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() }) // nothing is left to lose
			if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", listPath, s.address, key)
			if line, err := bufio.NewReaderSize(c, 64).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
				t.Fatalf("%v %q", err, line)
			}
		}
		servertest.Poll(t, "nothing of the database is held", func() bool { return modelstest.Readable(s.db).Stats().InUse == 0 })
		list, _ := s.list(key)
		if len(list) != many {
			t.Errorf("%d organizations, want %d", len(list), many)
		}
		for i := 1; i < len(list); i++ {
			if list[i].ID <= list[i-1].ID {
				t.Fatalf("%d comes behind %d", list[i].ID, list[i-1].ID)
			}
		}
		s.organization("Another")
	})
}
