package handlers

import (
	"embed"
	"fmt"
	"net/http"
	"path"
	"sync"

	"roster/auth"
	"roster/server"
)

// The pages that mails lead to: small ones of our own, which read the token out of the fragment and call the API. Nothing of them is made
// for a caller.

//go:embed landing
var landing embed.FS

// landingPaths are where the files are served.
var landingPaths = map[string]string{
	"/invitations": "invitations.html", "/password-reset": "password-reset.html", landingFiles + "page.js": "page.js",
	landingFiles + "page.css": "page.css",
}

const landingFiles = "/landing/"

// landingPolicy is their Content-Security-Policy: nothing is written into the pages, and nothing comes from elsewhere.
const landingPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'"

// landingRoutes are the routes of the pages. They are public.
func landingRoutes() []server.Route {
	made := sync.OnceValues(landingPages)
	var table []server.Route
	for at := range landingPaths {
		table = append(table, server.Route{Method: http.MethodGet, Path: at, Needs: auth.Public(),
			Take: func(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
				all, err := made()
				if err != nil {
					return nil, err
				}
				return func(w http.ResponseWriter) error { return all[at].write(w, rq.Request) }, nil
			}})
	}
	return table
}

// landingPages returns the pages by their paths.
func landingPages() (map[string]*page, error) {
	all := map[string]*page{}
	for at, file := range landingPaths {
		body, err := landing.ReadFile("landing/" + file)
		if err != nil {
			return nil, fmt.Errorf("read the pages that mails lead to: %w", err)
		}
		all[at] = newPage(mediaTypes[path.Ext(file)], body)
		all[at].policy = landingPolicy
	}
	return all, nil
}
