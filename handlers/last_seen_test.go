package handlers_test

import (
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestWhenSomebodyWasLastSeen looks at a person after uses of their session and of their key, as who may write them and as others.
func TestWhenSomebodyWasLastSeen(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		org, token := s.organization("Acme")
		other, otherToken := s.organization("Other")
		ada := s.account("ada@example.com", org)
		_, admin := s.person("admin", org, models.RoleAdmin)
		_, viewer := s.person("viewer", org, models.RoleViewer)
		b := s.browser()
		at := "/public/v2/users/" + ada
		seen := func(get func(string, ...string) *answer) any {
			t.Helper()
			listed := get("/public/v2/users?filter[email]=ada@example.com").want(200).json("data", 0, "attributes", "lastSeenAt")
			one := get(at).want(200).json("data", "attributes", "lastSeenAt")
			if listed != one {
				t.Errorf("in a list %v, and alone %v", listed, one)
			}
			return one
		}
		write := func() {
			t.Helper()
			if err := s.used.Write(t.Context(), db); err != nil {
				t.Fatal(err)
			}
		}
		printed := func(when time.Time) string { return when.UTC().Format("2006-01-02T15:04:05-07:00") }
		if got := seen(s.get); got != nil {
			t.Errorf("never seen, and told %v", got)
		}
		version := s.get(at).Header.Get("ETag")
		b.signIn("ada@example.com")
		first := clock.Now()
		day := printed(first.UTC().Truncate(24 * time.Hour))
		for name, c := range map[string]struct {
			get  func(string, ...string) *answer
			want string
		}{
			"the installation":  {s.get, printed(first)},
			"herself":           {b.get, printed(first)},
			"the token":         {s.as(token).get, printed(first)},
			"an administrator":  {admin.get, printed(first)},
			"who sees her":      {viewer.get, day},
			"a key that reads":  {s.scoped("organization", org, "users:read").get, day},
			"a reading manager": {s.key0("users:read").get, day},
		} {
			if got := seen(c.get); got != c.want {
				t.Errorf("%s is told %v, want %s", name, got, c.want)
			}
		}
		// A use within the hour is not written, one after it is.
		for _, c := range []struct {
			after time.Duration
			want  time.Time
		}{{30 * time.Minute, first}, {2 * time.Hour, first.Add(2*time.Hour + 30*time.Minute)}} {
			clock.Advance(c.after)
			b.get("/public/v2/me").want(200)
			write()
			if got := seen(s.get); got != printed(c.want) {
				t.Errorf("after %v: seen at %v, want %s", c.after, got, printed(c.want))
			}
		}
		if now := s.get(at).Header.Get("ETag"); now != version {
			t.Error("it makes another version of the user")
		}
		// By a key of theirs as well.
		clock.Advance(3 * time.Hour)
		_, key := s.made(object{"kind": "user", "scopes": []string{"users:read"}}, "user", ref("users", ada))
		s.as(key).get("/public/v2/me").want(200)
		write()
		if got := seen(s.get); got != printed(clock.Now()) {
			t.Errorf("by a key: seen at %v", got)
		}
		// Who does not see all her organizations may not write her, nor know it to the minute.
		s.member(ada, other)
		if got := seen(s.as(otherToken).get); !strings.HasSuffix(got.(string), "T00:00:00+00:00") {
			t.Errorf("somebody of one of two organizations is told %v", got)
		}
		// Events do not tell it.
		s.do("PATCH", at, withID(resource("users", object{"lastName": "L"}), ada)).want(200)
		told := s.get("/public/v2/events?filter[subjectId]=" + ada + "&filter[eventType]=user.updated&page[size]=1").want(200)
		if got := told.json("data", 0, "attributes", "resource", "attributes", "lastSeenAt"); got != nil {
			t.Errorf("the event tells %v", got)
		}
	})
}
