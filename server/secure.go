package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The values of Strict-Transport-Security. The second binds hosts that are not ours, and for years: the operator asks for it, or a
// published API that prints it.
const (
	hsts        = "max-age=63072000"
	hstsPreload = hsts + "; includeSubDomains; preload"
)

// secured sets the headers that every answer carries. Handlers may replace Cache-Control.
func secured(next http.Handler, preload bool) http.Handler {
	security := []string{hsts}
	if preload {
		security = []string{hstsPreload}
	}
	// Every answer shares these lists: whoever sets or adds to a header makes another one.
	every := http.Header{
		"X-Content-Type-Options": {"nosniff"},
		"X-Frame-Options":        {"DENY"},
		"Referrer-Policy":        {"no-referrer"},
		"X-Robots-Tag":           {"noai, noimageai"},
		"Tdm-Reservation":        {"1"}, // TDMRep: no text and data mining
		"Vary":                   {varied},
		// Answers belong to one caller, and are used again only after their ETag was checked.
		"Cache-Control": {"private, no-cache"},
	}
	notKept := []string{"no-store"} // those to writes may hold a secret, which is shown once and not kept by anybody on the way
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		maps.Copy(h, every)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h["Cache-Control"] = notKept
		}
		if ExchangeOf(r.Context()).Secure {
			h["Strict-Transport-Security"] = security
		}
		next.ServeHTTP(w, r)
	})
}

// varied are the headers of requests that answers of every route depend on. With what compressed adds it is what nearly all answers say.
const varied = "Accept, Origin"

var usuallyVaried, usuallyMerged = []string{varied, "Accept-Encoding"}, []string{varied + ", Accept-Encoding"}

// mergeVary writes the names that several stages added to Vary as one line, each once.
func mergeVary(h http.Header) {
	if slices.Equal(h["Vary"], usuallyVaried) {
		h["Vary"] = usuallyMerged
		return
	}
	var names []string
	for name := range strings.SplitSeq(varied+","+strings.Join(h.Values("Vary"), ","), ",") {
		name = strings.TrimSpace(name)
		same := func(other string) bool { return strings.EqualFold(other, name) }
		if name != "" && !slices.ContainsFunc(names, same) {
			names = append(names, name)
		}
	}
	h.Set("Vary", strings.Join(names, ", "))
}
