package main

import (
	"io"
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
	if answer, body, err := get("/debug/pprof/cmdline"); err != nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("the command line, which can hold a password: %v %v %s", answer, err, body)
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

// TestOnlyWhoNamesThisMachineIsShownProfiles is a page of somebody else in a browser, whose name leads to this machine of a sudden.
func TestOnlyWhoNamesThisMachineIsShownProfiles(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), noRoutes, "--debug-listen", ":0")
	line, _ := s.log.Line(func(line map[string]any) bool { return line["server"] == "debug" })
	at, _ := line["address"].(string)
	_, port, _ := strings.Cut(at, ":")
	for host, want := range map[string]int{
		at: 200, "localhost:" + port: 200, "LOCALHOST": 200, "[::1]:" + port: 200, "127.8.8.8": 200,
		"evil.example:" + port: 421, "10.0.0.1": 421, "localhost.evil.example": 421, "127.0.0.1.nip.io": 421, "127.0.0.1@evil.example": 421,
	} {
		status, body := statusFor(t, at, host)
		if status != want || (status == 200) != strings.Contains(body, "serveProfiles") {
			t.Errorf("Host %s gets %d %.60s, want %d", host, status, body, want)
		}
	}
}

// statusFor asks for a profile by a name.
func statusFor(t *testing.T, at, host string) (status int, body string) {
	t.Helper()
	client := &http.Client{Transport: servertest.Fresh()}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+goroutines, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}
