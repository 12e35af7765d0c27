package handlers

import (
	"context"
	"net/http"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server"
)

// currentSession stands in paths for the id of the session that the request comes with.
const currentSession = "current"

// signIn answers an address and a password with a session, or with the one that the browser has; and a key, or the token of a portal link,
// with one of its own.
func signIn(rq *request, db *store.DB, in *models.Change) (any, error) {
	prove, way := models.ProvePassword, server.ByPassword
	token, opens := rq.sent.input.Meta["portalToken"]
	_, byKey := in.Attributes["key"].(string)
	switch {
	case opens:
		if err := opensAlone(token, in); err != nil {
			return nil, err
		}
		prove, way = provePortal(token.(string)), server.ByPortal
	case byKey:
		prove, way = models.ProveKey, server.ByKey
	}
	rq.SigningIn(way)
	if !server.SiteOf(rq.Request.Request).TakesCookies() {
		return nil, jsonapi.NewError(jsonapi.Forbidden, "Signing in needs TLS: a cookie must not travel in the clear.")
	}
	who, err := prove(rq.Context(), db, rq.Visit(), in)
	if err != nil {
		return nil, err
	}
	return rq.signIn(db, who)
}

// opensAlone makes sure that the token of a portal link is a text, and that nothing is sent beside it.
func opensAlone(token any, in *models.Change) error {
	text, isText := token.(string)
	switch {
	case !isText || text == "":
		return jsonapi.Errors{jsonapi.NewError(jsonapi.InvalidValue, "portalToken must be the text behind the # of a link.").
			At("/meta/portalToken")}
	case len(in.Attributes) > 0:
		return jsonapi.Errors{jsonapi.NewError(jsonapi.InvalidValue, "A portal link opens alone, without other credentials.").
			At("/meta/portalToken")}
	}
	return nil
}

// provePortal returns the proof of who has the token of a portal link.
func provePortal(token string) func(context.Context, *store.DB, models.Visit, *models.Change) (models.SignedIn, error) {
	return func(ctx context.Context, db *store.DB, v models.Visit, _ *models.Change) (models.SignedIn, error) {
		return models.ProvePortalLink(ctx, db, v, token)
	}
}

// signIn signs a person in. From then on the request is theirs, and its answer has the cookie.
func (rq *request) signIn(db *store.DB, who models.SignedIn) (*models.Session, error) {
	session, cookie, err := rq.SignIn(db, who)
	if err != nil {
		return nil, err
	}
	cookie.Write(rq.answer)
	rq.Principal, err = cookie.Principal(rq.Context(), db)
	return session, err
}

// renew gives the session of the browser another secret, in a transaction, and the answer the cookie with it.
func (rq *request) renew(tx *store.DB, s *models.Session) (auth.Cookie, error) {
	cookie, err := auth.RenewCookie(rq.Context(), tx, server.SiteOf(rq.Request.Request), s)
	if err == nil {
		cookie.Write(rq.answer)
	}
	return cookie, err
}

// renewOwn is renew for the session that the request comes with. If it ended, the browser is told to forget it.
func (rq *request) renewOwn(tx *store.DB) error {
	own := rq.Principal.SessionID
	if own == "" {
		return nil
	}
	found, err := collection.Find(rq.Context(), tx, models.Sessions, collection.Everything(), own, nil)
	switch {
	case store.IsKind(err, store.NotFound):
		auth.NoCookie(server.SiteOf(rq.Request.Request)).Write(rq.answer)
		return nil
	case err != nil:
		return err
	}
	_, err = rq.renew(tx, found.(*models.Session))
	return err
}

// switchSignIn changes who is active in the session.
func switchSignIn(rq *request, db *store.DB, id string, in *models.Change) (any, error) {
	return store.Resulting(rq.Context(), db, func(tx *store.DB) (*models.Session, error) {
		s, err := models.UpdateSession(rq.Context(), tx, rq.Caller(), id, in)
		if err == nil && len(in.Links) > 0 && id == rq.Principal.SessionID {
			_, err = rq.renew(tx, s)
		}
		return s, err
	})
}

