package handlers

import (
	"net/http"
	"strconv"

	"roster/jsonapi"
	"roster/models"
	"roster/webhooks"
)

func createWebhook(rq *request, db *models.DB, in *models.Change) (any, error) {
	w, err := models.CreateWebhook(rq.Context(), db, rq.Caller(), in)
	return healthy(rq, db, w, err)
}

func updateWebhook(rq *request, db *models.DB, id string, in *models.Change) (any, error) {
	w, err := models.UpdateWebhook(rq.Context(), db, rq.Caller(), id, in)
	return healthy(rq, db, w, err)
}

func deleteWebhook(rq *request, db *models.DB, id string, versions *models.Versions) error {
	return models.DeleteWebhook(rq.Context(), db, rq.Caller(), id, versions)
}

// healthy returns what a write returned, with the health that a read would show.
func healthy(rq *request, db *models.DB, w *models.Webhook, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return w, models.FillWebhookHealth(rq.Context(), db, w)
}

// rotateWebhookSecret answers with the endpoint and its new secret.
func (a *API) rotateWebhookSecret(w http.ResponseWriter, rq *request) error {
	overlap, err := overlapOf(rq)
	if err != nil {
		return err
	}
	rotated, err := models.RotateWebhookSecret(rq.Context(), rq.DB, rq.Caller(), rq.id(), overlap)
	item, err := healthy(rq, rq.DB, rotated, err)
	if err != nil {
		return located(err, nil)
	}
	return a.writeOne(w, rq, http.StatusOK, item)
}

// testWebhook answers with the delivery of a test, which is on its way.
func (a *API) testWebhook(w http.ResponseWriter, rq *request) error {
	delivery, err := models.SendTest(rq.Context(), rq.DB, rq.Caller(), rq.id(), webhooks.RenderMessage)
	if err != nil {
		return located(err, nil)
	}
	return a.writeOne(w, rq, http.StatusAccepted, delivery)
}

// redeliver answers with a delivery that is on its way again.
func (a *API) redeliver(w http.ResponseWriter, rq *request) error {
	delivery, err := models.Redeliver(rq.Context(), rq.DB, rq.Caller(), rq.id())
	if err != nil {
		return located(err, nil)
	}
	return a.writeOne(w, rq, http.StatusAccepted, delivery)
}

// readAttempt answers with one attempt at a delivery.
func (a *API) readAttempt(w http.ResponseWriter, rq *request) error {
	text := rq.Var("number")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != text {
		number = 0 // which none has: one resource has one spelling
	}
	attempt, err := models.FindAttempt(rq.Context(), rq.DB, rq.Caller(), rq.id(), number)
	if err != nil {
		return located(err, nil)
	}
	resources, err := jsonapi.Serialize([]any{attempt}, nil)
	if err != nil {
		return err
	}
	self := jsonapi.Href(models.Root + "webhookDeliveries/" + rq.id() + "/attempts/" + strconv.FormatInt(number, 10))
	resources[0].Links = &jsonapi.Links{Self: self}
	return writeDocument(w, rq, http.StatusOK, &jsonapi.Document{Data: resources[0], Meta: map[string]any{}, Links: &jsonapi.Links{Self: self}})
}

func createReplay(rq *request, db *models.DB, in *models.Change) (any, error) {
	return models.CreateWebhookJob(rq.Context(), db, rq.Caller(), in)
}

func updateReplay(rq *request, db *models.DB, id string, in *models.Change) (any, error) {
	return models.UpdateWebhookJob(rq.Context(), db, rq.Caller(), id, in)
}
