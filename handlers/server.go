package handlers

import (
	"net/http"

	"github.com/gorilla/mux"
)

// NewServer returns everything that is served on the main listener: the probes, the routes that mount adds, and the stages around them.
// Whatever matches no route is answered with an error document.
func NewServer(cfg Config, mount func(*mux.Router)) (http.Handler, error) {
	router := mux.NewRouter().SkipClean(true) // cleaning a path is done by redirecting, and clients repeat a redirected POST as GET
	router.Use(NameRoute)
	get := func(path string, h http.Handler) {
		router.Handle(path, h).Methods(http.MethodGet, http.MethodHead)
	}
	get(healthPath, handler(cfg.Health.live))
	get(readyPath, handler(cfg.Health.ready))
	if cfg.ServeMetrics {
		get(metricsPath, cfg.Metrics.Handler())
	}
	mount(router)
	RefuseUnknown(router, cfg.Limiter)
	return Wrap(asSent(router), cfg)
}
