package handlers

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/mux"
)

func TestAnInnerRouterNamesItsOwnRoutes(t *testing.T) {
	t.Parallel()
	log := newLines()
	limiter := NewLimiter(0, time.Minute, time.Now)
	service, err := NewServer(Config{
		Logger: slog.New(slog.NewJSONHandler(log, nil)), Metrics: NewMetrics("test", nil), Health: NewHealth(nil),
		Limiter: limiter, Stop: t.Context(), RequestTimeout: time.Second, MaxBody: 1,
	}, func(router *mux.Router) {
		inner := mux.NewRouter().SkipClean(true)
		inner.Use(NameRoute)
		inner.Handle("/api/things/{id}", http.NotFoundHandler()).Methods("GET")
		RefuseUnknown(inner, limiter)
		router.PathPrefix("/api").Handler(inner)
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	service.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/api/things/1", nil))
	if got := log.line(t, 0)["route"]; got != "/api/things/{id}" {
		t.Errorf("route %v", got)
	}
	w = httptest.NewRecorder()
	service.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "PUT", "/api/things/1", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "GET" {
		t.Errorf("%d, Allow: %s", w.Code, w.Header().Get("Allow"))
	}
}
