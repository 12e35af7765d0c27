package handlers

import (
	"net/http"
	"strconv"
	"sync"

	"roster/jsonapi"
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
	buffer := takeBuffer()
	defer buffer.giveBack()
	body, fleeting, err := doc.Append(buffer.bytes)
	if err != nil {
		return err
	}
	buffer.bytes = body
	settled := body
	if fleeting {
		if settled, err = doc.AppendSettled(nil); err != nil {
			return err
		}
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

// buffer is where a document is encoded. It is used again, since nothing refers to its bytes once they were written (io.Writer).
type buffer struct{ bytes []byte }

// maxBuffer bounds what is kept of a buffer that is used again.
const maxBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { return &buffer{} }}

func takeBuffer() *buffer { return buffers.Get().(*buffer) }

func (b *buffer) giveBack() {
	if cap(b.bytes) <= maxBuffer {
		b.bytes = b.bytes[:0]
		buffers.Put(b)
	}
}
