package models_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"roster/jsonapi"
	"roster/jsonapi/jsonapitest"
	"roster/models"
	"roster/models/collection"
)

// TestEveryCollectionIsPrintedAsTheLibraryWould: with all fields, each alone and some, whatever they hold.
func TestEveryCollectionIsPrintedAsTheLibraryWould(t *testing.T) {
	t.Parallel()
	for _, c := range models.Collections() {
		chance := rand.New(rand.NewPCG(11, uint64(len(c.Table))))
		fieldsets := []map[string]bool{nil, {}}
		for _, name := range c.Schema.Readable() {
			fieldsets = append(fieldsets, map[string]bool{name: true})
		}
		for range 20 {
			some := map[string]bool{}
			for _, name := range c.Schema.Readable() {
				some[name] = chance.IntN(2) == 0
			}
			fieldsets = append(fieldsets, some)
		}
		for _, fields := range fieldsets {
			for range 20 {
				item := c.New()
				source := &jsonapitest.Source{}
				for range 400 {
					source.Bytes = append(source.Bytes, byte(chance.Uint32()))
				}
				source.Fill(item)
				r := c.Schema.Form(c.Schema.URL()).Only(fields).Resource(item)
				c.Link(r, item)
				got, err := r.Append(nil)
				want, wrong := jsonapitest.Expect(c.Schema, c.ID(item), item, c.Schema.URL(), fields, linkageOf(c, item))
				if (err != nil) != (wrong != nil) || err == nil && string(got) != string(want) {
					t.Fatalf("%s with %v: %v, %v\n%s\nby the library\n%s", c.Schema.Type, fields, err, wrong, got, want)
				}
			}
		}
	}
}

// linkageOf returns the linkage that every reader of a model is shown, by relationship.
func linkageOf(c *collection.Collection, item any) map[string]any {
	linkage := map[string]any{}
	for _, rel := range c.Schema.Relationships {
		if rel.Many {
			continue
		}
		linkage[rel.Name] = jsonapi.Null
		r := c.Relation(rel.Name)
		if r.First != "" || c.Text(item, r.Column) == "" {
			continue
		}
		typ := ""
		if r.TypeColumn != "" {
			typ = c.Text(item, r.TypeColumn)
		}
		if typ == "" && r.Target != nil {
			typ = r.Target.Schema.Type
		}
		linkage[rel.Name] = jsonapi.Identifier{Type: typ, ID: c.Text(item, r.Column)}
	}
	return linkage
}

// BenchmarkRender renders and prints a page of 25 organizations, and does the same by what defines it.
func BenchmarkRender(b *testing.B) {
	c := models.Organizations
	var items []any
	for i := range 25 {
		org := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Acme ", i), Slug: fmt.Sprint("acme-", i), Kind: "other"}
		parent := models.NewID()
		org.ParentID = &parent
		items = append(items, org)
	}
	b.Run("form", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			resources, err := collection.Render(b.Context(), nil, c, collection.Everything(), items, c.Schema.URL(), nil)
			if err != nil {
				b.Fatal(err)
			}
			page := &jsonapi.Document{Data: resources, Meta: map[string]any{"total": int64(25), "currentPage": 1}}
			if out, _, err = page.Append(out[:0]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(out)), "B/page")
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, item := range items {
				_, err := jsonapitest.Expect(c.Schema, c.ID(item), item, c.Schema.URL(), nil, linkageOf(c, item))
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
