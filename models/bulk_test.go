package models_test

import (
	"fmt"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// family returns three levels of organizations, n children for each, and a user in every organization.
func family(name string, n int) *models.Batch {
	batch := &models.Batch{}
	at := jsonapi.Stamp{Time: time.Date(2024, 8, 20, 10, 45, 7, 0, time.UTC)}
	var add func(parent *string, level int)
	add = func(parent *string, level int) {
		number := len(batch.Organizations)
		org := &models.Organization{
			ID: models.NewID(), CreatedAt: at, UpdatedAt: at, Name: name, Slug: fmt.Sprintf("%s-%d", name, number), Kind: "branch",
			ParentID: parent, Version: 1,
		}
		if parent == nil {
			org.Kind = "company"
		}
		email := fmt.Sprintf("Ada.%d@%s.example", number, name)
		user := &models.User{ID: models.NewID(), CreatedAt: at, UpdatedAt: at, FirstName: &name, Email: &email, Active: true, Version: 1}
		batch.Organizations = append(batch.Organizations, org)
		batch.Users = append(batch.Users, user)
		batch.Memberships = append(batch.Memberships, &models.Membership{
			ID: models.NewID(), CreatedAt: at, UpdatedAt: at, OrganizationID: org.ID, UserID: user.ID, Version: 1,
		})
		if level < 2 {
			for range n {
				add(&org.ID, level+1)
			}
		}
	}
	add(nil, 0)
	return batch
}

// number returns what a query counts.
func number(t *testing.T, db *store.DB, query string) int {
	t.Helper()
	for _, pool := range db.Pools() {
		var n int
		if err := pool.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return n
	}
	return 0
}

// mistakes are queries that count what does not agree after a batch: nothing.
var mistakes = map[string]string{
	"closure rows missing, too many or of another distance": `WITH RECURSIVE above (a, d, n) AS (
			SELECT id, id, 0 FROM organizations
			UNION ALL
			SELECT o.parent_id, above.d, above.n + 1 FROM above JOIN organizations o ON o.id = above.a WHERE o.parent_id IS NOT NULL)
		SELECT COUNT(*) FROM above FULL JOIN organization_paths p ON p.ancestor_id = a AND p.descendant_id = d AND p.distance = n
		WHERE a IS NULL OR p.ancestor_id IS NULL`,
	"totals": `SELECT COUNT(*) FROM (
			SELECT 'organizations' AS name, COUNT(*) AS n FROM organizations UNION ALL
			SELECT 'children', COUNT(*) FROM organizations WHERE parent_id IS NULL UNION ALL
			SELECT 'users', COUNT(*) FROM users UNION ALL
			SELECT 'memberships', COUNT(*) FROM memberships UNION ALL
			SELECT 'events', 0) real
		WHERE n <> (SELECT COALESCE(SUM(c.n), 0) FROM counters c WHERE c.name = real.name AND c.key = '')`,
	"children": `SELECT COUNT(*) FROM organizations o
		WHERE (SELECT COUNT(*) FROM organizations x WHERE x.parent_id = o.id)
			<> (SELECT COALESCE(SUM(n), 0) FROM counters WHERE name = 'children' AND key = CAST(o.id AS text))`,
	"descendants": `SELECT COUNT(*) FROM organizations o
		WHERE (SELECT COUNT(*) FROM organization_paths p WHERE p.ancestor_id = o.id AND p.distance > 0)
			<> (SELECT COALESCE(SUM(n), 0) FROM counters WHERE name = 'descendants' AND key = CAST(o.id AS text))`,
	"users of organizations": `SELECT COUNT(*) FROM organizations o
		WHERE (SELECT COUNT(*) FROM memberships m WHERE m.organization_id = o.id)
			<> (SELECT COALESCE(SUM(n), 0) FROM counters WHERE name = 'users' AND key = CAST(o.id AS text))`,
	"users without a key of their email": `SELECT COUNT(*) FROM users WHERE email_key IS NULL OR email_key = email`,
}

func TestABatchIsCompleteWithItsClosureAndItsCounters(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, batch := range []*models.Batch{family("one", 3), family("two", 40), {}} {
			if err := models.InsertBatch(t.Context(), db, batch); err != nil {
				t.Fatal(err)
			}
		}
		if got := number(t, db, "SELECT COUNT(*) FROM organizations"); got != 13+1641 {
			t.Errorf("%d organizations", got)
		}
		for what, query := range mistakes {
			if got := number(t, db, query); got != 0 {
				t.Errorf("%s: %d wrong", what, got)
			}
		}
	})
}

func TestABatchThatDoesNotFitLeavesNothing(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		if err := models.InsertBatch(t.Context(), db, family("one", 2)); err != nil {
			t.Fatal(err)
		}
		second := family("two", 2)
		second.Organizations[5].Slug = "one-3"
		if err := models.InsertBatch(t.Context(), db, second); !store.IsKind(err, store.Conflict) {
			t.Errorf("a slug that is taken: %v", err)
		}
		second = family("two", 2)
		second.Memberships[3].UserID = second.Memberships[2].UserID
		second.Memberships[3].OrganizationID = second.Memberships[2].OrganizationID
		if err := models.InsertBatch(t.Context(), db, second); !store.IsKind(err, store.Conflict) {
			t.Errorf("the same membership twice: %v", err)
		}
		if got := number(t, db, "SELECT COUNT(*) FROM users"); got != 7 {
			t.Errorf("%d users", got)
		}
		for what, query := range mistakes {
			if got := number(t, db, query); got != 0 {
				t.Errorf("%s: %d wrong", what, got)
			}
		}
		// What the API creates afterwards goes on counting.
		org, err := models.CreateOrganization(t.Context(), db, models.System("test"), input(attributes{"name": "Three"}, nil))
		if err != nil || org.Number <= 7 {
			t.Errorf("%v %v", org, err)
		}
		if there, err := models.HasOrganization(t.Context(), db, org.ID); err != nil || !there {
			t.Errorf("it is not there: %v", err)
		}
		if there, err := models.HasOrganization(t.Context(), db, models.NewID()); err != nil || there {
			t.Errorf("another one is there: %v", err)
		}
	})
}
