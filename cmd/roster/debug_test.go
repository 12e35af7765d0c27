package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"roster/server/servertest"
)

const goroutines = "/debug/pprof/goroutine?debug=1"

// TestProfilesAreServedAtAnAddressOfTheirOwn reads one there, finds none elsewhere, and stops in the middle of another.
func TestProfilesAreServedAtAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), frontDoors, "--debug-listen", ":0")
	line, _ := s.log.Line(func(line map[string]any) bool { return line["server"] == "debug" })
	at, _ := line["address"].(string)
	get := func(path string) (servertest.Reply, string, error) {
		answer, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), http.MethodGet, "http://"+at+path, nil)
		return answer, string(body), err
	}
	if !strings.HasPrefix(at, "127.0.0.1:") {
		t.Errorf("it listens on %s", at)
	}
	if answer, body, err := get(goroutines); err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(body, "serveProfiles") {
		t.Errorf("%v %v %.200s", answer, err, body)
	}
	if answer, _ := s.get("/debug/pprof/"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("on the main listener: %d", answer.StatusCode)
	}
	if answer, _, err := get("/metrics"); err != nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("beside profiles: %v %v", answer, err)
	}
	profiled := make(chan struct{})
	go func() {
		defer close(profiled)
		_, _, _ = get("/debug/pprof/trace?seconds=50")
	}()
	// It has begun when the runtime traces.
	servertest.Poll(t, "a profile begins", func() bool {
		_, body, err := get(goroutines)
		return err == nil && strings.Contains(body, "pprof.Trace")
	})
	began := time.Now()
	if code := s.stop(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	<-profiled
	if took := time.Since(began); took > 20*time.Second { // its profile would take longer, and so would the period of grace
		t.Errorf("to stop took %s", took)
	}
}

func TestProfilesForOthersAreToldOf(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), noRoutes, "--debug-listen", "0.0.0.0:0")
	line, _ := s.log.Line(func(line map[string]any) bool { return line["level"] == "WARN" })
	if told, _ := line["msg"].(string); !strings.HasPrefix(told, "profiles are served to other machines") {
		t.Errorf("%v", line)
	}
}
