package orgsme_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roster/compat/compattest"
	"roster/compat/orgsme"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"
)

const (
	listPath    = "/api/orgs/me"
	loginPath   = "/api/auth/api-key/login"
	refreshPath = "/api/auth/access-token/refresh"
)

// service is the door on a real socket over a real database.
type service struct {
	t       *testing.T
	db      *store.DB
	clock   *modelstest.Clock
	url     string
	address string
}

func eachService(t *testing.T, test func(t *testing.T, s *service)) {
	t.Helper()
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		test(t, newService(t, db, clock, func(*server.Config) {}))
	})
}

func newService(t *testing.T, db *store.DB, clock *modelstest.Clock, adjust func(*server.Config)) *service {
	t.Helper()
	cfg := compattest.Config(t)
	adjust(&cfg)
	listening := httptest.NewUnstartedServer(compattest.Handler(t, db, cfg, orgsme.Door()))
	// A client that stops is noticed soon: little fits into a connection.
	listening.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if err := c.(*net.TCPConn).SetWriteBuffer(4 << 10); err != nil {
			t.Error(err)
		}
		return ctx
	}
	listening.Start()
	t.Cleanup(listening.Close)
	return &service{t: t, db: db, clock: clock, url: listening.URL, address: listening.Listener.Addr().String()}
}

type answer struct {
	servertest.Reply
	body []byte
}

// do sends a request with a credential, and holds the exchange against the OpenAPI document.
func (s *service) do(method, path, body, credential string, headers ...string) answer {
	s.t.Helper()
	if credential != "" {
		headers = append(headers, "Authorization", "Bearer "+credential)
	}
	reply, read, err := servertest.Exchange(s.t.Context(), servertest.Fresh(), method, s.url+path, strings.NewReader(body), headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	if reply.Header.Get("Content-Encoding") == "" {
		compattest.Hold(s.t, orgsme.Door(), method, path, body, reply, read)
	}
	return answer{reply, read}
}

// organization is one of the list, with the members in the order of the published document.
type organization struct {
	ID              int64   `json:"id"`
	Name            string  `json:"name"`
	Logo            *logo   `json:"logo,omitempty"`
	CreatedAt       string  `json:"createdAt"`
	DeletedAt       *string `json:"deletedAt"`
	ParentID        *int64  `json:"parentId"`
	UpdatedAt       string  `json:"updatedAt"`
	IsEventProducer bool    `json:"isEventProducer"`
}

type logo struct {
	ID        int64  `json:"id"`
	FileType  string `json:"fileType"`
	FileName  string `json:"fileName"`
	SignedURL string `json:"signedUrl"`
}

// list reads what a credential reaches.
func (s *service) list(credential string) (list []organization, body string) {
	s.t.Helper()
	a := s.do("GET", listPath, "", credential)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/json" {
		s.t.Fatalf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	if err := json.Unmarshal(a.body, &list); err != nil || list == nil {
		s.t.Fatalf("%v: %s", err, a.body)
	}
	return list, string(a.body)
}

// names returns what the organizations of a list are called.
func names(list []organization) string {
	var all []string
	for _, o := range list {
		all = append(all, o.Name)
	}
	return strings.Join(all, ", ")
}

func (s *service) organization(name string, options ...modelstest.Option) string {
	s.t.Helper()
	return modelstest.Organization(s.t, s.db, append(options, modelstest.With("name", name))...).ID
}

// person makes somebody with roles in an organization, and a key of theirs.
func (s *service) person(organization string, roles ...string) (id, key string) {
	s.t.Helper()
	id = modelstest.User(s.t, s.db).ID
	if organization != "" {
		modelstest.Membership(s.t, s.db, id, organization, modelstest.To("roles", roles...))
	}
	_, key = s.keyOf(id, models.EveryScope)
	return id, key
}

// keyOf makes a key of a user, and returns its id and itself.
func (s *service) keyOf(user string, scopes ...string) (id, key string) {
	s.t.Helper()
	made := modelstest.Key(s.t, s.db, models.UserKey, "", modelstest.To("user", user), modelstest.With("scopes", jsonapi.Strings(scopes)))
	return made.ID, *made.Key
}
