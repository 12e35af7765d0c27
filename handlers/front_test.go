package handlers_test

import (
	"net/http"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

func TestTheRootLeadsOn(t *testing.T) {
	t.Parallel()
	s := newService(t, modelstest.Open(t, store.SQLite))
	browser := s.send("GET", "/", nil, "Accept", "text/html,application/xhtml+xml;q=0.9").want(http.StatusFound)
	if to := browser.Header.Get("Location"); to != "/docs" {
		t.Errorf("a browser is led to %q", to)
	}
	got := s.send("GET", "/", nil, "Accept", "*/*").want(http.StatusOK)
	if got.text("links", "describedby") != "/public/v2/openapi.json" || got.text("meta", "documentation") != "/docs" {
		t.Errorf("a program reads %s", got.Body)
	}
	s.send("GET", got.text("links", "describedby"), nil).want(http.StatusOK)
	s.send("GET", got.text("meta", "documentation"), nil).want(http.StatusOK)
	s.send("GET", "/nothing", nil).want(http.StatusNotFound)
	s.send("POST", "/", nil).want(http.StatusMethodNotAllowed)
}
