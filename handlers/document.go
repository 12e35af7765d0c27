package handlers

import (
	"net/http"

	"roster/jsonapi"
)

// writeDocument encodes a document before it writes anything, so that a failure can still become an answer.
func writeDocument(w http.ResponseWriter, rq *request, status int, doc *jsonapi.Document) error {
	body, err := doc.Encode()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", jsonapi.ContentType(doc.Ext, doc.Profile))
	h.Set("Cache-Control", "private, no-cache")
	w.WriteHeader(status)
	_, err = w.Write(body)
	_ = err // the client is gone; nobody is left to tell
	return nil
}
