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

// company is a branch of many organizations, with people in it and above it, and where it may move to.
type company struct{ head, branch, left, other string }

// plantCompany plants a head with two organizations below it. One of these has above, the other as many members, and the first a branch of
// a head with size organizations below it, with six people in each.
func plantCompany(t testing.TB, db *store.DB, size, above int) company {
	t.Helper()
	at := jsonapi.Stamp{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	batch := &models.Batch{Roles: map[string][]string{}}
	grow := func(parent *models.Organization) *models.Organization {
		n := len(batch.Organizations)
		org := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Organization ", n), Slug: fmt.Sprint("large-", n),
			Kind: "company", CreatedAt: at, UpdatedAt: at, Version: 1}
		if parent != nil {
			org.Kind, org.ParentID = "branch", &parent.ID
		}
		batch.Organizations = append(batch.Organizations, org)
		return org
	}
	join := func(org *models.Organization, people int, role string) {
		for range people {
			n := len(batch.Users)
			name, email := fmt.Sprint("Person ", n), fmt.Sprintf("person-%d@example.com", n)
			u := &models.User{ID: models.NewID(), FirstName: &name, Email: &email, Active: true, CreatedAt: at, UpdatedAt: at, Version: 1}
			m := &models.Membership{ID: models.NewID(), OrganizationID: org.ID, UserID: u.ID, CreatedAt: at, UpdatedAt: at, Version: 1}
			batch.Users, batch.Memberships = append(batch.Users, u), append(batch.Memberships, m)
			batch.Roles[m.ID] = []string{role}
		}
	}
	head := grow(nil)
	left, other := grow(head), grow(head)
	branch := grow(left)
	join(head, 50, models.RoleOwner)
	join(left, above, models.RoleMember)
	join(other, above, models.RoleManager)
	join(branch, 6, models.RoleAdmin)
	parent := branch
	for n := range size - 1 {
		if n%10 == 0 {
			parent = grow(branch)
			join(parent, 6, models.RoleMember)
			continue
		}
		join(grow(parent), 6, models.RoleMember)
	}
	if err := models.InsertBatch(t.Context(), db, batch); err != nil {
		t.Fatal(err)
	}
	if err := models.Analyze(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return company{head.ID, branch.ID, left.ID, other.ID}
}

// BenchmarkMove previews the move of a branch of 10,000 organizations with 60,000 people in it, and moves it to and fro: with a digest,
// and by a change of its parent. A hundred people are members of the organizations that cease and begin to be above it, or 60,000.
func BenchmarkMove(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		for _, above := range []int{50, 30_000} {
			b.Run(fmt.Sprintf("%s/%d", dialect, 2*above), func(b *testing.B) {
				db := modelstest.Open(b, dialect)
				benchmarkMove(b, db, plantCompany(b, db, 10_000, above))
			})
		}
	}
}

func benchmarkMove(b *testing.B, db *store.DB, c company) {
	b.Run("preview", func(b *testing.B) {
		for b.Loop() {
			if _, err := models.PreviewMove(b.Context(), db, everything, models.Move{Organization: c.branch, To: c.other}); err != nil {
				b.Fatal(err)
			}
		}
	})
	there, back := c.other, c.left
	b.Run("digest", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			m := models.Move{Organization: c.branch, To: there}
			m.Digest = &must(models.PreviewMove(b.Context(), db, everything, m))(b).Digest
			b.StartTimer()
			if _, err := models.MoveBranch(b.Context(), db, everything, m); err != nil {
				b.Fatal(err)
			}
			there, back = back, there
		}
	})
	b.Run("parent", func(b *testing.B) {
		for b.Loop() {
			if err := moveTo(b, db, everything, c.branch, there); err != nil {
				b.Fatal(err)
			}
			there, back = back, there
		}
	})
}
