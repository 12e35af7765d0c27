package handlers

import (
	"net/http"
	"strconv"

	"roster/jsonapi"
)

// writeDocument encodes a document before it writes anything, so that a failure can still become an answer.
func writeDocument(w http.ResponseWriter, rq *request, status int, doc *jsonapi.Document) error {
	if doc.Links == nil {
		doc.Links = &jsonapi.Links{}
	}
	doc.Links.DescribedBy = jsonapi.Href(openAPIPath)
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

// pageLinks returns the links of one page of a collection of that size. They carry every other parameter of the request.
func pageLinks(path string, q *jsonapi.Query, total int64) *jsonapi.Links {
	p := q.Page
	link := func(start int) *jsonapi.Link {
		if p.Kind == jsonapi.ByOffset {
			return jsonapi.Href(path + q.Encode("page[offset]", strconv.Itoa(start), "page[limit]", strconv.Itoa(p.Size)))
		}
		return jsonapi.Href(path + q.Encode("page[number]", strconv.Itoa(start/p.Size+1), "page[size]", strconv.Itoa(p.Size)))
	}
	links := &jsonapi.Links{Self: jsonapi.Href(path + q.Encode()), First: link(0), Prev: &jsonapi.Link{Null: true}, Next: &jsonapi.Link{Null: true}}
	last := 0
	if total > 0 {
		last = int(total-1) / p.Size * p.Size
	}
	links.Last = link(last)
	if start := p.Start(); start > 0 {
		links.Prev = link(min(max(0, start-p.Size), last))
	}
	if next := p.Start() + p.Size; int64(next) < total {
		links.Next = link(next)
	}
	return links
}