// signOut deletes sessions, or sign-ins, by a function of models.
func signOut(remove deletion) deletion {
	return func(rq *request, db *store.DB, id string, versions *models.Versions) error {
		return store.Transaction(rq.Context(), db, func(tx *store.DB) error {
			if err := remove(rq, tx, id, versions); err != nil {
				return err
			}
			return rq.renewOwn(tx)
		})
	}
}

// changeUser changes a user. Who has a new password has a new secret in the session in which they chose it.
func changeUser(rq *request, db *store.DB, id string, in *models.Change) (any, error) {
	if err := models.ProveOwner(rq.Context(), db, rq.Caller(), id, in); err != nil {
		return nil, err
	}
	if err := models.HashPassword(rq.Context(), db, in); err != nil {
		return nil, err
	}
	return store.Resulting(rq.Context(), db, func(tx *store.DB) (*models.User, error) {
		user, err := models.UpdateUser(rq.Context(), tx, rq.Caller(), id, in)
		if _, given := in.Attributes["password"]; err == nil && given && rq.Principal.UserID == id {
			err = rq.renewOwn(tx)
		}
		return user, err
	})
}

// sessionRoutes are those of somebody else's sessions: whoever may write a user, and has a higher rank wherever they are a member, sees and
// ends them.
func sessionRoutes() []route {
	users, sessions := resourceOf("users"), resourceOf("sessions")
	const path = "users/{id}/sessions"
	return []route{
		{
			method: "GET", path: path, form: openapi.List, prefix: "User", needs: auth.Write("users").Owned(), query: jsonapi.ListQuery,
			target: users, served: sessions, tag: sessions.tag(), variables: []openapi.Variable{openapi.ResourceID},
			handle: (*API).listSessionsOf,
			doc:    "Lists the sessions of a user. It takes who may write the user, and has a higher rank wherever they are a member.",
		},
		{
			method: "DELETE", path: path, form: openapi.Delete, prefix: "Every", needs: auth.Write("users").Owned(), query: jsonapi.NoQuery,
			target: users, served: sessions, tag: sessions.tag(), variables: []openapi.Variable{openapi.ResourceID},
			handle: (*API).endSessionsOf,
			doc:    "Signs a user out of every session. It takes who may list them.",
		},
		{
			method: "DELETE", path: path + "/{session}", form: openapi.Delete, prefix: "User", needs: auth.Write("users").Owned(),
			query: jsonapi.NoQuery, target: users, served: sessions, tag: sessions.tag(),
			variables: []openapi.Variable{openapi.ResourceID, {Name: "session", Doc: "The id of the session.", Of: models.Sessions.Schema}},
			handle:    (*API).endSessionsOf,
			doc:       "Signs a user out of one session. It takes who may list them.",
		},
	}
}

// listSessionsOf answers with the sessions of a user, as they see them.
func (a *API) listSessionsOf(w http.ResponseWriter, rq *request) error {
	if err := models.MayDirect(rq.Context(), rq.DB, rq.Caller(), rq.id()); err != nil {
		return err
	}
	as := collection.Person(rq.id())
	if rq.Principal.UserID == rq.id() {
		as = rq.Scope() // with the one that is current
	}
	rq.sees = &as
	return a.list(w, rq)
}

func (a *API) endSessionsOf(w http.ResponseWriter, rq *request) error {
	versions, err := a.conditions(rq)
	if err != nil {
		return rq.refusedFirst(err, func(*models.Versions) error {
			return models.MayDirect(rq.Context(), rq.DB, rq.Caller(), rq.id())
		})
	}
	err = store.Transaction(rq.Context(), rq.DB, func(tx *store.DB) error {
		if err := rq.route.target.keep(rq, tx, rq.id(), &models.Change{Versions: versions}); err != nil {
			return err
		}
		if err := models.EndSessionsOf(rq.Context(), tx, rq.Caller(), rq.id(), rq.Var("session")); err != nil {
			return err
		}
		return rq.renewOwn(tx)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
