package main

import (
	"fmt"
	"net/http"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/webhooks"
	"roster/webhooks/queue"
)

// demoEndpoint is an endpoint of the company, and how it does.
type demoEndpoint struct {
	name, path string
	types      jsonapi.Strings
	since      int             // days ago
	schedule   jsonapi.Strings // nil for the default
	// replies says what comes back from an attempt that long before the story is told.
	replies func(s *story, ago time.Duration) webhooks.Reply
}

// demoEndpoints are in every state that one can be in. Their hosts never exist: nothing was ever sent, and nothing ever will be.
var demoEndpoints = []demoEndpoint{
	{"Payroll", "payroll/events", jsonapi.Strings{"user.*", "membership.*"}, 28, jsonapi.Strings{"0s", "20s", "2m"}, (*story).payroll},
	{"Access control", "access/roster", jsonapi.Strings{"user.*", "membership.*", "organization.*"}, 27, nil, (*story).accessControl},
	{"Old intranet", "intranet/hook.php", jsonapi.Strings{}, 26, nil, (*story).oldIntranet},
	{"Reporting", "reports/inbox", jsonapi.Strings{"user.*", "organization.*", "apiKey.*"}, 20, nil, (*story).reporting},
	{"Data warehouse", "ingest/roster", jsonapi.Strings{}, 16, nil, (*story).dataWarehouse},
}

// makeEndpoint has the owner make an endpoint of the company.
func (s *story) makeEndpoint(e demoEndpoint) error {
	in := &models.Change{
		Attributes: map[string]any{
			"name": e.name, "url": "https://hooks." + s.company.Slug + webhooks.InvalidDomain + "/" + e.path,
			"eventTypes": e.types, "subtree": true,
		},
		Links: map[string]models.Links{"organization": {s.company.ID}},
	}
	if e.schedule != nil {
		in.Attributes["schedule"] = e.schedule
	}
	w, err := models.CreateWebhook(s.ctx, s.tx, s.by(theOwner), in)
	if err != nil {
		return err
	}
	s.endpoints[e.name] = w
	s.past.Receive(w.ID, func(at time.Time) webhooks.Reply { return e.replies(s, s.now.Sub(at)) })
	return nil
}

// answer returns a reply with a status after about so many milliseconds, a few times as many now and then.
func (s *story) answer(ago time.Duration, status, ms int, body string, headers ...string) webhooks.Reply {
	took := time.Duration(ms) * time.Millisecond * time.Duration(70+s.rand.IntN(80)) / 100
	if s.rand.IntN(25) == 0 {
		took *= time.Duration(3 + s.rand.IntN(4))
	}
	took += s.upTo(time.Millisecond)
	header := http.Header{
		"Date": {s.now.Add(took - ago).UTC().Format(http.TimeFormat)}, "Content-Type": {"application/json"}, "Server": {"nginx"},
	}
	for i := 0; i+1 < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return webhooks.Reply{Status: status, Header: header, Body: body, Took: took}
}

// payroll does well, but for a night, and now and then.
func (s *story) payroll(ago time.Duration) webhooks.Reply {
	at := s.now.Add(-ago)
	if outage := s.now.Truncate(24*time.Hour).AddDate(0, 0, -9); at.Sub(outage) > time.Hour && at.Sub(outage) < 3*time.Hour {
		return s.answer(ago, http.StatusServiceUnavailable, 12, `{"error":"closed for maintenance until 03:00"}`)
	}
	if s.rand.IntN(60) == 0 {
		return s.answer(ago, http.StatusBadGateway, 900, "<html><head><title>502 Bad Gateway</title></head></html>\n",
			"Content-Type", "text/html")
	}
	return s.answer(ago, http.StatusOK, 75, `{"accepted":true}`)
}

// accessControl has failed for eight hours, in ways that tell what happens to it: its database restarts, it hangs, it is switched off, and
// its name is taken away. What is sent from now on finds no address either.
func (s *story) accessControl(ago time.Duration) webhooks.Reply {
	switch {
	case ago > 8*time.Hour:
		return s.answer(ago, http.StatusOK, 110, `{"ok":true}`)
	case ago > 5*time.Hour+30*time.Minute:
		return s.answer(ago, http.StatusServiceUnavailable, 30, `{"error":"upstream database is restarting","retry":true}`,
			"Retry-After", "120")
	case ago > 3*time.Hour:
		return webhooks.Reply{Failure: webhooks.CodeTimeout, Took: 20 * time.Second}
	case ago > 70*time.Minute:
		return webhooks.Reply{Failure: webhooks.CodeConnectionRefused, Took: 4*time.Millisecond + s.upTo(3*time.Millisecond)}
	}
	return webhooks.Reply{Failure: webhooks.CodeDNSError, Took: 2*time.Millisecond + s.upTo(9*time.Millisecond)}
}

// oldIntranet was switched off nine days ago, and said so.
func (s *story) oldIntranet(ago time.Duration) webhooks.Reply {
	if ago < 9*24*time.Hour {
		return s.answer(ago, http.StatusGone, 40, "The intranet has moved. This address is not used any more.",
			"Content-Type", "text/plain")
	}
	return s.answer(ago, http.StatusNoContent, 380, "")
}

// reporting broke down this morning and is back, slow.
func (s *story) reporting(ago time.Duration) webhooks.Reply {
	switch {
	case ago < 9*time.Hour && ago > 5*time.Hour:
		return s.answer(ago, http.StatusInternalServerError, 150, `{"error":"NullPointerException at ReportQueue.offer"}`)
	case ago <= 5*time.Hour:
		return s.answer(ago, http.StatusAccepted, 2400, `{"queued":true}`)
	}
	return s.answer(ago, http.StatusAccepted, 240, `{"queued":true}`)
}

// dataWarehouse does well until it is paused.
func (s *story) dataWarehouse(ago time.Duration) webhooks.Reply {
	return s.answer(ago, http.StatusOK, 45, `{"rows":1}`)
}

// sendAgain has the owner send one of the deliveries again that failed in the night of the outage.
func (s *story) sendAgain() error {
	var id string
	err := models.WebhookDeliveries.From(s.ctx, s.tx, collection.Condition("webhook_id = ? AND state = ?", s.endpoints["Payroll"].ID,
		models.DeliveryFailed)).Select("id").Order("id").Limit(1).Scan(&id).Error
	if err != nil {
		return fmt.Errorf("find a delivery that failed: %w", err)
	}
	if id == "" {
		return nil
	}
	_, err = queue.Redeliver(s.ctx, s.tx, s.by(theOwner), id)
	return err
}
