package auth_test

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/auth"
	compatauth "roster/compat/auth"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// TestWhatACallerMayNotHaveIsOneAnswer: 401, of the same bytes whatever the cause, before any parameter is looked at.
func TestWhatACallerMayNotHaveIsOneAnswer(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.grow()
		s.organization("Deleted", "Acme", modelstest.With("kind", "other"))
		deleted := s.ids["Deleted"]
		system := models.System("test")
		if err := models.DeleteOrganization(t.Context(), s.db, system, deleted, nil); err != nil {
			t.Fatal(err)
		}
		all := s.person(models.RoleOwner, "Acme")
		member := modelstest.User(t, s.db).ID
		modelstest.Membership(t, s.db, member, s.ids["Acme"])
		clerk := s.keyOf(member, "users:read", "organizations:delete")
		inactive := modelstest.User(t, s.db)
		modelstest.Membership(t, s.db, inactive.ID, s.ids["Acme"])
		inactiveKey := s.keyOf(inactive.ID, models.EveryScope)
		if _, err := models.UpdateUser(t.Context(), s.db, system, inactive.ID, &models.Change{
			Attributes: map[string]any{"active": false}}); err != nil {
			t.Fatal(err)
		}
		gone := modelstest.User(t, s.db)
		modelstest.Membership(t, s.db, gone.ID, s.ids["Acme"])
		goneKey := s.keyOf(gone.ID, models.EveryScope)
		if err := models.DeleteUser(t.Context(), s.db, system, gone.ID, nil); err != nil {
			t.Fatal(err)
		}
		user := modelstest.To("user", member)
		expired := *modelstest.Key(t, s.db, models.UserKey, "", user, modelstest.With("expiresAt", s.in(time.Minute))).Key
		revoked := modelstest.Key(t, s.db, models.UserKey, "", user)
		if err := models.DeleteAPIKey(t.Context(), s.db, system, revoked.ID, nil); err != nil {
			t.Fatal(err)
		}
		s.clock.Advance(time.Hour)
		token, err := models.RefreshToken(t.Context(), s.db, system, s.ids["Acme"])
		if err != nil {
			t.Fatal(err)
		}
		wrong := all[:len(all)-1] + map[bool]string{true: "1", false: "0"}[strings.HasSuffix(all, "0")]
		var first answer
		for _, c := range []struct{ row, key, query string }{
			{"S3-08: foreign", all, "?organizationId=" + s.ids["Foreign"]},
			{"S3-08: not there", all, "?organizationId=" + models.NewID()},
			{"S3-08: deleted", all, "?organizationId=" + deleted},
			{"S3-08: malformed", all, "?organizationId=123"},
			{"S3-08: malformed", all, "?organizationId=%27%20OR%201=1"},
			{"S3-08: foreign, with a search", all, "?organizationName=e&types=company&organizationId=" + s.ids["Foreign"]},
			{"S3-08: foreign, a later page", all, "?page=2&organizationId=" + s.ids["Foreign"]},
			{"S3-13: who sees nothing", s.person(models.RoleOwner), ""},
			{"S3-13: who sees nothing, with a search", s.person(models.RoleOwner), "?organizationName=e&types=project"},
			{"S3-08: no key", "", ""},
			{"S3-08: no key that could be", "nonsense", ""},
			{"S3-08: a wrong key", wrong, ""},
			{"SD-05: an expired key", expired, ""},
			{"SD-05: a revoked key", *revoked.Key, ""},
			{"SD-05: a user who is not active", inactiveKey, ""},
			{"SD-05: a user who is deleted", goneKey, ""},
			{"S3-15: a wrong key beside wrong parameters", wrong, "?page=x&inactive=abc&types=nonsense"},
			{"S3-15: no key beside wrong parameters", "", "?page=x"},
			{"S3-16: a token", *token.Token, ""},
			{"S3-16: a token, with wrong parameters", *token.Token, "?page=x"},
			{"S3-16: a key of the organization", *modelstest.Key(t, s.db, models.OrganizationKey, s.ids["Acme"]).Key, ""},
			{"S3-16: a management key", *modelstest.Key(t, s.db, models.ManagementKey, "").Key, ""},
			{"S3-16, SD-10: a key without the scope", clerk, ""},
			{"S3-16, SD-10: a key without the scope, with wrong parameters", clerk, "?page=x"},
		} {
			a := s.get(c.key, c.query)
			a.refused(401)
			if first.body == "" {
				first = a
			}
			if a.body != first.body || a.Header.Get("WWW-Authenticate") != `Bearer realm="roster"` {
				t.Errorf("%s: %v %s", c.row, a.Header, a.body)
			}
		}
	})
}

