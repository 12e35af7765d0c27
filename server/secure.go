package server

import (
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
	security := hsts
	if preload {
		security = hstsPreload
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noai, noimageai")
		h.Set("Tdm-Reservation", "1") // TDMRep: no text and data mining
		h.Set("Vary", "Accept, Origin")
		// Answers belong to one caller, and are used again only after their ETag was checked. Those to writes may hold a secret, which is
		// shown once and not kept by anybody on the way.
		h.Set("Cache-Control", "private, no-cache")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Cache-Control", "no-store")
		}
		if ExchangeOf(r.Context()).Secure {
			h.Set("Strict-Transport-Security", security)
		}
		next.ServeHTTP(w, r)
	})
}

// mergeVary writes the names that several stages added to Vary as one line, each once.
func mergeVary(h http.Header) {
	var names []string
	for name := range strings.SplitSeq("Accept,Origin,"+strings.Join(h.Values("Vary"), ","), ",") {
		name = strings.TrimSpace(name)
		same := func(other string) bool { return strings.EqualFold(other, name) }
		if name != "" && !slices.ContainsFunc(names, same) {
			names = append(names, name)
		}
	}
	h.Set("Vary", strings.Join(names, ", "))
}
