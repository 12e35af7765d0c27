package modelstest

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
)

// The functions below make what a test is not about: a resource of a type with everything that it needs, made by the system. What the test
// is about, it says with options.

// Option changes what is made.
type Option func(*models.Change)

// With sets an attribute.
func With(attribute string, value any) Option {
	return func(in *models.Change) { in.Attributes[attribute] = value }
}

// To relates what is made to resources with those ids. An empty id is none.
func To(relationship string, ids ...string) Option {
	return func(in *models.Change) {
		in.Links[relationship] = slices.DeleteFunc(models.Links(ids), func(id string) bool { return id == "" })
	}
}

// Organization makes an organization, at the head of a tree unless To("parent", …) says where.
func Organization(t testing.TB, db *store.DB, options ...Option) *models.Organization {
	t.Helper()
	in := input(append([]Option{With("name", "Acme")}, options...))
	org, err := models.CreateOrganization(t.Context(), db, author, in)
	return made(t, org, err)
}

// User makes a user, who is in no organization unless To("organizations", …) says so.
func User(t testing.TB, db *store.DB, options ...Option) *models.User {
	t.Helper()
	user, err := models.CreateUser(t.Context(), db, author, input(append([]Option{With("firstName", "Ada")}, options...)))
	return made(t, user, err)
}

// Membership makes a user a member of an organization.
func Membership(t testing.TB, db *store.DB, user, organization string, options ...Option) *models.Membership {
	t.Helper()
	in := input(append([]Option{To("user", user), To("organization", organization)}, options...))
	membership, err := models.CreateMembership(t.Context(), db, author, in)
	return made(t, membership, err)
}

// Invitation asks the owner of an address to join an organization.
func Invitation(t testing.TB, db *store.DB, email, organization string, options ...Option) *models.Invitation {
	t.Helper()
	in := input(append([]Option{With("email", email), To("organization", organization)}, options...))
	invitation, err := models.CreateInvitation(t.Context(), db, author, in)
	return made(t, invitation, err)
}

// Logo gives an organization a logo: a small picture with the name of a file.
func Logo(t testing.TB, db *store.DB, organization, name string) *models.File {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	staged, err := models.StageFile(t.Context(), db, author, models.FileOwner{Organization: organization}, name, picture.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	file, err := models.CreateFile(t.Context(), db, author, staged)
	made(t, file, err)
	logo := input([]Option{To("logo", file.ID)})
	organizationOf, err := models.UpdateOrganization(t.Context(), db, author, organization, logo)
	made(t, organizationOf, err)
	return file
}

// Webhook makes an endpoint of an organization.
func Webhook(t testing.TB, db *store.DB, organization, url string, options ...Option) *models.Webhook {
	t.Helper()
	in := input(append([]Option{With("url", url), To("organization", organization)}, options...))
	webhook, err := models.CreateWebhook(t.Context(), db, author, in)
	return made(t, webhook, err)
}

// Delivery makes a delivery of a test to an endpoint.
func Delivery(t testing.TB, db *store.DB, w *models.Webhook) *models.WebhookDelivery {
	t.Helper()
	delivery, err := store.Resulting(t.Context(), db, func(tx *store.DB) (*models.WebhookDelivery, error) {
		event, err := models.RecordTest(t.Context(), tx, author, w)
		if err != nil {
			return nil, err
		}
		now := jsonapi.Stamp{Time: tx.Now()}
		d := &models.WebhookDelivery{
			ID: models.NewID(), CreatedAt: now, EventType: event.Type, State: models.DeliveryPending, Trigger: models.TriggerTest,
			NextAttemptAt: &now, EventID: event.ID, WebhookID: w.ID, OrganizationID: w.OrganizationID, Ordinal: event.Ordinal,
		}
		models.CountDelivery(tx, w.OrganizationID, w.ID, 1)
		if err := tx.Session(t.Context()).Create(d).Error; err != nil {
			return nil, err
		}
		_, err = tx.Run(t.Context(), `INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, created_at, state, trigger, attempts,
				round_attempts, due_at)
			VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?)`, d.ID, d.WebhookID, d.Ordinal, now.Time, d.State, d.Trigger, now.Time)
		return d, err
	})
	return made(t, delivery, err)
}

// Key makes a key that may do everything within an organization, or within the whole installation for "".
func Key(t testing.TB, db *store.DB, kind models.KeyKind, organization string, options ...Option) *models.APIKey {
	t.Helper()
	in := input(append([]Option{
		With("name", "Key"), With("kind", string(kind)), With("scopes", jsonapi.Strings{models.EveryScope}),
		To("organization", organization),
	}, options...))
	key, err := models.CreateAPIKey(t.Context(), db, author, in)
	return made(t, key, err)
}

// author is who makes what tests need.
var author = models.System("test")

func input(options []Option) *models.Change {
	in := &models.Change{Attributes: map[string]any{}, Links: map[string]models.Links{}}
	for _, o := range options {
		o(in)
	}
	return in
}

func made[T any](t testing.TB, model T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return model
}
