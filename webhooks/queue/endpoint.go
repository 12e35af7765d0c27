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

// Endpoints is a question for endpoints, which can be asked together with others.
type Endpoints struct {
	db  *store.DB
	ids []string
	// Found are those that are there and can be read, by id.
	Found map[string]*Endpoint
	// Unreadable are those that are there and cannot be read, by id: what is sealed was not sealed for them, or not with this key.
	Unreadable map[string]error
}

// AskForEndpoints returns a question that was not asked yet.
func AskForEndpoints(db *store.DB, ids []string) *Endpoints {
	return &Endpoints{db: db, ids: ids, Found: make(map[string]*Endpoint, len(ids)), Unreadable: map[string]error{}}
}

// FindEndpoints asks for endpoints.
func FindEndpoints(ctx context.Context, db *store.DB, ids []string) (*Endpoints, error) {
	e := AskForEndpoints(db, ids)
	if err := db.Ask(ctx, e.Queries()...); err != nil {
		return nil, fmt.Errorf("find endpoints: %w", err)
	}
	return e, nil
}

// Queries returns what is to be asked; none for no ids.
func (e *Endpoints) Queries() []store.Query {
	if len(e.ids) == 0 {
		return nil
	}
	return []store.Query{
		{
			SQL: `SELECT id, organization_id, url, sealed_url, headers, ordering, COALESCE(rate, 0), schedule, status
				FROM webhooks WHERE id IN ?`,
			Args: []any{e.ids},
			Take: func(a *store.Answer) error {
				for i := range a.Len() {
					found, err := endpointIn(e.db, a, i)
					if err != nil {
						e.leaveOut(found.ID, err)
						continue
					}
					e.Found[found.ID] = found
				}
				return nil
			},
		},
		{
			SQL: `SELECT id, webhook_id, sealed FROM webhook_secrets WHERE webhook_id IN ? AND (expires_at IS NULL OR expires_at > ?)
				ORDER BY created_at DESC, id DESC`,
			Args: []any{e.ids, e.db.Now()},
			Take: func(a *store.Answer) error {
				for i := range a.Len() {
					secret, err := secretIn(e.db, a, i)
					if err != nil {
						e.leaveOut(a.Text(i, 1), err) // a request that lacks a signature must not go out
					} else if found := e.Found[a.Text(i, 1)]; found != nil {
						found.Secrets = append(found.Secrets, secret)
					}
				}
				return nil
			},
		},
	}
}

// leaveOut notes that an endpoint cannot be read.
func (e *Endpoints) leaveOut(id string, err error) {
	delete(e.Found, id)
	e.Unreadable[id] = err
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
