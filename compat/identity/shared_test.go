package identity_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/auth"
	"roster/compat/identity"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/models/target"
	"roster/server"
	"roster/webhooks"
	"roster/webhooks/webhookstest"
)

// TestWhatAllDialectsShare are the rows that hold for every dialect, for this one.
func TestWhatAllDialectsShare(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		test     func(t *testing.T, s *service)
		settings []setting
	}{
		{"SD-02: slashes, HEAD and methods", rowMethods, nil},
		{"SD-03: unknown paths", rowPaths, nil},
		{"SD-04: Accept and unknown parameters are passed over", rowIgnored, nil},
		{"SD-05: who calls is asked first", rowCredentials, nil},
		{"SD-05: sessions", rowSessions, nil},
		{"SD-06: what changes holds on the next request", rowNext, nil},
		{"SD-07: one limit for each credential", rowLimit, []setting{limited(3)}},
		{"SD-08: a change is the event that it is natively", rowEvents, []setting{usersCreate}},
		{"SD-08: a change reaches a receiver", rowWebhooks, nil},
		{"SD-09: headers and gzip", rowHeaders, nil},
		{"SD-10: keys of users act within their scopes", rowScopes, []setting{usersCreate}},
		{"SD-11: nothing else leaks", rowLeaks, nil},
		{"conditional requests", rowConditional, nil},
		{"an answer is given again to who sees what it tells of", rowReplayed, nil},
	} {
		t.Run(row.name, func(t *testing.T) { eachService(t, row.test, row.settings...) })
	}
}

func rowMethods(t *testing.T, s *service) {
	for _, path := range []string{every, every + "/" + s.leaf, every + "?limit=2"} {
		plain, query, _ := strings.Cut(path, "?")
		whole := s.get(path).want(200)
		if slashed := s.get(plain + "/?" + query).want(200); slashed != whole {
			t.Errorf("%s/: %s", path, slashed)
		}
		head := s.do("HEAD", path, "")
		if head.StatusCode != 200 || len(head.body) != 0 || head.Header.Get("ETag") == "" {
			t.Errorf("HEAD %s: %d %v %s", path, head.StatusCode, head.Header, head.body)
		}
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			refused := s.do(method, plain, named("New"), contentType, plainJSON)
			if refused.want(405); refused.Header.Get("Allow") != "GET, HEAD, POST" {
				t.Errorf("%s %s allows %s", method, path, refused.Header.Get("Allow"))
			}
		}
	}
}

func rowPaths(_ *testing.T, s *service) {
	nobody := s.as("")
	for _, path := range []string{
		"/v1/identity", "/v1/identity/", "/v1/identity/profile", every + "/" + s.leaf + "/members", every + "/" + s.leaf + "/projects/x",
		"/v1/identity/organizations%2Fx", "/v1/identity//organizations", "/v1/identity/./organizations",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			nobody.do(method, path, "").want(404)
		}
	}
}

func rowIgnored(t *testing.T, s *service) {
	whole := s.get(every).want(200)
	for _, headers := range [][]string{
		{"Accept", "text/html"}, {"Accept", "application/vnd.api+json; ext=x"}, {contentType, plainJSON}, {contentType, "nonsense"},
	} {
		if got := s.get(every+"?page[size]=1&_=1&filter[x]=y&Limit=7&organizationId=a&%zz", headers...).want(200); got != whole {
			t.Errorf("%q: %s", headers, got)
		}
	}
	s.do("POST", every, named("New"), contentType, plainJSON, "Accept", "text/plain;q=1").want(200)
}

func rowCredentials(t *testing.T, s *service) {
	key := s.makeKey(models.ManagementKey, "", models.EveryScope)
	if err := models.DeleteAPIKey(t.Context(), s.db, models.System("test"), key.ID, nil); err != nil {
		t.Fatal(err)
	}
	user, _ := s.person(s.top, models.RoleViewer)
	idle := s.keyOf(models.UserKey, user, models.EveryScope)
	_, err := models.UpdateUser(t.Context(), s.db, models.System("test"), user, &models.Change{Attributes: map[string]any{"active": false}})
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]bool{}
	for _, secret := range []string{"", "wrong", *key.Key, idle} {
		for _, a := range []answer{
			s.as(secret).get(every + "?limit=x"), s.as(secret).get(every + "/nonsense"),
			s.as(secret).do("POST", every, "{", contentType, "text/x"),
			s.as(secret).do("POST", every+"/"+s.leaf, ""),
		} {
			bodies[a.want(401)] = true
			if a.Header.Get("WWW-Authenticate") == "" {
				t.Error("401 does not say how to authenticate")
			}
		}
	}
	if len(bodies) != 1 {
		t.Errorf("causes are told apart: %v", bodies)
	}
	for _, header := range []string{"X-API-Key", "API_KEY", "Authorization"} {
		s.as("").get(every, header, s.key).want(200)
	}
	s.get(every, "X-API-Key", "another").want(400)
}

