package console

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"roster/auth"
	"roster/models/store"
	"roster/server"
)

// Path is where the console is.
const Path = "/console"

// Door returns the front door of the console, nil if the program has none.
func Door() *server.Door {
	if !Built {
		return nil
	}
	made := sync.OnceValues(readAll)
	take := func(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
		all, err := made()
		if err != nil {
			return nil, err
		}
		f := find(all, rq.URL.EscapedPath())
		if f == nil {
			return nil, server.NothingHere()
		}
		if f.name != indexPage {
			return func(w http.ResponseWriter) error { return f.write(w, rq.Request, terms{}) }, nil
		}
		t, err := termsOf(rq)
		return func(w http.ResponseWriter) error { return f.write(w, rq.Request, t) }, err
	}
	return &server.Door{
		Paths:        []string{Path},
		Credential:   func(http.Header) (string, error) { return "", nil }, // the pages are the same for everybody
		HowToPresent: "Sign in.",
		Escapes:      true,
		Refusal:      refusal,
		Routes: []server.Route{
			{Method: http.MethodGet, Path: Path, Needs: auth.Public(), Take: take},
			{Method: http.MethodGet, Path: Path + "/{rest:.*}", Needs: auth.Public(), Take: take},
		},
	}
}

// find returns the file at a path as it was sent, nil for none. Every path that is no file's is one of the console's own, which begin with
// the one page, and that says if there is nothing: all but those that name a file, so that a script of an earlier build is missed and not
// taken for a page.
func find(all map[string]*file, at string) *file {
	name := strings.Trim(strings.TrimPrefix(at, Path), "/")
	if f := all[name]; f != nil {
		return f
	}
	if strings.HasPrefix(name, assets) || mediaTypes[path.Ext(name)] != "" || slices.Contains(askedFor, path.Ext(name)) {
		return nil
	}
	return all[indexPage]
}

// refusal implements [server.Door.Refusal]. People read it, of a page that is reloaded too often, say.
func refusal(err error) *server.Refusal {
	var shared *server.Error
	message := ""
	switch stored := store.ErrorsOf(err); {
	case errors.As(err, &shared):
		message = shared.Message
	case len(stored) > 0:
		message = stored[0].Message
	default:
		return nil
	}
	return &server.Refusal{Status: server.Status(err), ContentType: "text/plain; charset=utf-8", Body: fmt.Appendln(nil, message)}
}
