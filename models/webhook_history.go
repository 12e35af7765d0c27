package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"roster/jsonapi"
)

// Redeliver begins a delivery again, whatever became of it. One that is pending already becomes due now, so that however often it is asked
// for, there is one entry. A deleted endpoint is a Conflict.
func Redeliver(ctx context.Context, db *DB, by Caller, id string) (*WebhookDelivery, error) {
	var d *WebhookDelivery
	err := Transaction(ctx, db, func(tx *DB) error {
		found, err := Find(ctx, tx, WebhookDeliveries, by.Scope, id, nil)
		if err != nil {
			return err
		}
		webhook := found.(*WebhookDelivery).WebhookID
		lanes, err := LockLanes(ctx, tx, []string{webhook})
		if err != nil {
			return err
		}
		if len(lanes) == 0 {
			return &Error{Kind: Conflict, Message: "The endpoint of this delivery is deleted."}
		}
		began, err := beginAgain(ctx, tx, []string{id}, TriggerManual)
		if err == nil && began == 0 {
			_, err = tx.run(ctx, `UPDATE webhook_deliveries SET due_at = ? WHERE id = ? AND state = 'pending' AND due_at > ?`, tx.Now(), id, tx.Now())
		}
		if err == nil {
			err = WakeLanes(ctx, tx, []string{webhook})
		}
		if err == nil {
			err = tx.checkBody(ctx, found.(*WebhookDelivery))
		}
		if err != nil {
			return err
		}
		tx.recorded(true) // whoever holds the lane looks again
		found, err = Find(ctx, tx, WebhookDeliveries, by.Scope, id, nil)
		if err == nil {
			d = found.(*WebhookDelivery)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// checkBody refuses to send again what is not kept any more.
func (db *DB) checkBody(ctx context.Context, d *WebhookDelivery) error {
	kept := 0
	err := db.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&kept) },
		`SELECT COUNT(*) FROM webhook_messages WHERE event_id = ? AND body IS NOT NULL`, d.EventID)
	if err != nil {
		return fmt.Errorf("look for body: %w", err)
	}
	if kept == 0 {
		return &Error{Kind: Conflict, Message: "The event of this delivery is not kept any more."}
	}
	return nil
}

// TestWebhook records an event of the type webhook.test, which goes to that endpoint only, whatever it subscribes to.
func TestWebhook(ctx context.Context, db *DB, by Caller, id string) (event string, err error) {
	err = Transaction(ctx, db, func(tx *DB) error {
		w, err := lockWebhook(ctx, tx, by.Scope, id)
		if err != nil {
			return err
		}
		counters := tally{}
		ch := change{verb: "test", collection: Webhooks, organization: w.OrganizationID, before: w, after: w, id: &event}
		if err := record(ctx, tx, by, counters, ch); err != nil {
			return err
		}
		return counters.write(ctx, tx)
	})
	return event, err
}

// history is one attempt as the API prints it.
type history struct {
	Number     int64            `json:"number"`
	Trigger    string           `json:"trigger"`
	StartedAt  jsonapi.Time     `json:"startedAt"`
	URL        string           `json:"url"`
	Address    *string          `json:"address"`
	Protocol   *string          `json:"protocol"`
	Reused     bool             `json:"connectionReused"`
	Status     *int64           `json:"status"`
	Code       *string          `json:"errorCode"`
	Detail     *string          `json:"detail"`
	Timings    map[string]int64 `json:"timings"` // microseconds
	Headers    json.RawMessage  `json:"responseHeaders"`
	Body       *string          `json:"responseBody"`
	Truncated  bool             `json:"responseTruncated"`
	SignedWith json.RawMessage  `json:"signedWith"`
}

// FillHistory gives a delivery its attempts.
func FillHistory(ctx context.Context, db *DB, d *WebhookDelivery) error {
	attempts := []history{}
	err := db.read(ctx, func(rows *sql.Rows) error {
		var h history
		var dns, connect, tls, sent, first, total, tries int64
		var started time.Time
		var headers, secrets *string
		var head []byte
		err := rows.Scan(&h.Number, &h.Trigger, &started, &h.URL, &h.Address, &h.Protocol, &h.Reused, &tries, &dns, &connect, &tls, &sent, &first,
			&total, &h.Status, &h.Code, &h.Detail, &headers, &head, &h.Truncated, &secrets)
		h.StartedAt = jsonapi.Time{Time: started}
		h.Timings = map[string]int64{"dns": dns, "connect": connect, "tls": tls, "sent": sent, "firstByte": first, "total": total}
		h.Headers, h.SignedWith = rawOrNull(headers), rawOrNull(secrets)
		if head != nil {
			h.Body = optionalText(head)
		}
		attempts = append(attempts, h)
		return err
	}, `SELECT number, trigger, started_at, url, address, protocol, reused, tries, dns_us, connect_us, tls_us, sent_us, first_byte_us, total_us,
			status, code, detail, response_headers, response_head, truncated, secrets
		FROM webhook_attempts WHERE delivery_id = ? ORDER BY number`, d.ID)
	if err != nil {
		return fmt.Errorf("read attempts: %w", err)
	}
	encoded, err := jsonapi.Marshal(attempts)
	if err != nil {
		return err
	}
	printed := jsonapi.Raw(encoded)
	d.History = &printed
	return nil
}

func rawOrNull(text *string) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(*text)
}

