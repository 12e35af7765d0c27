package handlers

import (
	"context"
	"maps"
	"net/http"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server"
)

// What people do who have the link of a mail: the token that it carries is their credential, for that one thing.

const invitationsPath = "invitations"

// The members of meta that the routes take. Whether a password will do is told after the token, which may be nobody's.
var (
	acceptance = jsonapi.ForModel(struct {
		ID        string  `jsonapi:"primary,acceptances" doc:"The token, and for an address that no user has, who signs up with it."`
		Token     string  `jsonapi:"attr,token" rule:"required,max=200" doc:"What stands behind #token= in the link."`
		Password  *string `jsonapi:"attr,password" rule:"max=1000" doc:"Of a new user: for signing in, 12 to 200 characters."`
		FirstName *string `jsonapi:"attr,firstName" rule:"max=1000" doc:"Of a new user: given name."`
		LastName  *string `jsonapi:"attr,lastName" rule:"max=1000" doc:"Of a new user: family name."`
	}{})
	// showing is what the offer of an invitation is asked for with.
	showing = jsonapi.ForModel(struct {
		ID    string `jsonapi:"primary,showings" doc:"The token."`
		Token string `jsonapi:"attr,token" rule:"required,max=200" doc:"What stands behind #token= in the link."`
	}{})
	offers = func() *jsonapi.Schema {
		s := jsonapi.ForModel(models.Offer{})
		s.Computed = true
		return s
	}()
	declination = jsonapi.ForModel(struct {
		ID    string `jsonapi:"primary,declinations" doc:"The token."`
		Token string `jsonapi:"attr,token" rule:"required,max=200" doc:"What stands behind #token= in the link."`
	}{})
)

// linkRoutes are the routes of who has a link, or wants one.
func linkRoutes() []route {
	invitations := resourceOf(invitationsPath)
	table := append(passwordResetRoutes(), []route{
		{
			path: invitationsPath + "/accept", form: openapi.Redeem, name: "acceptInvitation", needs: auth.Visitor(),
			served: invitations, tag: invitations.tag(), takes: acceptance, handle: (*API).acceptInvitation,
			doc: "Accepts the invitation whose token is sent. Whose address it is accepts with their credential: without one it is " +
				"401, and 403 as anybody else. For an address that no user has, a user is made of password, firstName and lastName, " +
				"and signed in. A member gets the roles beside those that they have. Whether they may be given is judged now: if who " +
				"sent the invitation may not give them any more, it is 409.",
		},
		{
			path: invitationsPath + "/show", form: openapi.Redeem, name: "showInvitation", needs: auth.Public(),
			tag: invitations.tag(), takes: showing, shows: offers, handle: (*API).showInvitation,
			doc: "Tells who has the token of an invitation what it offers: who asks, to join what, with which roles, and which address. " +
				"It changes nothing.",
		},
		{
			path: invitationsPath + "/decline", form: openapi.Redeem, name: "declineInvitation", needs: auth.Public(),
			served: invitations, tag: invitations.tag(), takes: declination, handle: (*API).declineInvitation,
			doc: "Declines the invitation whose token is sent.",
		},
	}...)
	for i := range table {
		table[i].method, table[i].query, table[i].asks = http.MethodPost, jsonapi.NoQuery, true
	}
	return table
}

// wholeLink completes the links of invitations that were just made with the URL that the client knows the service by.
func wholeLink(ctx context.Context, _ *store.DB, invitations ...*models.Invitation) error {
	for _, inv := range invitations {
		if inv.URL != nil {
			whole := server.ExchangeOf(ctx).Base + *inv.URL
			inv.URL = &whole
		}
	}
	return nil
}

// acceptInvitation lets somebody join.
func (a *API) acceptInvitation(w http.ResponseWriter, rq *request) error {
	profile, err := jsonapi.DecodeMeta(rq.Content, acceptance)
	if err != nil {
		return err
	}
	token := profile["token"].(string)
	delete(profile, "token")
	sent := maps.Clone(profile)
	inv, err := models.AcceptInvitation(rq.Context(), rq.DB, rq.Caller(), token, &models.Change{Attributes: profile})
	if err != nil {
		return inMeta(err, sent)
	}
	if rq.Principal == nil && server.SiteOf(rq.Request.Request).TakesCookies() { // somebody new
		if _, err := rq.signIn(rq.DB, models.ByOther(*inv.AcceptedBy, models.ByInvitation)); err != nil {
			return err
		}
	}
	return a.writeAnswered(w, rq, inv)
}

// showInvitation tells what an invitation offers.
func (a *API) showInvitation(w http.ResponseWriter, rq *request) error {
	sent, err := jsonapi.DecodeMeta(rq.Content, showing)
	if err != nil {
		return err
	}
	offer, err := models.FindOffer(rq.Context(), rq.DB, sent["token"].(string))
	if err != nil {
		return err
	}
	return writeDocument(w, rq, http.StatusOK, &jsonapi.Document{ // it is read nowhere else
		Data: offers.Form("").Resource(offer), Meta: map[string]any{},
		Links: &jsonapi.Links{Self: jsonapi.Href(jsonapi.Root + invitationsPath + "/show")},
	})
}

// writeAnswered answers who had the link with the invitation, as its organization sees it: they may see less of that, or nothing.
func (a *API) writeAnswered(w http.ResponseWriter, rq *request, inv *models.Invitation) error {
	return a.writeOneTo(w, rq, collection.OnlyOrganization(inv.OrganizationID), http.StatusOK, inv)
}

// declineInvitation ends an invitation.
func (a *API) declineInvitation(w http.ResponseWriter, rq *request) error {
	sent, err := jsonapi.DecodeMeta(rq.Content, declination)
	if err != nil {
		return err
	}
	inv, err := models.DeclineInvitation(rq.Context(), rq.DB, server.RequestID(rq.Context()), sent["token"].(string))
	if err != nil {
		return err
	}
	return a.writeAnswered(w, rq, inv)
}

// inMeta returns the errors of package store as error objects with pointers into the meta that caused them. Others stay as they are.
func inMeta(err error, sent map[string]any) error {
	causes := store.ErrorsOf(err)
	if causes == nil {
		return err
	}
	return errorsOf(causes, func(e *jsonapi.Error, cause *store.Error) *jsonapi.Error {
		pointer := "/meta"
		if _, given := sent[cause.Field]; given {
			pointer = jsonapi.Pointer(pointer, cause.Field)
		}
		return e.At(pointer)
	})
}
