package queue_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
)

func TestDeliveriesAreSortedByTheirCreation(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		org := organization(t, db, "Acme", "").ID
		endpoint, other := hook(t, db, org).ID, hook(t, db, org).ID
		var oldest []string
		for range 5 {
			clock.Advance(time.Minute)
			oldest = append(oldest, finished(t, db, endpoint).ID)
		}
		finished(t, db, other)
		must(queue.Redeliver(t.Context(), db, everything, oldest[2]))(t) // begun again, it keeps its place
		newest := slices.Clone(oldest)
		slices.Reverse(newest)
		for sort, want := range map[string][]string{"createdAt": oldest, "-createdAt": newest} {
			query := "sort=" + sort + "&page[size]=2&filter[webhookId]=" + endpoint
			var found []string
			for after := ""; ; {
				page := list(t, db, query+after)
				for _, item := range page.Items {
					found = append(found, item.(*models.WebhookDelivery).ID)
				}
				if page.Next == nil {
					break
				}
				after = "&page[after]=" + page.Cursors[len(page.Cursors)-1]
			}
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("sorted by %s (-want +got):\n%s", sort, diff)
			}
		}
	})
}

// list reads a page of deliveries that is cut by cursors.
func list(t *testing.T, db *store.DB, query string) *collection.Page {
	t.Helper()
	accepts := jsonapi.ListQuery
	accepts.Cursors = true
	q, err := jsonapi.ParseQuery(query, accepts, models.WebhookDeliveries.Schema, models.SchemaOf)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return must(collection.List(t.Context(), db, models.WebhookDeliveries, collection.Everything(), q))(t)
}
