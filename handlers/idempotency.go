package handlers

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models"
)

// Headers of requests that may be sent again (draft-ietf-httpapi-idempotency-key-header).
const (
	idempotencyKey      = "Idempotency-Key"
	idempotencyReplayed = "Idempotency-Replayed"
)

// maxIdempotencyKey bounds the length of a key.
const maxIdempotencyKey = 255

// keptHeaders are those of an answer that are kept with it. The others belong to the exchange.
var keptHeaders = []string{"Content-Type", "Content-Length", "Etag", "Location"}

// keptAnswer is an answer that was held back: first until its transaction is committed, then for requests that are sent again.
type keptAnswer struct {
	Status int
	Head   http.Header
	Body   []byte
}

// Header implements http.ResponseWriter.
func (k *keptAnswer) Header() http.Header { return k.Head }

// WriteHeader implements http.ResponseWriter.
func (k *keptAnswer) WriteHeader(status int) {
	if k.Status == 0 {
		k.Status = status
	}
}

// Write implements http.ResponseWriter.
func (k *keptAnswer) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	k.Body = append(k.Body, b...)
	return len(b), nil
}

// send writes the answer.
func (k *keptAnswer) send(w http.ResponseWriter) error {
	maps.Copy(w.Header(), k.Head)
	w.WriteHeader(k.Status)
	_, err := w.Write(k.Body)
	_ = err // the client is gone
	return nil
}

// within runs a handler in a transaction, and holds its answer back. The handler works on a copy of the API whose database is that
// transaction, and needs to know nothing of it.
func (a *API) within(tx *models.DB, rq *request, handle func(*API, http.ResponseWriter, *request) error) (keptAnswer, error) {
	inside, answer := *a, keptAnswer{Head: http.Header{}}
	inside.db = tx
	if err := handle(&inside, &answer, rq); err != nil {
		return answer, err
	}
	if answer.Status == 0 {
		return answer, errNoAnswer
	}
	return answer, nil
}

// once serves a POST with an Idempotency-Key: the first time by the handler of its route, in one transaction with the record of the
// answer; after that from the record, whatever the version is by then. An answer that is an error is not kept, because nothing happened:
// the key stays free for a better request.
func (a *API) once(w http.ResponseWriter, rq *request) error {
	key, err := idempotencyKeyOf(rq.Header)
	if err != nil {
		return err
	}
	keyed := models.KeyedRequest{Caller: rq.principal.Identity(), Key: key, Rights: rq.principal.Rights, Request: rq.fingerprint()}
	text, replayed, err := models.Once(rq.Context(), a.db, keyed, func(tx *models.DB) (string, error) {
		answer, err := a.within(tx, rq, (*API).perform)
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
	var answer keptAnswer
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return err
	}
	if replayed {
		if err := a.stillSees(rq, answer.Body); err != nil {
			return err
		}
	}
	if replayed {
		w.Header().Set(idempotencyReplayed, "true")
	}
	return answer.send(w)
}

// fingerprint returns what the answer to the request depends on. Both spellings of a path are one.
func (rq *request) fingerprint() string {
	return rq.Method + " " + strings.TrimSuffix(rq.URL.EscapedPath(), "/") + "?" + rq.URL.RawQuery + "\n" + string(rq.body)
}

// idempotencyKeyOf returns the key of a request that has one.
func idempotencyKeyOf(header http.Header) (string, error) {
	values := header.Values(idempotencyKey)
	unprintable := func(c rune) bool { return c < ' ' || c > '~' }
	if len(values) != 1 || values[0] == "" || len(values[0]) > maxIdempotencyKey || strings.ContainsFunc(values[0], unprintable) {
		return "", jsonapi.Fault(jsonapi.InvalidHeader, "%s must be given once, with 1 to %d printable ASCII characters.", idempotencyKey, maxIdempotencyKey).
			InHeader(idempotencyKey)
	}
	return values[0], nil
}
