package main

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"
)

// TestStoppingAnswersWhoWaitsForEvents has a request wait that would outlast the period of grace: it is answered, and nothing is cut off.
func TestStoppingAnswersWhoWaitsForEvents(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), frontDoors, "--request-timeout", "90s", "--write-timeout", "120s")
	answered := make(chan string, 1)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/public/v2/events?filter[eventType]=user.created", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", keyPrinted.FindString(s.stdout.String()))
	r.Header.Set("Prefer", "wait=60")
	go func() {
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer a.Body.Close()
		_, _ = io.Copy(io.Discard, a.Body) // what is in it is tested elsewhere
		answered <- a.Status + " " + a.Header.Get("Preference-Applied")
	}()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, metrics := s.get("/metrics"); bytes.Contains(metrics, []byte("\nroster_http_requests_in_flight 2\n")) {
			break // it, and the one that asks
		}
		if time.Now().After(deadline) {
			t.Fatal("the request does not wait")
		}
	}
	if code := s.stop(); code != 0 {
		t.Errorf("it ended with %d: %s", code, s.log)
	}
	if got := <-answered; got != "200 OK wait=60" {
		t.Errorf("who waits is answered %s", got)
	}
}