func rowSessions(t *testing.T, s *service) {
	user := modelstest.User(t, s.db).ID
	modelstest.Membership(t, s.db, user, s.branch, modelstest.To("roles", models.RoleAdmin))
	var cookie auth.Cookie
	err := store.Transaction(t.Context(), s.db, func(tx *store.DB) error {
		session, err := models.BeginSession(t.Context(), tx, "", models.Visit{Address: netip.MustParseAddr("127.0.0.1")},
			models.ByOther(user, models.ByOIDC))
		if err == nil {
			cookie, err = auth.RenewCookie(t.Context(), tx, auth.Site{}, session)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	header := map[string][]string{}
	cookie.Write(header)
	sent, _, _ := strings.Cut(header["Set-Cookie"][0], ";")
	as := s.as("")
	if !strings.Contains(as.get(every+"/"+s.branch, "Cookie", sent).want(200), `"role":"admin"`) {
		t.Error("who is signed in is no admin")
	}
	as.post(every+"/"+s.leaf, named("New"), "Cookie", sent, "Sec-Fetch-Site", "same-origin").want(200)
	as.post(every+"/"+s.leaf, named("New"), "Cookie", sent, "Sec-Fetch-Site", "cross-site").want(403)
	s.get(every, "Cookie", sent).want(400) // two credentials
}

func rowNext(t *testing.T, s *service) {
	user, as := s.person(s.branch, models.RoleManager)
	by, ctx := models.System("test"), t.Context()
	membership := modelstest.Membership(t, s.db, user, s.other, modelstest.To("roles", models.RoleAdmin)).ID
	sees := func(when, want string) {
		t.Helper()
		if got := as.names(); got != want {
			t.Errorf("%s there are %s, want %s", when, got, want)
		}
	}
	sees("first", "Branch Leaf Other")
	if _, role := as.read(s.other); role != "admin" {
		t.Errorf("an admin is %s", role)
	}
	roles := &models.Change{Links: map[string]models.Links{"roles": {models.RoleViewer}}}
	if _, err := models.UpdateMembership(ctx, s.db, by, membership, roles); err != nil {
		t.Fatal(err)
	}
	if _, role := as.read(s.other); role != "member" {
		t.Errorf("a viewer is %s", role)
	}
	as.post(every+"/"+s.other, named("New")).want(403)
	if err := models.DeleteMembership(ctx, s.db, by, membership, nil); err != nil {
		t.Fatal(err)
	}
	sees("without the membership", "Branch Leaf")
	s.update(s.leaf, nil, map[string]models.Links{"parent": {s.other}})
	sees("after a move", "Branch")
	s.update(s.leaf, nil, map[string]models.Links{"parent": {s.branch}})
	s.remove(s.leaf)
	sees("after a deletion", "Branch")
	as.get(every + "/" + s.leaf).want(404)
	if _, err := models.UpdateOrganization(ctx, s.db, by, s.leaf, &models.Change{Echo: map[string]any{"deletedAt": nil}}); err != nil {
		t.Fatal(err)
	}
	sees("restored", "Branch Leaf")
}

func rowLimit(t *testing.T, s *service) {
	for n, want := range []string{"2", "1", "0"} {
		a := s.get(every)
		if a.want(200); a.Header.Get("X-RateLimit-Limit") != "3" || a.Header.Get("X-RateLimit-Remaining") != want {
			t.Errorf("request %d: %v", n, a.Header)
		}
	}
	refused := s.post(every, named("New"))
	if refused.want(429); refused.Header.Get("Retry-After") != "60" {
		t.Errorf("%v", refused.Header)
	}
	s.as(s.keyOf(models.ManagementKey, "", models.EveryScope)).get(every).want(200)
	s.clock.Advance(time.Minute)
	s.get(every).want(200)
}

// told returns the events about an organization, without what differs from one to the next.
func (s *service) told(id string) (events []models.Event) {
	s.t.Helper()
	q := &jsonapi.Query{Page: jsonapi.Page{Number: 1, Size: jsonapi.MaxPageSize}}
	page, err := collection.List(s.t.Context(), s.db, models.Events, collection.Everything(), q)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, item := range page.Items {
		if e := item.(*models.Event); e.OrganizationID != nil && *e.OrganizationID == id {
			events = append(events, *e)
		}
	}
	return events
}

func rowEvents(t *testing.T, s *service) {
	user, as := s.person(s.top, models.RoleOwner)
	org := as.create("First").ID
	as.post(every+"/"+org, named("Second"), "X-Request-Id", "mine").want(200)
	as.post(every+"/"+org, named("Second")).want(200) // changes nothing
	by := models.Caller{Kind: models.ByUserKey, ID: user, RequestID: "native", Scope: collection.Person(user).Holding([]string{"*"}),
		Rights: models.Rights{Scopes: []string{"*"}}}
	native, err := models.CreateOrganization(t.Context(), s.db, by, &models.Change{Attributes: map[string]any{"name": "First"}})
	if err != nil {
		t.Fatal(err)
	}
	renamed := &models.Change{Attributes: map[string]any{"name": "Second"}}
	if _, err := models.UpdateOrganization(t.Context(), s.db, by, native.ID, renamed); err != nil {
		t.Fatal(err)
	}
	here, there := s.told(org), s.told(native.ID)
	if len(here) != 3 || len(there) != 3 || *here[2].RequestID != "mine" { // the second is that of the membership
		t.Fatalf("%+v, natively %+v", here, there)
	}
	for i := range here {
		a, b := here[i], there[i]
		if a.EventType != b.EventType || a.ActorKind != b.ActorKind || *a.ActorID != *b.ActorID ||
			i == 2 && string(*a.Changes) != string(*b.Changes) || a.RequestID == nil {
			t.Errorf("%+v, natively %+v", a, b)
		}
	}
}

func rowWebhooks(t *testing.T, s *service) {
	receiver := webhookstest.NewReceiver(t)
	hook := modelstest.Webhook(t, s.db, s.branch, receiver.URL())
	sender := webhooks.NewSender(webhooks.SenderConfig{Targets: target.Rules{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Timeout: 10 * time.Second, UserAgent: "Roster-Webhooks/test", IdleConns: 8, IdleConnsPerHost: 8})
	worker := webhooks.NewWorker(s.db, webhooks.WorkerConfig{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Metrics: webhooks.NewMetrics(nil), Slots: 8, LaneCap: 8, Lease: time.Minute, Poll: time.Hour, Grace: time.Minute, Sender: sender})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { worker.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); sender.Close() })
	s.post(every+"/"+s.branch, named("Renamed"), "X-Request-Id", "mine").want(200)
	worker.Wake()
	waiting, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	received, err := receiver.Wait(waiting, 1)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Type, RequestID string
		Data            struct {
			ID         string
			Attributes struct{ Name string }
		}
	}
	decode(t, string(received[0].Body), &body)
	told := []string{body.Type, body.RequestID, body.Data.ID, body.Data.Attributes.Name}
	if !slices.Equal(told, []string{"organization.updated", "mine", s.branch, "Renamed"}) {
		t.Errorf("%s", received[0].Body)
	}
	if err := received[0].VerifyAtAnyTime(*hook.Secret); err != nil {
		t.Error(err)
	}
}

func rowHeaders(t *testing.T, s *service) {
	for range 20 {
		s.create(strings.Repeat("Acme ", 20))
	}
	for _, a := range []answer{s.get(every), s.as("").get(every), s.get("/v1/identity/x")} {
		for name, want := range map[string]string{
			"Tdm-Reservation": "1", "X-Robots-Tag": "noai, noimageai", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
			"Content-Encoding": "",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s is %q", name, got)
			}
		}
		if !strings.Contains(a.Header.Get("Vary"), "Origin") || a.Header.Get("Date") == "" || a.Header.Get("X-Request-Id") == "" {
			t.Errorf("%v", a.Header)
		}
	}
	packed := s.get(every, "Accept-Encoding", "gzip")
	if packed.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v", packed.Header)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed.body))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(reader); err != nil || string(body) != s.get(every).want(200) {
		t.Errorf("%v %s", err, body)
	}
}

