package collection_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// The words of which the texts of the test are made: short ones, those that contain others, letters whose cases differ in length or by
// place, scripts without blanks, and signs that mean something to a pattern.
var vocabulary = []string{"an", "ban", "Banane", "NANA", "Straße", "ΣΟΦΟΣ", "İzmir", "東京", "株式会社東京", "a%b", "_x_", "l'eau", `b\s`, "Zoë",
	"\u202eevil", "42"}

func someWords(r *rand.Rand, most int) string {
	words := make([]string, 1+r.IntN(most))
	for i := range words {
		words[i] = vocabulary[r.IntN(len(vocabulary))]
	}
	return strings.Join(words, []string{" ", "-", ", "}[r.IntN(3)])
}

// someText returns a part of some words, in some case.
func someText(r *rand.Rand) string {
	runes := []rune(someWords(r, 2))
	from := r.IntN(max(1, len(runes)-1))
	text := string(runes[from : from+min(len(runes)-from, 2+r.IntN(4))])
	return []string{text, strings.ToUpper(text), strings.ToLower(text), " " + text + "-"}[r.IntN(4)]
}

// TestEveryWayFindsTheSameText compares what each way finds with a read of everything that the scope sees.
func TestEveryWayFindsTheSameText(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		r := modelstest.Rand(t)
		organizations := modelstest.Grove(t, db, clock, r)
		for range 12 {
			at := organizations[r.IntN(len(organizations))]
			modelstest.RoleUnlessDeleted(t, db, at, modelstest.With("key", fmt.Sprint("key-", r.Uint64())))
		}
		nameAll(t, db, r)
		people := ids(modelstest.Collection("users"), everything(t, db, modelstest.Collection("users"), ""))
		var of []*collection.Collection
		for _, typ := range []string{"organizations", "users", "webhooks", "apiKeys", "roles"} {
			of = append(of, modelstest.Collection(typ))
		}
		for range 12 {
			text := someText(r)
			for name, scope := range map[string]collection.Scope{
				"everything": collection.Everything(),
				"subtree":    collection.Subtree(organizations[r.IntN(len(organizations))]),
				"only":       collection.OnlyOrganization(organizations[r.IntN(len(organizations))]),
				"person":     collection.Person(people[r.IntN(len(people))]),
				"nothing":    {},
			} {
				for _, w := range [][4]int{{1000, 1000, 1000, 1000}, {1, 1, 1000, 1}, {1, 0, 1000, 1}, {1, 0, 1, 1}, {2, 3, 2, 1},
					{1, 0, 1, 1000}, {2, 3, 2, 50}} {
					for _, most := range []int{3, 20} {
						found, err := collection.SeekBy(t.Context(), db, scope, of, text, most, w)
						if err != nil {
							t.Fatal(err)
						}
						what := fmt.Sprintf("%q for %s %s, %v, %d", text, name, scope.Whose(), w, most)
						compareFound(t, db, what, scope, of, text, most, found)
					}
				}
			}
			if t.Failed() {
				return
			}
		}
	})
}

// nameAll gives everything a name of some words.
func nameAll(t *testing.T, db *store.DB, r *rand.Rand) {
	t.Helper()
	pool := modelstest.Writable(db)
	for typ, column := range map[string]string{
		"organizations": "organizations SET name", "users": "users SET last_name", "webhooks": "webhooks SET name",
		"apiKeys": "api_keys SET name", "roles": "roles SET name",
	} {
		c := modelstest.Collection(typ)
		for _, id := range ids(c, everything(t, db, c, "")) {
			if _, err := pool.ExecContext(t.Context(), "UPDATE "+column+" = $1 WHERE id = $2", someWords(r, 3), id); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// compareFound compares what was found with what the scope sees and has the text: as much of it as is needed to fill an answer, and nothing
// else.
func compareFound(t *testing.T, db *store.DB, what string, scope collection.Scope, of []*collection.Collection, text string, most int,
	found []collection.Sighting) {
	t.Helper()
	sought, begin := store.SoughtText(text), 0
	for _, s := range found {
		begin += len(s.Begins)
	}
	for i, c := range of {
		all := everything(t, db, c, "")
		seen, err := collection.FindAll(t.Context(), db, c, scope, ids(c, all), nil)
		if err != nil {
			t.Fatal(err)
		}
		var begins, within []string
		for _, item := range seen {
			switch text := modelstest.SearchedText(item); {
			case sought.BeginsWordIn(text):
				begins = append(begins, c.ID(item))
			case sought.In(text):
				within = append(within, c.ID(item))
			}
		}
		partOf(found[i].Begins).compare(t, what+": "+c.Schema.Type+" that begin with it", begins, most)
		if begin < most {
			partOf(found[i].Within).compare(t, what+": "+c.Schema.Type+" that contain it", within, most-len(begins))
		}
	}
}

// partOf is some of the ids that there are.
type partOf []string

// compare makes sure that all are there, or enough of them.
func (got partOf) compare(t *testing.T, what string, want []string, enough int) {
	t.Helper()
	for _, id := range got {
		if !slices.Contains(want, id) {
			t.Errorf("%s: %s is found", what, id)
		}
	}
	if len(got) < min(len(want), enough) {
		t.Errorf("%s: %d are found of %d", what, len(got), len(want))
	}
}

// TestNothingIsFoundAcrossFields searches for what a resource has only if one of its texts is read on into the other.
func TestNothingIsFoundAcrossFields(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"acme\x1f corp", "acme\x1fcorp", "acme corp", "e corp"} {
		if store.SoughtText(text).In(store.SearchText("Acme", "Corp")) {
			t.Errorf("%q is found", text)
		}
	}
}

// TestBothDatabasesSearchTheSameText compares the functions in SQL with those of the program.
func TestBothDatabasesSearchTheSameText(t *testing.T) {
	t.Parallel()
	some, more := "", ""
	for r := range rune(0x1000) {
		some, more = some+string(r+1), more+string(r+0x1000)
	}
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, texts := range [][2]string{{some, more}, {"", ""}, {"ΣΟΦΟΣ ΣΑΣ", "Σ"}, {"İIıi", "ẞß"}, {`\\`, `'\n'`}} {
			var got string
			if err := modelstest.Writable(db).QueryRowContext(t.Context(), "SELECT roster_search_text($1, $2)", texts[0], texts[1]).
				Scan(&got); err != nil {
				t.Fatal(err)
			}
			if want := store.SearchText(texts[0], texts[1]); got != want {
				g, w := []rune(got), []rune(want)
				for i := range min(len(g), len(w)) {
					if g[i] != w[i] {
						t.Errorf("%.20q: character %d is %U, want %U", texts, i, g[i], w[i])
					}
				}
				t.Errorf("%.20q: %d characters, want %d", texts, len(g), len(w))
			}
		}
	})
}
