package handlers

import (
	"net/http"
	"strconv"

	"roster/jsonapi"
	"roster/models"
)

// readAttempt answers with one attempt at a delivery. Attempts are no collection: their number is their place in the delivery.
func (a *API) readAttempt(w http.ResponseWriter, rq *request) error {
	text := rq.Var("number")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != text {
		number = 0 // which none has: one resource has one spelling
	}
	attempt, err := models.FindAttempt(rq.Context(), rq.DB, rq.Caller(), rq.id(), number)
	if err != nil {
		return err
	}
	resource := models.AttemptSchema.Form("").Resource(attempt)
	self := jsonapi.Href(jsonapi.Root + "webhookDeliveries/" + rq.id() + "/attempts/" + strconv.FormatInt(number, 10))
	resource.Links = &jsonapi.Links{Self: self} // its id leads nowhere
	return writeDocument(w, rq, http.StatusOK,
		&jsonapi.Document{Data: resource, Meta: map[string]any{}, Links: &jsonapi.Links{Self: self}})
}