// TestAWrongParameterIs400 for a caller who is known, before anything is looked up.
func TestAWrongParameterIs400(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.grow()
		key := s.person(models.RoleViewer, "Acme")
		for _, c := range []struct{ row, query, name string }{
			{"S3-07", "?page=0", "page"}, {"S3-07", "?page=-1", "page"}, {"S3-07", "?page=x", "page"}, {"S3-07", "?page=1.5", "page"},
			{"S3-07", "?page=99999999999", "page"}, {"S3-07", "?page=2147483648", "page"}, {"S3-07", "?page=%2B1", "page"},
			{"S3-07", "?page=1&page=2", "page"},
			{"S3-14", "?inactive=abc", "inactive"}, {"S3-14", "?inactive=1", "inactive"},
			{"S3-06", "?types=nonsense", "types"}, {"S3-06", "?types=project,Client", "types"}, {"S3-06", "?types[]=x", "types"},
			{"S3-15", "?page=x&organizationId=" + s.ids["Foreign"], "page"},
			{"S3-15", "?organizationId=nonsense&types=x", "types"},
			{"not UTF-8", "?organizationName=%ff", "organizationName"}, {"a NUL", "?organizationName=a%00", "organizationName"},
			{"no escape", "?organizationName=%zz", "organizationName"},
			{"given twice", "?organizationName=a&organizationName=b", "organizationName"},
		} {
			if told := s.get(key, c.query).refused(400); !strings.HasPrefix(told, c.name+" ") {
				t.Errorf("%s: %s tells %q", c.row, c.query, told)
			}
		}
	})
}

// TestPathsAndMethods are answered in the form of the folder, and before anybody is asked who they are.
func TestPathsAndMethods(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.grow()
		key := s.person(models.RoleViewer, "Acme")
		for _, unknown := range []string{"/api/v2/auth", "/api/v2/auth/", "/api/v2/auth/users", path + "/" + s.ids["Acme"], path + "//",
			path + "%2F", "/api/v2/auth/../auth/organizations", "/api/v2/auth/Organizations"} {
			if a := s.do("GET", unknown); a.refused(404) == "" || a.Header.Get("WWW-Authenticate") != "" {
				t.Errorf("SD-03: %s: %v", unknown, a.Header)
			}
		}
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			for _, slash := range []string{"", "/"} {
				a := s.do(method, path+slash, "Idempotency-Key", "k")
				if a.refused(405); a.Header.Get("Allow") != "GET, HEAD" {
					t.Errorf("SD-02: %s: Allow is %q", method, a.Header.Get("Allow"))
				}
			}
		}
		got, slashed, head := s.get(key, ""), s.get(key, "/?_=1"), s.do("HEAD", path, "API_KEY", key)
		if got.StatusCode != 200 || slashed.StatusCode != 200 || slashed.body != got.body {
			t.Errorf("SD-02: with a slash at its end: %d %s", slashed.StatusCode, slashed.body)
		}
		if head.StatusCode != 200 || head.body != "" || head.Header.Get("Content-Type") != got.Header.Get("Content-Type") ||
			head.Header.Get("Content-Length") != got.Header.Get("Content-Length") {
			t.Errorf("SD-02: HEAD: %d %v %q", head.StatusCode, head.Header, head.body)
		}
		if a := s.do("HEAD", path); a.StatusCode != 401 || a.body != "" {
			t.Errorf("SD-02: HEAD without a key: %d %q", a.StatusCode, a.body)
		}
		s.do("GET", path, "API_KEY", key, "X-API-Key", "another").refused(400)
	})
}

