package models_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// page lists one page of a collection as everybody's administrator sees it.
func page(t *testing.T, db *store.DB, c *collection.Collection, query string) *collection.Page {
	t.Helper()
	p, err := collection.List(t.Context(), db, c, collection.Everything(), parse(t, c, query))
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return p
}

// cursors returns the cursors of the first items of a list.
func cursors(t testing.TB, db *store.DB, c *collection.Collection, query string, n int) []string {
	t.Helper()
	q := parse(t, c, query)
	q.Page.Size = n // more than a client gets
	q.Fields = map[string]map[string]bool{c.Schema.Type: {}}
	p, err := collection.List(t.Context(), db, c, collection.Everything(), q)
	if err != nil {
		t.Fatal(err)
	}
	return p.Cursors
}

func parse(t testing.TB, c *collection.Collection, query string) *jsonapi.Query {
	t.Helper()
	accepts := jsonapi.ListQuery
	accepts.Cursors = true // unless the query names a page by its number
	q, err := jsonapi.ParseQuery(query, accepts, c.Schema, models.SchemaOf)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func ids(c *collection.Collection, items []any) []string {
	out := []string{}
	for _, item := range items {
		out = append(out, c.ID(item))
	}
	return out
}

// people creates organizations and users with ties and gaps in everything that can be sorted by.
func people(t *testing.T, db *store.DB, clock *modelstest.Clock) {
	t.Helper()
	for i := 1; i <= 13; i++ {
		if i%3 == 0 {
			clock.Advance(1000) // a microsecond, which is lost where a time is printed
		}
		org := map[string]any{"name": []string{"Beta", "alpha", "Ähre", "Alpha"}[i%4]}
		if _, err := models.CreateOrganization(t.Context(), db, models.System("test"), &models.Change{Attributes: org}); err != nil {
			t.Fatal(err)
		}
		user := map[string]any{}
		for name, every := range map[string]int{"firstName": 2, "lastName": 3, "externalId": 5} {
			if i%every != 0 {
				user[name] = fmt.Sprintf("%s %c", name, 'a'+rune(i*7%4))
			}
		}
		if i%4 != 0 {
			user["email"] = fmt.Sprintf("u%d@example.com", i*7%13)
		}
		if _, err := models.CreateUser(t.Context(), db, models.System("test"), &models.Change{Attributes: user}); err != nil {
			t.Fatal(err)
		}
	}
}

// sorts returns every single sort of a collection, and some of several keys.
func sorts(c *collection.Collection) []string {
	list := []string{"", "id", "-id"}
	var names []string
	for _, a := range c.Schema.Attributes {
		if a.Sort {
			list = append(list, a.Name, "-"+a.Name)
			names = append(names, a.Name)
		}
	}
	for i := range len(names) - 1 {
		a, b := names[i], names[i+1]
		list = append(list, a+","+b, "-"+a+",-"+b, a+",-"+b, "-"+a+","+b)
	}
	list = append(list, "-id,"+names[0], names[0]+",-id")
	return append(list, strings.Join(names[:min(5, len(names))], ","), "-"+strings.Join(names[:min(5, len(names))], ",-"))
}

func TestWalkingByCursorsVisitsEachItemOnceBothWays(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		people(t, db, clock)
		for _, c := range []*collection.Collection{models.Organizations, models.Users, models.Events} {
			for _, sort := range sorts(c) {
				for _, size := range []int{1, 4, 13} {
					turnPages(t, db, c, sort, size)
				}
			}
		}
	})
}

func turnPages(t *testing.T, db *store.DB, c *collection.Collection, sort string, size int) {
	t.Helper()
	query := fmt.Sprintf("page[size]=%d&fields[%s]=", size, c.Schema.Type)
	whole := "page[number]=1&page[size]=200"
	if sort != "" {
		query, whole = query+"&sort="+sort, whole+"&sort="+sort
	}
	want := ids(c, page(t, db, c, whole).Items)
	var forward, backward []string
	p := page(t, db, c, query)
	if p.Prev != nil {
		t.Errorf("%s: the first page has one before it", query)
	}
	last := p.Last
	for turn := p.Next; ; turn = p.Next {
		forward = append(forward, ids(c, p.Items)...)
		if turn == nil || len(forward) > len(want) {
			break
		}
		p = page(t, db, c, query+"&"+turn.Parameter+"="+turn.Cursor)
	}
	if diff := cmp.Diff(want, forward); diff != "" {
		t.Errorf("%s, forward: %s", query, diff)
	}
	p = page(t, db, c, query+"&"+last.Parameter+"="+last.Cursor)
	if p.Next != nil {
		t.Errorf("%s: the last page has one behind it", query)
	}
	for turn := p.Prev; ; turn = p.Prev {
		backward = append(ids(c, p.Items), backward...)
		if turn == nil || len(backward) > len(want) {
			break
		}
		p = page(t, db, c, query+"&"+turn.Parameter+"="+turn.Cursor)
	}
	if diff := cmp.Diff(want, backward); diff != "" {
		t.Errorf("%s, backward: %s", query, diff)
	}
}

