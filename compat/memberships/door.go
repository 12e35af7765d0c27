package memberships

import (
	_ "embed"
	"net/http"
	"strings"

	"roster/auth"
	"roster/compat/plain"
	"roster/models"
	"roster/server"
)

const (
	root = "/me"
	path = root + "/organization-memberships"
)

// document is the OpenAPI document of the door.
//
//go:embed openapi.json
var document []byte

// Door returns the front door.
func Door() *server.Door {
	return &server.Door{
		Paths:        []string{root},
		Credential:   auth.Credential, // beside a cookie it is a second one
		Sessions:     true,
		HowToPresent: howToPresent,
		Refusal:      refusal,
		Description:  &server.Description{Name: "memberships", Title: "Memberships", Document: document},
		Routes:       []server.Route{{Method: http.MethodGet, Path: path, Needs: auth.Anyone(), Take: list}},
	}
}

const howToPresent = "Sign in first: this tells of the session of a browser."

// list answers with the memberships of who is signed in. A key has no session to show, nor has somebody who has signed in with one.
func list(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	if !rq.Principal.IsPerson() {
		return nil, &server.Error{Reason: server.Unauthenticated, Message: howToPresent}
	}
	return func(w http.ResponseWriter) error {
		found, err := models.DirectMemberships(rq.Context(), rq.DB, rq.Principal.UserID)
		if err != nil {
			return err
		}
		signIns, err := models.SignInsOf(rq.Context(), rq.DB, rq.Principal.SessionID)
		if err != nil {
			return err
		}
		told := envelope{Status: http.StatusOK, Data: []membership{}, Session: shownSession(signIns, rq.Principal.SignInID),
			Errors: []problem{}}
		for _, m := range found {
			told.Data = append(told.Data, shown(m))
		}
		w.Header().Set("Cache-Control", "no-store")
		return plain.Write(w, told)
	}, nil
}

// refusal implements [server.Door.Refusal].
func refusal(err error) *server.Refusal {
	status, message := plain.Sentence(err)
	if status == 0 {
		return nil
	}
	if message == "" {
		message = http.StatusText(status)
	}
	body, err := plain.Encode(envelope{Status: status, Message: message, Session: nobody(), Errors: []problem{{codeOf(status), message}}})
	if err != nil {
		return nil
	}
	return &server.Refusal{Status: status, ContentType: "application/json", Body: body}
}

// codeOf returns the code of an error: the name of the status in capitals, and INTERNAL for one of ours.
func codeOf(status int) string {
	if status == http.StatusInternalServerError {
		return "INTERNAL"
	}
	return strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_", "'", "").Replace(http.StatusText(status)))
}
