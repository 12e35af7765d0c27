package server

import (
	"fmt"
	"net/http"
	"strings"

	"roster/auth"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// Door is a front door: one wire format that the service is spoken to in. It says what is different there, and nothing else.
type Door struct {
	// Paths are those that the door answers at and below, also where it has no route: "/public/v2". The longest that fits a request counts;
	// what fits none is answered by the first door.
	Paths []string
	// Credential returns what a request presents, "" for nothing. It fails with auth.ErrAmbiguous if that is not one thing.
	Credential func(http.Header) (string, error)
	// LookUp returns the question whom such a credential speaks for, nil for a text that is none; auth.LookUp if it is not set.
	LookUp func(*store.DB, string) *models.Lookup
	// Sessions: the cookie of a session is a credential, too.
	Sessions bool
	// Portals: that of what a portal link has opened, too.
	Portals bool
	// Sends are headers that clients of the door send besides, so that pages of other origins may.
	Sends []string
	// HowToPresent is the sentence that tells a stranger how a credential is presented.
	HowToPresent string
	// Refusal returns how the door tells a client of an error, nil for one that is no business of clients: then it is asked again, for an
	// [Error] with the reason Internal. It must know every Error, and the errors of package store.
	Refusal func(error) *Refusal
	// Told returns the resources that an answer of the door's tells of, from its body: before it is given again, whoever asks must see
	// them. A door that writes needs it.
	Told func(body []byte) (Told, error)
	// Description is what the door tells integrators of itself, nil for nothing.
	Description *Description
	// Escapes: below the door are paths that need an escape as well. What answers at the first of its paths answers at those.
	Escapes bool
	// Routes are what is served.
	Routes []Route
}

// Description is the OpenAPI document of a door.
type Description struct {
	// Name is its name in URLs, Title that for people.
	Name, Title string
	Document    []byte
}

// Told has ids of resources by type.
type Told map[string][]string

// Refusal is the answer that tells of an error.
type Refusal struct {
	Status      int
	ContentType string
	Body        []byte
}

// doors finds the door of a request.
type doors []*Door

func (all doors) at(path string) *Door {
	var found *Door
	longest := -1
	for _, d := range all {
		for _, p := range d.Paths {
			if len(p) > longest && isBelow(path, p) {
				found, longest = d, len(p)
			}
		}
	}
	if found == nil {
		found = all[0]
	}
	return found
}

// check returns what a door lacks.
func (d *Door) check() error {
	if d.Credential == nil || d.Refusal == nil {
		return fmt.Errorf("the door at %v does not say where a credential stands, or how it refuses", d.Paths)
	}
	for reason := range statuses {
		if d.Refusal(&Error{Reason: reason}) == nil {
			return fmt.Errorf("the door at %v has no words for %s", d.Paths, reason)
		}
	}
	for _, rt := range d.Routes {
		if rt.Method == http.MethodPost && !rt.Asks && d.Told == nil && !rt.Needs.Public {
			return fmt.Errorf("the door at %v takes %s %s, and does not say what its answers tell of", d.Paths, rt.Method, rt.Path)
		}
	}
	return nil
}

// lookUp returns the question whom a credential speaks for.
func (d *Door) lookUp(db *store.DB, credential string) *models.Lookup {
	if d.LookUp != nil {
		return d.LookUp(db, credential)
	}
	return auth.LookUp(db, credential)
}

// cookie returns the secret of the session that a request presents, "" for none.
func (d *Door) cookie(r *http.Request) string {
	site := SiteOf(r)
	if !d.Sessions || site.Portal && !d.Portals {
		return ""
	}
	return auth.SessionSecret(r, site)
}

// SiteOf returns where a request came to, as its browser sees it.
func SiteOf(r *http.Request) auth.Site {
	return auth.Site{
		Secure: ExchangeOf(r.Context()).Secure, Host: r.Host, Portal: r.Header.Get(auth.PortalHeader) == auth.PortalValue,
	}
}

// isBelow reports whether a path is another one, or continues it.
func isBelow(path, above string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(above, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

// write answers with a refusal, and forgets what the handler had prepared for a success.
func (refusal *Refusal) write(w http.ResponseWriter) {
	h := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Location", "Content-Length", "Content-Encoding", "Content-Disposition",
		"Set-Cookie"} {
		h.Del(name)
	}
	h.Set("Content-Type", refusal.ContentType)
	h.Set("Cache-Control", "no-store")
	if refusal.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="roster"`) // RFC 9110 §11.6.1
	}
	w.WriteHeader(refusal.Status)
	_, _ = w.Write(refusal.Body) // nobody is left to tell
}

// sees makes sure that whoever is given an answer again sees what it tells of: a branch may have been moved out of its reach since. What
// is gone hides nothing any more; its secrets are dead.
func (told Told) sees(rq *Request) error {
	for typ, ids := range told {
		c := models.CollectionOf(typ)
		seen, err := collection.FindAll(rq.Context(), rq.DB, c, rq.Scope(), ids, nil)
		if err != nil {
			return err
		}
		there, err := collection.FindAll(rq.Context(), rq.DB, c, collection.Everything(), ids, nil)
		if err != nil {
			return err
		}
		if len(seen) < len(there) {
			return &Error{Reason: Forbidden, Message: "This request took effect; what it was about is out of this credential's reach now."}
		}
	}
	return nil
}
