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
type company struct{ branch, other string }

// plantCompany plants a head with two organizations below it. One of these has above, the other as many members, and the first a branch of
// a head with size organizations below it, with six people in each.
func plantCompany(t testing.TB, db *store.DB, size, above int) company {
	t.Helper()
	at := jsonapi.Stamp{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	batch := &models.Batch{Roles: map[string][]string{}}
	grow := func(parent *models.Organization) *models.Organization {
		n := len(batch.Organizations)
		org := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Organization ", n), Slug: fmt.Sprint("large-", n), Kind: "company",
			CreatedAt: at, UpdatedAt: at, Version: 1}
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
	return company{branch.ID, other.ID}
}

// BenchmarkMove previews the move of a branch of 10,000 organizations with 60,000 people in it, and moves it to and fro, without a digest
// as with one: with a hundred members of the organizations that cease and begin to be above it, and with as many as can be told.
func BenchmarkMove(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		for _, above := range []int{50, 30_000} {
			db := modelstest.Open(b, dialect)
			c := plantCompany(b, db, 10_000, above)
			name := fmt.Sprintf("%s/%d", dialect, 2*above)
			there := models.Move{Organization: c.branch, To: c.other}
			b.Run(name+"/preview", func(b *testing.B) {
				for b.Loop() {
					if _, err := models.PreviewMove(b.Context(), db, everything, there); err != nil {
						b.Fatal(err)
					}
				}
			})
			back := models.Move{Organization: c.branch, To: *must(models.UpdateOrganization(b.Context(), db, everything, c.branch,
				input(attributes{"description": "x"}, nil)))(b).ParentID}
			for _, digest := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/move-%v", name, digest), func(b *testing.B) {
					for b.Loop() {
						b.StopTimer()
						if digest {
							there.Digest = &must(models.PreviewMove(b.Context(), db, everything, there))(b).Digest
						}
						b.StartTimer()
						if _, err := models.MoveBranch(b.Context(), db, everything, there); err != nil {
							b.Fatal(err)
						}
						there, back = back, models.Move{Organization: there.Organization, To: there.To}
					}
				})
			}
			b.Run(name+"/patch", func(b *testing.B) {
				for b.Loop() {
					if err := moveTo(b, db, everything, c.branch, there.To); err != nil {
						b.Fatal(err)
					}
					there, back = back, there
				}
			})
		}
	}
}
