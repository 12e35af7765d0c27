package handlers_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models/modelstest"
	"roster/models/store"
)

// told is what of an answer must be the same when the request is sent again.
func told(a *answer) object {
	return object{
		"status": a.Status, "body": string(a.Body), "Location": a.Header.Get("Location"), "ETag": a.Header.Get("ETag"),
		"Content-Type": a.Header.Get("Content-Type"),
	}
}

func TestARequestThatIsSentAgainIsAnsweredAgain(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		key := s.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "one", "scopes": []string{"users:read"}}, "organization",
				ref("organizations", id))).want(201).text("data", "id")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Grace"})).want(201).text("data", "id")
		operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
		for _, test := range []struct {
			path string
			body any
		}{
			{managed, resource("organizations", object{"name": "Once"})},
			{managed + "/?fields[organizations]=token", resource("organizations", object{"name": "Once"})},
			{"/public/v2/management/refresh-token/" + id, nil},
			{"/public/v2/apiKeys/" + key + "/rotate", nil},
			{"/public/v2/users", resource("users", object{"email": "ada@example.com"})},
			{"/public/v2/users/" + user + "/relationships/organizations", object{"data": []object{ref("organizations", id)}}},
			{"/public/v2/operations", object{"atomic:operations": []object{{"op": "add",
				"data": object{"type": "users", "attributes": object{"firstName": "Ada"}}}}}},
		} {
			total := s.get("/public/v2/events?page[size]=1").json("meta", "total")
			headers := []string{"Idempotency-Key", "key " + test.path}
			if strings.HasSuffix(test.path, "/operations") {
				headers = append(headers, "Content-Type", operations, "Accept", operations)
			}
			first, again := s.do("POST", test.path, test.body, headers...), s.do("POST", test.path, test.body, headers...)
			if diff := cmp.Diff(told(first), told(again)); diff != "" || first.Status > 201 {
				t.Errorf("%s: %s\n%s", test.path, diff, first.Body)
			}
			if first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("%s: Idempotency-Replayed %q and %q", test.path, first.Header.Get("Idempotency-Replayed"),
					again.Header.Get("Idempotency-Replayed"))
			}
			if now := s.get("/public/v2/events?page[size]=1").json("meta", "total").(float64); now != total.(float64)+1 {
				t.Errorf("%s: %v events, then %v", test.path, total, now)
			}
			if first.Header.Get("X-Request-Id") == again.Header.Get("X-Request-Id") {
				t.Errorf("%s: both answers have one request id", test.path)
			}
		}
		slash := s.do("POST", managed+"/", resource("organizations", object{"name": "Once"}), "Idempotency-Key", "key "+managed).want(201)
		if slash.Header.Get("Idempotency-Replayed") != "true" {
			t.Error("the path with a slash is taken for another")
		}
		zipped := s.do("POST", managed+"/", resource("organizations", object{"name": "Once"}), "Idempotency-Key", "key "+managed,
			"Accept-Encoding", "gzip").want(201)
		if zipped.Header.Get("Content-Encoding") != "gzip" {
			t.Error("a kept answer is not compressed")
		}
	})
}

