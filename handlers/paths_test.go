package handlers_test

import (
	"strings"
	"testing"

	"roster/jsonapi"
)

// TestAPathIsServedAsItIsSpelled: any other spelling of it is no route, for every method alike, and nobody is redirected.
func TestAPathIsServedAsItIsSpelled(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		for _, path := range []string{
			"/public/v2%2Fmanagement%2Forganizations", "/public%2fv2/users", "/public/v2/%75sers", "/public/v2/users%2F",
			"/public/v2/users%3Fx", "/public/v2/users/..%2F..", "/public/v2/users/%2e%2e/users", "/public/v2/users/..",
			"/public/v2/./users", "/public/v2/users/../users", "/public/v2//users", "//public/v2/users", "/public/v2/users//",
			"/public/v2/users;x=1", "/public/v2/users/;", "/public/v2/users%00", "/public/v2/users/%00",
			managed + "/" + strings.Replace(id, "-", "%2D", 1), managed + "/" + id + "%2Fparent",
			managed + "/" + id + "/relationships%2Fparent", managed + "/" + id + "/%70arent", managed + "/" + id + ";v=1",
			managed + "/" + id + "/parent,children", "/public/v2/openapi%2Ejson", "/public/v2/Users", "/public/v2/userſ", "/health%7A",
			"/docs/..%2Fdocs",
		} {
			for _, method := range []string{"GET", "HEAD", "POST", "PATCH", "DELETE", "PUT"} {
				a := s.send(method, path, nil)
				a.wellBehaved(method, method+" "+path, "")
				if a.Status != 404 || a.Header.Get("Location") != "" {
					t.Errorf("%s %s: %d, Location %q", method, path, a.Status, a.Header.Get("Location"))
				}
			}
		}
		s.get(managed + "/" + id + "/relationships/parent/").want(200)
	})
}

func TestAnOperationIsAboutTheHrefAsItIsSpelled(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		id, _ := s.organization("Acme")
		operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
		remove := func(href string) *answer {
			body := object{"atomic:operations": []object{{"op": "remove", "href": href}}}
			return s.do("POST", "/public/v2/operations", body, "Content-Type", operations, "Accept", operations)
		}
		for _, href := range []string{managed + "%2F" + id, managed + "/" + strings.Replace(id, "-", "%2D", 1),
			strings.Replace(managed, "v2/", "v2%2f", 1) + "/" + id} {
			remove(href).want(404)
		}
		remove("management/../management/organizations/" + id).want(204) // a relative reference is resolved first (RFC 3986 §5.2.4)
	})
}
