package handlers_test

import (
	"net/http"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// TestARefusalCostsNoQuery closes the database: what is refused for its budget is refused all the same, by 429 and not by 500.
func TestARefusalCostsNoQuery(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		clock := modelstest.NewClock()
		s := newServiceWith(t, db, func(c *server.Config, _ *http.Server) {
			c.Limiter = server.NewLimiter(5, time.Minute, clock.Now)
		})
		_, token := s.organization("Acme") // one of the five
		known, stranger := s.as(models.NewSecret(models.ManagementKey).Text), s.as(models.NewSecret(models.OrganizationKey).Text)
		for range 4 {
			s.get(managed).want(200)
		}
		for range 5 {
			known.get(managed).want(401)
		}
		// The address has nothing left, too; a good key that was never seen works all the same, and so does one that was.
		s.as(token).get(standard).want(200)
		s.as(token).get(standard).want(200)
		stranger.get(managed).want(429)

		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for _, refused := range []*service{s, known, stranger} {
			a := refused.get(managed).want(429)
			if a.Header.Get("X-Ratelimit-Remaining") != "0" || a.Header.Get("Retry-After") != "60" {
				t.Errorf("refused with the headers %v", a.Header)
			}
		}
		s.as(token).send("GET", standard, nil).want(500)
		clock.Advance(time.Minute)
		s.send("GET", managed, nil).want(500)
	})
}