func TestARangeIsWhatLiesBetweenTwoCursors(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		people(t, db, clock)
		for _, sort := range []string{"name", "-createdAt", "name,-createdAt"} {
			query := "sort=" + sort
			all := page(t, db, models.Organizations, query)
			everyID := ids(models.Organizations, all.Items)
			for a := range all.Cursors {
				for b := range all.Cursors {
					between := page(t, db, models.Organizations, query+"&page[after]="+all.Cursors[a]+"&page[before]="+all.Cursors[b])
					want := []string{}
					if a < b {
						want = everyID[a+1 : b]
					}
					if got := ids(models.Organizations, between.Items); !slices.Equal(got, want) || between.Truncated {
						t.Errorf("%s from %d to %d: %v, want %v (truncated: %v)", sort, a, b, got, want, between.Truncated)
					}
					// Behind an empty range lies what is behind the first cursor.
					prev, next := a < b-1 || b > 0, a < b-1 || a < len(everyID)-1
					if (between.Prev != nil) != prev || (between.Next != nil) != next {
						t.Errorf("%s from %d to %d: prev %v, next %v", sort, a, b, between.Prev, between.Next)
					}
				}
			}
		}
		all := page(t, db, models.Organizations, "")
		cut := page(t, db, models.Organizations, "page[size]=3&page[after]="+all.Cursors[1]+"&page[before]="+all.Cursors[9])
		if got := ids(models.Organizations, cut.Items); !cut.Truncated || !slices.Equal(got, ids(models.Organizations, all.Items[2:5])) {
			t.Errorf("a range of seven cut to three: %v, truncated %v", got, cut.Truncated)
		}
	})
}

// fill adds that many organizations and users without their events: a thousand companies, and the others below them. Five share a name,
// three a time, and every other user has no name.
func fill(t *testing.T, db *store.DB, n int) {
	t.Helper()
	series := "generate_series(1, %d) AS s (i)"
	id := "('018f0000-0000-7000-8000-' || lpad((%s)::text, 12, '0'))::uuid"
	at := "timestamptz '2024-01-01' + i / 3 * interval '1 second'"
	pool := db.Pools()["main"]
	if db.Dialect() == store.SQLite {
		series = "(WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s)"
		id, at, pool = "'018f0000-0000-7000-8000-' || printf('%%012d', %s)", "1704067200000000 + i / 3 * 1000000", db.Pools()["write"]
	}
	from, parent := " FROM "+fmt.Sprintf(series, n), fmt.Sprintf(id, "i % 1000 + 1")
	id = fmt.Sprintf(id, "i")
	run(t, pool, `INSERT INTO organizations (id, name, slug, kind, parent_id,
			is_event_producer, location_tracking, version, created_at, updated_at)
		SELECT `+id+`, 'name ' || (i / 5), 'slug-' || i, CASE WHEN i > 1000 THEN 'branch' ELSE 'company' END,
			CASE WHEN i > 1000 THEN `+parent+` END, true, false, 1, `+at+`, `+at+from)
	run(t, pool, `INSERT INTO users (id, first_name, active, version, created_at, updated_at)
		SELECT `+id+`, CASE WHEN i % 2 = 0 THEN 'name ' || (i / 5) END, true, 1, `+at+`, `+at+from)
	run(t, pool, fmt.Sprintf("INSERT INTO counters (name, key, shard, n) VALUES ('organizations', '', 0, %d), ('users', '', 0, %d)", n, n))
	run(t, pool, "ANALYZE")
}

func TestAPageCostsTheSameAtAnyDepth(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		fill(t, db, 50_000)
		for _, test := range []struct {
			c    *collection.Collection
			sort string
		}{
			{models.Organizations, ""}, {models.Organizations, "-createdAt"}, {models.Organizations, "name"},
			{models.Organizations, "-name"},
			{models.Organizations, "slug"}, {models.Organizations, "-number"},
			{models.Users, ""}, {models.Users, "firstName"}, {models.Users, "-firstName"},
		} {
			query := ""
			if test.sort != "" {
				query = "sort=" + test.sort
			}
			query += "&fields[users]=firstName" // what a user leads to is sorted, which this is not about
			at := cursors(t, db, test.c, query, 30_001)
			for _, depth := range []int{8_000, 20_000, 30_000} { // with NULL and with a name in front
				near := at[depth]
				for _, direction := range []string{"after", "before"} {
					watched, statements := models.Watch(db)
					p := page(t, watched, test.c, query+"&page["+direction+"]="+near)
					if len(p.Items) != jsonapi.DefaultPageSize || p.Prev == nil || p.Next == nil {
						t.Fatalf("%s %s %d: %d items, prev %v, next %v", query, direction, depth, len(p.Items), p.Prev, p.Next)
					}
					sent := statements.Take("")
					if len(sent) > 6 {
						t.Errorf("%s %s: %d statements", query, direction, len(sent))
					}
					for _, one := range sent {
						if !strings.Contains(one.SQL, "FROM counters") {
							checkPlan(t, db, one)
						}
					}
				}
			}
		}
	})
}

// checkPlan fails the test unless the database answers a statement from a part of an index that it reads in order.
func checkPlan(t *testing.T, db *store.DB, one models.Statement) {
	t.Helper()
	plan := explain(t, db, one)
	// PostgreSQL may sort the few rows that have the same value of the first key; it says so by naming what is sorted already.
	sorted := strings.Contains(plan, "Sort Key") && !strings.Contains(plan, "Presorted Key") || strings.Contains(plan, "USE TEMP B-TREE")
	part := strings.Contains(plan, "Index Cond:") || strings.Contains(plan, "SEARCH")
	skipped := regexp.MustCompile("Rows Removed by Filter: [0-9]{2,}").MatchString(plan)
	if sorted || !part || skipped {
		t.Errorf("%s %v\n%s", one.SQL, one.Args, plan)
	}
}

// explain returns how the database runs a statement.
func explain(t *testing.T, db *store.DB, one models.Statement) string {
	t.Helper()
	explain, pool := "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, COSTS OFF) ", db.Pools()["main"]
	if db.Dialect() == store.SQLite {
		explain, pool = "EXPLAIN QUERY PLAN ", db.Pools()["read"]
	}
	rows, err := pool.QueryContext(t.Context(), explain+one.SQL, one.Args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var ignored, line string
		into := []any{&line}
		if db.Dialect() == store.SQLite {
			into = []any{&ignored, &ignored, &ignored, &line}
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
