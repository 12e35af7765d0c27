package queue

import (
	"context"
	"database/sql"
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
	in, arg := db.Among("id", ids)
	err := db.Read(ctx, func(rows *sql.Rows) error {
		e := &Endpoint{}
		var headers, sealedURL []byte
		var rate *int64
		var schedule *jsonapi.Strings
		var origin string
		err := rows.Scan(&e.ID, &e.OrganizationID, &origin, &sealedURL, &headers, &e.Ordering, &rate, &schedule, &e.Status)
		if err != nil {
			return err
		}
		if e.URL, err = models.OpenURL(db.Vault(), e.ID, origin, sealedURL); err != nil {
			return fmt.Errorf("webhook %s: %w", e.ID, err)
		}
		if e.Headers, err = models.OpenHeaders(db, e.ID, headers); err != nil {
			return err
		}
		if rate != nil {
			e.Rate = int(*rate)
		}
		if schedule != nil {
			if e.Schedule, err = models.ParseSchedule(*schedule); err != nil {
				return err
			}
		}
		found[e.ID] = e
		return nil
	}, `SELECT id, organization_id, url, sealed_url, headers, ordering, rate, schedule, status FROM webhooks WHERE `+in, arg)
	if err != nil {
		return nil, fmt.Errorf("find endpoints: %w", err)
	}
	in, arg = db.Among("webhook_id", ids)
	err = db.Read(ctx, func(rows *sql.Rows) error {
		var id, webhook string
		var sealed []byte
		if err := rows.Scan(&id, &webhook, &sealed); err != nil {
			return err
		}
		text, err := db.Vault().Open(webhook, sealed)
		if err != nil {
			return err
		}
		if e := found[webhook]; e != nil {
			e.Secrets = append(e.Secrets, SigningSecret{id, text})
		}
		return nil
	}, `SELECT id, webhook_id, sealed FROM webhook_secrets WHERE `+in+` AND (expires_at IS NULL OR expires_at > ?)
		ORDER BY created_at DESC, id DESC`, arg, db.Now())
	if err != nil {
		return nil, fmt.Errorf("find signing secrets: %w", err)
	}
	return found, nil
}
