package models_test

import (
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestSetsHaveWhatAScopeSeesOfThem: who reads a part of a tree reads as much of it by each way.
func TestSetsHaveWhatAScopeSeesOfThem(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top, other := organization(t, db, "Top", "").ID, organization(t, db, "Other", "").ID
		branch := organization(t, db, "Branch", top).ID
		leaf := organization(t, db, "Leaf", branch).ID
		gone := organization(t, db, "Gone", "").ID
		inBoth, inBranch := user(t, db, "Ada", top, gone).ID, user(t, db, "Bob", branch).ID
		if err := models.DeleteOrganization(t.Context(), db, everything, gone, nil); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			scope                         collection.Scope
			heads, itself, below, nothing []string
			any                           bool
		}{
			"everything":     {collection.Everything(), []string{top, other}, []string{branch}, []string{leaf}, nil, true},
			"the subtree":    {collection.Subtree(top), []string{top}, []string{branch}, []string{leaf}, nil, true},
			"one":            {collection.OnlyOrganization(branch), nil, []string{branch}, nil, nil, true},
			"who is above":   {collection.Person(inBoth), []string{top}, []string{branch}, []string{leaf}, nil, true},
			"who is in it":   {collection.Person(inBranch), nil, []string{branch}, []string{leaf}, nil, true},
			"who is nowhere": {collection.Person(user(t, db, "Eve").ID), nil, nil, nil, nil, false},
			"nobody":         {collection.Scope{}, nil, nil, nil, nil, false},
		} {
			for set, want := range map[*collection.Collection][]string{
				models.Heads(c.scope): c.heads, models.ByItself(branch): c.itself, models.RightBelow(branch): c.below,
				models.ByItself("no id"): c.nothing, models.RightBelow("no id"): c.nothing, models.ByItself(gone): c.nothing,
			} {
				same(t, name, list(t, db, set, c.scope, ""), want)
				q := &jsonapi.Query{Page: jsonapi.Page{Number: 1, Size: 1}}
				page, err := collection.List(t.Context(), db, set, c.scope, q)
				if err != nil || page.Total != int64(len(want)) || page.TotalUnfiltered != page.Total {
					t.Errorf("%s: %d are counted, want %d: %v", name, page.Total, len(want), err)
				}
			}
			if sees, err := models.Organizations.HasAny(t.Context(), db, c.scope); err != nil || sees != c.any {
				t.Errorf("%s sees anything: %v, %v", name, sees, err)
			}
		}
	})
}
