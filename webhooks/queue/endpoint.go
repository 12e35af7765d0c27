package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
)

// Endpoint is what a sender must know about a webhook, with its secrets in the clear. It is read when something is sent.
type Endpoint struct {
	ID, OrganizationID string
	URL                string
	Headers            map[string]string
	Ordering           string
	Rate               int             // deliveries a second; 0 for no limit
	Schedule           []time.Duration // nil for the default
	Status             string
	Secrets            []SigningSecret // that are live, newest first
}

// SigningSecret is a secret in the form in which its owner knows it.
type SigningSecret struct{ ID, Text string }

// FindEndpoints returns the endpoints that are there, by id.
func FindEndpoints(ctx context.Context, db *store.DB, ids []string) (map[string]*Endpoint, error) {
	found := make(map[string]*Endpoint, len(ids))
	err := db.Ask(ctx,
		store.Query{
			SQL: `SELECT id, organization_id, url, sealed_url, headers, ordering, COALESCE(rate, 0), schedule, status
				FROM webhooks WHERE id IN ?`,
			Args: []any{ids},
			Take: func(a *store.Answer) error {
				for i := range a.Len() {
					e, err := endpointIn(db, a, i)
					if err != nil {
						return fmt.Errorf("webhook %s: %w", e.ID, err)
					}
					found[e.ID] = e
				}
				return nil
			},
		},
		store.Query{
			SQL: `SELECT id, webhook_id, sealed FROM webhook_secrets WHERE webhook_id IN ? AND (expires_at IS NULL OR expires_at > ?)
				ORDER BY created_at DESC, id DESC`,
			Args: []any{ids, db.Now()},
			Take: func(a *store.Answer) error {
				for i := range a.Len() {
					secret, err := secretIn(db, a, i)
					if err != nil {
						return err
					}
					if e := found[a.Text(i, 1)]; e != nil {
						e.Secrets = append(e.Secrets, secret)
					}
				}
				return nil
			},
		})
	if err != nil {
		return nil, fmt.Errorf("find endpoints: %w", err)
	}
	return found, nil
}

// endpointIn returns the endpoint in a row, without its secrets. If it fails, the endpoint still has its id.
func endpointIn(db *store.DB, a *store.Answer, row int) (*Endpoint, error) {
	e := &Endpoint{
		ID: a.Text(row, 0), OrganizationID: a.Text(row, 1), Ordering: a.Text(row, 5), Rate: int(a.Number(row, 6)), Status: a.Text(row, 8),
	}
	var sealedURL, headers []byte
	var schedule *jsonapi.Strings
	err := errors.Join(a.Into(row, 3, &sealedURL), a.Into(row, 4, &headers))
	if err == nil && !a.Null(row, 7) {
		schedule = &jsonapi.Strings{}
		err = a.Into(row, 7, schedule)
	}
	if err == nil {
		e.URL, err = models.OpenURL(db.Vault(), e.ID, a.Text(row, 2), sealedURL)
	}
	if err == nil {
		e.Headers, err = models.OpenHeaders(db, e.ID, headers)
	}
	if err == nil && schedule != nil {
		e.Schedule, err = models.ParseSchedule(*schedule)
	}
	return e, err
}

// secretIn returns the secret in a row.
func secretIn(db *store.DB, a *store.Answer, row int) (SigningSecret, error) {
	var sealed []byte
	if err := a.Into(row, 2, &sealed); err != nil {
		return SigningSecret{}, err
	}
	text, err := db.Vault().Open(a.Text(row, 1), sealed)
	return SigningSecret{a.Text(row, 0), text}, err
}
