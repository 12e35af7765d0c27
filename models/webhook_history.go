package models

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"roster/jsonapi"
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
}

// attemptTimings are milliseconds.
type attemptTimings struct {
	DNS       float64 `json:"dns"`
	Connect   float64 `json:"connect"`
	TLS       float64 `json:"tls"`
	Sent      float64 `json:"sent"`
	FirstByte float64 `json:"firstByte"`
	Total     float64 `json:"total"`
}

type attemptResponse struct {
	Headers   json.RawMessage `json:"headers"`
	Head      *string         `json:"head"`
	Truncated bool            `json:"truncated"`
}

// attemptEntry is one attempt as the attribute history prints it.
type attemptEntry struct {
	Number           int64           `json:"number"`
	Trigger          string          `json:"trigger"`
	StartedAt        jsonapi.Time    `json:"startedAt"`
	URL              string          `json:"url"`
	Address          *string         `json:"address"`
	Protocol         *string         `json:"protocol"`
	ReusedConnection bool            `json:"reusedConnection"`
	Tries            int64           `json:"tries"`
	Timings          attemptTimings  `json:"timings"`
	Status           *int64          `json:"status"`
	ErrorCode        *string         `json:"errorCode"`
	Detail           *string         `json:"detail"`
	Response         attemptResponse `json:"response"`
	SignedWith       jsonapi.Strings `json:"signedWith"`
}

// describeDelivery fills in the attempts at one delivery, the oldest first.
func describeDelivery(ctx context.Context, db *DB, item any, q *jsonapi.Query) error {
	if !q.Wants(WebhookDeliveries.Schema.Type, "history") {
		return nil
	}
	d := item.(*WebhookDelivery)
	var rows []attemptRow
	err := db.session(ctx).Raw(`SELECT * FROM webhook_attempts WHERE delivery_id = ? ORDER BY number DESC LIMIT ?`, d.ID, maxHistory).Scan(&rows).Error
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
		Number: row.Number, Trigger: row.Trigger, StartedAt: row.StartedAt, URL: row.URL, Address: row.Address, Protocol: row.Protocol,
		ReusedConnection: row.Reused, Tries: row.Tries, Status: row.Status, ErrorCode: row.Code, Detail: row.Detail, SignedWith: row.Secrets,
		Timings: attemptTimings{
			DNS: milliseconds(row.DNS), Connect: milliseconds(row.Connect), TLS: milliseconds(row.TLS), Sent: milliseconds(row.Sent),
			FirstByte: milliseconds(row.FirstByte), Total: milliseconds(row.Total),
		},
		Response: attemptResponse{Headers: json.RawMessage(jsonapi.Null), Truncated: row.Truncated},
	}
	if row.ResponseHeaders != nil {
		e.Response.Headers = json.RawMessage(*row.ResponseHeaders)
	}
	if row.ResponseHead != nil {
		head := strings.ToValidUTF8(string(row.ResponseHead), "\uFFFD") // the receiver can answer with anything
		e.Response.Head = &head
	}
	return e
}

func milliseconds(micros int64) float64 { return float64(micros) / 1000 }
