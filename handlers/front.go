package handlers

import (
	"net/http"
	"strings"

	"roster/auth"
	"roster/jsonapi"
	"roster/server"
)

// front is what a program finds at the root.
const front = `{"links":{"self":"/","describedby":"` + openAPIPath + `"},"meta":{"service":"Roster","documentation":"` + docsPath +
	`"},"jsonapi":{"version":"1.1"}}`

// frontRoute leads on from the root: people to the pages at a path, and programs to the document that describes the API.
func frontRoute(pages string) server.Route {
	return server.Route{Method: http.MethodGet, Path: "/", Needs: auth.Public(),
		Take: func(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
			return func(w http.ResponseWriter) error {
				if strings.Contains(rq.Header.Get("Accept"), "text/html") { // browsers name it, and programs do not
					w.Header().Set("Location", pages)
					w.WriteHeader(http.StatusFound)
					return nil
				}
				w.Header().Set("Content-Type", jsonapi.MediaType)
				_, err := w.Write([]byte(front))
				_ = err // the client is gone; nobody is left to tell
				return nil
			}, nil
		}}
}
