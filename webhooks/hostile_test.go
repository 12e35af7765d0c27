package webhooks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
	"roster/webhooks/webhookstest"
)

// TestNothingThatAReceiverSaysKeepsItsResultFromBeingWritten lets receivers say what a text column of PostgreSQL does not take, and what
// would do harm where it is shown.
func TestNothingThatAReceiverSaysKeepsItsResultFromBeingWritten(t *testing.T) {
	const rubbish = "\x00\xff\xc3\x28\xed\xa0\x80\x1b]0;owned\x07\u2028\u202e\"\\"
	long := strings.Repeat(rubbish+"é", 200)
	answers := []webhookstest.Answer{
		webhookstest.Raw("HTTP/1.1 500 " + rubbish + "\r\nContent-Length: 0\r\n\r\n"),
		webhookstest.Raw("HTTP/1.1 500 " + long + "\r\nContent-Length: 0\r\n\r\n"),
		webhookstest.Raw("HTTP/1.1 500 no\r\nServer: " + rubbish + "\r\nContent-Type: " + long + "\r\nRetry-After: " +
			rubbish + "\r\nContent-Length: 0\r\n\r\n"),
		webhookstest.Raw("HTTP/1.1 302 no\r\nLocation: http://" + rubbish + "/\r\nContent-Length: 0\r\n\r\n"),
		webhookstest.Body(500, []byte(long)),
		webhookstest.Raw(rubbish + "\r\n\r\n"),
		webhookstest.Raw("HTTP/1.1 200 OK\r\nWebhook-Delivery: " + rubbish + "\r\nX-" + rubbish + ": 1\r\n\r\n"),
	}
	each(t, func(r *rig) {
		org := r.organization("")
		endpoints := make([]*models.Webhook, len(answers))
		for i, answer := range answers {
			receiver := webhookstest.NewReceiver(r.t, answer)
			unreadable := fmt.Sprintf("%s?%%00%%ff=%d", receiver.URL(), i)
			endpoints[i] = r.endpoint(org, unreadable, "eventTypes", jsonapi.Strings{"organization.*"})
		}
		r.change(org, "Acme & Sons")
		r.until(`SELECT COUNT(*) FROM webhook_attempts`, int64(len(answers)))
		for i, e := range endpoints {
			id := r.query(`SELECT CAST(id AS text) FROM webhook_deliveries WHERE webhook_id = '` + e.ID + `'`).(string)
			found, err := collection.Find(r.t.Context(), r.db, models.WebhookDeliveries, collection.Everything(), id, &jsonapi.Query{})
			if err != nil {
				r.t.Fatal(err)
			}
			var history []struct {
				Detail   string
				Response struct{ Headers map[string]string }
			}
			if err := json.Unmarshal(*found.(*models.WebhookDelivery).History, &history); err != nil || len(history) != 1 {
				r.t.Fatalf("receiver %d: %d attempts, %v", i, len(history), err)
			}
			shown := history[0].Detail + fmt.Sprint(history[0].Response.Headers)
			hidden := func(c rune) bool { return !unicode.IsPrint(c) }
			if !utf8.ValidString(shown) || strings.ContainsFunc(shown, hidden) || len(shown) > 4096 {
				r.t.Errorf("receiver %d: shown is %q", i, shown)
			}
		}
	})
}

// TestAResultThatTheDatabaseRefusesHoldsUpNoOther writes a result that no receiver can bring about, because everything is made printable
// before: it stands for the one that nobody has thought of.
func TestAResultThatTheDatabaseRefusesHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRig(t, db)
		receiver := webhookstest.NewReceiver(t, webhookstest.Silence())
		org := r.organization("")
		for range 2 {
			r.endpoint(org, receiver.URL(), "eventTypes", jsonapi.Strings{"organization.*"})
		}
		r.change(org, "Acme & Sons")
		r.received(receiver, 2)
		b := &batch{}
		poison := "\x00\xff"
		for _, row := range r.rows(`SELECT d.id, d.webhook_id, l.lease_token FROM webhook_deliveries d
			JOIN webhook_lanes l ON l.webhook_id = d.webhook_id`) {
			now := db.Now()
			b.deliveries = append(b.deliveries, &queue.Settlement{
				DeliveryID: row[0], WebhookID: row[1], State: models.DeliverySucceeded, FinishedAt: &now,
				Attempt: &queue.Attempt{Number: 1, StartedAt: now, Detail: &poison, Secrets: "[]"},
			})
			b.lanes = append(b.lanes, &queue.LaneSettlement{
				Holding: queue.Holding{WebhookID: row[1], Token: row[2]},
				State:   queue.LaneState{Cap: 1, MaxCap: 1, Health: models.HealthOK},
			})
		}
		if s := r.w.settle(b); s.err != nil || len(s.lost) > 0 {
			t.Errorf("lost %v: %v", s.lost, s.err)
		}
		if n := r.query(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'succeeded'`); n != int64(2) {
			t.Errorf("%v results were written", n)
		}
		receiver.Close()
	})
}

// rows returns the rows of a query of texts.
func (r *rig) rows(statement string) [][3]string {
	r.t.Helper()
	found, err := modelstest.Readable(r.db).QueryContext(r.t.Context(), statement)
	if err != nil {
		r.t.Fatal(err)
	}
	defer found.Close()
	var rows [][3]string
	for found.Next() {
		var row [3]string
		if err := found.Scan(&row[0], &row[1], &row[2]); err != nil {
			r.t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := found.Err(); err != nil {
		r.t.Fatal(err)
	}
	return rows
}
