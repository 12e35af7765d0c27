package orgsme

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"roster/auth"
	"roster/compat/plain"
	"roster/models"
	"roster/models/store"
	"roster/server"
)

const (
	root        = "/api/orgs"
	authRoot    = "/api/auth"
	listPath    = root + "/me"
	loginPath   = authRoot + "/api-key/login"
	refreshPath = authRoot + "/access-token/refresh"
)

const (
	// maxLists bounds the lists that are sent at once in this process, maxListsOfOne those to one caller.
	maxLists      = 400
	maxListsOfOne = 40
	// stall is how long a client may take nothing of a list.
	stall = 2 * time.Minute
)

// document is the OpenAPI document of the door.
//
//go:embed openapi.json
var document []byte

// door is what the routes share.
type door struct{ lists *server.Places }

// Door returns the front door.
func Door() *server.Door {
	d := &door{server.NewPlaces(maxLists, maxListsOfOne)}
	return &server.Door{
		Paths:        []string{root, authRoot},
		Credential:   auth.Credential,
		LookUp:       lookUp,
		Sessions:     true,
		HowToPresent: "Send an access token, or a key of a user, as Authorization: Bearer.",
		Refusal:      refusal,
		Description:  &server.Description{Name: "orgs-me", Title: "Organisations of an account", Document: document},
		Routes: []server.Route{
			{Method: http.MethodGet, Path: listPath, Needs: auth.Read("organizations"), Take: d.list},
			{Method: http.MethodPost, Path: loginPath, Needs: auth.Public(), Asks: true, Take: asking(login)},
			{Method: http.MethodPost, Path: refreshPath, Needs: auth.Public(), Asks: true, Take: asking(refresh)},
		},
	}
}

// lookUp returns the question whom a credential speaks for: an access token, or a key.
func lookUp(db *store.DB, credential string) *models.Lookup {
	if strings.HasPrefix(credential, models.StatementPrefix) {
		return auth.LookUpStatement(db, models.AccessStatement, credential)
	}
	return auth.LookUp(db, credential)
}

// failure is every error as it is told.
type failure struct {
	StatusCode int    `json:"statusCode"`
	Error      string `json:"error"`
	Message    string `json:"message"`
}

// refusal implements [server.Door.Refusal].
func refusal(err error) *server.Refusal {
	status, sentence := plain.Sentence(err)
	if issues := issuesOf(err); issues != nil {
		told, _ := json.Marshal(issues) // texts always encode
		status, sentence = http.StatusBadRequest, string(told)
	}
	if status == 0 {
		return nil
	}
	if sentence == "" {
		sentence = http.StatusText(status)
	}
	body, err := plain.Encode(failure{status, http.StatusText(status), sentence})
	if err != nil {
		return nil
	}
	return &server.Refusal{Status: status, ContentType: "application/json", Body: body}
}
