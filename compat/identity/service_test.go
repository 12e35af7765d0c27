package identity_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"roster/compat/compattest"
	"roster/compat/identity"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"
)

const (
	every = "/v1/identity/organizations"
	// plainJSON is the body's header as clients send it.
	contentType, plainJSON = "Content-Type", "application/json"
)

// service is the door on a real socket over a real database, with a tree of organizations.
type service struct {
	t     *testing.T
	db    *store.DB
	clock *modelstest.Clock
	url   string
	// key is sent with every request.
	key string

	top, branch, leaf, other string // organizations: leaf is below branch, branch below top
}

// setting changes how a service is run.
type setting func(*models.Config, *server.Config)

// usersCreate lets people create heads.
func usersCreate(cfg *models.Config, _ *server.Config) { cfg.UsersCreateOrganizations = true }

// limited bounds the requests of each credential in a minute, by the clock of the database.
func limited(to int) setting {
	return func(cfg *models.Config, http *server.Config) {
		http.Limiter = server.NewLimiter(to, time.Minute, cfg.Now)
	}
}

// eachService runs a test against the door on each database, as a management key that may do everything. The clock stands.
func eachService(t *testing.T, test func(t *testing.T, s *service), settings ...setting) {
	t.Helper()
	t.Parallel()
	for _, dialect := range modelstest.Databases(t) {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, newService(t, dialect, settings...))
		})
	}
}

func newService(t *testing.T, dialect store.Dialect, settings ...setting) *service {
	t.Helper()
	s := &service{t: t, clock: modelstest.NewClock()}
	cfg := modelstest.Config(t, dialect)
	cfg.Now = s.clock.Now
	web := compattest.Config(t)
	web.MaxBody = 1 << 12
	for _, set := range settings {
		set(&cfg, &web)
	}
	s.db = modelstest.OpenConfig(t, cfg)
	s.url = compattest.Serve(t, s.db, web, identity.Door())
	s.key = s.keyOf(models.ManagementKey, "", models.EveryScope)
	s.top = s.organization("Top", "")
	s.branch = s.organization("Branch", s.top)
	s.leaf = s.organization("Leaf", s.branch)
	s.other = s.organization("Other", "")
	return s
}

// organization makes one, a second after the one before.
func (s *service) organization(name, parent string) string {
	s.t.Helper()
	s.clock.Advance(time.Second)
	return modelstest.Organization(s.t, s.db, modelstest.With("name", name), modelstest.To("parent", parent)).ID
}

// person makes a user with a membership, and returns the service as they see it.
func (s *service) person(organization string, roles ...string) (user string, as *service) {
	s.t.Helper()
	user = modelstest.User(s.t, s.db).ID
	modelstest.Membership(s.t, s.db, user, organization, modelstest.To("roles", roles...))
	return user, s.as(s.keyOf(models.UserKey, user, models.EveryScope))
}

