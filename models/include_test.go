package models_test

import (
	"fmt"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestAnInclusionCostsTheSameForOneAndForAHundred(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		by := models.System("test")
		root, err := models.CreateOrganization(t.Context(), db, by, input(attributes{"name": "Root"}, nil))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			org, err := models.CreateOrganization(t.Context(), db, by,
				input(attributes{"name": fmt.Sprintf("Org %d", i)}, below(root.ID)))
			if err != nil {
				t.Fatal(err)
			}
			_, err = models.CreateUser(t.Context(), db, by, input(attributes{"firstName": "Ada"}, relations{"organization": one(org.ID)}))
			if err != nil {
				t.Fatal(err)
			}
		}
		db, statements := models.Watch(db)
		var counts []int
		for _, size := range []int{1, 100} {
			raw := fmt.Sprintf("include=parent,users.memberships.organization&page[size]=%d&filter[kind]=other", size)
			q, err := jsonapi.ParseQuery(raw, jsonapi.ListQuery, models.Organizations.Schema, models.SchemaOf)
			if err != nil {
				t.Fatal(err)
			}
			statements.Take("")
			page, err := collection.List(t.Context(), db, models.Organizations, collection.Everything(), q)
			if err != nil {
				t.Fatal(err)
			}
			resources, err := collection.Render(t.Context(), db, models.Organizations, collection.Everything(), page.Items, "/", q)
			if err != nil {
				t.Fatal(err)
			}
			included, err := collection.Include(t.Context(), db, models.Organizations, collection.Everything(), page.Items, resources, q)
			if err != nil {
				t.Fatal(err)
			}
			if want := 2*size + 1; len(included) != want {
				t.Errorf("%d organizations include %d resources, want %d", size, len(included), want)
			}
			counts = append(counts, len(statements.Take("")))
		}
		if counts[0] != counts[1] || counts[1] == 0 {
			t.Errorf("one organization takes %d statements, a hundred %d", counts[0], counts[1])
		}
	})
}
