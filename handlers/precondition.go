package handlers

import (
	"net/http"
	"slices"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server"
)

// What a request says of the version it is meant for (RFC 9110 §13). To GET it is judged with the answer (notModified); to every other
// method against the version of the resource that the path names, by the functions here. Nothing of it is passed over: what cannot be
// judged is an error that tells what can. If-Modified-Since and If-Unmodified-Since count nowhere, since no resource has a Last-Modified
// (§13.1.3, §13.1.4).

// conditionals are the headers that are judged.
var conditionals = []string{"If-Match", "If-None-Match"}

// guarded returns the resource whose version a change by the route can be meant for, nil for none.
func (rt *route) guarded() *resource {
	res := rt.target
	if res == nil || res.update == nil && res.remove == nil || !res.Versioned() {
		return nil
	}
	return res
}

// conditions returns the versions that a change is meant for, nil for any. The change checks them in its transaction. If-None-Match is
// checked here: versions only grow, so what does not match now never will.
func (a *API) conditions(rq *request) (*models.Versions, error) {
	res := rq.route.guarded()
	for _, name := range conditionals {
		if len(rq.Header.Values(name)) > 0 && res == nil {
			return nil, rq.unjudged(name)
		}
	}
	if rq.Header.Get("If-None-Match") != "" {
		item, err := collection.Find(rq.Context(), rq.DB, res.Collection, rq.Scope(), rq.id(), nil)
		if err == nil {
			err = server.CheckNoneMatch(rq.Header, res.Version(item))
		}
		if err != nil {
			return nil, err
		}
	}
	return server.IfVersions(rq.Header)
}

// unjudged is the error of a condition on a request that is about no version of anything.
func (rq *request) unjudged(header string) error {
	way := "What is made has no version yet. An Idempotency-Key makes the request safe to repeat."
	switch {
	case rq.route.ext != nil:
		way = "Name the version of each operation's target in its meta.ifMatch."
	case rq.route.target != nil:
		way = rq.route.target.Schema.Type + " have no versions."
	}
	return jsonapi.NewError(jsonapi.InvalidHeader, "%s cannot be judged here. %s", header, way).InHeader(header)
}

// perform runs the handler of the route. Who changes members of a resource checks its version in the same step; what else is done to one,
// such as a rotation, is done here in one transaction with the check.
func (a *API) perform(w http.ResponseWriter, rq *request) error {
	conditional := slices.ContainsFunc(conditionals, func(name string) bool { return len(rq.Header.Values(name)) > 0 })
	if rq.Method != http.MethodPost || rq.relationship != nil || !conditional {
		return a.handle(w, rq)
	}
	versions, err := a.conditions(rq)
	if err != nil {
		return rq.refusedFirst(err, rq.askUpdate)
	}
	var answer *server.Kept
	err = store.Transaction(rq.Context(), rq.DB, func(tx *store.DB) error {
		if err := rq.route.guarded().keep(rq, tx, rq.id(), &models.Change{Versions: versions}); err != nil {
			return err
		}
		answer, err = rq.Within(tx, func(w http.ResponseWriter) error { return a.handle(w, rq) })
		return err
	})
	if store.IsKind(err, store.PreconditionFailed) {
		return rq.refusedFirst(err, rq.askUpdate)
	}
	if err != nil {
		return err
	}
	return answer.Send(w)
}

func (a *API) handle(w http.ResponseWriter, rq *request) error {
	rq.answer = w.Header()
	return rq.route.handle(a, w, rq)
}

// refusedFirst returns why the caller may not make a change, if it may not, in place of what was wrong with the request: who may not make
// it learns nothing of what it would have met. ask makes the change for a version that nothing has, so that nothing happens.
func (rq *request) refusedFirst(wrong error, ask func(*models.Versions) error) error {
	res := rq.route.target
	if res == nil || res.update == nil && res.remove == nil {
		return wrong
	}
	refusal := ask(&models.Versions{})
	for _, cause := range store.ErrorsOf(refusal) {
		missing := cause.Kind == store.NotFound && !models.Restorable(res.Collection, rq.Scope())
		if missing || cause.Kind == store.Forbidden {
			return refusal
		}
	}
	return wrong
}

// askUpdate is an update of the resource in the path, or else a deletion, for refusedFirst.
func (rq *request) askUpdate(none *models.Versions) error {
	res := rq.route.target
	if res.update == nil {
		return res.remove(rq, rq.DB, rq.id(), none)
	}
	_, err := res.update(rq, rq.DB, rq.id(), &models.Change{Versions: none})
	return err
}

// keep makes sure that a resource is at one of the versions of a change that is none but for what is beside it, and stays at it until the
// transaction ends; nil is any version. Such an update does both.
func (res *resource) keep(rq *request, tx *store.DB, id string, none *models.Change) error {
	if none.Versions == nil {
		return nil
	}
	if res.update == nil {
		return models.Keep(rq.Context(), tx, res.Collection, rq.Scope(), id, none.Versions)
	}
	_, err := res.update(rq, tx, id, none)
	return err
}
