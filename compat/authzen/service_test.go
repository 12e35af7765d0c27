package authzen_test

import (
	"encoding/json"
	"strings"
	"testing"

	"roster/compat/authzen"
	"roster/compat/compattest"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// service is the door on a real socket over a real database, with a tree of organizations and people who have roles in it.
type service struct {
	t   *testing.T
	db  *store.DB
	url string
	// key is sent with every request.
	key string

	top, branch, leaf, other string // organizations: leaf is below branch, branch below top
	owner, manager, member   string // people: of top, of branch, of leaf
	idle                     string // a manager of branch who is not active
	clerk                    string // a role of top's that permits invoice:approve and invoice:read, and is not inheritable
}

// eachService runs a test against the door on each database, as a management key that may do everything.
func eachService(t *testing.T, test func(t *testing.T, s *service)) {
	t.Helper()
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) { test(t, newService(t, db, "")) })
}

func newService(t *testing.T, db *store.DB, base string) *service {
	t.Helper()
	cfg := compattest.Config(t)
	cfg.BaseURL = base
	s := &service{t: t, db: db, url: compattest.Serve(t, db, cfg, authzen.Door())}
	s.key = s.keyOf(models.ManagementKey, "", models.EveryScope)
	below := func(name, parent string) string {
		return modelstest.Organization(t, db, modelstest.With("name", name), modelstest.To("parent", parent)).ID
	}
	s.top, s.other = below("Top", ""), below("Other", "")
	s.branch = below("Branch", s.top)
	s.leaf = below("Leaf", s.branch)
	s.owner = s.person(s.top, models.RoleOwner)
	s.manager = s.person(s.branch, models.RoleManager)
	s.member = s.person(s.leaf, models.RoleMember)
	s.idle = modelstest.User(t, db, modelstest.With("active", false)).ID
	modelstest.Membership(t, db, s.idle, s.branch, modelstest.To("roles", models.RoleManager))
	s.clerk = s.role("clerk", false, "invoice:approve", "invoice:read")
	return s
}

// person makes a user with a membership.
func (s *service) person(organization string, roles ...string) string {
	s.t.Helper()
	id := modelstest.User(s.t, s.db).ID
	modelstest.Membership(s.t, s.db, id, organization, modelstest.To("roles", roles...))
	return id
}

// role makes a role of top's.
func (s *service) role(key string, inheritable bool, words ...string) string {
	s.t.Helper()
	role, err := models.CreateRole(s.t.Context(), s.db, models.System("test"), &models.Change{
		Attributes: map[string]any{"key": key, "name": key, "permissions": jsonapi.Strings(words), "inheritable": inheritable},
		Links:      map[string]models.Links{"organization": {s.top}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return role.ID
}

// keyOf makes a key of an organization or, if that is its kind, of a user.
func (s *service) keyOf(kind models.KeyKind, of string, scopes ...string) string {
	s.t.Helper()
	options := []modelstest.Option{modelstest.With("scopes", jsonapi.Strings(scopes))}
	organization := of
	if kind == models.UserKey {
		organization = ""
		options = append(options, modelstest.To("user", of))
	}
	return *modelstest.Key(s.t, s.db, kind, organization, options...).Key
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

// do sends a request; headers are name and value in turn.
func (s *service) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	if s.key != "" {
		headers = append(headers, "Authorization", "Bearer "+s.key)
	}
	reply, content, err := servertest.Exchange(s.t.Context(), servertest.Fresh(), method, s.url+path, strings.NewReader(body), headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	compattest.Hold(s.t, authzen.Door(), method, path, body, reply, content)
	return answer{reply, s.t, content}
}

// ask sends a question that is to be answered, and reads the answer.
func (s *service) ask(path, body string, into any) answer {
	s.t.Helper()
	a := s.do("POST", "/access/v1/"+path, body, "Content-Type", "application/json")
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("%s %s: %d %v %s", path, body, a.StatusCode, a.Header, a.body)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		s.t.Fatalf("%s: %v", a.body, err)
	}
	return a
}

// refusal returns the error that an answer tells of.
func (a answer) refusal() (status int, message string) {
	a.t.Helper()
	var told struct {
		Error struct {
			Status  int
			Message string
		}
	}
	if err := json.Unmarshal(a.body, &told); err != nil || told.Error.Message == "" || a.Header.Get("Content-Type") != "application/json" {
		a.t.Fatalf("not an error: %d %v %s", a.StatusCode, a.Header, a.body)
	}
	return told.Error.Status, told.Error.Message
}

// asks returns a question as JSON; "" leaves a member out.
func asks(subject, action, resource string) string {
	var members []string
	for _, m := range []struct{ name, value string }{{"subject", subject}, {"action", action}, {"resource", resource}} {
		if m.value != "" {
			members = append(members, `"`+m.name+`":`+m.value)
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func user(id string) string         { return `{"type":"user","id":"` + id + `"}` }
func organization(id string) string { return `{"type":"organization","id":"` + id + `"}` }
func action(name string) string     { return `{"name":"` + name + `"}` }

// invoice is a resource in an organization.
func invoice(organization string) string {
	return `{"type":"invoice","id":"17","properties":{"organizationId":"` + organization + `"}}`
}

// with adds members to a question.
func with(question, members string) string {
	return strings.TrimSuffix(question, "}") + "," + members + "}"
}