// TestEveryErrorHasItsForm: those of every stage, and of every kind that a write can fail with.
func TestEveryErrorHasItsForm(t *testing.T) {
	t.Parallel()
	door := compatauth.Door()
	check := func(err error, status int, message string) {
		t.Helper()
		told := door.Refusal(err)
		if told == nil || told.Status != status || told.ContentType != "application/json" {
			t.Errorf("SD-03, S3-10: %v: %+v", err, told)
			return
		}
		body := string(told.Body)
		if !strings.HasPrefix(body, `{"items":[{"message":"`+message) || !strings.HasSuffix(body, `"}],"valid":false}`) {
			t.Errorf("SD-03, S3-10: %v: %s", err, body)
		}
	}
	for reason, status := range server.Reasons() {
		message := "It is <so>."
		if status == http.StatusForbidden || status == http.StatusUnauthorized {
			status, message = http.StatusUnauthorized, "Unauthorized. "
		}
		check(&server.Error{Reason: reason, Message: "It is <so>."}, status, message)
	}
	check(&server.Error{Reason: server.Internal, Message: "Ask.", ID: "7"}, 500, `Ask. 7`)
	for kind, status := range map[store.Kind]int{
		store.NotFound: 401, store.RelatedNotFound: 401, store.Forbidden: 401, store.ReadOnly: 401, store.Unauthenticated: 401,
		store.SecondFactor: 401, store.Conflict: 409, store.Invalid: 422, store.Required: 422, store.OtherRequest: 422,
		store.PreconditionFailed: 412, store.TooMany: 429, store.Busy: 503, store.Unsupported: 415,
	} {
		message := "No."
		if status == http.StatusUnauthorized {
			message = "Unauthorized. "
		}
		check(&store.Error{Kind: kind, Message: "No."}, status, message)
	}
	if told := door.Refusal(http.ErrAbortHandler); told != nil {
		t.Errorf("a mistake of ours is told: %s", told.Body)
	}
}

// TestTheLimitIsTheHouses, one counter for a key whatever it is presented as.
func TestTheLimitIsTheHouses(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db, clock, 3)
		s.organization("Acme", "")
		key := s.person(models.RoleViewer, "Acme")
		for n, header := range []string{"API_KEY", "X-API-Key", "Authorization"} {
			a := s.do("GET", path, header, key)
			if got := a.Header.Get("X-Ratelimit-Remaining"); a.StatusCode != 200 || got != []string{"2", "1", "0"}[n] {
				t.Errorf("SD-07: %s: %d, %q left", header, a.StatusCode, got)
			}
		}
		a := s.get(key, "?page=x")
		if a.refused(429); a.Header.Get("Retry-After") != "60" || a.Header.Get("X-Ratelimit-Limit") != "3" {
			t.Errorf("SD-07: %v", a.Header)
		}
		for range 3 {
			s.get("", "").refused(401)
		}
		s.get("", "").refused(429)
		s.do("GET", "/api/v2/auth/nothing").refused(429)
	})
}

// TestTheHeadersOfTheHouse are on every answer, and long ones are compressed where that is asked for.
func TestTheHeadersOfTheHouse(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.organization("Acme", "")
		for range 20 {
			s.organization("Branch", "Acme", modelstest.With("kind", "branch"))
		}
		key := s.person(models.RoleViewer, "Acme")
		long := "?types=branch"
		for _, a := range []answer{
			s.get(key, long), s.get(key, "?page=x"), s.get("", ""), s.do("GET", "/api/v2/auth/x"), s.do("POST", path),
		} {
			for name, value := range map[string]string{
				"X-Robots-Tag": "noai, noimageai", "Tdm-Reservation": "1", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
				"Content-Type": "application/json", "Content-Encoding": "", "Strict-Transport-Security": "",
			} {
				if got := a.Header.Get(name); got != value {
					t.Errorf("SD-09: %d has %s: %s", a.StatusCode, name, got)
				}
			}
			if vary := strings.Split(a.Header.Get("Vary"), ", "); a.Header.Get("Date") == "" || a.Header.Get("X-Request-Id") == "" ||
				!slices.Contains(vary, "Origin") {
				t.Errorf("SD-09: %d has %v", a.StatusCode, a.Header)
			}
		}
		whole, packed := s.get(key, long), s.do("GET", path+long, "API_KEY", key, "Accept-Encoding", "gzip")
		unpacked := plain(t, packed.Reply, []byte(packed.body))
		if packed.Header.Get("Content-Encoding") != "gzip" || string(unpacked) != whole.body {
			t.Errorf("SD-09: %v", packed.Header)
		}
	})
}

