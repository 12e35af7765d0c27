package models_test

import (
	"net/url"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestAnAddressIsFoundInEverySpelling: what makes two addresses one user's makes them equal for a filter.
func TestAnAddressIsFoundInEverySpelling(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		one := must(models.CreateUser(t.Context(), db, everything, input(attributes{"email": "Zoé@Bücher.example"}, nil)))(t).ID
		other := must(models.CreateUser(t.Context(), db, everything, input(attributes{"email": "ada@example.com"}, nil)))(t).ID
		for _, spelling := range []string{"Zoé@Bücher.example", "zoé@bücher.example", "ZOE\u0301@xn--bcher-kva.example"} {
			text := url.QueryEscape(spelling)
			same(t, "filter[email]="+spelling, list(t, db, models.Users, collection.Everything(), "filter[email]="+text), []string{one})
			same(t, "filter[email][ne]="+spelling, list(t, db, models.Users, collection.Everything(), "filter[email][ne]="+text),
				[]string{other})
			same(t, "filter[email][match]="+spelling,
				list(t, db, models.Users, collection.Everything(), "filter[email][match]=ADA@example.com,"+text),
				[]string{one, other})
		}
		same(t, "a prefix", list(t, db, models.Users, collection.Everything(), "filter[email][prefix]=Zo"), []string{one})
		same(t, "of nobody", list(t, db, models.Users, collection.Everything(), "filter[email][null]=true"), nil)
	})
}
