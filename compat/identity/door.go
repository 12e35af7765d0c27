package identity

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"roster/auth"
	"roster/compat/plain"
	"roster/models"
	"roster/models/store"
	"roster/server"
)

const (
	root  = "/v1/identity"
	every = root + "/organizations"
	one   = every + "/{id}"
)

// document is the OpenAPI document of the door.
//
//go:embed openapi.json
var document []byte

// Door returns the front door.
func Door() *server.Door {
	reads, writes := auth.Read("organizations"), auth.Write("organizations")
	return &server.Door{
		Paths:        []string{root},
		Credential:   auth.Credential,
		Sessions:     true,
		HowToPresent: "Send a key as Authorization: Bearer, or sign in.",
		Refusal:      refusal,
		Told:         told,
		Description:  &server.Description{Name: "identity", Title: "Identity", Document: document},
		Routes: []server.Route{
			{Method: http.MethodGet, Path: every, Needs: reads, Take: list},
			{Method: http.MethodPost, Path: every, Needs: writes.Manage().OrUser(), Take: create},
			{Method: http.MethodGet, Path: one, Needs: reads, Target: models.Organizations.Schema.Type, Take: read},
			{Method: http.MethodPost, Path: one, Needs: writes, Target: models.Organizations.Schema.Type, Take: edit},
		},
	}
}

// told implements [server.Door.Told]: what is answered to a change is the organization.
func told(body []byte) (server.Told, error) {
	var shown organization
	if err := json.Unmarshal(body, &shown); err != nil {
		return nil, fmt.Errorf("read kept answer: %w", err)
	}
	return server.Told{models.Organizations.Schema.Type: {shown.ID}}, nil
}

// refused is an error as it is told.
type refused struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error implements error.
func (e *refused) Error() string { return e.Message }

// badRequest is the error of a parameter or body that is not what is asked for.
func badRequest(format string, args ...any) error {
	return &refused{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// codes has the kinds of error whose status is another one than natively. A conflict would be sent again by the clients of this API, twice,
// and be one again.
var codes = map[store.Kind]int{
	store.Invalid:  http.StatusBadRequest,
	store.Required: http.StatusBadRequest,
	store.Conflict: http.StatusUnprocessableEntity,
}

// refusedOf returns what a client is told of an error, nil for one that is no business of clients.
func refusedOf(err error) *refused {
	var own *refused
	if errors.As(err, &own) {
		return own
	}
	status, sentence := plain.Sentence(err)
	if status == 0 {
		return nil
	}
	if stored := store.ErrorsOf(err); len(stored) > 0 {
		kind := stored[0].Kind
		status = cmp.Or(codes[kind], status)
		if kind == store.NotFound { // without the id, so that all are alike
			sentence = "There is no such organization."
		}
	}
	return &refused{status, sentence}
}

// refusal implements [server.Door.Refusal].
func refusal(err error) *server.Refusal {
	told := refusedOf(err)
	if told == nil {
		return nil
	}
	body, _ := plain.Encode(told) // texts and numbers always encode
	return &server.Refusal{Status: told.Code, ContentType: "application/json", Body: body}
}
