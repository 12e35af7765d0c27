package models

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// WebhookAttempt is one attempt at a delivery with all that went out and came back. It is put together when it is read, and is no
// collection.
type WebhookAttempt struct {
	ID               string        `jsonapi:"primary,attempts" doc:"One attempt at a delivery: what was sent, and what came back. Its id is made for the document and leads nowhere." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	Number           int64         `jsonapi:"attr,number" rule:"readonly" doc:"From 1." example:"1"`
	Trigger          string        `jsonapi:"attr,trigger" rule:"readonly,enum=event|manual|replay|test" doc:"What began the round." example:"event"`
	StartedAt        jsonapi.Stamp `jsonapi:"attr,startedAt" rule:"readonly" doc:"When it was made." example:"2024-08-20T10:45:07+00:00"`
	Address          *string       `jsonapi:"attr,address" rule:"readonly" doc:"The public address it was sent to; null for one that is internal there, and through a proxy." example:"93.184.215.14:443"`
	ReusedConnection bool          `jsonapi:"attr,reusedConnection" rule:"readonly" doc:"Whether over a connection that was open already." example:"false"`
	Tries            int64         `jsonapi:"attr,tries" rule:"readonly" doc:"2 if such a connection turned out to be closed, and the request was sent again at once." example:"1"`
	Timings          jsonapi.Raw   `jsonapi:"attr,timings" rule:"readonly" doc:"In milliseconds; 0 for what there was not."`
	Status           *int64        `jsonapi:"attr,status" rule:"readonly" doc:"The HTTP status of the answer." example:"200"`
	ErrorCode        *string       `jsonapi:"attr,errorCode" rule:"readonly" doc:"Why it failed; null if it did not." example:"timeout"`
	Detail           *string       `jsonapi:"attr,detail" rule:"readonly" doc:"The same for people."`
	Request          *jsonapi.Raw  `jsonapi:"attr,request" rule:"readonly" doc:"What was sent; null once it is too old to be kept, and to a credential that does not see the event, may read neither events nor what this one is about, or may have no endpoint sent such events and is not told all by the event that was sent."`
	Response         jsonapi.Raw   `jsonapi:"attr,response" rule:"readonly" doc:"What came back."`
	Signature        *jsonapi.Raw  `jsonapi:"attr,signature" rule:"readonly" doc:"How the request was signed; null with it."`
}

// AttemptSchema is what the documentation says about attempts.
var AttemptSchema = attemptSchema()

func attemptSchema() *jsonapi.Schema {
	s := jsonapi.ForModel(WebhookAttempt{})
	for name, shape := range map[string]reflect.Type{
		"timings": reflect.TypeFor[attemptTimings](), "request": reflect.TypeFor[attemptRequest](),
		"response": reflect.TypeFor[attemptAnswer](), "signature": reflect.TypeFor[attemptSignature](),
	} {
		s.Attribute(name).Shape = shape
	}
	return s
}

type attemptRequest struct {
	Method      string     `json:"method" doc:"POST."`
	URL         string     `json:"url" doc:"Where it was sent, all of it; to who may read deliveries and no endpoints its origin."`
	HTTPVersion *string    `json:"httpVersion" doc:"That of the request, HTTP/1.1 or HTTP/2.0; null if it did not come to sending."`
	Headers     [][]string `json:"headers" doc:"Names and values, in the order in which they were sent; none if it did not come to that. The values of the endpoint's own headers are not told."`
	Body        string     `json:"body" doc:"The bytes that were signed and sent."`
	BodyBytes   int64      `json:"bodyBytes" doc:"How many."`
	SHA256      string     `json:"sha256" doc:"Of the body, in hexadecimal digits."`
	Truncated   bool       `json:"truncated" doc:"Whether the body is longer than what is told of it."`
}

type attemptAnswer struct {
	Headers   [][]string    `json:"headers" doc:"Those headers that help to find out what went wrong, in the order in which they came, over HTTP/2 by name; repeated ones each for itself."`
	Head      *string       `json:"head" doc:"The beginning of the body, at most 16 KiB; null once it is too old to be kept."`
	BodyBytes *int64        `json:"bodyBytes" doc:"How long the body was; null if it was longer than its head, or is not kept."`
	Truncated bool          `json:"truncated" doc:"Whether the body was longer."`
	KeptUntil *jsonapi.Time `json:"keptUntil" doc:"When request and answer are forgotten; null for when the delivery is."`
}

type attemptSignature struct {
	SignedContent string          `json:"signedContent" doc:"What was signed: id, timestamp and body, with full stops between them."`
	Scheme        *string         `json:"scheme" doc:"v1: HMAC-SHA256; v1a: ed25519; null if it did not come to sending."`
	SecretIDs     jsonapi.Strings `json:"secretIds" doc:"The ids of the secrets that signed it."`
}

// FindAttempt returns an attempt at a delivery that the caller sees. Otherwise the error is of kind NotFound. What was sent is shown
// to a caller that may read what this event is about.
func FindAttempt(ctx context.Context, db *store.DB, by Caller, delivery string, number int64) (*WebhookAttempt, error) {
	found, err := collection.Find(ctx, db, WebhookDeliveries, by.Scope, delivery, nil)
	if err != nil {
		return nil, err
	}
	d := found.(*WebhookDelivery)
	var rows []attemptRow
	err = db.Session(ctx).Raw(`SELECT * FROM webhook_attempts WHERE delivery_id = ? AND number = ?`, d.ID, number).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read attempt: %w", err)
	}
	if len(rows) == 0 {
		return nil, &store.Error{Kind: store.NotFound, Message: "The delivery has no attempt of that number."}
	}
	body, err := d.told(ctx, db, by)
	if err != nil {
		return nil, err
	}
	return rows[0].attempt(db, d, body, by.Rights.Hold("webhooks:read"))
}

// told returns the bytes that are sent with a delivery, or nil if they are not kept any more, or not to be told to a caller: who sees the
// endpoint need not see what the endpoint is sent, nor be allowed to read it.
func (d *WebhookDelivery) told(ctx context.Context, db *store.DB, by Caller) ([]byte, error) {
	found, err := collection.Find(ctx, db, Events, by.Scope, d.EventID, nil)
	if err != nil {
		if store.IsKind(err, store.NotFound) {
			return nil, nil
		}
		return nil, err
	}
	event := found.(*Event)
	seen, before := event.telling(by.Scope), event.telling(by.Scope)
	before.left = event.EventType == Organizations.Schema.Singular()+"."+string(updated) // a move is told so to who has lost it
	sight, err := mask(ctx, db, []*telling{seen, before})
	if err != nil || len(seen.resource) == 0 {
		return nil, err
	}
	body, err := messageBody(ctx, db, d)
	if err != nil || body == nil || seen.covers(event.EventType, body, sight.by) || before.covers(event.EventType, body, sight.by) {
		return body, err
	}
	if directs, err := d.couldBeDirected(ctx, db, by, event); err != nil || !directs {
		return nil, err
	}
	return body, nil
}

// couldBeDirected reports whether a caller may have an endpoint send it anywhere that is sent what a delivery sends.
func (d *WebhookDelivery) couldBeDirected(ctx context.Context, db *store.DB, by Caller, event *Event) (bool, error) {
	held, err := by.holding(ctx, db, d.OrganizationID)
	if err != nil || !held.Hold("webhooks:write") {
		return false, err
	}
	w := Webhook{EventTypes: jsonapi.Strings{event.EventType}, Subtree: deref(event.OrganizationID) != d.OrganizationID}
	return w.within(held) == nil, nil
}

// messageBody returns the bytes that are sent with a delivery, or nil if they are not kept any more.
func messageBody(ctx context.Context, db *store.DB, d *WebhookDelivery) ([]byte, error) {
	var body []byte
	err := db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&body) },
		`SELECT body FROM webhook_messages WHERE event_id = ? AND organization_id = ?`, d.EventID, d.OrganizationID)
	if err != nil {
		return nil, fmt.Errorf("read what was sent: %w", err)
	}
	return body, nil
}

// attempt puts together what is told of an attempt. A URL may hold a secret, so all of it is for who may read endpoints.
func (row attemptRow) attempt(db *store.DB, d *WebhookDelivery, body []byte, readsEndpoints bool) (*WebhookAttempt, error) {
	e := row.entry()
	a := &WebhookAttempt{
		// the same at every reading, for the sake of ETags
		ID:     uuid.NewSHA1(uuid.MustParse(d.ID), fmt.Append(nil, row.Number)).String(),
		Number: e.Number, Trigger: e.Trigger, StartedAt: e.StartedAt, Address: e.Address,
		ReusedConnection: e.ReusedConnection, Tries: e.Tries, Status: e.Status, ErrorCode: e.ErrorCode, Detail: e.Detail,
	}
	answer := attemptAnswer{Headers: row.answerHeaders(), Head: e.Response.Head, Truncated: e.Response.Truncated}
	if answer.Headers == nil {
		answer.Headers = [][]string{}
	}
	empty := row.ResponseHead == nil && row.ResponseHeaders != nil && row.RequestHeaders != nil // which are forgotten with a head
	if (row.ResponseHead != nil || empty) && !row.Truncated {
		answer.BodyBytes = new(int64(len(row.ResponseHead)))
	}
	if allowedOn(db).AnswerRetention > 0 {
		answer.KeptUntil = &jsonapi.Time{Time: d.CreatedAt.Add(allowedOn(db).AnswerRetention).Truncate(time.Second)}
	}
	var err error
	print := func(v any) (printed jsonapi.Raw) {
		if err == nil {
			printed, err = jsonapi.Marshal(v)
		}
		return printed
	}
	a.Timings, a.Response = print(e.Timings), print(answer)
	if err != nil || row.RequestHeaders == nil || body == nil {
		return a, err
	}
	request, err := row.request(db, d, body)
	if err != nil {
		return nil, err
	}
	if !readsEndpoints {
		request.hidePath()
	}
	signature := attemptSignature{
		SignedContent: fmt.Sprintf("%s.%d.%s", d.EventID, row.StartedAt.Unix(), body), Scheme: schemeOf(request.Headers),
		SecretIDs: row.Secrets,
	}
	a.Request, a.Signature = new(print(request)), new(print(signature))
	return a, err
}

// request returns what was sent.
func (row attemptRow) request(db *store.DB, d *WebhookDelivery, body []byte) (*attemptRequest, error) {
	digest := sha256.Sum256(body)
	r := &attemptRequest{
		Method: "POST", Headers: [][]string{}, Body: string(body), BodyBytes: int64(len(body)), SHA256: hex.EncodeToString(digest[:]),
	}
	var err error
	if r.URL, err = OpenURL(db.Vault(), d.WebhookID, row.URL, row.SealedURL); err != nil {
		return nil, fmt.Errorf("attempt %d at delivery %s: %w", row.Number, d.ID, err)
	}
	if err := json.Unmarshal([]byte(*row.RequestHeaders), &r.Headers); err != nil {
		return nil, fmt.Errorf("read the headers of attempt %d at delivery %s: %w", row.Number, d.ID, err)
	}
	r.HTTPVersion = versionOf(r.Headers)
	return r, nil
}

// hidePath leaves the origin of where it was sent. Over HTTP/2 the path is among the headers as well.
func (r *attemptRequest) hidePath() {
	r.URL = Origin(r.URL)
	for _, h := range r.Headers {
		if len(h) == 2 && h[0] == ":path" {
			h[1] = SecretMark
		}
	}
}

// versionOf returns the version of HTTP that a request was made with, by its headers: only HTTP/2 has some whose names begin with a colon
// (RFC 9113, section 8.3). An answer may say another one, HTTP/1.0.
func versionOf(headers [][]string) *string {
	switch {
	case len(headers) == 0 || len(headers[0]) == 0:
		return nil
	case strings.HasPrefix(headers[0][0], ":"):
		return new("HTTP/2.0")
	default:
		return new("HTTP/1.1")
	}
}

// schemeOf returns the version of the signatures among the headers of a request.
func schemeOf(headers [][]string) *string {
	i := slices.IndexFunc(headers, func(h []string) bool { return len(h) == 2 && strings.EqualFold(h[0], "webhook-signature") })
	if i < 0 {
		return nil
	}
	scheme, _, _ := strings.Cut(headers[i][1], ",")
	return &scheme
}
