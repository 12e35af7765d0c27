package server

import (
	"net/http"
	"slices"

	"github.com/rs/cors"
)

// crossOrigin lets pages of the listed origins call the doors. With no origin listed it does nothing: browsers then refuse.
func crossOrigin(next http.Handler, origins []string, all doors) http.Handler {
	if len(origins) == 0 {
		return next
	}
	sent := []string{
		"Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match",
		"Prefer", "X-API-Key", "API_KEY", "X-Request-Id",
	}
	for _, d := range all {
		sent = append(sent, d.Sends...)
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: sent,
		ExposedHeaders: []string{
			"ETag", "Idempotency-Replayed", "Location", "Preference-Applied", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining",
			"X-RateLimit-Reset", "X-Request-Id",
		},
		// Cookies only for origins named one by one: with any origin allowed, every page could act as the signed-in user.
		AllowCredentials: !slices.Contains(origins, "*"),
		MaxAge:           600,
	}).Handler(next)
}
