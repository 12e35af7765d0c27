package main

import (
	"net/http"
	"testing"

	"roster/server"
	"roster/server/servertest"
)

// TestStoppingAnswersWhoWaitsForEvents has a request wait that would outlast the period of grace: it is answered, and nothing is cut off.
func TestStoppingAnswersWhoWaitsForEvents(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	s := serve(t, t.TempDir(), telling("/public/v2/events", entered), "--request-timeout", "90s", "--write-timeout", "120s")
	answered := make(chan string, 1)
	go func() {
		a, _, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", s.base+"/public/v2/events?filter[eventType]=user.created",
			nil, "Authorization", keyPrinted.FindString(s.stdout.String()), "Prefer", "wait=60")
		if err != nil {
			answered <- err.Error()
			return
		}
		answered <- http.StatusText(a.StatusCode) + " " + a.Header.Get("Preference-Applied")
	}()
	<-entered // it waits, or is about to: either way it is to be answered
	if code := s.stop(); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.log)
	}
	if got := <-answered; got != "OK wait=60" {
		t.Errorf("who waits is answered %s", got)
	}
}

// telling returns the front doors, which tell when the server has taken a request that reads path.
func telling(path string, entered chan<- struct{}) func(*app) []*server.Door {
	return func(a *app) []*server.Door {
		doors := frontDoors(a)
		for _, d := range doors {
			for i, route := range d.Routes {
				if route.Method != http.MethodGet || route.Path != path {
					continue
				}
				d.Routes[i].Take = func(w http.ResponseWriter, rq *server.Request) (server.Serve, error) {
					entered <- struct{}{}
					return route.Take(w, rq)
				}
			}
		}
		return doors
	}
}
