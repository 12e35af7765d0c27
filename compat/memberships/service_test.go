package memberships_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"roster/auth"
	"roster/compat/compattest"
	"roster/compat/memberships"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"
)

const path = "/me/organization-memberships"

// service is the door on a real socket over a real database, beside one by which tests sign people in.
type service struct {
	t      *testing.T
	db     *store.DB
	clock  *modelstest.Clock
	url    string
	cookie string // that of the browser
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
	return &service{t: t, db: db, clock: clock, url: compattest.Serve(t, db, cfg, memberships.Door(), signInDoor())}
}

// signInDoor lets in whom a test names.
func signInDoor() *server.Door {
	return &server.Door{
		Paths: []string{"/test"}, Credential: auth.Credential, Sessions: true,
		Refusal: func(err error) *server.Refusal {
			if status := server.Status(err); status != 0 {
				return &server.Refusal{Status: status, ContentType: "text/plain", Body: []byte(err.Error())}
			}
			return nil
		},
		Routes: []server.Route{{Method: http.MethodPost, Path: "/test/{user}", Needs: auth.Visitor(), Asks: true,
			Take: func(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
				return func(w http.ResponseWriter) error {
					_, cookie, err := rq.SignIn(rq.DB, models.ByOther(rq.Var("user"), models.ByOIDC))
					if err == nil {
						cookie.Write(w.Header())
						w.WriteHeader(http.StatusNoContent)
					}
					return err
				}, nil
			}}},
	}
}

// answer is what came back.
type answer struct {
	servertest.Reply
	body []byte
}

// envelope is an answer as a client reads it.
type envelope struct {
	Status  int
	Message string
	Data    []struct {
		ID           string
		Organization struct {
			ID, Name, Slug string
			ImageURL       *string `json:"image_url"`
		}
		Role struct {
			ID, Name    string
			Permissions []string
		}
	}
	Session struct {
		SignIns      []signIn `json:"signins"`
		ActiveSignIn *signIn  `json:"active_signin"`
	}
	Errors []struct{ Code, Message string }
}

type signIn struct {
	ID     string
	UserID string `json:"user_id"`
}

// do sends a request with the cookie of the browser, and holds the exchange against the OpenAPI document.
func (s *service) do(method, path string, headers ...string) answer {
	s.t.Helper()
	if s.cookie != "" {
		headers = append(headers, "Cookie", s.cookie, "Sec-Fetch-Site", "same-origin")
	}
	reply, body, err := servertest.Exchange(s.t.Context(), servertest.Fresh(), method, s.url+path, nil, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	if strings.HasPrefix(path, "/me") {
		compattest.Hold(s.t, memberships.Door(), method, path, "", reply, body)
	}
	return answer{reply, body}
}

// signIn signs a user in, in the session of the browser.
func (s *service) signIn(user string) {
	s.t.Helper()
	a := s.do("POST", "/test/"+user, "Sec-Fetch-Site", "same-origin")
	if a.StatusCode != http.StatusNoContent {
		s.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	for _, cookie := range (&http.Response{Header: a.Header}).Cookies() {
		s.cookie = cookie.Name + "=" + cookie.Value
	}
}

// signedInBy returns the cookie of a session that was begun with a key.
func (s *service) signedInBy(key string) string {
	s.t.Helper()
	visit := models.Visit{Address: netip.MustParseAddr("127.0.0.1")}
	who, err := models.ProveKey(s.t.Context(), s.db, visit, &models.Change{Attributes: map[string]any{"key": key}})
	if err != nil {
		s.t.Fatal(err)
	}
	header := http.Header{}
	err = store.Transaction(s.t.Context(), s.db, func(tx *store.DB) error {
		session, err := models.BeginSession(s.t.Context(), tx, "", visit, who)
		if err != nil {
			return err
		}
		cookie, err := auth.RenewCookie(s.t.Context(), tx, auth.Site{Host: "127.0.0.1"}, session)
		cookie.Write(header)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	value, _, _ := strings.Cut(header.Get("Set-Cookie"), ";")
	return value
}

// sessionOf returns the id of the session in which a user is signed in.
func (s *service) sessionOf(user string) string {
	s.t.Helper()
	var ids []string
	if err := s.db.Session(s.t.Context()).Raw(`SELECT session_id FROM sign_ins WHERE user_id = ?`, user).Scan(&ids).Error; err != nil ||
		len(ids) != 1 {
		s.t.Fatalf("the sessions are %v: %v", ids, err)
	}
	return ids[0]
}

// list reads the memberships of who is signed in.
func (s *service) list() envelope {
	s.t.Helper()
	a := s.do("GET", path)
	if a.StatusCode != http.StatusOK {
		s.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return s.read(a)
}

func (s *service) read(a answer) (e envelope) {
	s.t.Helper()
	if err := json.Unmarshal(a.body, &e); err != nil {
		s.t.Fatalf("%v: %s", err, a.body)
	}
	if e.Status != a.StatusCode {
		s.t.Errorf("the answer %d says that it is %d", a.StatusCode, e.Status)
	}
	return e
}

// member makes a user a member, with roles.
func (s *service) member(user, organization string, roles ...string) string {
	s.t.Helper()
	var options []modelstest.Option
	if len(roles) > 0 {
		options = append(options, modelstest.To("roles", roles...))
	}
	return modelstest.Membership(s.t, s.db, user, organization, options...).ID
}

func (s *service) organization(name string, options ...modelstest.Option) string {
	s.t.Helper()
	return modelstest.Organization(s.t, s.db, append(options, modelstest.With("name", name))...).ID
}
