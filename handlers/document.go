package handlers

import (
	"net/http"
	"strconv"

	"roster/jsonapi"
	"roster/models"
	"roster/server"
)

// writeDocument answers with a document. To GET it has an ETag, and 304 is the answer to who has it already.
func writeDocument(w http.ResponseWriter, rq *request, status int, doc *jsonapi.Document) error {
	return writeVersion(w, rq, status, 0, doc)
}

// writeVersion is writeDocument for a document about one resource of that version; its ETag is what If-Match takes. It encodes before it
// writes anything, so that a failure can still become an answer.
func writeVersion(w http.ResponseWriter, rq *request, status int, version int64, doc *jsonapi.Document) error {
	links := jsonapi.Links{}
	if doc.Links != nil {
		links = *doc.Links // which may be those of the resource, too
	}
	links.DescribedBy = jsonapi.Href(openAPIPath)
	doc.Links = &links
	body, err := doc.Encode()
	if err != nil {
		return err
	}
	settled, err := settledBody(doc, body)
	if err != nil {
		return err
	}
	if done, err := server.Versioned(w, rq.Request.Request, version, settled); done || err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", jsonapi.ContentType(doc.Ext, doc.Profile))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err = w.Write(body)
	_ = err // the client is gone; nobody is left to tell
	return nil
}

// settledBody returns what the ETag of a document is made of: its body, without what is another at each reading.
func settledBody(doc *jsonapi.Document, body []byte) ([]byte, error) {
	settled := doc.Settled(models.SchemaOf)
	if settled == doc {
		return body, nil
	}
	return settled.Encode()
}
