package handlers_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/server/servertest"
)

// waiting sends a request that prefers to wait, and returns where its answer comes.
func (s *service) waiting(path string, seconds string) <-chan *answer {
	came := make(chan *answer, 1)
	go func() { came <- s.do("GET", path, nil, "Prefer", "wait="+seconds) }()
	return came
}

// endOfFeed returns the path of the page behind the last event that a caller sees now.
func (s *service) endOfFeed() string {
	s.t.Helper()
	const list = "/public/v2/events?page[size]=200&page[after]="
	cursor := s.get("/public/v2/events?sort=position&page[size]=1", "Accept",
		cursorType).want(200).text("data", 0, "meta", "page", "cursor")
	for {
		a := s.get(list + cursor).want(200)
		items := a.json("data").([]any)
		if len(items) == 0 {
			return list + cursor
		}
		cursor = a.text("data", len(items)-1, "meta", "page", "cursor")
	}
}

const cursorType = `application/vnd.api+json;profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination"`

// TestAReaderAtTheEndWaitsForTheNextEvent that it may see, and is told of it as soon as it has happened.
func TestAReaderAtTheEndWaitsForTheNextEvent(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		acme, token := s.organization("Acme")
		other, _ := s.organization("Other")
		reader := s.as(token)
		path := reader.endOfFeed()
		began := time.Now()
		came := reader.waiting(path, "60")
		s.do("PATCH", managed+"/"+other, withID(resource("organizations", object{"name": "Renamed"}), other)).want(200)
		select {
		case a := <-came:
			t.Fatalf("what happened elsewhere is answered with %d: %s", a.Status, a.Body)
		default: // it waits still, or has not begun: either way it must not miss what comes now
		}
		s.do("PATCH", managed+"/"+acme, withID(resource("organizations", object{"name": "Acme, too"}), acme)).want(200)
		a := (<-came).want(200)
		if items := a.json("data").([]any); len(items) != 1 || a.text("data", 0, "attributes", "eventType") != "organization.updated" {
			t.Errorf("it is told %s", a.Body)
		}
		if got := a.Header.Get("Preference-Applied"); got != "wait=60" {
			t.Errorf("the preference that was applied is %q", got)
		}
		if !strings.Contains(a.Header.Get("Vary"), "Prefer") {
			t.Errorf("the answer varies by %q", a.Header.Get("Vary"))
		}
		if took := time.Since(began); took > 50*time.Second {
			t.Errorf("it was told after %s", took)
		}
	})
}

// TestNobodyWaitsWhoHasSomethingToRead, who reads something else, or prefers what cannot be read.
func TestNobodyWaitsWhoHasSomethingToRead(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.organization("Acme")
		end := s.endOfFeed()
		for _, c := range []struct{ path, prefer, applied string }{
			{"/public/v2/events", "wait=60", "wait=60"},
			{"/public/v2/events?sort=-position&page[size]=1", "respond-async, WAIT=60; x", "wait=60"},
			{"/public/v2/events?page[size]=1&page[number]=1", `wait="60"`, "wait=60"},
			{"/public/v2/events", "wait=100000", "wait=60"},
			{end, "wait=0", ""},
			{end, "wait=-1", ""},
			{end, "wait=soon", ""},
			{end, "wait", ""},
			{end, "handling=lenient", ""},
			{"/public/v2/organizations?filter[name]=nobody", "wait=60", ""},
		} {
			began := time.Now()
			a := s.do("GET", c.path, nil, "Prefer", c.prefer).want(200)
			if got := a.Header.Get("Preference-Applied"); got != c.applied {
				t.Errorf("%s, %s: applied is %q, want %q", c.path, c.prefer, got, c.applied)
			}
			if took := time.Since(began); took > 50*time.Second {
				t.Errorf("%s, %s: answered after %s", c.path, c.prefer, took)
			}
		}
	})
}

// TestAWaitThatEndsIsAnsweredAsIfThereWasNone, with the ETag of the same document.
func TestAWaitThatEndsIsAnsweredAsIfThereWasNone(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		acme, _ := s.organization("Acme")
		for _, path := range []string{s.endOfFeed(), managed + "/" + acme + "/events?filter[eventType]=user.created"} {
			at := s.get(path).want(200)
			began := time.Now()
			waited := (<-s.waiting(path, "1")).want(200)
			if took := time.Since(began); took < time.Second {
				t.Errorf("%s: it waited for %s", path, took)
			}
			if string(waited.Body) != string(at.Body) || waited.Header.Get("ETag") != at.Header.Get("ETag") {
				t.Errorf("%s: after the wait\n%s\nat once\n%s", path, waited.Body, at.Body)
			}
			s.do("GET", path, nil, "Prefer", "wait=1", "If-None-Match", at.Header.Get("ETag")).want(304)
		}
	})
}

// TestWhoeverIsRevokedWhileWaitingIsToldNothing of what happens afterwards.
func TestWhoeverIsRevokedWhileWaitingIsToldNothing(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		s.organization("Acme")
		limited := object{"name": "reader", "kind": "management", "scopes": []string{"events:read"}}
		key := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", limited)).want(201)
		reader := s.as(key.text("data", "attributes", "key"))
		came := reader.waiting(reader.endOfFeed(), "60")
		s.do("DELETE", "/public/v2/apiKeys/"+key.text("data", "id"), nil).want(204)
		(<-came).want(401)
	})
}

// TestWaitsEndWhenTheServerStops, and with the client who waits.
func TestWaitsEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, modelstest.Dialects[0])
	api, served := open(t, testConfig(db))
	left := make(chan struct{}, 2)
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { left <- struct{}{} }() // also if the connection is cut, since nobody is there to be answered
		served.ServeHTTP(w, r)
	}))
	t.Cleanup(listening.Close)
	s := newService(t, db)
	s.organization("Acme")
	path := s.endOfFeed()
	ended := func(ctx context.Context, end func()) (answer servertest.Reply, err error) {
		var asked sync.WaitGroup
		asked.Go(func() {
			answer, _, err = servertest.Exchange(ctx, servertest.Fresh(), http.MethodGet, listening.URL+path, nil,
				"Authorization", s.key, "Prefer", "wait=60")
		})
		servertest.Poll(t, "a request that waits", func() bool { return api.Waiting() == 1 })
		end()
		asked.Wait()
		return answer, err
	}
	leaving, leave := context.WithCancel(t.Context())
	if answer, err := ended(leaving, leave); err == nil {
		t.Errorf("who left is answered %d", answer.StatusCode)
	}
	<-left

	watching, stop := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() { api.WatchEvents(watching, func(err error) { t.Error(err) }); close(watched) }()
	if answer, err := ended(t.Context(), stop); answer.StatusCode != 200 {
		t.Errorf("when the server stops the answer is %d, %v", answer.StatusCode, err)
	}
	<-watched
}
