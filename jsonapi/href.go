package jsonapi

import (
	"net/url"
	"strings"
)

// Place is a collection that operations can be about, and the path that it is served at.
type Place struct {
	Path   string
	Schema *Schema
}

// Site is what the operations of a request can be about. Nothing is ever fetched: an href is only compared with the URLs of this API.
type Site struct {
	// Base is the URL that the operations were sent to. Relative references are resolved against it (RFC 3986 §5.1.3).
	Base *url.URL
	// Places are the collections. The first of a type is the one that the type alone names.
	Places []*Place
	// AreTags reports whether a text is a list of entity tags, or *.
	AreTags func(list string) bool
}

// location is what a URL of the API leads to: a collection, a resource of it, or a relationship of that.
type location struct {
	place            *Place
	id, relationship string
}

// placeOf returns the collection that a type names, or nil.
func (s *Site) placeOf(typ string) *Place {
	for _, place := range s.Places {
		if place.Schema.Type == typ {
			return place
		}
	}
	return nil
}

// locate finds what an href leads to. It is a URI reference: relative, or absolute to the host that the request was sent to.
func (s *Site) locate(href string) (location, *Error) {
	ref, err := url.Parse(href)
	if err != nil {
		return location{}, NewError(InvalidDocument, "href is not a URI reference.")
	}
	u := s.Base.ResolveReference(ref)
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "" || !sameHost(u, s.Base):
		return location{}, NewError(InvalidDocument, "href must lead into this API, not to another place.")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return location{}, NewError(InvalidDocument, "href must be a plain URL, without credentials, query and fragment.")
	}
	// Every path answers with and without a trailing slash, and is compared as it is spelled.
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	for _, place := range s.Places {
		rest, ok := strings.CutPrefix(path, place.Path)
		if !ok {
			continue
		}
		switch parts := strings.Split(rest, "/"); {
		case rest == "":
			return location{place: place}, nil
		case parts[0] != "":
		case len(parts) == 2 && parts[1] != "":
			return location{place: place, id: parts[1]}, nil
		case len(parts) == 4 && parts[1] != "" && parts[2] == "relationships" && parts[3] != "":
			return location{place, parts[1], parts[3]}, nil
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