func rowScopes(t *testing.T, s *service) {
	user, _ := s.person(s.top, models.RoleOwner)
	with := func(scopes ...string) *service { return s.as(s.keyOf(models.UserKey, user, scopes...)) }
	for _, a := range []answer{
		with("users:read").get(every), with("users:read").get(every + "/" + s.leaf), with("organizations:read").post(every, named("New")),
		with("organizations:read").post(every+"/"+s.leaf, named("New")), with().get(every),
	} {
		a.want(403)
	}
	with("organizations:read").get(every).want(200)
	writes := with("organizations:write")
	writes.post(every+"/"+s.leaf, named("New")).want(200)
	writes.get(every + "/" + s.leaf).want(200) // writing includes reading
	writes.get(every + "/" + s.other).want(404)
	if made := writes.create("Mine"); made.CreatedBy["userId"] != user {
		t.Errorf("%+v", made)
	}
}

func rowLeaks(t *testing.T, s *service) {
	s.update(s.leaf, map[string]any{"webhookUrl": "https://hooks.example.com/secret", "slug": "a-slug", "kind": "supplier"}, nil)
	s.remove(s.other)
	for _, body := range []string{
		s.get(every).want(200), s.get(every + "/" + s.leaf).want(200), s.post(every+"/"+s.leaf, named("Leaf")).want(200),
		s.post(every, named("New")).want(200),
	} {
		for _, word := range []string{"hooks.example", "slug", "supplier", "whsec", "roster_", "Other", "token", "deleted"} {
			if strings.Contains(body, word) {
				t.Errorf("%s is told: %s", word, body)
			}
		}
	}
}

