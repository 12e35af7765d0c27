package plain

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"

	"roster/models/store"
	"roster/server"
)

// Sentence returns what a client is told of an error: the status and one sentence, of several errors about the first. The status is 0 for
// an error that is no business of clients.
func Sentence(err error) (status int, sentence string) {
	var shared *server.Error
	switch stored := store.ErrorsOf(err); {
	case errors.As(err, &shared) && shared.ID != "":
		return server.Status(err), shared.Message + " " + shared.ID
	case errors.As(err, &shared):
		return server.Status(err), shared.Message
	case len(stored) > 0:
		return server.Status(err), stored[0].Message
	default:
		return 0, ""
	}
}

// Encode returns a value as JSON, with & < > as they are: clients compare texts, and no browser takes them for a page.
func Encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Write answers 200 with a value as JSON.
func Write(w http.ResponseWriter, v any) error {
	body, err := Encode(v)
	if err != nil {
		return err
	}
	send(w, body)
	return nil
}

// WriteVersion is Write for what can be asked for again: to GET it has an ETag, and 304 is the answer to who has it already. To another
// method it has one if it shows one resource, of that version; 0 is none.
func WriteVersion(w http.ResponseWriter, r *http.Request, version int64, v any) error {
	body, err := Encode(v)
	if err != nil {
		return err
	}
	if done, err := server.Versioned(w, r, version, body); done || err != nil {
		return err
	}
	send(w, body)
	return nil
}

func send(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	_ = err // the client is gone; nobody is left to tell
}

// MayBeJSON refuses a body that says it is something else than JSON. One that says nothing is taken for JSON.
func MayBeJSON(header http.Header) error {
	if header.Get("Content-Type") == "" || SaysJSON(header) {
		return nil
	}
	return &store.Error{Kind: store.Unsupported, Message: "Send JSON, with Content-Type: application/json."}
}

// SaysJSON reports whether a header says that the body is JSON.
func SaysJSON(header http.Header) bool {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && media == "application/json"
}
