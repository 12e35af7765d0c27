package main

import (
	"encoding/json"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
	"roster/webhooks"
)

// ownerOf signs the owner in whom a demo names first.
func ownerOf(t *testing.T, base, printed, password string) *visitor {
	t.Helper()
	rows := printedRow.FindAllStringSubmatch(printed, -1)
	if len(rows) != theFormer {
		t.Fatalf("it printed %s", printed)
	}
	v := &visitor{t: t, base: base}
	v.signIn(rows[theOwner][1], password, 201)
	return v
}

// shownEndpoint is an endpoint as the console shows it.
type shownEndpoint struct {
	ID         string
	Attributes struct {
		Name, URL, Status string
		DisabledReason    *string
		Health            struct {
			State               string
			FailingSince        *time.Time
			ConsecutiveFailures int
			Backlog             int
			LatencyP50          *float64
		}
	}
}

func (v *visitor) endpoints() map[string]shownEndpoint {
	v.t.Helper()
	var all []shownEndpoint
	if err := json.Unmarshal(v.ask("GET", "webhooks?page[size]=100", "", 200).Data, &all); err != nil {
		v.t.Fatal(err)
	}
	byName := map[string]shownEndpoint{}
	for _, e := range all {
		byName[e.Attributes.Name] = e
	}
	return byName
}

const demoPassword = "correct horse battery"

func TestTheDemoHasWeeksOfDeliveries(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		printed := fillDemo(t, dir, url, "--organizations", "60", "--users", "200", "--password", demoPassword)
		v := ownerOf(t, s.base, printed, demoPassword)
		endpoints := v.endpoints()
		for _, e := range demoEndpoints {
			shown := endpoints[e.name]
			if total := v.ask("GET", "webhookDeliveries?filter[webhookId]="+shown.ID, "", 200).Meta.Total; total < 40 {
				t.Errorf("%s has %d deliveries", e.name, total)
			}
			if want := "https://hooks."; !strings.HasPrefix(shown.Attributes.URL, want) {
				t.Errorf("%s is at %s", e.name, shown.Attributes.URL)
			}
		}
		failing := endpoints["Access control"].Attributes.Health
		if failing.State != models.HealthProbation || failing.FailingSince == nil || time.Since(*failing.FailingSince) > 9*time.Hour ||
			failing.ConsecutiveFailures < 10 || failing.Backlog < 3 {
			t.Errorf("Access control: %+v", failing)
		}
		for _, code := range []webhooks.Code{
			webhooks.CodeStatus, webhooks.CodeTimeout, webhooks.CodeConnectionRefused, webhooks.CodeDNSError,
		} {
			if !v.sawCode(endpoints["Access control"].ID, code) {
				t.Errorf("no attempt at Access control failed with %s", code)
			}
		}
		if h := endpoints["Payroll"].Attributes.Health; h.State != models.HealthOK || h.FailingSince != nil || h.LatencyP50 == nil {
			t.Errorf("Payroll: %+v", h)
		}
		if h := endpoints["Reporting"].Attributes.Health; h.State != models.HealthProbation || h.FailingSince != nil {
			t.Errorf("Reporting: %+v", h)
		}
		a := endpoints["Old intranet"].Attributes
		if a.Status != models.WebhookDisabled || *a.DisabledReason != "gone" || a.Health.Backlog == 0 {
			t.Errorf("Old intranet: %+v", a)
		}
		if a := endpoints["Data warehouse"].Attributes; a.Status != models.WebhookPaused || a.Health.Backlog == 0 {
			t.Errorf("Data warehouse: %+v", a)
		}
		db := opened(t, dir, url)
		wantRealDays(t, db)
		if err := models.Verify(t.Context(), db, func(sentence string) { t.Error(sentence) }); err != nil {
			t.Fatal(err)
		}
	})
}