func rowConditional(t *testing.T, s *service) {
	path := every + "/" + s.leaf
	for _, at := range []string{path, every} {
		known := s.get(at).Header.Get("ETag")
		if again := s.get(at, "If-None-Match", known); again.StatusCode != 304 || len(again.body) != 0 {
			t.Errorf("%s: %d %s", at, again.StatusCode, again.body)
		}
	}
	first := s.get(path).Header.Get("ETag")
	edited := s.post(path, named("Second"), "If-Match", first)
	edited.want(200)
	s.post(path, named("Third"), "If-Match", first).want(412)
	s.post(path, named("Third"), "If-None-Match", edited.Header.Get("ETag")).want(412)
	s.post(path, named("Third"), "If-Match", "x").want(400)
	s.post(every, named("Third"), "If-Match", first).want(400)
	s.post(every, named("Third"), "If-None-Match", "*").want(400)
	_, viewer := s.person(s.leaf, models.RoleViewer)
	viewer.post(path, named("Third"), "If-Match", first).want(403)
	s.post(path, named("Third"), "If-Match", edited.Header.Get("ETag")).want(200)
	if org, _ := s.read(s.leaf); org.Name != "Third" {
		t.Errorf("%+v", org)
	}
}

func rowReplayed(t *testing.T, s *service) {
	_, as := s.person(s.branch, models.RoleManager)
	edit := func() answer { return as.post(every+"/"+s.leaf, named("Once"), server.IdempotencyKey, "k") }
	first := edit().want(200)
	s.update(s.leaf, map[string]any{"name": "Later"}, nil)
	if again := edit().want(200); again != first {
		t.Errorf("%s, want %s", again, first)
	}
	if org, _ := s.read(s.leaf); org.Name != "Later" {
		t.Errorf("it took effect twice: %+v", org)
	}
	s.update(s.leaf, nil, map[string]models.Links{"parent": {s.other}})
	edit().want(403)
}

// TestADenialIsAnEvent at the organization that it is about, as natively.
func TestADenialIsAnEvent(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		_, as := s.person(s.leaf, models.RoleViewer)
		as.post(every+"/"+s.leaf, named("New")).want(403)
		as.post(every+"/"+s.other, named("New")).want(404)
		denied := slices.DeleteFunc(s.told(s.leaf), func(e models.Event) bool { return e.EventType != models.AccessDenied })
		var told struct {
			Meta struct{ Permission, Route string }
		}
		if len(denied) != 1 || json.Unmarshal(denied[0].Resource, &told) != nil || told.Meta.Permission != "organizations:write" ||
			told.Meta.Route != every+"/{id}" {
			t.Errorf("%+v", denied)
		}
	})
}

// TestTheRoutesAreDescribed in the OpenAPI document, and no others.
func TestTheRoutesAreDescribed(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]any
	}
	door := identity.Door()
	decode(t, string(door.Description.Document), &document)
	described := 0
	for _, rt := range door.Routes {
		path := strings.Replace(rt.Path, "{id}", "{organizationId}", 1)
		if document.Paths[path][strings.ToLower(rt.Method)] == nil {
			t.Errorf("%s %s is not described", rt.Method, path)
		}
	}
	for _, methods := range document.Paths {
		described += len(methods)
	}
	if described != len(door.Routes) {
		t.Errorf("%d operations are described, and %d served", described, len(door.Routes))
	}
}
