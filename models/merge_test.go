package models_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

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
			page := must(collection.List(t.Context(), watched, models.Users, collection.Subtree(head), query))(t)
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
