package handlers

import (
	"context"
	"net/http"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
	"roster/webhooks"
)

// Actions are what is done to one resource beside creating, changing and deleting it. They answer with a resource: that one, or what came
// of it.

// done handles an action that a function of models carries out.
func done[T any](
	act func(context.Context, *store.DB, models.Caller, string) (T, error), fill ...filler[T],
) func(*API, http.ResponseWriter, *request) error {
	return func(a *API, w http.ResponseWriter, rq *request) error {
		item, err := act(rq.Context(), rq.DB, rq.Caller(), rq.id())
		if err == nil {
			err = filled(rq, rq.DB, item, fill)
		}
		if err != nil {
			return err
		}
		return a.writeOne(w, rq, rq.route.success(), item)
	}
}

// rotated handles the rotation of a secret by a function of models: the request says how long earlier ones go on working.
func rotated[T any](
	rotate func(context.Context, *store.DB, models.Caller, string, time.Duration) (T, error), fill ...filler[T],
) func(*API, http.ResponseWriter, *request) error {
	return func(a *API, w http.ResponseWriter, rq *request) error {
		overlap, err := overlapOf(rq.Content)
		if err != nil {
			return rq.refusedFirst(err, rq.askUpdate)
		}
		item, err := rotate(rq.Context(), rq.DB, rq.Caller(), rq.id(), overlap)
		if err == nil {
			err = filled(rq, rq.DB, item, fill)
		}
		if err != nil {
			return err
		}
		return a.writeOne(w, rq, rq.route.success(), item)
	}
}

// trial is what a test of an endpoint can say.
var trial = jsonapi.ForModel(struct {
	ID        string  `jsonapi:"primary,trials" doc:"A test of an endpoint."`
	EventType *string `jsonapi:"attr,eventType" rule:"max=100" doc:"The type of event that an example is sent of."`
}{})

// testWebhook sends a test to an endpoint: a webhook.test, or an example of the type that the request names.
func (a *API) testWebhook(w http.ResponseWriter, rq *request) error {
	sent := map[string]any{}
	if len(rq.Content) > 0 {
		var err error
		if sent, err = jsonapi.DecodeMeta(rq.Content, trial); err != nil {
			return rq.refusedFirst(err, rq.askUpdate)
		}
	}
	eventType, named := sent["eventType"].(string)
	if !named {
		eventType = models.TestEvent
	}
	d, err := webhooks.SendTest(rq.Context(), rq.DB, rq.Caller(), rq.id(), eventType)
	if store.IsKind(err, store.Invalid) {
		return inMeta(err, sent)
	}
	if err == nil {
		err = models.FillEndpointStatus(rq.Context(), rq.DB, d)
	}
	if err != nil {
		return err
	}
	return a.writeOne(w, rq, rq.route.success(), d)
}

// How long earlier secrets go on working after a rotation.
const (
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 7 * 24 * time.Hour
)

// overlapOf returns the overlap that the body of a rotation asks for: meta.overlap, in seconds.
func overlapOf(content []byte) (time.Duration, error) {
	if len(content) == 0 {
		return defaultOverlap, nil
	}
	seconds, given, err := jsonapi.DecodeMetaNumber(content, "overlap", 0, int64(maxOverlap/time.Second))
	if err != nil || !given {
		return defaultOverlap, err
	}
	return time.Duration(seconds) * time.Second, nil
}
