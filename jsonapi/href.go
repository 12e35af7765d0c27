package jsonapi

import (
	"net/url"
	"strings"
)

// Collection is a collection of resources that operations can be about, and the path that it is served at.
type Collection struct {
	Path   string
	Schema *Schema
}

// API is what the operations of a request can be about. Nothing is ever fetched: an href is only compared with the URLs of this API.
type API struct {
	// Base is the URL that the operations were sent to. Relative references are resolved against it (RFC 3986 §5.1.3).
	Base *url.URL
	// The first collection of a type is the one that the type alone names.
	Collections []*Collection
	// AreTags reports whether a text is a list of entity tags, or *.
	AreTags func(list string) bool
}

// location is what a URL of the API leads to: a collection, a resource of it, or a relationship of that.
type location struct {
	collection       *Collection
	id, relationship string
}

// collectionOf returns the collection that a type names, or nil.
func (a *API) collectionOf(typ string) *Collection {
	for _, collection := range a.Collections {
		if collection.Schema.Type == typ {
			return collection
		}
	}
	return nil
}

// locate finds what an href leads to. It is a URI reference: relative, or absolute to the host that the request was sent to.
func (a *API) locate(href string) (location, *Error) {
	ref, err := url.Parse(href)
	if err != nil {
		return location{}, NewError(InvalidDocument, "href is not a URI reference.")
	}
	u := a.Base.ResolveReference(ref)
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "" || !sameHost(u, a.Base):
		return location{}, NewError(InvalidDocument, "href must lead into this API, not to another place.")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return location{}, NewError(InvalidDocument, "href must be a plain URL, without credentials, query and fragment.")
	}
	// Every path answers with and without a trailing slash, and is compared as it is spelled.
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	for _, collection := range a.Collections {
		rest, ok := strings.CutPrefix(path, collection.Path)
		if !ok {
			continue
		}
		switch parts := strings.Split(rest, "/"); {
		case rest == "":
			return location{collection: collection}, nil
		case parts[0] != "":
		case len(parts) == 2 && parts[1] != "":
			return location{collection: collection, id: parts[1]}, nil
		case len(parts) == 4 && parts[1] != "" && parts[2] == "relationships" && parts[3] != "":
			return location{collection, parts[1], parts[3]}, nil
		}
	}
	return location{}, NewError(NotFound, "href leads to no collection, resource or relationship.")
}

// sameHost reports whether a URL names the host that the request was sent to. Behind a proxy the scheme of the request is unknown, so the
// default port of either scheme stands for no port.
func sameHost(u, base *url.URL) bool {
	port := func(of *url.URL) string {
		switch p := of.Port(); {
		case p != "":
			return p
		case u.Scheme == "https":
			return "443"
		default:
			return "80"
		}
	}
	return strings.EqualFold(u.Hostname(), base.Hostname()) && port(u) == port(base)
}
