package models_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// nasty are texts that databases compare differently when they are let.
var nasty = []string{
	"a", "A", "b", "B", "aa", "ab", "a ", " a", "ä", "Ä", "a\u0308", "z", "Z", "é", "É", "e", "ß", "ẞ", "SS", "ss", "İstanbul", "istanbul",
	"ISTANBUL", "ıi",
	"ΟΔΟΣ", "οδος", "οδοσ", "Σ", "σ", "ς", "ǅ", "ǆ", "K", "K", "Ａ", "ａ", "100%", "100", "1%0", "a_b", "aXb", `a\b`, `a\\b`, "a'b", `a"b`,
	"a%", "%a", "_", "%", `\`,
	"😀", "😀😀", "😁", "n\U0010FFFF", "\U0010FFFFx", "n\uD7FF", "n\uE000", "n\uFFFF", "\uFFFD", "中文", "中", "אב", "e\u0301", "-1", "0", "00",
	"1", "10", "2", "~", "a\tb", "a\nb",
	"\u00A0x", "x\u200B", "NULL", "null", "true", "a,b", "a;b", "a&b", "a=b", "a+b",
}

// TestBothDatabasesFilterAndSortAlike asks both databases, and where it is short to say, the answer in Go.
func TestBothDatabasesFilterAndSortAlike(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	dbs := map[store.Dialect]*store.DB{}
	for _, dialect := range modelstest.Dialects {
		dbs[dialect] = modelstest.OpenClock(t, dialect, clock)
	}
	people := map[string]string{} // id → note, as kept in externalId
	for i, text := range nasty {
		clock.Advance(time.Duration(i%3) * 400 * time.Millisecond)
		a := attributes{"firstName": text, "active": i%2 == 0}
		if i%3 > 0 {
			a["phone"] = nasty[len(nasty)-1-i]
		}
		if i%5 == 0 {
			a["lastName"] = ""
		}
		in := input(a, nil)
		in.ID = models.NewID()
		people[in.ID] = text
		for dialect, db := range dbs {
			if _, err := models.CreateUser(t.Context(), db, everything, in); err != nil {
				t.Fatalf("%s: %q: %v", dialect, text, err)
			}
		}
	}
	ask := func(query string) []string {
		t.Helper()
		lite := list(t, dbs[store.SQLite], models.Users, collection.Everything(), query+"&page[size]=200")
		pg := list(t, dbs[store.Postgres], models.Users, collection.Everything(), query+"&page[size]=200")
		if !slices.Equal(lite, pg) {
			t.Errorf("%s: SQLite finds %q, PostgreSQL %q", query, named(people, lite), named(people, pg))
		}
		return named(people, lite)
	}
	reference := map[jsonapi.Op]func(have, asked string) bool{
		jsonapi.OpEqual: func(h, a string) bool { return h == a }, jsonapi.OpNotEqual: func(h, a string) bool { return h != a },
		jsonapi.OpPrefix: strings.HasPrefix, jsonapi.OpSuffix: strings.HasSuffix, jsonapi.OpContains: strings.Contains,
		jsonapi.OpGreater: func(h, a string) bool { return h > a }, jsonapi.OpGreaterEqual: func(h, a string) bool { return h >= a },
		jsonapi.OpLess: func(h, a string) bool { return h < a }, jsonapi.OpLessEqual: func(h, a string) bool { return h <= a },
		jsonapi.OpEqualFold: nil,
	}
	for _, text := range append(slices.Clone(nasty), "", "zz", "ÄA") {
		for op, holds := range reference {
			got := ask(fmt.Sprintf("sort=createdAt&filter[firstName][%s]=%s", op, url.QueryEscape(text)))
			if holds == nil {
				if slices.Contains(nasty, text) && !slices.Contains(got, text) {
					t.Errorf("%q does not equal itself without regard to case", text)
				}
				continue
			}
			var want []string
			for _, have := range nasty {
				if holds(have, text) {
					want = append(want, have)
				}
			}
			same(t, fmt.Sprintf("%s %q", op, text), got, want)
		}
		for op := range reference { // of a field that is NULL for some
			ask(fmt.Sprintf("filter[phone][%s]=%s", op, url.QueryEscape(text)))
		}
	}
	for _, query := range []string{
		"sort=firstName", "sort=-firstName", "sort=lastName", "sort=-lastName", "sort=lastName,-firstName", "sort=-createdAt,firstName",
		"sort=updatedAt",
		"filter[phone][null]=true", "filter[phone][null]=false", "filter[lastName]=", "filter[lastName][ne]=",
		"filter[lastName][null]=true",
		"filter[firstName][match]=a,A,%25", "filter[active]=true&filter[phone][null]=false&sort=firstName", "filter[active][ne]=true",
		"filter[id][ne]=x",
		"filter[createdAt][gt]=2024-08-20T10:45:20Z", "filter[createdAt][lte]=2024-08-20T10:45:20Z",
		"filter[createdAt]=2024-08-20T10:45:20Z",
		"filter[createdAt][ne]=2024-08-20T10:45:20Z", "filter[createdAt][match]=2024-08-20T10:45:20Z,2024-08-20T10:45:21Z",
		"filter[createdAt][gte]=2024-08-20T10:45:20.5Z", "filter[createdAt][lt]=0001-01-01T00:00:00Z",
		"filter[createdAt][lt]=9999-12-31T23:59:59Z",
	} {
		ask(query)
	}
	sorted := ask("sort=firstName")
	if !slices.IsSorted(sorted) {
		t.Errorf("sorted by something else than code points: %q", sorted)
	}
	for asked, want := range map[string][]string{"Ä": {"ä", "Ä"}, "istanbul": {"istanbul", "ISTANBUL"}, "οδος": {"ΟΔΟΣ", "οδος"},
		"É": {"é", "É"}, "ß": {"ß", "ẞ"}} {
		same(t, "eql "+asked, ask("filter[firstName][eql]="+url.QueryEscape(asked)), want)
	}
}

func named(names map[string]string, ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = names[id]
	}
	return out
}

// TestWhatAClientReadsItCanFilterBy: server times are printed in whole seconds, so these find what is in the second.
func TestWhatAClientReadsItCanFilterBy(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		var ids []string
		for _, at := range []time.Duration{0, 999_999 * time.Microsecond, time.Second, 1500 * time.Millisecond} {
			clock.Set(time.Date(2024, 8, 20, 10, 45, 7, 0, time.UTC).Add(at))
			ids = append(ids, organization(t, db, "x", "").ID)
		}
		const at = "2024-08-20T10:45:07%2B00:00"
		for query, want := range map[string][]string{
			"filter[createdAt]=" + at:                                    ids[:2],
			"filter[createdAt][ne]=" + at:                                ids[2:],
			"filter[createdAt][gt]=" + at:                                ids[2:],
			"filter[createdAt][gte]=" + at:                               ids,
			"filter[createdAt][lt]=" + at:                                nil,
			"filter[createdAt][lte]=" + at:                               ids[:2],
			"filter[createdAt][match]=" + at + ",2024-08-20T10:45:08Z":   ids,
			"filter[createdAt]=2024-08-20T12:45:07%2B02:00":              ids[:2],
			"filter[createdAt]=2024-08-20T10:45:07.000Z":                 ids[:1],
			"filter[createdAt]=2024-08-20T10:45:07.999999Z":              ids[1:2],
			"filter[createdAt][gt]=2024-08-20T10:45:07.5Z":               ids[1:],
			"filter[updatedAt][lte]=2024-08-20T10:45:08Z&sort=updatedAt": ids,
		} {
			if got := list(t, db, models.Organizations, collection.Everything(), query); !slices.Equal(got, append([]string{}, want...)) {
				t.Errorf("%s: %v, want %v", query, got, want)
			}
		}
	})
}

func TestTimesOfAClientComeBackExactly(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, text := range []string{
			"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+02:00", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z",
			"1583-01-01T00:00:00.000001Z",
			"9999-12-31T23:59:59.999999Z", "2024-02-29T23:59:59-23:59",
		} {
			at, _, ok := jsonapi.ParseTime(text)
			if !ok {
				t.Fatalf("%s is no time", text)
			}
			org, err := models.CreateOrganization(t.Context(), db, everything,
				input(attributes{"name": "x", "validFrom": jsonapi.Time{Time: at}}, nil))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			found := must(collection.Find(t.Context(), db, models.Organizations, collection.Everything(), org.ID, nil))(t)
			if from := found.(*models.Organization).ValidFrom; !from.Equal(at) {
				t.Errorf("%s comes back as %v", text, from)
			}
			same(t, text, list(t, db, models.Organizations, collection.Everything(), "filter[validFrom]="+url.QueryEscape(text)),
				[]string{org.ID})
		}
	})
}

func TestWhatIsActiveDependsOnTheClock(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		now := clock.Now()
		at := func(d time.Duration) jsonapi.Time { return jsonapi.Time{Time: now.Add(d)} }
		ids := map[string]string{}
		for name, a := range map[string]attributes{
			"always": {}, "past": {"validTo": at(-time.Hour)}, "until now": {"validTo": at(0)}, "from now": {"validFrom": at(0)},
			"future": {"validFrom": at(time.Hour)}, "present": {"validFrom": at(-time.Hour), "validTo": at(time.Hour)},
		} {
			a["name"] = name
			org := must(models.CreateOrganization(t.Context(), db, everything, input(a, nil)))(t)
			ids[org.ID] = name
			if want := slices.Contains([]string{"always", "from now", "present"}, name); org.Active != want {
				t.Errorf("%s is active: %v", name, org.Active)
			}
		}
		same(t, "active", named(ids, list(t, db, models.Organizations, collection.Everything(), "filter[active]=true")),
			[]string{"always", "from now", "present"})
		same(t, "inactive", named(ids, list(t, db, models.Organizations, collection.Everything(), "filter[active]=false")),
			[]string{"past", "until now", "future"})
		clock.Advance(time.Hour)
		same(t, "an hour later", named(ids, list(t, db, models.Organizations, collection.Everything(), "filter[active]=true")),
			[]string{"always", "from now", "future"})
		_, err := models.CreateOrganization(t.Context(), db, everything,
			input(attributes{"name": "x", "validFrom": at(1), "validTo": at(-time.Hour)}, nil))
		wantKind(t, err, store.Invalid, "validTo")
	})
}
