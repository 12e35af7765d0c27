package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"roster/models"
	"roster/models/store"
)

// Headers of requests that may be sent again (draft-ietf-httpapi-idempotency-key-header).
const (
	IdempotencyKey      = "Idempotency-Key"
	idempotencyReplayed = "Idempotency-Replayed"
)

// maxIdempotencyKey bounds the length of a key.
const maxIdempotencyKey = 255

// keptHeaders are those of an answer that are kept with it. The others belong to the exchange.
var keptHeaders = []string{"Content-Type", "Content-Length", "Etag", "Location"}

// Kept is an answer that was held back: first until its transaction is committed, then for requests that are sent again.
type Kept struct {
	Status int
	Head   http.Header
	Body   []byte
}

// Header implements http.ResponseWriter.
func (k *Kept) Header() http.Header { return k.Head }

// WriteHeader implements http.ResponseWriter.
func (k *Kept) WriteHeader(status int) {
	if k.Status == 0 {
		k.Status = status
	}
}

// Write implements http.ResponseWriter.
func (k *Kept) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	k.Body = append(k.Body, b...)
	return len(b), nil
}

// Send writes the answer.
func (k *Kept) Send(w http.ResponseWriter) error {
	maps.Copy(w.Header(), k.Head)
	w.WriteHeader(k.Status)
	_, err := w.Write(k.Body)
	_ = err // the client is gone
	return nil
}

// Within serves the request in a transaction, and holds its answer back.
func (rq *Request) Within(tx *store.DB, serve Serve) (*Kept, error) {
	outside, answer := rq.DB, &Kept{Head: http.Header{}}
	rq.DB = tx
	defer func() { rq.DB = outside }()
	if err := serve(answer); err != nil {
		return nil, err
	}
	if answer.Status == 0 {
		return nil, errNoAnswer
	}
	return answer, nil
}

// once serves a POST with an Idempotency-Key: the first time as any other, in one transaction with the record of the answer; after that
// from the record, whatever the version is by then. An answer that is an error is not kept, because nothing happened: the key stays free
// for a better request.
func (rq *Request) once(w http.ResponseWriter, serve Serve) error {
	key, err := idempotencyKeyOf(rq.Header)
	if err != nil {
		return err
	}
	if err := rq.Read(w); err != nil {
		return err
	}
	keyed := models.KeyedRequest{Caller: rq.Principal.Identity(), Key: key, Rights: rq.Principal.Rights, Request: rq.fingerprint()}
	text, replayed, err := models.Once(rq.Context(), rq.DB, keyed, func(tx *store.DB) (string, error) {
		answer, err := rq.Within(tx, serve)
		if err != nil {
			return "", err
		}
		maps.DeleteFunc(answer.Head, func(name string, _ []string) bool { return !slices.Contains(keptHeaders, name) })
		encoded, err := json.Marshal(answer)
		return string(encoded), err
	})
	if err != nil {
		return err
	}
	var answer Kept
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return err
	}
	if replayed {
		told, err := rq.door.Told(answer.Body)
		if err == nil {
			err = told.sees(rq)
		}
		if err != nil {
			return err
		}
		w.Header().Set(idempotencyReplayed, "true")
	}
	return answer.Send(w)
}

// fingerprint returns what the answer to the request depends on. Both spellings of a path are one.
func (rq *Request) fingerprint() string {
	return rq.Method + " " + strings.TrimSuffix(rq.URL.EscapedPath(), "/") + "?" + rq.URL.RawQuery + "\n" + string(rq.Content)
}

// idempotencyKeyOf returns the key of a request that has one.
func idempotencyKeyOf(header http.Header) (string, error) {
	values := header.Values(IdempotencyKey)
	unprintable := func(c rune) bool { return c < ' ' || c > '~' }
	if len(values) != 1 || values[0] == "" || len(values[0]) > maxIdempotencyKey || strings.ContainsFunc(values[0], unprintable) {
		const must = "%s must be given once, with 1 to %d printable ASCII characters."
		return "", &Error{Reason: InvalidHeader, Message: fmt.Sprintf(must, IdempotencyKey, maxIdempotencyKey), Header: IdempotencyKey}
	}
	return values[0], nil
}
