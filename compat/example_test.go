package compat_test

import (
	"net/http"

	"roster/auth"
	"roster/compat/plain"
	"roster/models"
	"roster/models/collection"
	"roster/server"
)

// door is a whole dialect: GET /hello/organizations/{id} answers with the name of an organization, in the words of "hello".
func door() *server.Door {
	return &server.Door{
		Paths:        []string{"/hello"}, // whatever is below and not served is told in the form of this door
		Credential:   auth.Credential,
		Sessions:     true,
		HowToPresent: "Send a key as Authorization: Bearer, or sign in.",
		Refusal:      refusal,
		Routes: []server.Route{{
			Method: http.MethodGet, Path: "/hello/organizations/{id}", Needs: auth.Read("organizations"),
			Target: models.Organizations.Schema.Type, Take: read,
		}},
	}
}

// read looks at the request before it is served: at its parameters and, of a POST, at its body. What it returns serves it.
func read(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	return func(w http.ResponseWriter) error {
		found, err := collection.Find(rq.Context(), rq.DB, models.Organizations, rq.Scope(), rq.Var("id"), nil)
		if err != nil {
			return err // what the caller does not see is not there
		}
		org := found.(*models.Organization)
		return plain.WriteVersion(w, rq.Request, org.Version, map[string]string{"hello": org.Name})
	}, nil
}

// refusal is how the door tells of every error, the router's and the limiter's included.
func refusal(err error) *server.Refusal {
	status, sentence := plain.Sentence(err)
	if status == 0 {
		return nil // no business of clients: it is asked again, with words for them
	}
	body, _ := plain.Encode(map[string]string{"sorry": sentence}) // a text always encodes
	return &server.Refusal{Status: status, ContentType: "application/json", Body: body}
}
