package webhooks

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestAWorkerGoesOnWithAPast tells of an endpoint that took something, and then nothing for two hours, and of one that was gone. A worker
// that begins then sends what is left, to the one that is still there.
func TestAWorkerGoesOnWithAPast(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		receiver, never := webhookstest.NewReceiver(t), webhookstest.NewReceiver(t)
		now, begin := clock.Now(), clock.Now().Add(-3*time.Hour)
		org := modelstest.Organization(t, db.At(begin))
		endpoint := func(url string, types ...string) string {
			return modelstest.Webhook(t, db.At(begin), org.ID, url, modelstest.With("eventTypes", jsonapi.Strings(types)),
				modelstest.With("secret", officialSecret)).ID
		}
		failing, gone := endpoint(receiver.URL(), "organization.*"), endpoint(never.URL(), "organization.*", "webhook.disabled")
		err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
			past := NewPast("Roster-Webhooks/test", rand.New(rand.NewPCG(1, 2)))
			past.Receive(failing, func(at time.Time) Reply {
				switch ago := now.Sub(at); {
				case ago > 2*time.Hour:
					return Reply{Status: 200, Body: "thanks", Took: 30 * time.Millisecond}
				case ago > 90*time.Minute:
					return Reply{Failure: CodeTimeout, Took: 20 * time.Second}
				case ago > time.Hour:
					return Reply{Failure: CodeConnectionRefused, Took: time.Millisecond}
				}
				return Reply{Failure: CodeDNSError, Took: time.Millisecond}
			})
			past.Receive(gone, func(time.Time) Reply { return Reply{Status: 410, Took: time.Millisecond} })
			for _, ago := range []time.Duration{170 * time.Minute, 118 * time.Minute, 100 * time.Minute, 10 * time.Minute} {
				if err := past.Until(t.Context(), tx, now.Add(-ago)); err != nil {
					return err
				}
				in := &models.Change{Attributes: map[string]any{"description": "as it was " + ago.String() + " ago"}}
				if _, err := models.UpdateOrganization(t.Context(), tx.At(now.Add(-ago)), someone, org.ID, in); err != nil {
					return err
				}
			}
			return past.Until(t.Context(), tx, now)
		})
		if err != nil {
			t.Fatal(err)
		}
		wantPast(t, db, failing, gone, now)
		clock.Advance(20 * time.Minute) // what waits for the breaker, or for its next attempt
		r := newRig(t, db)
		for range 3 {
			clock.Advance(24 * time.Hour)
			r.w.Wake()
		}
		requests := r.received(receiver, 3)
		r.until(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending' AND webhook_id = '`+failing+`'`, int64(0))
		for _, request := range requests {
			if err := request.VerifyAtAnyTime(officialSecret); err != nil {
				t.Error(err)
			}
		}
		if n := len(never.Requests()); n > 0 {
			t.Errorf("the endpoint that is gone got %d", n)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// wantPast makes sure that a past is what readers of it rely on.
func wantPast(t *testing.T, db *store.DB, failing, gone string, now time.Time) {
	t.Helper()
	type row struct {
		Number                 int
		Code                   *string
		StartedAt              time.Time
		RequestHeaders, URL    string
		EventID                string
		Status, DeliveredFirst *int64
	}
	var rows []row
	err := db.Session(t.Context()).Raw(`SELECT a.number, a.code, a.started_at, a.request_headers, d.event_id, a.status
		FROM webhook_attempts a JOIN webhook_dispatches d ON d.id = a.delivery_id WHERE d.webhook_id = ? ORDER BY a.started_at`, failing).
		Scan(&rows).Error
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]int{}
	last := time.Time{}
	for _, a := range rows {
		code := ""
		if a.Code != nil {
			code = *a.Code
		}
		codes[code]++
		if a.StartedAt.Before(last) || a.StartedAt.After(now) {
			t.Errorf("an attempt at %s, after one at %s", a.StartedAt, last)
		}
		last = a.StartedAt
		if code == "" || code == string(CodeTimeout) {
			wantSigned(t, db, a.EventID, a.RequestHeaders)
		} else if a.RequestHeaders != "[]" {
			t.Errorf("%s: it sent %s", code, a.RequestHeaders)
		}
	}
	for code, least := range map[string]int{"": 1, "timeout": 3, "connection_refused": 2, "dns_error": 2} {
		if codes[code] < least {
			t.Errorf("attempts by their codes: %v", codes)
		}
	}
	w := []*models.Webhook{{ID: failing}, {ID: gone}}
	if err := models.FillWebhookHealth(t.Context(), db, w...); err != nil {
		t.Fatal(err)
	}
	var health [2]struct {
		State        string
		FailingSince *time.Time
		Backlog      int
	}
	for i := range w {
		if err := json.Unmarshal(*w[i].Health, &health[i]); err != nil {
			t.Fatal(err)
		}
	}
	if h := health[0]; h.State != "probation" || h.Backlog != 3 || h.FailingSince == nil || now.Sub(*h.FailingSince) > 2*time.Hour {
		t.Errorf("the failing endpoint is %s", *w[0].Health)
	}
	if h := health[1]; h.State != models.WebhookDisabled || h.Backlog != 5 { // it hears that it was disabled, once it is enabled
		t.Errorf("the endpoint that is gone is %s", *w[1].Health)
	}
	if diff := cmp.Diff([]string{"gone"}, reasons(t, db)); diff != "" {
		t.Error(diff)
	}
}

// reasons are why endpoints were disabled, as the events tell.
func reasons(t *testing.T, db *store.DB) (all []string) {
	t.Helper()
	var data []string
	if err := db.Session(t.Context()).Raw(`SELECT data FROM events WHERE event_type = 'webhook.disabled'`).Scan(&data).Error; err != nil {
		t.Fatal(err)
	}
	for _, d := range data {
		var told struct {
			Attributes struct{ DisabledReason string }
		}
		if err := json.Unmarshal([]byte(d), &told); err != nil {
			t.Fatal(err)
		}
		all = append(all, told.Attributes.DisabledReason)
	}
	return all
}

// wantSigned verifies an attempt as a receiver would have.
func wantSigned(t *testing.T, db *store.DB, event, headers string) {
	t.Helper()
	var pairs [][2]string
	if err := json.Unmarshal([]byte(headers), &pairs); err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for _, pair := range pairs {
		header.Set(pair[0], pair[1])
	}
	var body []byte
	err := modelstest.Readable(db).QueryRowContext(t.Context(),
		`SELECT body FROM webhook_messages WHERE event_id = '`+event+`'`).Scan(&body)
	if err != nil {
		t.Fatal(err)
	}
	if header.Get(HeaderID) != event {
		t.Errorf("%s was sent as %s", event, headers)
	}
	key, err := ParseVerifyingKey(officialSecret)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(header, body, 4*time.Hour, db.Now(), key); err != nil {
		t.Error(err)
	}
}

// TestANameThatNeverExistsIsNotLookedUp sends to names that end in .invalid, which a name server here answers all the same. Neither it nor
// a proxy is asked.
func TestANameThatNeverExistsIsNotLookedUp(t *testing.T) {
	t.Parallel()
	names, receiver := webhookstest.NewDNS(t), webhookstest.NewReceiver(t)
	at, err := url.Parse(receiver.URL())
	if err != nil {
		t.Fatal(err)
	}
	for _, proxy := range []*url.URL{nil, at} {
		s := newSender(t, func(c *SenderConfig) {
			c.Resolver, c.Proxy = names.Resolver(), proxy
			c.Targets.PlainHTTP = true
		})
		for _, host := range []string{"hooks.acme.invalid", "INVALID", "hooks.invalid."} {
			names.Answer(host, "127.0.0.1")
			host += ":" + at.Port()
			got := s.Send(t.Context(), Request{
				URL: "http://" + host + "/", ID: "x", At: time.Now(), Secrets: []Secret{mustSecret(t, officialSecret)},
			})
			if got.Code != CodeDNSError || got.Detail != "no address was found for "+host || len(got.Sent) > 0 {
				t.Errorf("%s: %+v", host, got)
			}
		}
	}
	if n := len(receiver.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
}
