package handlers_test

import (
	"net/http"
	"net/url"
	"testing"

	"roster/models"
	"roster/models/modelstest"
)

// BenchmarkAnswer serves requests without a network: what is around a question to the database, and the question.
func BenchmarkAnswer(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			db := modelstest.Open(b, dialect)
			key, err := models.CreateFirstManagementKey(b.Context(), db)
			if err != nil {
				b.Fatal(err)
			}
			organization := modelstest.Organization(b, db)
			_, h := open(b, testConfig(db))
			for name, path := range map[string]string{
				"probe": "/healthz", "nothing": "/nothing", "one": managed + "/" + organization.ID, "page": managed,
			} {
				b.Run(name, func(b *testing.B) { serveAlone(b, h, path, key) })
			}
		})
	}
}

// serveAlone serves one request after the other by a handler.
func serveAlone(b *testing.B, h http.Handler, path, key string) {
	b.Helper()
	w := &taken{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		r := &http.Request{Method: "GET", URL: &url.URL{Path: path}, Host: "roster.example", RemoteAddr: "127.0.0.1:1024", ProtoMajor: 1,
			ProtoMinor: 1, Header: http.Header{"Authorization": {key}}, Body: http.NoBody}
		h.ServeHTTP(w, r.WithContext(b.Context()))
	}
	if w.status >= 500 {
		b.Fatal(w.status)
	}
}

// taken is an answer that nobody reads.
type taken struct {
	header http.Header
	status int
}

func (w *taken) Header() http.Header         { return w.header }
func (w *taken) Write(b []byte) (int, error) { return len(b), nil }
func (w *taken) WriteHeader(status int)      { w.status = status }
