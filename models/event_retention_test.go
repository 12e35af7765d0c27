package models_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// positions returns the positions of the events that a query finds, and the total that is told.
func positions(t *testing.T, db *store.DB, query string) (at []int64, total int64) {
	t.Helper()
	page := listPage(t, db, models.Events, collection.Everything(), query)
	for _, item := range page.Items {
		at = append(at, item.(*models.Event).Position)
	}
	return at, page.Total
}

func TestOldEventsAreRemovedFromTheBeginning(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		old, other := organization(t, db, "Old", "").ID, organization(t, db, "Other", "").ID
		user := must(models.CreateUser(t.Context(), db, everything, input(attributes{"firstName": "Ada"},
			relations{"organization": one(old)})))(t)
		if err := models.DeleteUser(t.Context(), db, everything, user.ID, nil); err != nil {
			t.Fatal(err)
		}
		before, _ := positions(t, db, "page[size]=200")
		clock.Advance(10 * 24 * time.Hour)
		must(models.UpdateOrganization(t.Context(), db, everything, old, input(attributes{"name": "New"}, nil)))(t)
		positions(t, db, "") // which numbers them
		cutoff := clock.Now().Add(-24 * time.Hour)
		purge := func() int { return must(models.PurgeEvents(t.Context(), db, cutoff))(t) }

		if n := purge(); n != 0 {
			t.Errorf("%d events that are queued are removed", n)
		}
		if _, err := db.Run(t.Context(), `DELETE FROM event_queue WHERE position > 1`); err != nil { // as the fan-out does
			t.Fatal(err)
		}
		if n := purge(); n != 0 {
			t.Errorf("%d events are removed behind one that is queued", n)
		}
		if _, err := db.Run(t.Context(), `DELETE FROM event_queue`); err != nil {
			t.Fatal(err)
		}
		if n := purge(); n != len(before) {
			t.Errorf("%d events are removed, want %d", n, len(before))
		}
		last := int64(len(before) + 1)
		if at, total := positions(t, db, "page[size]=200"); !slices.Equal(at, []int64{last}) || total != 1 {
			t.Errorf("there are %v, and the total is %d", at, total)
		}
		for organization, want := range map[string]int64{old: 1, other: 0} {
			if _, total := positions(t, db, "filter[organizationId]="+organization); total != want {
				t.Errorf("the total of an organization is %d, want %d", total, want)
			}
		}
		modelstest.CheckConsistency(t, db)

		// All of them can go. The next one has the next position.
		if _, err := db.Run(t.Context(), `DELETE FROM event_queue`); err != nil {
			t.Fatal(err)
		}
		clock.Advance(10 * 24 * time.Hour)
		if n := must(models.PurgeEvents(t.Context(), db, clock.Now()))(t); n != 1 {
			t.Errorf("%d events are removed", n)
		}
		modelstest.CheckConsistency(t, db)
		must(models.UpdateOrganization(t.Context(), db, everything, other, input(attributes{"name": "New"}, nil)))(t)
		if at, total := positions(t, db, "page[size]=200"); !slices.Equal(at, []int64{last + 1}) || total != 1 {
			t.Errorf("there are %v, and the total is %d", at, total)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestReplicasShareTheRemovalOfEvents removes more than one batch on several replicas while others write.
func TestReplicasShareTheRemovalOfEvents(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		org := organization(t, db, "Acme", "").ID
		rename := func(name string) {
			must(models.UpdateOrganization(t.Context(), db, everything, org, input(attributes{"name": name}, nil)))(t)
		}
		for i := range 600 {
			rename([]string{"One", "Two"}[i%2])
		}
		positions(t, db, "") // which numbers them
		if _, err := db.Run(t.Context(), `DELETE FROM event_queue`); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
		var replicas sync.WaitGroup
		for range 3 {
			replicas.Go(func() {
				if _, err := models.PurgeEvents(t.Context(), db, clock.Now()); err != nil {
					t.Error(err)
				}
			})
		}
		replicas.Go(func() {
			for i := range 20 {
				rename([]string{"Three", "Four"}[i%2])
			}
		})
		replicas.Wait()
		if at, total := positions(t, db, "page[size]=200"); len(at) != 20 || total != 20 {
			t.Errorf("there are %d, and the total is %d", len(at), total)
		}
		modelstest.CheckConsistency(t, db)
	})
}
