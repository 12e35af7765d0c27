package main

import (
	"io"
	"net/http"
	"testing"
)

func TestTheCommandPrintsWhatTheServerServes(t *testing.T) {
	t.Parallel()
	code, printed, problems := command(t, nil, "openapi")
	if code != exitOK || problems != "" {
		t.Fatalf("it ends with %d: %s", code, problems)
	}
	s := serve(t, t.TempDir(), frontDoors)
	for _, path := range []string{"/public/v2/openapi.json", "/public/v2/openapi.json/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{DisableKeepAlives: true}
		answer, err := transport.RoundTrip(req) // follows no redirect
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s answers %d, %q (%v)", path, answer.StatusCode, answer.Header.Get("Content-Type"), err)
		}
		if string(body) != printed {
			t.Errorf("%s serves other bytes than the command prints", path)
		}
	}
}