// role makes a role of top's, and returns its id.
func (s *service) role(key string, words ...string) string {
	s.t.Helper()
	role, err := models.CreateRole(s.t.Context(), s.db, models.System("test"), &models.Change{
		Attributes: map[string]any{"key": key, "name": key, "permissions": jsonapi.Strings(words)},
		Links:      map[string]models.Links{"organization": {s.top}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return role.ID
}

// keyOf makes a key of an organization or, if that is its kind, of a user, and returns its secret.
func (s *service) keyOf(kind models.KeyKind, of string, scopes ...string) string {
	s.t.Helper()
	return *s.makeKey(kind, of, scopes...).Key
}

func (s *service) makeKey(kind models.KeyKind, of string, scopes ...string) *models.APIKey {
	s.t.Helper()
	options := []modelstest.Option{modelstest.With("scopes", jsonapi.Strings(scopes))}
	if kind == models.UserKey {
		return modelstest.Key(s.t, s.db, kind, "", append(options, modelstest.To("user", of))...)
	}
	return modelstest.Key(s.t, s.db, kind, of, options...)
}

// token gives an organization a new token, and returns the service as that sees it.
func (s *service) token(organization string) *service {
	s.t.Helper()
	org, err := models.RefreshToken(s.t.Context(), s.db, models.System("test"), organization)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.as(*org.Token)
}

// update changes an organization as the native API does.
func (s *service) update(id string, attributes map[string]any, links map[string]models.Links) {
	s.t.Helper()
	change := &models.Change{Attributes: attributes, Links: links}
	_, err := models.UpdateOrganization(s.t.Context(), s.db, models.System("test"), id, change)
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *service) remove(id string) {
	s.t.Helper()
	if err := models.DeleteOrganization(s.t.Context(), s.db, models.System("test"), id, nil); err != nil {
		s.t.Fatal(err)
	}
}

// as returns the service as another caller sees it.
func (s *service) as(key string) *service {
	other := *s
	other.key = key
	return &other
}

type answer struct {
	servertest.Reply
	t    *testing.T
	body []byte
}

// do sends a request; headers are name and value in turn. The exchange is held against the OpenAPI document.
func (s *service) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	if s.key != "" {
		headers = append(headers, "Authorization", "Bearer "+s.key)
	}
	reply, content, err := servertest.Exchange(s.t.Context(), servertest.Fresh(), method, s.url+path, strings.NewReader(body), headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{reply, s.t, content}
	s.hold(method, path, body, a)
	return a
}

// get reads a path.
func (s *service) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", headers...)
}

// post sends JSON to a path.
func (s *service) post(path, body string, headers ...string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, path, body, append(headers, contentType, plainJSON)...)
}

// hold compares an exchange with the OpenAPI document.
func (s *service) hold(method, path, sent string, a answer) {
	s.t.Helper()
	if a.Header.Get("Content-Encoding") != "" || method == http.MethodOptions { // what is asked before is no operation
		return
	}
	compattest.Hold(s.t, identity.Door(), method, path, sent, a.Reply, a.body)
}

// want fails the test unless the answer has that status, and returns the body; of an error it makes sure that it has its form.
func (a answer) want(status int) string {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Fatalf("status %d, want %d: %s", a.StatusCode, status, a.body)
	}
	if status >= 400 {
		var members map[string]any
		if err := json.Unmarshal(a.body, &members); err != nil || len(members) != 2 || members["code"] != float64(status) ||
			members["message"] == "" || !strings.HasPrefix(string(a.body), `{"code":`) {
			a.t.Errorf("not an error of this dialect: %s", a.body)
		}
	}
	if len(a.body) > 0 && a.Header.Get("Content-Type") != "application/json" {
		a.t.Errorf("the answer is %s", a.Header.Get("Content-Type"))
	}
	return string(a.body)
}

// shown is what an answer says of an organization.
type shown struct {
	ID, Name, Description string
	CreatedBy             map[string]string
	CreatedAt             string
}

// page is what an answer says of a list.
type page struct {
	Organizations               []shown
	TotalResults, Offset, Limit int
}

// list returns a page.
func (s *service) list(query string) (p page) {
	s.t.Helper()
	decode(s.t, s.get(every+query).want(200), &p)
	return p
}

// names returns the names on the first page.
func (s *service) names() string {
	s.t.Helper()
	var names []string
	for _, org := range s.list("").Organizations {
		names = append(names, org.Name)
	}
	return strings.Join(names, " ")
}

// read returns an organization, and the role of the caller there.
func (s *service) read(id string) (org shown, role string) {
	s.t.Helper()
	var told struct {
		Organization           shown
		OrganizationMembership struct{ Role string }
	}
	decode(s.t, s.get(every+"/"+id).want(200), &told)
	return told.Organization, told.OrganizationMembership.Role
}

// create makes an organization of a name, which must work.
func (s *service) create(name string) (org shown) {
	s.t.Helper()
	decode(s.t, s.post(every, named(name)).want(200), &org)
	return org
}

// named is a body with a name.
func named(name string) string {
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		panic(err) // texts encode
	}
	return string(body)
}

func decode(t *testing.T, body string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
}
