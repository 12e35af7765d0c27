package models_test

import (
	"fmt"
	"slices"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestPagesFarDownAreThoseOfTheWholeList reads lists of some hundreds by numbers, to the end and beyond it, and compares them with
// the list that a walk reads: far down, pages are found by their ids, and from the nearer end.
func TestPagesFarDownAreThoseOfTheWholeList(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		const length = 523
		plantTens(t, db, length)
		for _, query := range []string{"", "sort=-createdAt", "sort=name", "sort=-slug", "sort=-number", "filter[kind]=branch"} {
			q := parse(t, models.Organizations, query)
			walk, err := collection.NewWalk(t.Context(), db, models.Organizations, q)
			if err != nil {
				t.Fatal(err)
			}
			all, err := walk.Next(t.Context(), collection.Everything(), 2*length)
			if err != nil {
				t.Fatal(err)
			}
			want, got := ids(models.Organizations, all), []string{}
			for n := 1; n <= length/40+2; n++ {
				page, err := collection.List(t.Context(), db, models.Organizations, collection.Everything(),
					parse(t, models.Organizations, fmt.Sprintf("%s&page[size]=40&page[number]=%d", query, n)))
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ids(models.Organizations, page.Items)...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: the pages have %d organizations, or others than the list, which has %d", query, len(got), len(want))
			}
		}
	})
}
