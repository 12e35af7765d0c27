package auth_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	compatauth "roster/compat/auth"
	"roster/compat/compattest"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"
)

// service is the door on a real socket over a real database.
type service struct {
	t     *testing.T
	db    *store.DB
	clock *modelstest.Clock
	url   string
	// ids are those of organizations, by name.
	ids map[string]string
}

// eachService runs a test against the door on each database.
func eachService(t *testing.T, test func(t *testing.T, s *service)) {
	t.Helper()
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) { test(t, newService(t, db, clock, 0)) })
}

func newService(t *testing.T, db *store.DB, clock *modelstest.Clock, limit int) *service {
	t.Helper()
	cfg := compattest.Config(t)
	cfg.Limiter = server.NewLimiter(limit, time.Minute, clock.Now)
	url := compattest.Serve(t, db, cfg, compatauth.Door())
	return &service{t: t, db: db, clock: clock, url: url, ids: map[string]string{}}
}

// organization makes one below the parent of that name, "" for a head.
func (s *service) organization(name, parent string, options ...modelstest.Option) string {
	s.t.Helper()
	options = append([]modelstest.Option{modelstest.With("name", name), modelstest.To("parent", s.ids[parent])}, options...)
	s.ids[name] = modelstest.Organization(s.t, s.db, options...).ID
	return s.ids[name]
}

// until says when an organization ceases to be active, from now.
func (s *service) until(in time.Duration) modelstest.Option {
	return modelstest.With("validTo", s.in(in))
}

// in is a time from now.
func (s *service) in(d time.Duration) jsonapi.Time { return jsonapi.Time{Time: s.clock.Now().Add(d)} }

// person makes a user with a role at each of some organizations, and returns their key.
func (s *service) person(role string, organizations ...string) string {
	s.t.Helper()
	user := modelstest.User(s.t, s.db).ID
	for _, name := range organizations {
		modelstest.Membership(s.t, s.db, user, s.ids[name], modelstest.To("roles", role))
	}
	return s.keyOf(user, models.EveryScope)
}

// keyOf makes a key of a user.
func (s *service) keyOf(user string, scopes ...string) string {
	s.t.Helper()
	return *modelstest.Key(s.t, s.db, models.UserKey, "", modelstest.To("user", user),
		modelstest.With("scopes", jsonapi.Strings(scopes))).Key
}

type answer struct {
	servertest.Reply
	t    *testing.T
	body string
}

// do sends a request, and holds the exchange against the OpenAPI document. headers are name and value in turn.
func (s *service) do(method, path string, headers ...string) answer {
	s.t.Helper()
	reply, body, err := servertest.Exchange(s.t.Context(), servertest.Fresh(), method, s.url+path, nil, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	compattest.Hold(s.t, compatauth.Door(), method, path, "", reply, plain(s.t, reply, body))
	return answer{reply, s.t, string(body)}
}

const path = "/api/v2/auth/organizations"

// get asks for a list; query begins with "?" unless it is empty.
func (s *service) get(key, query string) answer {
	s.t.Helper()
	return s.do("GET", path+query, "API_KEY", key)
}

// listed is a page as its clients read it.
type listed struct {
	Items []struct {
		Message string
		Data    struct {
			Organizations []struct {
				ID, OrganizationName, Type string
				LocationTracking           bool
			}
			Page, PageSize string
		}
	}
	Valid bool
}

// list returns the page of an answer, and the names on it.
func (a answer) list() (names []string, page, pages string) {
	a.t.Helper()
	var told listed
	if err := json.Unmarshal([]byte(a.body), &told); err != nil || a.StatusCode != 200 || len(told.Items) != 1 || !told.Valid {
		a.t.Fatalf("no list: %d %s", a.StatusCode, a.body)
	}
	names = []string{}
	for _, org := range told.Items[0].Data.Organizations {
		names = append(names, org.OrganizationName)
	}
	return names, told.Items[0].Data.Page, told.Items[0].Data.PageSize
}

// names asks for a list that has one page, and returns the names on it.
func (s *service) names(key, query string) []string {
	s.t.Helper()
	names, page, pages := s.get(key, query).list()
	if page != "1" || pages != "1" {
		s.t.Errorf("%s: page %s of %s", query, page, pages)
	}
	return names
}

// want compares the names of a list.
func (s *service) want(row, key, query string, names ...string) {
	s.t.Helper()
	if got := s.names(key, query); !slices.Equal(got, names) {
		s.t.Errorf("%s: %s has %q, want %q", row, query, got, names)
	}
}

// refused returns the message of an answer that is an error with a status.
func (a answer) refused(status int) string {
	a.t.Helper()
	var told struct {
		Items []map[string]string
		Valid *bool
	}
	err := json.Unmarshal([]byte(a.body), &told)
	if err != nil || a.StatusCode != status || len(told.Items) != 1 || len(told.Items[0]) != 1 || told.Items[0]["message"] == "" ||
		told.Valid == nil || *told.Valid || a.Header.Get("Content-Type") != "application/json" ||
		!strings.HasPrefix(a.body, `{"items":[{"message":"`) || !strings.HasSuffix(a.body, `"}],"valid":false}`) {
		a.t.Errorf("want an error %d: %d %v %s", status, a.StatusCode, a.Header, a.body)
	}
	return told.Items[0]["message"]
}

// permissions returns words as the value of an attribute.
func permissions(words ...string) jsonapi.Strings { return words }

// plain returns the body of a reply as it was before it was compressed.
func plain(t *testing.T, reply servertest.Reply, body []byte) []byte {
	t.Helper()
	if reply.Header.Get("Content-Encoding") != "gzip" {
		return body
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	body, err = io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
