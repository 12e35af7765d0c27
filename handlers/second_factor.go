package handlers

import (
	"net/http"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
)

const factorPath = mePath + "/totp"

// The members of meta by which people show that they have a second factor, or that it is theirs.
var (
	factorCode = jsonapi.ForModel(struct {
		ID   string `jsonapi:"primary,codes" doc:"A code of a second factor."`
		Code string `jsonapi:"attr,code" rule:"required,max=40" doc:"Six digits."`
	}{})
	passwordProof = jsonapi.ForModel(struct {
		ID              string  `jsonapi:"primary,passwords" doc:"What is known to nobody else."`
		CurrentPassword *string `jsonapi:"attr,currentPassword" rule:"max=200" doc:"The password that there is."`
	}{})
	factorProof = jsonapi.ForModel(struct {
		ID              string  `jsonapi:"primary,proofs" doc:"One of both."`
		Code            *string `jsonapi:"attr,code" rule:"max=40" doc:"A code of the second factor, or a recovery code."`
		CurrentPassword *string `jsonapi:"attr,currentPassword" rule:"max=200" doc:"The password that there is."`
	}{})
)

// secondFactorRoutes are those of a person's second factor, which is no resource: nobody lists or reads it.
func secondFactorRoutes() []route {
	users := resourceOf("users")
	table := []route{
		{
			method: http.MethodPost, path: factorPath, name: "newSecondFactor", needs: auth.InSession(), handle: (*API).newSecondFactor,
			doc: "Makes a secret for a second factor (TOTP). The answer is the only one with it: meta.secret, and meta.url for a QR " +
				"code. " +
				"It has no effect before it is confirmed, and replaces one that was not. In a sign-in that is older than 15 minutes it " +
				"needs " +
				"meta.currentPassword.",
		},
		{
			method: http.MethodPost, path: factorPath + "/confirm", name: "confirmSecondFactor", needs: auth.InSession(),
			handle: (*API).confirmSecondFactor,
			doc: "Confirms the second factor by meta.code, the code of the moment. From then on signing in needs one. The answer is the " +
				"only one with the recovery codes, meta.recoveryCodes: each works once instead of a code.",
		},
		{
			method: http.MethodDelete, path: factorPath, name: "removeSecondFactor", needs: auth.InSession(),
			handle: (*API).removeSecondFactor,
			doc: "Takes the caller's second factor away. It needs meta.code, which may be a recovery code, or meta.currentPassword; " +
				"what is " +
				"wrong counts as a failure to sign in.",
		},
		{
			method: http.MethodDelete, path: "users/{id}/totp", name: "takeSecondFactor", needs: auth.Write("users").Manage(),
			target: users,
			handle: (*API).takeSecondFactor,
			doc: "Takes the second factor of a user away who has lost it. Only management keys of the whole installation may. Sessions " +
				"go " +
				"on.",
		},
	}
	for i := range table {
		rt := &table[i]
		rt.form, rt.query, rt.shows, rt.tag = openapi.Act, jsonapi.NoQuery, models.Users.Schema, meTag
		if rt.target != nil {
			rt.tag = rt.target.tag()
		}
	}
	return table
}

// newSecondFactor answers with a secret.
func (a *API) newSecondFactor(w http.ResponseWriter, rq *request) error {
	password := ""
	if len(rq.Content) > 0 {
		sent, err := jsonapi.DecodeMeta(rq.Content, passwordProof)
		if err != nil {
			return err
		}
		password, _ = sent["currentPassword"].(string)
	}
	made, err := models.NewSecondFactor(rq.Context(), rq.DB, rq.Caller(), password)
	if err != nil {
		return err
	}
	return a.writeCaller(w, rq, map[string]any{"secret": made.Secret, "url": made.URL})
}

// confirmSecondFactor answers with the recovery codes.
func (a *API) confirmSecondFactor(w http.ResponseWriter, rq *request) error {
	sent, err := jsonapi.DecodeMeta(rq.Content, factorCode)
	if err != nil {
		return err
	}
	codes, err := models.ConfirmSecondFactor(rq.Context(), rq.DB, rq.Caller(), sent["code"].(string))
	if err != nil {
		return inMeta(err, sent)
	}
	return a.writeCaller(w, rq, map[string]any{"recoveryCodes": codes})
}

func (a *API) removeSecondFactor(w http.ResponseWriter, rq *request) error {
	if _, err := a.conditions(rq); err != nil {
		return err
	}
	var shown models.FactorProof
	if len(rq.Content) > 0 {
		sent, err := jsonapi.DecodeMeta(rq.Content, factorProof)
		if err != nil {
			return err
		}
		shown.Code, _ = sent["code"].(string)
		shown.Password, _ = sent["currentPassword"].(string)
	}
	if err := models.RemoveSecondFactor(rq.Context(), rq.DB, rq.Caller(), shown); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) takeSecondFactor(w http.ResponseWriter, rq *request) error {
	versions, err := a.conditions(rq)
	if err != nil {
		return err
	}
	if err := models.TakeSecondFactor(rq.Context(), rq.DB, rq.Caller(), rq.id(), versions); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
