package models_test

import (
	"sync"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAnOrganizationHasSoManyEndpointsAndNoMore lets more requests at once create endpoints than there is room for, one of them the
// organization's own.
func TestAnOrganizationHasSoManyEndpointsAndNoMore(t *testing.T) {
	t.Parallel()
	const most, requests = 5, 16
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			cfg.MaxWebhooks = most
			db := modelstest.OpenConfig(t, cfg)
			org, other := organization(t, db, "Acme", ""), organization(t, db, "Other", "")
			own := func(organization string, url any) error {
				in := &models.Change{Attributes: map[string]any{"webhookUrl": url}}
				_, err := models.UpdateOrganization(t.Context(), db, models.System("test"), organization, in)
				return err
			}
			extra := func(organization string) error {
				in := &models.Change{Attributes: map[string]any{"url": chatURL}, Links: map[string]models.Links{
					"organization": {organization},
				}}
				_, err := models.CreateWebhook(t.Context(), db, models.System("test"), in)
				return err
			}
			var running sync.WaitGroup
			errs := make([]error, requests)
			for i := range requests {
				running.Go(func() {
					if i == 0 {
						errs[i] = own(org.ID, otherURL)
						return
					}
					errs[i] = extra(org.ID)
				})
			}
			running.Wait()
			refused := 0
			for _, err := range errs {
				switch {
				case store.IsKind(err, store.Conflict):
					refused++
				case err != nil:
					t.Error(err)
				}
			}
			if refused != requests-most {
				t.Errorf("%d of %d were refused", refused, requests)
			}
			if err := extra(other.ID); err != nil {
				t.Errorf("another organization has room: %v", err)
			}
			if err := own(org.ID, nil); err != nil {
				t.Fatal(err)
			}
			if err := own(org.ID, otherURL); errs[0] == nil && err != nil {
				t.Errorf("what was given up is free again: %v", err)
			}
		})
	}
}
