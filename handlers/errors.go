package handlers

import (
	"errors"

	"roster/jsonapi"
	"roster/models/store"
	"roster/server"
)

// errorPage is where each code is explained.
const errorPage = docsPath + "/errors#"

// refusal returns the error document about an error, nil for one that is no business of clients.
func refusal(err error) *server.Refusal {
	errs := translate(err)
	if errs == nil {
		return nil
	}
	linked := make(jsonapi.Errors, len(errs))
	for i, e := range errs {
		withLink := *e      // errors may be shared between requests
		if e.Links == nil { // a profile may name its own kinds of error
			withLink.Links = &jsonapi.ErrorLinks{Type: errorPage + string(e.Code)}
		}
		linked[i] = &withLink
	}
	body, err := jsonapi.EncodeErrors(linked)
	if err != nil {
		return nil // a meta that JSON cannot hold: a mistake in this program
	}
	return &server.Refusal{Status: errs.Status(), ContentType: jsonapi.MediaType, Body: body}
}

// translate returns what the client is told about err, nil for nothing.
func translate(err error) jsonapi.Errors {
	var (
		several jsonapi.Errors
		one     *jsonapi.Error
		shared  *server.Error
	)
	switch {
	case errors.As(err, &several) && len(several) > 0:
		return several
	case errors.As(err, &one):
		return jsonapi.Errors{one}
	case errors.As(err, &shared):
		e := jsonapi.NewError(reasons[shared.Reason], "%s", shared.Message)
		e.ID = shared.ID
		if shared.Header != "" {
			e = e.InHeader(shared.Header)
		}
		return jsonapi.Errors{e}
	}
	return errorsOf(store.ErrorsOf(err), func(e *jsonapi.Error, _ *store.Error) *jsonapi.Error { return e })
}
