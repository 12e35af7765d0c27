package memberships_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/compat/memberships"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// change is who changes what a test needs.
var change = models.System("test")

func links(name string, ids ...string) *models.Change {
	return &models.Change{Attributes: map[string]any{}, Links: map[string]models.Links{name: ids}}
}

// TestTheAnswerIsThatOfThePublishedDocument, byte for byte but for ids and URLs (S1-01, S1-03, S1-05, S1-06, S1-13).
func TestTheAnswerIsThatOfThePublishedDocument(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		at := func(text string) {
			when, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			s.clock.Set(when)
		}
		at("2024-01-01T00:00:00Z")
		user := modelstest.User(t, s.db).ID
		acme := s.organization("Acme Corporation", modelstest.With("slug", "acme-corp"))
		startup := s.organization("Tech Startup Inc", modelstest.With("slug", "tech-startup"))
		for _, organization := range []string{acme, startup} {
			modelstest.Logo(t, s.db, organization, "logo.png")
		}
		first := s.member(user, acme, models.RoleMember)
		at("2024-01-10T00:00:00Z")
		second := s.member(user, startup)
		at("2024-01-15T10:30:00Z")
		if _, err := models.UpdateMembership(t.Context(), s.db, change, first, links("roles", models.RoleAdmin)); err != nil {
			t.Fatal(err)
		}
		at("2024-01-01T12:00:00Z")
		s.signIn(user)
		a := s.do("GET", path)
		signIn := strings.TrimPrefix(s.read(a).Session.SignIns[0].ID, "signin_")
		got := strings.NewReplacer(first, "123456789", acme, "123456789", second, "987654321", startup, "987654321", signIn, "987654321",
			user, "456789123").Replace(string(a.body))
		for _, name := range []string{"acme", "tech-startup"} { // in the order of the answer
			at := regexp.MustCompile(`"` + regexp.QuoteMeta(s.url) + `/public/v2/files/[^"]+/content\?expires=\d+&signature=[^"]+"`)
			found := at.FindStringIndex(got)
			if found == nil {
				t.Fatalf("no signed URL in %s", got)
			}
			got = got[:found[0]] + `"https://cdn.example.com/orgs/` + name + `.jpg"` + got[found[1]:]
		}
		published, err := os.ReadFile("testdata/published.json")
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, published); err != nil {
			t.Fatal(err)
		}
		if got != want.String() {
			t.Errorf("answered\n%s\nwant\n%s", got, want.String())
		}
		if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the header is %v", a.Header)
		}
	})
}

// TestWhoIsToldAsWhat has the rows of a membership's role (S1-03, S1-04, S1-12, S1-13).
func TestWhoIsToldAsWhat(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		user := modelstest.User(t, s.db).ID
		s.signIn(user)
		if e := s.list(); e.Data == nil || len(e.Data) != 0 || e.Errors == nil {
			t.Errorf("without memberships it tells %+v", e)
		}
		top := s.organization("Top")
		leaf := s.organization("Leaf", modelstest.To("parent", top))
		clerk, err := models.CreateRole(t.Context(), s.db, change,
			&models.Change{Attributes: map[string]any{"key": "clerk", "name": "Clerk",
				"rank":        int64(30),
				"permissions": jsonapi.Strings{"invoices:approve", "users:write", "organizations:delete", "admin", "a.b"}},
				Links: map[string]models.Links{"organization": {top}}})
		if err != nil {
			t.Fatal(err)
		}
		membership := s.member(user, top)
		s.member(modelstest.User(t, s.db).ID, top, models.RoleOwner) // who stays
		for _, c := range []struct {
			roles       []string
			id, name    string
			permissions []string
		}{
			{[]string{models.RoleOwner}, "role_owner", "Owner", []string{"read", "write", "admin"}},
			{[]string{models.RoleAdmin}, "role_admin", "Administrator", []string{"read", "write", "admin"}},
			{[]string{models.RoleManager}, "role_manager", "Manager", []string{"read", "write"}},
			{[]string{models.RoleMember}, "role_member", "Member", []string{"read", "write"}},
			{[]string{models.RoleViewer}, "role_viewer", "Viewer", []string{"read"}},
			{[]string{clerk.ID}, "role_" + clerk.ID, "Clerk", []string{"admin", "a.b", "invoices:approve"}},
			{[]string{models.RoleViewer, clerk.ID}, "role_" + clerk.ID, "Clerk", []string{"read", "admin", "a.b", "invoices:approve"}},
			{[]string{models.RoleOwner, clerk.ID}, "role_owner", "Owner", []string{"read", "write", "admin", "a.b", "invoices:approve"}},
		} {
			if _, err := models.UpdateMembership(t.Context(), s.db, change, membership, links("roles", c.roles...)); err != nil {
				t.Fatal(err)
			}
			e := s.list()
			if len(e.Data) != 1 {
				t.Fatalf("one membership, and it tells %+v", e.Data)
			}
			if got := e.Data[0].Role; got.ID != c.id || got.Name != c.name || !slices.Equal(got.Permissions, c.permissions) {
				t.Errorf("with %v it tells %+v, want %+v", c.roles, got, c)
			}
			if url := e.Data[0].Organization.ImageURL; url == nil || *url != "" {
				t.Errorf("without a logo the URL is %v", url)
			}
		}
		s.member(user, leaf, models.RoleViewer) // below a higher role
		if e := s.list(); len(e.Data) != 2 || e.Data[1].Role.ID != "role_viewer" || e.Data[1].Organization.ID != "org_"+leaf {
			t.Errorf("with a role of its own below it tells %+v", e.Data)
		}
	})
}

