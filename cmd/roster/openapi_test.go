package main

import (
	"net/http"
	"testing"
)

func TestTheCommandPrintsWhatTheServerServes(t *testing.T) {
	t.Parallel()
	code, printed, stderr := command(t, nil, "openapi")
	if code != exitOK || stderr != "" {
		t.Fatalf("it ends with %d: %s", code, stderr)
	}
	s := serve(t, t.TempDir(), frontDoors)
	for _, path := range []string{"/public/v2/openapi.json", "/public/v2/openapi.json/"} {
		answer, body := s.get(path)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s answers %d, %q", path, answer.StatusCode, answer.Header.Get("Content-Type"))
		}
		if string(body) != printed {
			t.Errorf("%s serves other bytes than the command prints", path)
		}
	}
}