func TestAKeyBelongsToOneRequestOfOneCaller(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, token := s.organization("Acme")
		user := func(email string) object { return resource("users", object{"email": email}) }
		const key = `"8e03978e-40d5-43dd-bc93-6894a57f9324"`
		s.do("POST", "/public/v2/users", user("a@example.com"), "Idempotency-Key", key).want(201)
		for path, body := range map[string]any{
			"/public/v2/users":                          user("b@example.com"),
			"/public/v2/users?fields[users]=email":      user("a@example.com"),
			"/public/v2/memberships":                    user("a@example.com"),
			"/public/v2/management/refresh-token/" + id: nil,
		} {
			want := []errorObject{{"422", "idempotency_mismatch", "", "", "Idempotency-Key"}}
			if diff := cmp.Diff(want, s.do("POST", path, body, "Idempotency-Key", key).want(422).errors()); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
		}
		other := s.as(token).do("POST", "/public/v2/users", user("c@example.com"), "Idempotency-Key", key).want(201)
		if other.Header.Get("Idempotency-Replayed") != "" {
			t.Error("one caller was sent the answer to another")
		}
		for _, bad := range []string{strings.Repeat("x", 256), "schlüssel", "tab\tulator"} {
			want := []errorObject{{"400", "invalid_header", "", "", "Idempotency-Key"}}
			if diff := cmp.Diff(want, s.do("POST", "/public/v2/users", user("d@example.com"), "Idempotency-Key",
				bad).want(400).errors()); diff != "" {
				t.Errorf("%q: %s", bad, diff)
			}
		}
		s.do("POST", "/public/v2/users", user("d@example.com"), "Idempotency-Key", strings.Repeat("x", 255)).want(201)
		// What can be repeated anyway takes no notice of a key.
		s.get("/public/v2/users", "Idempotency-Key", key).want(200)
	})
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.do("POST", "/public/v2/users", resource("users", object{"email": "taken@example.com"})).want(201)
		before := s.get("/public/v2/events?page[size]=1").json("meta", "total")
		for body, status := range map[string]int{
			`{"data":`: 400, `{"data":{"type":"users","attributes":{"email":"taken@example.com"}}}`: 409,
			`{"data":{"type":"users","attributes":{"nope":1}}}`: 422,
		} {
			a := s.do("POST", "/public/v2/users", body, "Idempotency-Key", "k").want(status)
			if a.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("%s: replayed", body)
			}
		}
		if after := s.get("/public/v2/events?page[size]=1").json("meta", "total"); after != before {
			t.Errorf("%v events, then %v", before, after)
		}
		s.do("POST", "/public/v2/users", resource("users", object{"email": "free@example.com"}), "Idempotency-Key", "k").want(201)
	})
}

func TestAKeyIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		create := func(key string) *answer {
			return s.do("POST", managed, resource("organizations", object{"name": "Acme"}), "Idempotency-Key", key).want(201)
		}
		first := create("k")
		for i := range 25 {
			create(fmt.Sprint("other ", i))
		}
		clock.Advance(24*time.Hour - time.Microsecond)
		if again := create("k"); again.text("data", "id") != first.text("data", "id") {
			t.Error("the answer was forgotten within a day")
		}
		clock.Advance(time.Microsecond)
		fresh := create("k")
		if fresh.text("data", "id") == first.text("data", "id") {
			t.Error("the answer was kept for more than a day")
		}
		if again := create("k"); again.text("data", "id") != fresh.text("data", "id") {
			t.Error("the second answer under the key was not kept")
		}
		create("one more") // each new answer takes up to twenty expired ones away
		var left int
		if err := reader(db).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM idempotency_keys").Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left != 2 {
			t.Errorf("%d answers are kept, want the 2 of today", left)
		}
	})
}

func reader(db *store.DB) *sql.DB {
	for _, name := range []string{"read", "main"} {
		if pool := db.Pools()[name]; pool != nil {
			return pool
		}
	}
	return nil
}

func TestSecretsInKeptAnswersCannotBeReadFromTheDatabase(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		a := s.do("POST", managed, resource("organizations", object{"name": "Acme", "webhookUrl": "https://example.com/hook"}),
			"Idempotency-Key", "k").want(201)
		var kept []byte
		if err := reader(s.db).QueryRowContext(t.Context(), "SELECT answer FROM idempotency_keys").Scan(&kept); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{a.text("data", "attributes", "token"), a.text("data", "attributes", "webhookSecret"), "Acme"} {
			if strings.Contains(string(kept), secret) {
				t.Errorf("the database holds %q", secret)
			}
		}
	})
}

func TestOfAThousandDuplicatesOneTakesEffect(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		const duplicates = 1000
		events := s.get("/public/v2/events?page[size]=1").json("meta", "total").(float64)
		answers := make([]*answer, duplicates)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() {
				answers[i] = s.do("POST", managed, resource("organizations", object{"name": "Acme"}), "Idempotency-Key", "k")
			})
		}
		wg.Wait()
		replayed := 0
		for _, a := range answers {
			if diff := cmp.Diff(told(answers[0]), told(a)); diff != "" || a.Status != 201 {
				t.Fatalf("%d: %s", a.Status, diff)
			}
			if a.Header.Get("Idempotency-Replayed") == "true" {
				replayed++
			}
		}
		if replayed != duplicates-1 {
			t.Errorf("%d answers were replayed, want %d", replayed, duplicates-1)
		}
		if got := len(s.get(managed).list()); got != 1 {
			t.Errorf("%d organizations", got)
		}
		if got := s.get("/public/v2/events?page[size]=1").json("meta", "total").(float64); got != events+1 {
			t.Errorf("%v events, then %v", events, got)
		}
	})
}