// optionalText returns what can be printed of an answer; bytes that are no text become U+FFFD.
func optionalText(b []byte) *string {
	s := string(b)
	if !utf8.Valid(b) {
		s = string([]rune(s))
	}
	return &s
}

// health is how an endpoint does, as the API prints it.
type health struct {
	State               string        `json:"state"` // ok, probation, paused or disabled
	FailingSince        *jsonapi.Time `json:"failingSince"`
	LastSuccessAt       *jsonapi.Time `json:"lastSuccessAt"`
	ConsecutiveFailures int           `json:"consecutiveFailures"`
	SuccessRate         float64       `json:"successRate"` // of recent answers
	Latency             float64       `json:"latency"`     // milliseconds, of recent answers
	NextAttemptAt       *jsonapi.Time `json:"nextAttemptAt"`
	Backlog             int64         `json:"backlog"`
	OldestPendingAt     *jsonapi.Time `json:"oldestPendingAt"`
}

// FillHealth gives an endpoint its health.
func FillHealth(ctx context.Context, db *DB, w *Webhook) error {
	lanes, err := readLanes(ctx, db, `SELECT `+laneColumns+` FROM webhook_lanes WHERE webhook_id = ?`, w.ID)
	if err != nil || len(lanes) == 0 {
		return err
	}
	lane := lanes[0]
	h := health{
		State: lane.Health, FailingSince: moment(lane.FailingSince), LastSuccessAt: moment(lane.LastSuccessAt),
		ConsecutiveFailures: lane.ConsecutiveFailures, SuccessRate: 1 - lane.Failing, Latency: lane.Latency,
	}
	if lane.LeaseToken == nil {
		h.NextAttemptAt = moment(lane.NextTurnAt)
	}
	err = db.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&h.Backlog) },
		`SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending'`, w.ID)
	if err == nil {
		err = db.read(ctx, func(rows *sql.Rows) error {
			var at time.Time
			err := rows.Scan(&at)
			h.OldestPendingAt = moment(&at)
			return err
		}, `SELECT created_at FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending' ORDER BY id LIMIT 1`, w.ID)
	}
	if err != nil {
		return fmt.Errorf("read health of webhook: %w", err)
	}
	encoded, err := jsonapi.Marshal(h)
	if err != nil {
		return err
	}
	printed := jsonapi.Raw(encoded)
	w.Health = &printed
	return nil
}

func moment(t *time.Time) *jsonapi.Time {
	if t == nil {
		return nil
	}
	return &jsonapi.Time{Time: *t}
}
