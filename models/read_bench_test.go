package models_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// plantTens creates organizations: every tenth is the head of the nine behind it.
func plantTens(b testing.TB, db *store.DB, n int) (ids []string) {
	b.Helper()
	batch, slug := &models.Batch{}, 0
	for range n {
		at := jsonapi.Stamp{Time: time.Date(2026, 1, 1, 0, 0, slug, 0, time.UTC)}
		description := "What it is for, in a line."
		org := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Organization ", slug), Slug: fmt.Sprint("org-", slug),
			Kind: "company", Description: &description, CreatedAt: at, UpdatedAt: at, Version: 1}
		if slug%10 > 0 {
			org.Kind, org.ParentID = "branch", &batch.Organizations[slug-slug%10].ID
		}
		batch.Organizations, ids, slug = append(batch.Organizations, org), append(ids, org.ID), slug+1
	}
	if err := models.InsertBatch(b.Context(), db, batch); err != nil {
		b.Fatal(err)
	}
	for _, statement := range []string{"VACUUM", "ANALYZE"} { // as the database itself does in time
		if _, err := modelstest.Writable(db).ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	return ids
}

// BenchmarkRead reads a page of 25 organizations with its total, one organization, and pages anywhere in a long list.
func BenchmarkRead(b *testing.B) {
	for _, dialect := range modelstest.Dialects {
		db := modelstest.Open(b, dialect)
		ids := plantTens(b, db, 100_000)
		list := func(query string) *collection.Page {
			q, err := jsonapi.ParseQuery(query, jsonapi.ListQuery, models.Organizations.Schema, models.SchemaOf)
			if err != nil {
				b.Fatal(err)
			}
			page, err := collection.List(b.Context(), db, models.Organizations, collection.Everything(), q)
			if err != nil || len(page.Items) != 25 {
				b.Fatalf("%s: %d organizations, %v", query, len(page.Items), err)
			}
			return page
		}
		b.Run(string(dialect)+"/page", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				list("")
			}
		})
		b.Run(string(dialect)+"/deep", func(b *testing.B) {
			for b.Loop() {
				list(fmt.Sprint("page[number]=", 1+rand.IntN(len(ids)/25)))
			}
		})
		b.Run(string(dialect)+"/one", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := collection.Find(b.Context(), db, models.Organizations, collection.Everything(), ids[0], nil)
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPage lists and renders first pages as several callers see them, and counts the round trips to PostgreSQL.
func BenchmarkPage(b *testing.B) {
	f := newFar(b)
	plantTens(b, f.near, 20_000)
	head := organization(b, f.near, "head", "")
	for n := range 60 {
		organization(b, f.near, fmt.Sprint("below ", n), head.ID)
		user(b, f.near, fmt.Sprint("of the head ", n), head.ID)
	}
	viewer := user(b, f.near, "viewer", head.ID)
	run(b, f.near.Pools()["main"], "ANALYZE")
	for _, page := range []struct {
		name, query string
		c           *collection.Collection
		scope       collection.Scope
	}{
		{"people", "", models.Users, collection.Everything()},
		{"people of a token", "", models.Users, collection.OnlyOrganization(head.ID)},
		{"people of a subtree", "", models.Users, collection.Subtree(head.ID)},
		{"organizations of a member", "", models.Organizations, collection.Person(viewer.ID)},
		{"organizations behind a cursor", "page[after]=" + cursors(b, f.near, models.Organizations, "", 10_000)[9_999],
			models.Organizations, collection.Everything()},
	} {
		q := must(jsonapi.ParseQuery(page.query, jsonapi.ListQuery, page.c.Schema, models.SchemaOf))(b)
		read := func() {
			found := must(collection.List(f.ctx, f.db, page.c, page.scope, q))(b)
			if len(found.Items) != 25 {
				b.Fatalf("%d items", len(found.Items))
			}
			must(found.Render(f.ctx, f.db, page.c, page.scope, page.c.Schema.URL(), q))(b)
		}
		b.Run(page.name, func(b *testing.B) {
			for range 10 {
				read()
			}
			before := f.proxy.Turns()
			b.ReportAllocs()
			for b.Loop() {
				read()
			}
			b.ReportMetric(float64(f.proxy.Turns()-before)/float64(b.N), "round-trips/op")
		})
	}
}