// TestTheLogoIsForWhoMayReadTheOrganization: files follow their organization, which a membership alone does not open.
func TestTheLogoIsForWhoMayReadTheOrganization(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		user, top := modelstest.User(t, s.db).ID, s.organization("Top")
		modelstest.Logo(t, s.db, top, "logo.png")
		approver, err := models.CreateRole(t.Context(), s.db, change, &models.Change{
			Attributes: map[string]any{"key": "approver", "name": "Approver", "permissions": jsonapi.Strings{"invoices:approve"}},
			Links:      map[string]models.Links{"organization": {top}}})
		if err != nil {
			t.Fatal(err)
		}
		membership := s.member(user, top, approver.ID)
		s.signIn(user)
		if e := s.list(); len(e.Data) != 1 || *e.Data[0].Organization.ImageURL != "" {
			t.Errorf("without a right to read it tells %+v", e.Data)
		}
		if _, err := models.UpdateMembership(t.Context(), s.db, change, membership, links("roles", models.RoleViewer)); err != nil {
			t.Fatal(err)
		}
		if e := s.list(); *e.Data[0].Organization.ImageURL == "" {
			t.Error("a viewer is not told of the logo")
		}
	})
}

// TestWhatEndsIsGoneAtOnce (S1-10, S1-11).
func TestWhatEndsIsGoneAtOnce(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		user, top := modelstest.User(t, s.db).ID, s.organization("Top")
		membership := s.member(user, top)
		s.signIn(user)
		count := func(want int, when string) {
			t.Helper()
			if got := len(s.list().Data); got != want {
				t.Errorf("%s it tells %d memberships, want %d", when, got, want)
			}
		}
		count(1, "at first")
		if err := models.DeleteOrganization(t.Context(), s.db, change, top, nil); err != nil {
			t.Fatal(err)
		}
		count(0, "of a deleted organization")
		if _, err := models.UpdateOrganization(t.Context(), s.db, change, top,
			&models.Change{Echo: map[string]any{"deletedAt": nil}, Links: map[string]models.Links{}}); err != nil {
			t.Fatal(err)
		}
		count(1, "of a restored one")
		if err := models.DeleteMembership(t.Context(), s.db, change, membership, nil); err != nil {
			t.Fatal(err)
		}
		count(0, "of one that they left")
	})
}

// TestTheSessionTellsOfItsOwnSignIns (S1-09).
func TestTheSessionTellsOfItsOwnSignIns(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		ada, bob := modelstest.User(t, s.db).ID, modelstest.User(t, s.db).ID
		s.member(ada, s.organization("Ada's"))
		s.member(bob, s.organization("Bob's"))
		other := *s
		other.signIn(bob)
		s.signIn(ada)
		s.clock.Advance(time.Second)
		s.signIn(bob)
		e := s.list()
		if len(e.Session.SignIns) != 2 || e.Session.SignIns[0].UserID != "user_"+ada || e.Session.SignIns[1].UserID != "user_"+bob ||
			!reflect.DeepEqual(*e.Session.ActiveSignIn, e.Session.SignIns[1]) || e.Data[0].Organization.Name != "Bob's" {
			t.Errorf("two people are signed in, and it tells %+v", e)
		}
		session := s.sessionOf(ada)
		by := models.Caller{Kind: models.BySession, ID: bob, Scope: collection.Person(bob).InSession(session),
			Rights: models.Rights{Scopes: []string{"*"}}}
		active := strings.TrimPrefix(e.Session.SignIns[0].ID, "signin_")
		if _, err := models.UpdateSession(t.Context(), s.db, by, session, links("activeSignIn", active)); err != nil {
			t.Fatal(err)
		}
		if e := s.list(); e.Session.ActiveSignIn.UserID != "user_"+ada || len(e.Data) != 1 || e.Data[0].Organization.Name != "Ada's" {
			t.Errorf("after switching back it tells %+v", e)
		}
	})
}

