package handlers

import (
	"net/http"
	"strconv"
	"time"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
)

// seriesStep is the parameter of how long the steps of a series are.
const seriesStep = "step"

// seriesQuery is what the query of the route speaks of.
var seriesQuery = func() *jsonapi.Schema {
	s := jsonapi.ForModel(struct {
		ID string `jsonapi:"primary,series"`
	}{})
	s.Filters = []jsonapi.Filter{
		{Name: "since", Kind: jsonapi.TimeKind, Doc: "What was since then: the step that has it in it comes first. 24 hours before the " +
			"end by default."},
		{Name: "until", Kind: jsonapi.TimeKind, Doc: "What was before then; now by default."},
	}
	return s
}()

// seriesRoutes are the routes of how endpoints do over time.
func seriesRoutes() []route {
	endpoints := resourceOf("webhooks")
	return []route{{
		method: "GET", path: "webhooks/{id}/series", form: openapi.Read, prefix: "Webhook", needs: auth.Read("webhooks"),
		query: jsonapi.Accepts{Select: true, Others: []jsonapi.Other{
			{Name: seriesStep, Doc: "The length of each step in seconds, a multiple of 1800; by default the shortest that makes at most " +
				"200 steps."},
		}},
		speaks: seriesQuery, target: endpoints, tag: endpoints.tag(), shows: models.SeriesSchema, handle: (*API).readSeries,
		doc: "Reads how an endpoint did, step by step: how many attempts were answered well, how many failed, and how long good answers " +
			"took. It is kept for 30 days, by the half hour. At most 200 steps are told.",
	}}
}

// readSeries answers with how an endpoint did over time.
func (a *API) readSeries(w http.ResponseWriter, rq *request) error {
	span, err := spanOf(rq.query)
	if err != nil {
		return err
	}
	series, err := models.FindWebhookSeries(rq.Context(), rq.DB, rq.Scope(), rq.id(), span)
	if err != nil {
		return err
	}
	resource := models.SeriesSchema.Form("").Resource(series)
	self := jsonapi.Href(jsonapi.Root + "webhooks/" + rq.id() + "/series" + rq.query.Encode())
	resource.Links = &jsonapi.Links{Self: self} // its id leads nowhere
	return writeDocument(w, rq, http.StatusOK,
		&jsonapi.Document{Data: resource, Meta: map[string]any{}, Links: &jsonapi.Links{Self: self}})
}

// spanOf returns the time that a query asks for.
func spanOf(q *jsonapi.Query) (span models.SeriesSpan, err error) {
	for _, f := range q.Filters {
		ends := map[string]**time.Time{"since": &span.Since, "until": &span.Until}
		at := f.Value.(time.Time)
		if *ends[f.Field] != nil {
			return span, jsonapi.NewError(jsonapi.InvalidParameter, "%s is given more than once.", f.Field).InParameter(f.Parameter)
		}
		*ends[f.Field] = &at
	}
	if text, given := q.Others[seriesStep]; given {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds <= 0 {
			return span, jsonapi.NewError(jsonapi.InvalidParameter, "It must be a number of seconds.").InParameter(seriesStep)
		}
		span.Step = time.Duration(seconds) * time.Second
	}
	return span, nil
}