// sawCode reports whether an attempt at some delivery of an endpoint failed in a way.
func (v *visitor) sawCode(webhook string, code webhooks.Code) bool {
	v.t.Helper()
	var deliveries []struct{ ID string }
	open := v.ask("GET", "webhookDeliveries?filter[webhookId]="+webhook+"&filter[state]=pending&page[size]=100", "", 200)
	if err := json.Unmarshal(open.Data, &deliveries); err != nil {
		v.t.Fatal(err)
	}
	for _, d := range deliveries {
		if strings.Contains(string(v.ask("GET", "webhookDeliveries/"+d.ID, "", 200).Data), `"errorCode":"`+string(code)+`"`) {
			return true
		}
	}
	return false
}

// wantRealDays makes sure that the events are of weeks, in their order, each by somebody, in a request.
func wantRealDays(t *testing.T, db *store.DB) {
	t.Helper()
	days, last := map[string]bool{}, time.Time{}
	for _, item := range everyPage(t, db, models.Events) {
		e := item.(*models.Event)
		days[e.OccurredAt.Format(time.DateOnly)] = true
		var actor struct{ Kind, Name string }
		if err := json.Unmarshal(e.Actor, &actor); err != nil || actor.Name == "" {
			t.Errorf("%s was caused by %s", e.EventType, e.Actor)
		}
		if actor.Kind != models.BySystem && e.RequestID == nil {
			t.Errorf("%s was in no request", e.EventType)
		}
		byStory := actor.Kind != models.BySystem
		if byStory && e.OccurredAt.Before(last) {
			t.Errorf("%s of %s comes after %s", e.EventType, e.OccurredAt, last)
		}
		if byStory && time.Since(e.OccurredAt.Time) > time.Hour { // signing in is an event, too
			last = e.OccurredAt.Time
		}
	}
	if len(days) < 25 {
		t.Errorf("events of %d days", len(days))
	}
}

// TestNothingOfTheDemoIsSentAnywhere lets a server send all that a demo has left, through a proxy that would hear of every host.
func TestNothingOfTheDemoIsSentAnywhere(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	modelstestURLs(t, func(t *testing.T, databaseURL string) {
		var heard atomic.Int64
		proxy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = proxy.Close() })
		go func() {
			for {
				conn, err := proxy.Accept()
				if err != nil {
					return
				}
				heard.Add(1)
				_ = conn.Close()
			}
		}()
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", databaseURL, "--migrate", "--webhook-proxy", "http://"+proxy.Addr().String())
		printed := fillDemo(t, dir, databaseURL, "--organizations", "60", "--users", "200", "--password", demoPassword)
		v := ownerOf(t, s.base, printed, demoPassword)
		endpoints := v.endpoints()
		for name, e := range endpoints {
			at, err := url.Parse(e.Attributes.URL)
			if err != nil || !strings.HasSuffix(at.Host, webhooks.InvalidDomain) {
				t.Errorf("%s is at %s", name, e.Attributes.URL)
			}
			if e.Attributes.Status != models.WebhookActive {
				v.ask("PATCH", "webhooks/"+e.ID, `{"data":{"type":"webhooks","id":"`+e.ID+`","attributes":{"status":"active"}}}`, 200)
			}
		}
		for _, name := range []string{"Data warehouse", "Old intranet"} { // were waiting, and are sent now
			id := endpoints[name].ID
			servertest.Poll(t, name+" was tried", func() bool {
				list := "webhookDeliveries?filter[webhookId]=" + id + "&filter[errorCode]=" + string(webhooks.CodeDNSError)
				return v.ask("GET", list, "", 200).Meta.Total > 0
			})
		}
		if n := heard.Load(); n > 0 {
			t.Errorf("the proxy was asked %d times", n)
		}
		for _, item := range everyPage(t, opened(t, dir, databaseURL), models.Organizations) {
			if org := item.(*models.Organization); org.WebhookURL != nil {
				t.Errorf("%s has a webhook at %s", org.Name, *org.WebhookURL)
			}
		}
	})
}