// TestWhoIsNobodyIsToldSoInTheEnvelope (S1-01, S1-02, S1-07, SD-02, SD-03, SD-04, SD-05).
func TestWhoIsNobodyIsToldSoInTheEnvelope(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		user := modelstest.User(t, s.db).ID
		key := *modelstest.Key(t, s.db, models.UserKey, "", modelstest.To("user", user)).Key
		s.signIn(user)
		live := s.cookie
		ofKey := s.signedInBy(key)
		for name, c := range map[string]struct {
			method, path, cookie, key string
			status                    int
			code                      string
		}{
			"no cookie":           {"GET", path, "", "", 401, "UNAUTHORIZED"},
			"an unknown cookie":   {"GET", path, "roster=" + strings.Repeat("a", 43), "", 401, "UNAUTHORIZED"},
			"a key":               {"GET", path, "", key, 401, "UNAUTHORIZED"},
			"a key's session":     {"GET", path, ofKey, "", 401, "UNAUTHORIZED"},
			"a key that is none":  {"GET", path, "", "x", 401, "UNAUTHORIZED"},
			"a key beside":        {"GET", path, live, key, 400, "BAD_REQUEST"},
			"an unknown path":     {"GET", "/me/nothing", "", "", 404, "NOT_FOUND"},
			"the root":            {"GET", "/me", "", "", 404, "NOT_FOUND"},
			"another method":      {"POST", path, "", "", 405, "METHOD_NOT_ALLOWED"},
			"a method of no door": {"BREW", path + "/", "", "", 405, "METHOD_NOT_ALLOWED"},
		} {
			s.cookie = c.cookie
			var headers []string
			if c.key != "" {
				headers = []string{"Authorization", c.key}
			}
			a := s.do(c.method, c.path, headers...)
			e := s.read(a)
			if a.StatusCode != c.status || len(e.Errors) != 1 || e.Errors[0].Code != c.code || e.Errors[0].Message != e.Message ||
				e.Message == "" || e.Data != nil || !bytes.Contains(a.body, []byte(`"session":{"signin_attempts":[],"signins":[],`+
				`"signup_attempts":[],"active_signin":null}`)) || a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %s, want %d %s", name, a.StatusCode, a.body, c.status, c.code)
			}
			if (c.status == 401) != (a.Header.Get("WWW-Authenticate") != "") || (c.status == 405) != (a.Header.Get("Allow") != "") {
				t.Errorf("%s: the header is %v", name, a.Header)
			}
		}
		s.cookie = live
		plain := s.do("GET", path)
		for _, c := range [][2]string{{"GET", path + "/"}, {"GET", path + "?__dev_session__=x&page=-1"}, {"HEAD", path}} {
			a := s.do(c[0], c[1], "Accept", "text/html")
			if a.StatusCode != 200 || c[0] == "GET" && !bytes.Equal(a.body, plain.body) || c[0] == "HEAD" && len(a.body) > 0 {
				t.Errorf("%s %s: %d %s", c[0], c[1], a.StatusCode, a.body)
			}
		}
		if _, err := models.UpdateUser(t.Context(), s.db, change, user,
			&models.Change{Attributes: map[string]any{"active": false}}); err != nil {
			t.Fatal(err)
		}
		if a := s.do("GET", path); a.StatusCode != 401 {
			t.Errorf("who is not active: %d", a.StatusCode)
		}
	})
}

// TestEveryRefusalHasTheEnvelope: whatever the reason, the answer is what clients read (S1-02).
func TestEveryRefusalHasTheEnvelope(t *testing.T) {
	t.Parallel()
	refusal := memberships.Door().Refusal
	for reason, status := range server.Reasons() {
		told := refusal(&server.Error{Reason: reason, Message: "It is so."})
		var e envelope
		if err := json.Unmarshal(told.Body, &e); err != nil || told.Status != status || e.Status != status || e.Message != "It is so." ||
			len(e.Errors) != 1 || !regexp.MustCompile(`^[A-Z_]+$`).MatchString(e.Errors[0].Code) {
			t.Errorf("%s: %d %s", reason, told.Status, told.Body)
		}
	}
	if told := refusal(&store.Error{Kind: store.TooMany, Message: "Wait."}); told.Status != http.StatusTooManyRequests {
		t.Errorf("too many: %d", told.Status)
	}
}

// TestAPageOfAListedOriginReadsWithCredentials (S1-14), and the limiter is the one of all doors (SD-07).
func TestAPageOfAListedOriginReadsWithCredentials(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db, clock, func(cfg *server.Config) {
			cfg.Origins = []string{"https://console.example"}
			cfg.Limiter = server.NewLimiter(4, time.Minute, clock.Now)
		})
		s.signIn(modelstest.User(t, db).ID)
		for origin, allowed := range map[string]bool{"https://console.example": true, "https://evil.example": false} {
			h := s.do("GET", path, "Origin", origin).Header
			if (h.Get("Access-Control-Allow-Origin") == origin) != allowed ||
				(h.Get("Access-Control-Allow-Credentials") == "true") != allowed {
				t.Errorf("a page of %s is answered with %v", origin, h)
			}
		}
		var last answer
		for range 6 {
			last = s.do("GET", path)
		}
		if e := s.read(last); last.StatusCode != 429 || last.Header.Get("Retry-After") == "" || e.Errors[0].Code != "TOO_MANY_REQUESTS" {
			t.Errorf("after too many: %d %s", last.StatusCode, last.body)
		}
	})
}
