package handlers

import (
	"context"

	"roster/models"
	"roster/models/store"
	"roster/server"
)

// wholePortalLink completes a link that was just made with the URL that the client knows the service by.
func wholePortalLink(ctx context.Context, _ *store.DB, links ...*models.PortalLink) error {
	for _, l := range links {
		if l.URL != nil {
			whole := server.ExchangeOf(ctx).Base + *l.URL
			l.URL = &whole
		}
	}
	return nil
}
