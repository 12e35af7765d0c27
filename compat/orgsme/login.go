package orgsme

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	strictjson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"roster/auth"
	"roster/compat/plain"
	"roster/models"
	"roster/server"
)

// issue is what is wrong with one member of a body, as clients of the published API know it.
type issue struct {
	Code     string   `json:"code"`
	Expected string   `json:"expected"`
	Received string   `json:"received"`
	Path     []string `json:"path"`
	Message  string   `json:"message"`
}

// issues are an error.
type issues []issue

// Error implements error.
func (all issues) Error() string { return fmt.Sprintf("%d members are wrong", len(all)) }

// issuesOf returns what is wrong with a body, nil for another error.
func issuesOf(err error) issues {
	var all issues
	if errors.As(err, &all) {
		return all
	}
	return nil
}

// pair is the answer to who logs in. Lifetimes are in seconds.
type pair struct {
	AccessToken           string `json:"accessToken"`
	AccessTokenExpiresIn  int64  `json:"accessTokenExpiresIn"`
	RefreshToken          string `json:"refreshToken,omitempty"`
	RefreshTokenExpiresIn int64  `json:"refreshTokenExpiresIn,omitempty"`
}

// body is a JSON object that was sent.
type body map[string]jsontext.Value

// asking returns what reads a JSON object and answers with tokens. Nobody calls: the body holds what shows who it is.
func asking(answer func(*server.Request, body) (*pair, error)) func(http.ResponseWriter, *server.Request) (server.Serve, error) {
	return func(w http.ResponseWriter, rq *server.Request) (server.Serve, error) {
		if err := plain.MayBeJSON(rq.Header); err != nil {
			return nil, err
		}
		if err := rq.Read(w); err != nil {
			return nil, err
		}
		var sent body
		if err := strictjson.Unmarshal(rq.Content, &sent); err != nil || sent == nil { // no member twice, and UTF-8 alone
			return nil, issues{{"invalid_type", "object", kindOf(rq.Content), []string{},
				"Expected object, received " + kindOf(rq.Content)}}
		}
		return func(w http.ResponseWriter) error {
			told, err := answer(rq, sent)
			if err != nil {
				return err
			}
			w.Header().Set("Cache-Control", "no-store")
			return plain.Write(w, told)
		}, nil
	}
}

// texts returns members that must be texts.
func (b body) texts(names ...string) (found []string, err error) {
	var wrong issues
	for _, name := range names {
		var text string
		if value, sent := b[name]; !sent {
			wrong = append(wrong, issue{"invalid_type", "string", "undefined", []string{name}, "Required"})
		} else if kind := kindOf(value); kind != "string" {
			wrong = append(wrong, issue{"invalid_type", "string", kind, []string{name}, "Expected string, received " + kind})
		} else {
			_ = json.Unmarshal(value, &text) // it is one
		}
		found = append(found, text)
	}
	if wrong != nil {
		return nil, wrong
	}
	return found, nil
}

// kindOf returns the name of what a JSON text is.
func kindOf(text []byte) string {
	var value any
	if json.Unmarshal(text, &value) != nil {
		return "undefined"
	}
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// notKnown is the refusal of everything that shows nothing, alike for all causes.
func notKnown() error {
	return &server.Error{Reason: server.Unauthenticated, Message: "The key or the token does not work."}
}

// login answers with tokens for a key of a user: its id and itself or, as earlier clients do it, itself alone.
func login(rq *server.Request, sent body) (*pair, error) {
	rq.SigningIn(server.ByKey)
	id, secret := "", ""
	if _, one := sent["apiKey"]; one {
		found, err := sent.texts("apiKey")
		if err != nil {
			return nil, err
		}
		secret = found[0]
	} else {
		found, err := sent.texts("key", "secret")
		if err != nil {
			return nil, err
		}
		if id, secret = found[0], found[1]; id == "" {
			return nil, notKnown()
		}
	}
	principal, err := auth.Authenticate(rq.Context(), rq.DB, auth.LookUp(rq.DB, secret))
	switch {
	case err != nil:
		return nil, err
	case principal == nil || principal.Kind != models.UserKey || id != "" && id != principal.KeyID:
		return nil, notKnown()
	}
	told := &pair{}
	told.AccessToken, told.AccessTokenExpiresIn = statement(rq, models.AccessStatement, principal)
	told.RefreshToken, told.RefreshTokenExpiresIn = statement(rq, models.RefreshStatement, principal)
	return told, nil
}

// refresh answers with an access token for a refresh token.
func refresh(rq *server.Request, sent body) (*pair, error) {
	found, err := sent.texts("refreshToken")
	if err != nil {
		return nil, err
	}
	principal, err := auth.Authenticate(rq.Context(), rq.DB, auth.LookUpStatement(rq.DB, models.RefreshStatement, found[0]))
	switch {
	case err != nil:
		return nil, err
	case principal == nil:
		return nil, notKnown()
	}
	told := &pair{}
	told.AccessToken, told.AccessTokenExpiresIn = statement(rq, models.AccessStatement, principal)
	return told, nil
}

// statement returns a token about the key of a caller, and for how many seconds it is good.
func statement(rq *server.Request, kind models.StatementKind, principal *auth.Principal) (token string, seconds int64) {
	token, life := models.NewStatement(rq.DB, kind, &principal.Holder)
	return token, int64(life / time.Second)
}
