package authzen

import (
	_ "embed"
	"errors"
	"net/http"

	"roster/auth"
	"roster/compat/plain"
	"roster/server"
)

// The paths of the specification (§10.1), which it lets a server announce.
const (
	root              = "/access/v1"
	evaluationPath    = root + "/evaluation"
	evaluationsPath   = root + "/evaluations"
	searchPath        = root + "/search/"
	configurationPath = "/.well-known/authzen-configuration"
)

// document is the OpenAPI document of the door.
//
//go:embed openapi.json
var document []byte

// Door returns the front door.
func Door() *server.Door {
	members := auth.Read("memberships")
	return &server.Door{
		Paths:        []string{root, configurationPath},
		Credential:   auth.Credential,
		Sessions:     true,
		HowToPresent: "Send a key as Authorization: Bearer, or sign in.",
		Refusal:      refusal,
		Description:  &server.Description{Name: "authzen", Title: "AuthZEN", Document: document},
		Routes: []server.Route{
			{Method: http.MethodGet, Path: configurationPath, Needs: auth.Public(), Take: configuration},
			asking(evaluationPath, auth.Anyone(), evaluation),
			asking(evaluationsPath, auth.Anyone(), evaluations),
			asking(searchPath+"subject", members, searching(subjectSearch)),
			asking(searchPath+"resource", auth.Anyone(), searching(resourceSearch)),
			asking(searchPath+"action", auth.Anyone(), searching(actionSearch)),
		},
	}
}

// answering looks up the answer to a question that was read.
type answering func() (any, error)

// asking returns a route that reads a question and answers it.
func asking(path string, needs auth.Permission, read func(*server.Request, object) (answering, error)) server.Route {
	return server.Route{
		Method: http.MethodPost, Path: path, Needs: needs, Asks: true,
		Take: func(w http.ResponseWriter, rq *server.Request) (server.Serve, error) {
			if err := plain.MayBeJSON(rq.Header); err != nil {
				return nil, err
			}
			if err := rq.Read(w); err != nil {
				return nil, err
			}
			body, err := objectOf(rq.Content)
			if err != nil {
				return nil, err
			}
			answer, err := read(rq, body)
			if err != nil {
				return nil, err
			}
			return func(w http.ResponseWriter) error {
				told, err := answer()
				if err != nil {
					return err
				}
				return write(w, told)
			}, nil
		},
	}
}

// write answers with JSON, which holds at this moment only.
func write(w http.ResponseWriter, told any) error {
	w.Header().Set("Cache-Control", "no-store")
	return plain.Write(w, told)
}

// refused is an error as it is told: of a request, or of one evaluation among others.
type refused struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// Error implements error.
func (e *refused) Error() string { return e.Message }

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
	return &refused{status, sentence}
}

// refusal implements [server.Door.Refusal].
func refusal(err error) *server.Refusal {
	told := refusedOf(err)
	if told == nil {
		return nil
	}
	body, _ := plain.Encode(map[string]*refused{"error": told}) // texts and numbers always encode
	return &server.Refusal{Status: told.Status, ContentType: "application/json", Body: body}
}
