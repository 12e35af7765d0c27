package server

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestADoorHasEverythingThatIsShared: a door says how it writes errors, where a key stands and what its routes are; limits, log, metrics,
// rights, idempotency and events come with the house.
func TestADoorHasEverythingThatIsShared(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		b := setupOn(t, db, nil)
		const path, sent = "/plain/organizations", `{"Name":"Acme"}`
		key := []string{"Api_key", b.key}
		answer, body := b.do(t, "POST", path, sent, append(key, "Idempotency-Key", "once")...)
		var made plainOrganization
		if err := json.Unmarshal(body, &made); err != nil || answer.StatusCode != 201 || made.Name != "Acme" {
			t.Fatalf("created: %d %s", answer.StatusCode, body)
		}
		if left := answer.Header.Get("X-Ratelimit-Remaining"); left != "99" {
			t.Errorf("the budget has %q requests left", left)
		}
		again, same := b.do(t, "POST", path, sent, append(key, "Idempotency-Key", "once")...)
		if again.Header.Get("Idempotency-Replayed") != "true" || string(same) != string(body) {
			t.Errorf("sent again: %d %s", again.StatusCode, same)
		}
		if n := eventsAbout(t, db, made.ID); n != 1 {
			t.Errorf("%d events tell of the organization, want 1", n)
		}
		_, body = b.do(t, "GET", path, "", key...)
		var listed []plainOrganization
		if err := json.Unmarshal(body, &listed); err != nil || len(listed) != 1 || listed[0] != made {
			t.Errorf("listed: %s", body)
		}
		if line := b.findLine(t, path); line["route"] != path || line["caller_kind"] != models.ByManagementKey || line["status"] != 201.0 {
			t.Errorf("logged: %v", line)
		}
		if _, metrics := b.do(t, "GET", "/metrics", ""); !strings.Contains(string(metrics),
			`route="/plain/organizations",status="2xx"} 2`) {
			t.Errorf("counted: %s", metrics)
		}
	})
}

func eventsAbout(t *testing.T, db *store.DB, id string) (n int) {
	t.Helper()
	query := &jsonapi.Query{Page: jsonapi.Page{Size: 100, Number: 1}}
	page, err := collection.List(t.Context(), db, models.Events, collection.Everything(), query)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range page.Items {
		if item.(*models.Event).SubjectID == id {
			n++
		}
	}
	return n
}

// TestADoorRefusesInItsOwnForm: whatever stage refuses, what is below a door's paths is refused as the door does.
func TestADoorRefusesInItsOwnForm(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	const path = "/plain/organizations"
	key := []string{"Api_key", b.key}
	for _, test := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		wrong                    string
	}{
		{"no key", "GET", path, "", nil, 401, "unauthenticated"},
		{"a key where none is looked for", "GET", path, "", []string{"Authorization", b.key}, 401, "unauthenticated"},
		{"an unknown key", "POST", path, "{}", []string{"Api_key", "roster_m_none", "Idempotency-Key", "k"}, 401, "unauthenticated"},
		{"an unknown path", "GET", "/plain/else", "", key, 404, "not found"},
		{"a path with an escape", "GET", "/plain%2Forganizations", "", key, 404, "not found"},
		{"another method", "DELETE", path, "", key, 405, "method not allowed"},
		{"a large body", "POST", path, longText, key, 413, "body too large"},
		{"a compressed body", "POST", path, "{}", append([]string{"Content-Encoding", "gzip"}, key...), 415, "unsupported coding"},
		{"two idempotency keys", "POST", path, "{}",
			append([]string{"Idempotency-Key", "a", "Idempotency-Key", "b"}, key...), 400, "invalid header"},
		{"a body that is something else", "POST", path, "[]", key, 422, "invalid"},
		{"a refusal of the models", "POST", path, `{"Name":""}`, key, 422, "invalid"},
	} {
		answer, body := b.do(t, test.method, test.path, test.body, test.headers...)
		if told := refusalIn(t, body); answer.StatusCode != test.status || told.Wrong != test.wrong {
			t.Errorf("%s: %d %s, want %d %q", test.name, answer.StatusCode, body, test.status, test.wrong)
		}
	}
}

// TestTwoDoorsAnswerEachInTheirForm has a second door below the first one's path.
func TestTwoDoorsAnswerEachInTheirForm(t *testing.T) {
	t.Parallel()
	inner := plainDoor()
	inner.Paths, inner.Routes = []string{"/plain/inner"}, nil
	inner.Refusal = func(err error) *Refusal {
		return &Refusal{Status: Status(err), ContentType: "text/plain", Body: []byte("no")}
	}
	all := doors{plainDoor(), inner}
	for path, want := range map[string]*Door{
		"/plain": all[0], "/plain/organizations": all[0], "/plain/innermost": all[0], "/plain/inner": inner, "/plain/inner/x": inner,
		"/elsewhere": all[0], "/": all[0], "": all[0],
	} {
		if all.at(path) != want {
			t.Errorf("%q is not at the door that it should be at", path)
		}
	}
	b := setup(t, nil, inner)
	if answer, body := b.do(t, "GET", "/plain/inner/x", ""); answer.StatusCode != 404 || string(body) != "no" {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

// TestADoorThatLacksSomethingIsNotOpened: what a door forgets to say is found when the program starts.
func TestADoorThatLacksSomethingIsNotOpened(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*Door){
		"where a key stands":       func(d *Door) { d.Credential = nil },
		"how it refuses":           func(d *Door) { d.Refusal = nil },
		"what its answers tell of": func(d *Door) { d.Told = nil },
		"what a mistake of ours is": func(d *Door) {
			all := d.Refusal
			d.Refusal = func(err error) *Refusal {
				if own := (*Error)(nil); errors.As(err, &own) && own.Reason == Internal {
					return nil
				}
				return all(err)
			}
		},
	} {
		d := plainDoor()
		forget(d)
		if d.check() == nil {
			t.Errorf("a door that does not say %s is opened", name)
		}
	}
}

// TestEveryReasonHasAStatus: what a door has no other words for it tells by its status.
func TestEveryReasonHasAStatus(t *testing.T) {
	t.Parallel()
	for reason, status := range Reasons() {
		if got := Status(&Error{Reason: reason}); got != status || got < 400 {
			t.Errorf("%s: %d", reason, got)
		}
		if plainRefusal(&Error{Reason: reason}) == nil {
			t.Errorf("%s is not told", reason)
		}
	}
}
