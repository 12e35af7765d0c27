package models_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// growGrove grows trees at random, and returns their organizations, deleted ones too. In them are people with times in common, some in
// several organizations, with keys, endpoints, deliveries and events.
func growGrove(t *testing.T, db *store.DB, clock *modelstest.Clock, r *rand.Rand) (organizations []string) {
	t.Helper()
	some := func(ids []string) string { return ids[r.IntN(len(ids))] }
	for range 24 {
		parent := ""
		if len(organizations) > 1 && r.IntN(8) > 0 {
			parent = some(organizations)
		}
		organizations = append(organizations, organization(t, db, "grove", parent).ID)
	}
	var people []string
	for range 90 {
		clock.Advance(time.Duration(r.IntN(2)) * time.Second)
		in := []string{some(organizations)}
		for r.IntN(3) == 0 {
			in = append(in, some(organizations))
		}
		people = append(people, user(t, db, "somebody", slices.Compact(slices.Sorted(slices.Values(in)))...).ID)
	}
	for n := range 30 {
		clock.Advance(time.Duration(r.IntN(2)) * time.Second)
		switch where, who := some(organizations), people[n]; n % 5 {
		case 0: // late members stand among the people by when they were created
			in := input(nil, relations{"organization": one(where), "user": one(who)})
			if _, err := models.CreateMembership(t.Context(), db, everything, in); err != nil && !store.IsKind(err, store.Conflict) {
				t.Fatal(err)
			}
		case 1:
			if err := models.DeleteUser(t.Context(), db, everything, who, nil); err != nil {
				t.Fatal(err)
			}
		case 2:
			must(models.UpdateUser(t.Context(), db, everything, who, input(attributes{"active": false}, nil)))(t)
		case 3:
			apiKey(t, db, models.OrganizationKey, where)
		default:
			tested(t, db, modelstest.Webhook(t, db, where, "https://hooks.example.com/"))
		}
	}
	for range 6 { // those with organizations below stay
		err := models.DeleteOrganization(t.Context(), db, everything, some(organizations), nil)
		if err != nil && !refused(err) {
			t.Fatal(err)
		}
	}
	return organizations
}

// TestEveryWayFindsTheSamePage compares the page that each way finds with a read of everything, from which what the scope does not see is
// left out row by row.
func TestEveryWayFindsTheSamePage(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 26))
		organizations := growGrove(t, db, clock, r)
		orders := map[*models.Collection][]string{
			models.Users: {"", "sort=createdAt", "sort=-createdAt"}, models.Memberships: {"", "sort=-createdAt"},
			models.APIKeys: {"", "sort=-createdAt"}, models.Webhooks: {"", "sort=-createdAt"},
			models.Events: {"", "sort=-position"}, models.WebhookDeliveries: {"", "sort=-createdAt"},
		}
		for c, queries := range orders {
			for _, query := range queries {
				var all []any
				for n := 1; len(all) == 200*(n-1); n++ {
					all = append(all, listPage(t, db, c, models.Everything(), fmt.Sprintf("%s&page[size]=200&page[number]=%d", query, n)).
						Items...)
				}
				for range 12 {
					scope := models.Subtree(organizations[r.IntN(len(organizations))])
					if c == models.Users && r.IntN(4) == 0 {
						scope = models.OnlyOrganization(scope.Root())
					}
					p := part{start: r.IntN(3) * r.IntN(20), size: 1 + r.IntN(30), at: -1}
					if len(all) > 0 && r.IntN(2) == 0 {
						p.at = r.IntN(len(all))
					}
					p.compare(t, db, c, scope, query, all)
				}
			}
		}
	})
}

// part is rows of a list: size of them behind the first start that are seen behind the one at a place of the list of everything.
type part struct{ start, size, at int }

