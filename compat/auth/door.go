package auth

import (
	_ "embed"
	"errors"
	"net/http"

	"roster/auth"
	"roster/compat/plain"
	"roster/models/store"
	"roster/server"
)

// The paths of the document.
const (
	root              = "/api/v2/auth"
	organizationsPath = root + "/organizations"
)

// unauthorized is all that a caller is told of what they may not have.
const unauthorized = "Unauthorized. Send the key of a user who may see this, as API_KEY."

// document is the OpenAPI document of the door.
//
//go:embed openapi.json
var document []byte

// Door returns the front door.
func Door() *server.Door {
	return &server.Door{
		Paths:        []string{root},
		Credential:   auth.Credential,
		HowToPresent: unauthorized,
		Refusal:      refusal,
		Description:  &server.Description{Name: "auth", Title: "Organizations below " + root, Document: document},
		Routes: []server.Route{
			{Method: http.MethodGet, Path: organizationsPath, Needs: auth.Read("organizations"), Take: organizations},
		},
	}
}

// organizations takes a request for the list. Whose key is not a user's has no organizations that it is allowed to see.
func organizations(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	if rq.Caller().User() == "" {
		return nil, notAllowed()
	}
	asked, err := readQuestion(rq.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter) error {
		found, err := asked.find(rq.Context(), rq.DB, rq.Scope())
		if err != nil {
			return err
		}
		return plain.WriteVersion(w, rq.Request, 0, answer{Items: []item{{Message: "Success", Data: asked.show(found)}}, Valid: true})
	}, nil
}

// notAllowed is the error of a caller who may not have what they ask for.
func notAllowed() error { return &server.Error{Reason: server.Forbidden} }

// contentType is that of every answer.
const contentType = "application/json"

// answer is the envelope of everything that is said: its one item says how it went.
type answer struct {
	Items []item `json:"items"`
	Valid bool   `json:"valid"`
}

type item struct {
	Message string `json:"message"`
	Data    *data  `json:"data,omitempty"`
}

// badRequest is what is wrong with a parameter.
type badRequest string

// Error implements error.
func (e badRequest) Error() string { return string(e) }

// refusal implements [server.Door.Refusal]. Of an organization that is not there a caller learns as much as of one that they may not see.
func refusal(err error) *server.Refusal {
	status, message := plain.Sentence(err)
	var bad badRequest
	switch stored := store.ErrorsOf(err); {
	case errors.As(err, &bad):
		status, message = http.StatusBadRequest, bad.Error()
	case status == 0:
		return nil
	case len(stored) > 0 && status == http.StatusNotFound:
		status = http.StatusUnauthorized
	}
	if status == http.StatusForbidden || status == http.StatusUnauthorized {
		status, message = http.StatusUnauthorized, unauthorized
	}
	body, _ := plain.Encode(answer{Items: []item{{Message: message}}}) // texts always encode
	return &server.Refusal{Status: status, ContentType: contentType, Body: body}
}
