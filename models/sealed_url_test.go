package models_test

import (
	"fmt"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

const (
	chatURL   = "https://chat.example.com:8443/services/T0/hunter2?token=hunter2"
	otherURL  = "https://chat.example.com:8443/services/T1/hunter2"
	chatShown = "https://chat.example.com:8443"
)

func TestTheSecretOfAURLIsNowhereInTheDatabaseInTheClear(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		update := func(attributes map[string]any) {
			t.Helper()
			in := &models.Change{Attributes: attributes}
			if _, err := models.UpdateOrganization(t.Context(), db, models.System("test"), org.ID, in); err != nil {
				t.Fatal(err)
			}
		}
		update(map[string]any{"webhookUrl": chatURL})
		w := endpoint(t, db, org.ID, chatURL)
		update(map[string]any{"webhookUrl": otherURL})
		in := &models.Change{Attributes: map[string]any{"url": otherURL}}
		if _, err := models.UpdateWebhook(t.Context(), db, models.System("test"), w.ID, in); err != nil {
			t.Fatal(err)
		}
		if where := modelstest.Search(t, db, "hunter2"); len(where) != 0 {
			t.Errorf("found in %v", where)
		}
		read := must(collection.Find(t.Context(), db, models.Webhooks, collection.Everything(), w.ID, nil))(t).(*models.Webhook)
		same := must(collection.Find(t.Context(), db, models.Organizations, collection.Everything(), org.ID, nil))(t).(*models.Organization)
		if read.URL != otherURL || *same.WebhookURL != otherURL {
			t.Errorf("read back: %q, %q", read.URL, *same.WebhookURL)
		}
		for _, e := range must(collection.List(t.Context(), db, models.Events, collection.Everything(),
			&jsonapi.Query{Page: jsonapi.Page{Size: 100}}))(t).Items {
			told := string(e.(*models.Event).Resource) + string(*e.(*models.Event).Changes)
			if strings.Contains(told, "chat.example.com") && !strings.Contains(told, `"`+chatShown+`"`) {
				t.Errorf("an event tells %s", told)
			}
		}
		e := lastEvent(t, db)
		if want := `{"url":{"before":"` + chatShown + `","after":"` + chatShown + `"}}`; string(*e.Changes) != want {
			t.Errorf("a change behind the origin is told as %s, want %s", *e.Changes, want)
		}
	})
}

func lastEvent(t *testing.T, db *store.DB) *models.Event {
	t.Helper()
	q := &jsonapi.Query{Page: jsonapi.Page{Size: 1}, Sort: []jsonapi.SortKey{
		{Attribute: models.Events.Schema.Attribute("occurredAt"), Descending: true}}}
	return must(collection.List(t.Context(), db, models.Events, collection.Everything(), q))(t).Items[0].(*models.Event)
}

func endpoint(t *testing.T, db *store.DB, organization, url string) *models.Webhook {
	t.Helper()
	in := &models.Change{Attributes: map[string]any{"url": url}, Links: map[string]models.Links{
		"organization": {organization},
	}}
	return must(models.CreateWebhook(t.Context(), db, models.System("test"), in))(t)
}

// TestURLsOfBeforeAreSealedAtTheStart puts rows back into the form that earlier versions left, more than a transaction takes.
func TestURLsOfBeforeAreSealedAtTheStart(t *testing.T) {
	t.Parallel()
	const endpoints = 205
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		var last *models.Webhook
		err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
			in := &models.Change{Attributes: map[string]any{"webhookUrl": otherURL}}
			if _, err := models.UpdateOrganization(t.Context(), tx, models.System("test"), org.ID, in); err != nil {
				return err
			}
			for range endpoints {
				last = endpoint(t, tx, org.ID, chatURL)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		write := modelstest.Writable(db)
		for _, statement := range []string{
			fmt.Sprintf(`UPDATE webhooks SET url = '%s', sealed_url = NULL`, chatURL),
			fmt.Sprintf(`UPDATE organizations SET webhook_url = '%s', sealed_webhook_url = NULL WHERE webhook_url IS NOT NULL`, otherURL),
			fmt.Sprintf(`UPDATE events SET data = replace(data, '"%[1]s"', '"%[2]s"'), changes = replace(changes, '"%[1]s"', '"%[2]s"')`,
				chatShown, chatURL),
		} {
			if _, err := write.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if where := modelstest.Search(t, db, "hunter2"); len(where) != 4 {
			t.Fatalf("before, the secret is in %v", where)
		}
		read := func() string {
			return must(collection.Find(t.Context(), db, models.Webhooks, collection.Everything(), last.ID, nil))(t).(*models.Webhook).URL
		}
		if got := read(); got != chatURL {
			t.Errorf("what is not sealed yet is read as %q", got)
		}
		for range 2 {
			if _, err := models.CatchUp(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			if where := modelstest.Search(t, db, "hunter2"); len(where) != 0 {
				t.Errorf("after, the secret is in %v", where)
			}
			if got := read(); got != chatURL {
				t.Errorf("what was sealed is read as %q", got)
			}
		}
		if e := lastEvent(t, db); !strings.Contains(string(e.Resource), `"url":"`+chatShown+`"`) ||
			!strings.Contains(string(e.Resource), `"type":"webhooks"`) {
			t.Errorf("an event tells %s", e.Resource)
		}
	})
}
