package webhooks

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// audience receives for many endpoints, each with a path of its own, and answers them all alike.
type audience struct {
	t      *testing.T
	url    string
	closed chan struct{}
	asked  bell // rings with each request

	mu       sync.Mutex
	answer   func(w http.ResponseWriter, q *http.Request)
	paths    []string // of the requests, as they came
	ids      map[string]string
	times    map[string]map[string]bool // timestamps of the requests, by path and message
	underWay int
	most     int // under way at once
}

func newAudience(t *testing.T) *audience {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &audience{
		t: t, url: "http://" + listener.Addr().String(), closed: make(chan struct{}),
		ids: map[string]string{}, times: map[string]map[string]bool{},
	}
	a.answerWith(http.StatusOK)
	server := &http.Server{Handler: a, ReadHeaderTimeout: soon}
	go server.Serve(listener) //nolint:errcheck // ends with Close
	t.Cleanup(func() {
		close(a.closed)
		_ = server.Close()
	})
	return a
}

// answerWith makes all requests from now on be answered with a status.
func (a *audience) answerWith(status int) {
	a.do(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// hang makes all requests from now on wait until the audience is released, and be answered with 200 then.
func (a *audience) hang() (release func()) {
	released := make(chan struct{})
	a.do(func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-released:
		case <-q.Context().Done():
		case <-a.closed:
		}
	})
	return sync.OnceFunc(func() {
		a.answerWith(http.StatusOK)
		close(released)
	})
}

func (a *audience) do(answer func(http.ResponseWriter, *http.Request)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer, a.most = answer, 0
}

// ServeHTTP checks what every attempt must be, whatever becomes of it.
func (a *audience) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	if err := (webhookstest.Request{Header: q.Header, Body: body}).VerifyAtAnyTime(officialSecret); err != nil {
		a.t.Errorf("%s: %v", q.URL.Path, err)
	}
	message := q.URL.Path + " " + q.Header.Get(HeaderID)
	a.mu.Lock()
	a.paths = append(a.paths, q.URL.Path)
	if a.times[message] == nil {
		a.times[message] = map[string]bool{}
	}
	if at := q.Header.Get(HeaderTimestamp); a.times[message][at] {
		a.t.Errorf("%s: a second attempt with the timestamp of the first", q.URL.Path)
	} else {
		a.times[message][at] = true
	}
	a.underWay++
	a.most = max(a.most, a.underWay)
	answer := a.answer
	a.mu.Unlock()
	a.asked.ring()
	answer(w, q)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.underWay--
}

// messages returns how many different ones came to how many paths, in how many requests, and how many were under way at once since the
// answer was last changed.
func (a *audience) messages() (messages, requests, most int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.times), len(a.paths), a.most
}

// await waits until so many requests have come.
func (a *audience) await(requests int) {
	a.t.Helper()
	n, done := a.asked.await(func() (any, bool) {
		_, n, _ := a.messages()
		return n, n >= requests
	})
	if !done {
		a.t.Fatalf("%d requests came, not %d", n, requests)
	}
}

// seat adds so many endpoints to an organization, which want events of a type.
func (r *rig) seat(org *models.Organization, a *audience, n int, eventType string, attributes ...any) []*models.Webhook {
	r.t.Helper()
	return r.seatAt(org, a.url, n, eventType, attributes...)
}

// seatAt is seat for any receiver.
func (r *rig) seatAt(org *models.Organization, url string, n int, eventType string, attributes ...any) []*models.Webhook {
	r.t.Helper()
	hooks := make([]*models.Webhook, n)
	err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
		for i := range hooks {
			in := &rig{t: r.t, db: tx}
			hooks[i] = in.endpoint(org, fmt.Sprintf("%s/%s/%d", url, eventType, i),
				append(attributes, "eventTypes", jsonapi.Strings{eventType})...)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return hooks
}

// publish commits events of a type in one transaction.
func (r *rig) publish(org *models.Organization, eventType string, n int) {
	r.t.Helper()
	r.publishData(org, eventType, n, "{}")
}

func (r *rig) publishData(org *models.Organization, eventType string, n int, data string) {
	r.t.Helper()
	err := store.Transaction(r.t.Context(), r.db, func(tx *store.DB) error {
		for range n {
			changes := jsonapi.Raw("{}")
			err := models.Capture(r.t.Context(), tx, &models.Event{
				ID: models.NewID(), EventType: eventType, OccurredAt: jsonapi.Stamp{Time: r.db.Now()}, OrganizationID: &org.ID,
				SubjectType: "organizations", SubjectID: org.ID, ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw(data),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}
