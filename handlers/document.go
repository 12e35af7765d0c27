package handlers

import (
	"maps"
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
	lasting, err := encodeLasting(doc, body)
	if err != nil {
		return err
	}
	switch reading := rq.Method == http.MethodGet || rq.Method == http.MethodHead; {
	case reading:
		unchanged, err := server.NotModified(w, rq.Request.Request, server.EntityTag(version, lasting))
		if err != nil {
			return err
		}
		if unchanged {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	case version != 0:
		w.Header().Set("ETag", server.EntityTag(version, lasting))
	}
	h := w.Header()
	h.Set("Content-Type", jsonapi.ContentType(doc.Ext, doc.Profile))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err = w.Write(body)
	_ = err // the client is gone; nobody is left to tell
	return nil
}

// encodeLasting returns what the ETag of a document stands for: all of it but the attributes that change by themselves, so that reading a
// thing again finds it unchanged.
func encodeLasting(doc *jsonapi.Document, body []byte) ([]byte, error) {
	cut := false
	without := func(r *jsonapi.Resource) *jsonapi.Resource {
		schema := models.SchemaOf(r.Type)
		if schema == nil {
			return r
		}
		lasting := *r
		for _, a := range schema.Attributes {
			if _, printed := lasting.Attributes[a.Name]; a.Fleeting && printed {
				lasting.Attributes = maps.Clone(lasting.Attributes)
				delete(lasting.Attributes, a.Name)
				cut = true
			}
		}
		return &lasting
	}
	all := func(resources []*jsonapi.Resource) []*jsonapi.Resource {
		if resources == nil {
			return nil
		}
		lasting := make([]*jsonapi.Resource, len(resources))
		for i, r := range resources {
			lasting[i] = without(r)
		}
		return lasting
	}
	lasting := *doc
	switch data := doc.Data.(type) {
	case *jsonapi.Resource:
		lasting.Data = without(data)
	case []*jsonapi.Resource:
		lasting.Data = all(data)
	}
	lasting.Included = all(doc.Included)
	if !cut {
		return body, nil
	}
	return lasting.Encode()
}
