package handlers

import (
	"errors"
	"net/http"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/server"
)

const passwordResetsPath = "passwordResets"

// passwordResets are what is asked for. Nothing of them is read.
var passwordResets = jsonapi.ForModel(struct {
	ID    string `jsonapi:"primary,passwordResets" doc:"A link by mail, to set another password." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	Email string `jsonapi:"attr,email" rule:"required,max=254,format=email" doc:"The address of the user." example:"ada@example.com"`
}{})

var passwordResetsTag = openapi.Tag{Name: passwordResetsPath, Doc: "Setting another password without knowing the present one."}

// confirmation has the members of meta by which a password is set.
var confirmation = jsonapi.ForModel(struct {
	ID       string `jsonapi:"primary,confirmations" doc:"The token, and the password to set."`
	Token    string `jsonapi:"attr,token" rule:"required,max=200" doc:"What stands behind #token= in the link."`
	Password string `jsonapi:"attr,password" rule:"required,max=1000" doc:"For signing in, 12 to 200 characters."`
}{})

func passwordResetRoutes() []route {
	return []route{
		{
			path: passwordResetsPath, form: openapi.Apply, name: "requestPasswordReset", needs: auth.Public(),
			shows: passwordResets, tag: passwordResetsTag, handle: (*API).requestPasswordReset,
			doc: "Sends the user with an address a link by which they can set another password within an hour. The answer is the same " +
				"whether there is one or not. Earlier links are dead as soon as it is sent.",
		},
		{
			path: passwordResetsPath + "/confirm", form: openapi.Redeem, name: "confirmPasswordReset", needs: auth.Public(),
			tag: passwordResetsTag, takes: confirmation, handle: (*API).confirmPasswordReset,
			doc: "Sets the password of the user whose token is sent. It works once. Every session of theirs ends.",
		},
	}
}

// requestPasswordReset has a link sent. It answers the same to everybody.
func (a *API) requestPasswordReset(w http.ResponseWriter, rq *request) error {
	in, err := jsonapi.DecodeResource(rq.Content, passwordResets, jsonapi.Create, "")
	if err != nil {
		return err
	}
	err = models.RequestPasswordReset(rq.Context(), rq.DB, in.Attributes["email"].(string))
	switch {
	case errors.Is(err, models.ErrNoMail): // which is no business of who asks
		a.withoutMail.Do(func() {
			a.log.WarnContext(rq.Context(), "a password reset was asked for, and no mail can be sent: --smtp-url is not set")
		})
	case err != nil:
		return err
	}
	return writeDocument(w, rq, http.StatusAccepted, &jsonapi.Document{
		Meta: map[string]any{}, Links: &jsonapi.Links{Self: jsonapi.Href(jsonapi.Root + passwordResetsPath)},
	})
}

// confirmPasswordReset sets a password.
func (a *API) confirmPasswordReset(w http.ResponseWriter, rq *request) error {
	sent, err := jsonapi.DecodeMeta(rq.Content, confirmation)
	if err != nil {
		return err
	}
	in := &models.Change{Attributes: map[string]any{"password": sent["password"]}}
	if err := models.ConfirmPasswordReset(rq.Context(), rq.DB, server.RequestID(rq.Context()), sent["token"].(string), in); err != nil {
		return inMeta(err, sent)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
