package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/store"
)

// maxHistory bounds the attempts that one delivery prints: the newest ones. Only requests to redeliver it can make it have more.
const maxHistory = 100

// attemptRow is one attempt as the database has it.
type attemptRow struct {
	DeliveryID      string
	Number          int64
	Trigger         string
	StartedAt       jsonapi.Time
	URL             string `gorm:"column:url"`
	Address         *string
	Protocol        *string
	Reused          bool
	Tries           int64
	DNS             int64 `gorm:"column:dns_us"`
	Connect         int64 `gorm:"column:connect_us"`
	TLS             int64 `gorm:"column:tls_us"`
	Sent            int64 `gorm:"column:sent_us"`
	FirstByte       int64 `gorm:"column:first_byte_us"`
	Total           int64 `gorm:"column:total_us"`
	Status          *int64
	Code            *string
	Detail          *string
	ResponseHeaders *string
	ResponseHead    []byte
	Truncated       bool
	Secrets         jsonapi.Strings
	SealedURL       []byte
	RequestHeaders  *string
}

// attemptTimings are milliseconds.
type attemptTimings struct {
	DNS       float64 `json:"dns" doc:"To resolve the name."`
	Connect   float64 `json:"connect" doc:"To connect."`
	TLS       float64 `json:"tls" doc:"For the TLS handshake."`
	Sent      float64 `json:"sent" doc:"From the beginning until the request was sent."`
	FirstByte float64 `json:"firstByte" doc:"From the beginning to the first byte of the answer."`
	Total     float64 `json:"total" doc:"The whole exchange."`
}

type attemptResponse struct {
	Headers   json.RawMessage `json:"headers" doc:"Those headers of the answer that help to find out what went wrong."`
	Head      *string         `json:"head" doc:"The beginning of the body, at most 16 KiB; null once it is too old to be kept."`
	Truncated bool            `json:"truncated" doc:"Whether the body was longer."`
}

// attemptEntry is one attempt as the attribute history prints it.
type attemptEntry struct {
	Number           int64           `json:"number" doc:"From 1."`
	Trigger          string          `json:"trigger" doc:"What began the round: event, manual, replay or test."`
	StartedAt        jsonapi.Stamp   `json:"startedAt" doc:"When it was made."`
	URL              string          `json:"url" doc:"Where it was sent: the origin."`
	Address          *string         `json:"address" doc:"The public address it was sent to; null for one that is internal there, and through a proxy."`
	Protocol         *string         `json:"protocol" doc:"HTTP/1.1 or HTTP/2.0."`
	ReusedConnection bool            `json:"reusedConnection" doc:"Whether over a connection that was open already: then there was no name to resolve, and so on."`
	Tries            int64           `json:"tries" doc:"2 if such a connection turned out to be closed, and the request was sent again at once."`
	Timings          attemptTimings  `json:"timings" doc:"In milliseconds; 0 for what there was not."`
	Status           *int64          `json:"status" doc:"The HTTP status of the answer."`
	ErrorCode        *string         `json:"errorCode" doc:"Why it failed; null if it did not."`
	Detail           *string         `json:"detail" doc:"The same for people."`
	Response         attemptResponse `json:"response" doc:"What came back."`
	SignedWith       jsonapi.Strings `json:"signedWith" doc:"The ids of the secrets that signed it."`
}

// gatherDeliveries fills in the status of the endpoints of a page of deliveries, if somebody wants to know.
func gatherDeliveries(ctx context.Context, db *store.DB, items []any, q *jsonapi.Query) error {
	if !q.Wants(WebhookDeliveries.Schema.Type, "endpointStatus") {
		return nil
	}
	return FillEndpointStatus(ctx, db, store.Column(items, func(item any) *WebhookDelivery { return item.(*WebhookDelivery) })...)
}

// FillEndpointStatus sets the attribute endpointStatus of deliveries, with one query for all of them.
func FillEndpointStatus(ctx context.Context, db *store.DB, deliveries ...*WebhookDelivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	in, arg := db.Among("id", store.SortedUnique(store.Column(deliveries, func(d *WebhookDelivery) string { return d.WebhookID })))
	statuses := map[string]*string{}
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var id, status string
		err := rows.Scan(&id, &status)
		statuses[id] = &status
		return err
	}, `SELECT id, status FROM webhooks WHERE `+in, arg)
	if err != nil {
		return fmt.Errorf("read the status of endpoints: %w", err)
	}
	for _, d := range deliveries {
		d.EndpointStatus = statuses[d.WebhookID]
	}
	return nil
}

// describeDelivery fills in the attempts at one delivery, the oldest first.
func describeDelivery(ctx context.Context, db *store.DB, item any, q *jsonapi.Query) error {
	if !q.Wants(WebhookDeliveries.Schema.Type, "history") {
		return nil
	}
	d := item.(*WebhookDelivery)
	var rows []attemptRow
	err := db.Session(ctx).Raw(`SELECT * FROM webhook_attempts WHERE delivery_id = ? ORDER BY number DESC LIMIT ?`,
		d.ID, maxHistory).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("read attempts: %w", err)
	}
	slices.Reverse(rows)
	history := make([]attemptEntry, len(rows))
	for i, row := range rows {
		history[i] = row.entry()
	}
	encoded, err := jsonapi.Marshal(history)
	if err != nil {
		return err
	}
	printed := jsonapi.Raw(encoded)
	d.History = &printed
	return nil
}

func (row attemptRow) entry() attemptEntry {
	e := attemptEntry{
		Number: row.Number, Trigger: row.Trigger, StartedAt: jsonapi.Stamp(row.StartedAt), URL: row.URL, Address: row.Address,
		Protocol: row.Protocol, ReusedConnection: row.Reused, Tries: row.Tries, Status: row.Status, ErrorCode: row.Code, Detail: row.Detail,
		SignedWith: row.Secrets, Timings: attemptTimings{
			DNS: milliseconds(row.DNS), Connect: milliseconds(row.Connect), TLS: milliseconds(row.TLS), Sent: milliseconds(row.Sent),
			FirstByte: milliseconds(row.FirstByte), Total: milliseconds(row.Total),
		},
		Response: attemptResponse{Headers: json.RawMessage(jsonapi.Null), Head: row.head(), Truncated: row.Truncated},
	}
	if headers := row.answerHeaders(); headers != nil {
		joined := map[string]string{}
		for _, h := range headers {
			if before, again := joined[h[0]]; again {
				h[1] = before + ", " + h[1]
			}
			joined[h[0]] = h[1]
		}
		e.Response.Headers, _ = json.Marshal(joined) // strings always encode
	}
	return e
}

// head returns the beginning of the answer's body as a text, or nil.
func (row attemptRow) head() *string {
	if row.ResponseHead == nil {
		return nil
	}
	head := strings.ToValidUTF8(string(row.ResponseHead), "\uFFFD") // the receiver can answer with anything
	return &head
}

// answerHeaders returns the headers of the answer, or nil. Earlier versions kept them as an object, one value for each name.
func (row attemptRow) answerHeaders() [][]string {
	if row.ResponseHeaders == nil {
		return nil
	}
	var pairs [][]string
	if json.Unmarshal([]byte(*row.ResponseHeaders), &pairs) == nil {
		return pairs
	}
	var named map[string]string
	_ = json.Unmarshal([]byte(*row.ResponseHeaders), &named) // what is neither is told as nothing
	for _, name := range sortedKeys(named) {
		pairs = append(pairs, []string{name, named[name]})
	}
	return pairs
}

func milliseconds(micros int64) float64 { return float64(micros) / 1000 }