// TestWhatIsSeenFollowsRights from one request to the next, and nothing that was deleted or has no member is told.
func TestWhatIsSeenFollowsRights(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.grow()
		system := models.System("test")
		user := modelstest.User(t, s.db).ID
		key := s.keyOf(user, "organizations:read")
		s.get(key, "").refused(401)
		membership := modelstest.Membership(t, s.db, user, s.ids["North"])
		s.want("SD-06: a membership", key, "?organizationName=o", "Contest", "Depot", "North")
		changed := func(id string, in *models.Change) {
			t.Helper()
			if _, err := models.UpdateOrganization(t.Context(), s.db, system, id, in); err != nil {
				t.Fatal(err)
			}
		}
		changed(s.ids["Depot"], &models.Change{Links: map[string]models.Links{"parent": {s.ids["Acme"]}}})
		s.want("SD-06: a move", key, "?organizationName=o", "Contest", "North")
		if err := models.DeleteOrganization(t.Context(), s.db, system, s.ids["Contest"], nil); err != nil {
			t.Fatal(err)
		}
		s.want("SD-06, SD-11: a deletion", key, "?organizationId="+s.ids["North"], "North")
		changed(s.ids["Contest"], &models.Change{Echo: map[string]any{"deletedAt": nil}})
		s.want("SD-06: a restoration", key, "?organizationId="+s.ids["North"], "North", "Contest")
		blind, err := models.CreateRole(t.Context(), s.db, system, &models.Change{
			Attributes: map[string]any{"key": "blind", "name": "Blind", "permissions": permissions("read")},
			Links:      map[string]models.Links{"organization": {s.ids["Acme"]}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := models.UpdateMembership(t.Context(), s.db, system, membership.ID,
			&models.Change{Links: map[string]models.Links{"roles": {blind.ID}}}); err != nil {
			t.Fatal(err)
		}
		s.get(key, "?organizationName=o").refused(401)
	})
}

// TestEveryRoleReadsTheSame: each built-in role may read organizations.
func TestEveryRoleReadsTheSame(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.organization("Acme", "", modelstest.With("webhookUrl", "https://hooks.example.com/secret"))
		s.organization("Below", "Acme", modelstest.With("kind", "branch"))
		var first string
		for _, role := range []string{models.RoleOwner, models.RoleAdmin, models.RoleManager, models.RoleMember, models.RoleViewer} {
			a := s.get(s.person(role, "Acme"), "?organizationId="+s.ids["Acme"])
			if first == "" {
				first = a.body
			}
			names, _, _ := a.list()
			if a.body != first || !slices.Equal(names, []string{"Acme", "Below"}) || strings.Contains(a.body, "hooks") {
				t.Errorf("SD-06, SD-11: %s reads %s", role, a.body)
			}
		}
	})
}

// TestASessionIsNoKey: the cookie of a browser is passed over, beside a key as well as without one.
func TestASessionIsNoKey(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.organization("Acme", "")
		user := modelstest.User(t, s.db).ID
		modelstest.Membership(t, s.db, user, s.ids["Acme"])
		session, err := models.BeginSession(t.Context(), s.db, "", models.Visit{}, models.ByOther(user, models.ByPassword))
		if err != nil {
			t.Fatal(err)
		}
		secret := rand.Text()
		if err := models.PutSessionSecret(t.Context(), s.db, session.ID, secret); err != nil {
			t.Fatal(err)
		}
		if who, err := auth.Authenticate(t.Context(), s.db, auth.LookUpSession(s.db, secret)); err != nil || who == nil {
			t.Fatalf("the session is nobody's: %v", err)
		}
		cookie := "roster=" + secret
		s.do("GET", path, "Cookie", cookie).refused(401)
		names, _, _ := s.do("GET", path, "Cookie", cookie, "API_KEY", s.keyOf(user, models.EveryScope)).list()
		if !slices.Equal(names, []string{"Acme"}) {
			t.Errorf("a key beside a cookie lists %q", names)
		}
	})
}