func (p part) compare(t *testing.T, db *store.DB, c *models.Collection, scope models.Scope, query string, all []any) {
	t.Helper()
	var behind any
	if p.at >= 0 {
		behind = all[p.at]
	}
	want := idsOf(c, &models.Page{Items: all[p.at+1:]})
	seen := idsOf(c, &models.Page{Items: must(models.FindAll(t.Context(), db, c, scope, want, nil))(t)})
	want = slices.DeleteFunc(want, func(id string) bool { return !slices.Contains(seen, id) })
	want = want[min(p.start, len(want)):min(p.start+p.size, len(want))]
	found, err := models.FoundBy(t.Context(), db, c, scope, parse(t, c, query), behind, p.start, p.size)
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range []string{"merged", "walked", "gathered"} {
		items, right := found[way]
		if got := idsOf(c, &models.Page{Items: items}); !right || !slices.Equal(got, want) {
			t.Errorf("%s?%s of %v, %+v, %s: %v, want %v", c.Schema.Type, query, scope, p, way, got, want)
		}
	}
}

// plantBehind plants other people, and then a tree of ten organizations with people who were all created later, one after the other. Their
// first names are their numbers.
func plantBehind(t *testing.T, db *store.DB, others, people int) (head string) {
	t.Helper()
	plant := func(n int, year int) string {
		b := &models.Batch{}
		for i := range 10 {
			org := &models.Organization{ID: models.NewID(), Name: "x", Slug: fmt.Sprint(year, i), Kind: "company", Version: 1}
			if i > 0 {
				org.Kind, org.ParentID = "branch", &b.Organizations[0].ID
			}
			b.Organizations = append(b.Organizations, org)
		}
		for i := range n {
			name, at := fmt.Sprint(i), jsonapi.Stamp{Time: time.Date(year, 1, 1, 0, 0, i, 0, time.UTC)}
			b.Users = append(b.Users, &models.User{ID: models.NewID(), FirstName: &name, CreatedAt: at, UpdatedAt: at, Version: 1})
			b.Memberships = append(b.Memberships, &models.Membership{
				ID: models.NewID(), CreatedAt: at, UpdatedAt: at, OrganizationID: b.Organizations[i%10].ID, UserID: b.Users[i].ID,
				Version: 1,
			})
		}
		if err := models.InsertBatch(t.Context(), db, b); err != nil {
			t.Fatal(err)
		}
		return b.Organizations[0].ID
	}
	plant(others, 2024)
	head = plant(people, 2025)
	run(t, pool(db), "ANALYZE")
	return head
}

// TestAPageOfPeopleWhoStandTogetherIsMerged looks at the plan of the first page of people who were all created after the others: it begins
// in the list of each organization, and reads about as many rows as there are organizations and people on the page.
func TestAPageOfPeopleWhoStandTogetherIsMerged(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		const people, most = 1500, 60
		head := plantBehind(t, db, 2*people, people)
		for sort, first := range map[string]int{"createdAt": 0, "-createdAt": people - 1} {
			watched, statements := models.Watch(db)
			query := parse(t, models.Users, "sort="+sort+"&page[size]=5")
			page := must(models.List(t.Context(), watched, models.Users, models.Subtree(head), query))(t)
			if name := page.Items[0].(*models.User).FirstName; len(page.Items) != 5 || *name != fmt.Sprint(first) {
				t.Errorf("%s: %d people, the first is %s, want 5 and %d", sort, len(page.Items), *name, first)
			}
			merges := statements.Take("heads")
			if len(merges) != 1 {
				t.Fatalf("%s: %d pages were merged, want 1", sort, len(merges))
			}
			plan := explain(t, db, merges[0])
			if !strings.Contains(plan, "memberships_people") || regexp.MustCompile(`SCAN (memberships|l|r)\b`).MatchString(plan) {
				t.Errorf("%s: no list begins in its index\n%s", sort, plan)
			}
			for _, node := range regexp.MustCompile(`rows=(\d+) loops=(\d+)`).FindAllStringSubmatch(plan, -1) {
				rows, loops := must(strconv.Atoi(node[1]))(t), must(strconv.Atoi(node[2]))(t)
				if rows*loops > most {
					t.Errorf("%s: %d rows are read, want at most %d\n%s", sort, rows*loops, most, plan)
				}
			}
		}
	})
}
