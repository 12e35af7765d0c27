package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAKeyIsFoundByItsPublicPart rotates a key twice, and looks at what it is told and found by until the earlier secrets end.
func TestAKeyIsFoundByItsPublicPart(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		org := organization(t, db, "Acme", "")
		key := apiKey(t, db, models.OrganizationKey, org.ID)
		apiKey(t, db, models.OrganizationKey, org.ID)
		public := func(key *models.APIKey) string { return strings.Split(*key.Key, "_")[2] }
		rotate := func() string {
			clock.Advance(time.Minute)
			return public(must(models.RotateAPIKey(t.Context(), db, everything, key.ID, time.Hour))(t))
		}
		look := func(filter string) (found []*models.APIKey) {
			for _, item := range listPage(t, db, models.APIKeys, collection.Everything(), filter).Items {
				found = append(found, item.(*models.APIKey))
			}
			return found
		}
		first := public(key)
		if found := look("filter[keyId]=" + first); len(found) != 1 || *found[0].KeyID != first || found[0].PreviousKeyID != nil {
			t.Errorf("before a rotation: %+v", found)
		}
		second := rotate()
		third := rotate()
		for _, id := range []string{first, second, third} {
			found := look("filter[keyId]=" + id)
			if len(found) != 1 || *found[0].KeyID != third || *found[0].PreviousKeyID != second || found[0].PreviousExpiresAt == nil {
				t.Errorf("%s of %s, %s and %s: %+v", id, first, second, third, found)
			}
		}
		clock.Advance(2 * time.Hour)
		gone := slices.Concat(look("filter[keyId]="+first), look("filter[keyId]="+second))
		if found := look("filter[keyId]=" + third); len(gone) > 0 || len(found) != 1 || found[0].PreviousKeyID != nil {
			t.Errorf("after the earlier secrets ended: %+v, and by them %+v", found, gone)
		}
	})
}
