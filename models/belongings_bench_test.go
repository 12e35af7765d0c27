package models_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// BenchmarkBelongings reads a page of what belongs to organizations of a tree of 100,000, or of another number in
// ROSTER_BENCH_ORGANIZATIONS: of all, of a branch that is most of it, and of a branch of eleven. It reads as the key of the tree and as
// its owner. One organization in five has a key, an endpoint and an invitation, and each an event and a delivery.
func BenchmarkBelongings(b *testing.B) {
	size := 100_000
	if n, err := strconv.Atoi(os.Getenv("ROSTER_BENCH_ORGANIZATIONS")); err == nil {
		size = n
	}
	for _, dialect := range modelstest.Dialects {
		b.Run(string(dialect), func(b *testing.B) {
			db := modelstest.Open(b, dialect)
			head, branch, twig := plantBelongings(b, db, size)
			owner := modelstest.User(b, db).ID
			modelstest.Membership(b, db, owner, head, modelstest.To("roles", models.RoleOwner))
			for _, c := range []*collection.Collection{models.APIKeys, models.Webhooks, models.Invitations, models.PortalLinks,
				models.Events, models.WebhookDeliveries, models.Organizations} {
				for _, name := range []string{"key", "owner"} {
					scope := map[string]collection.Scope{"key": collection.Subtree(head), "owner": collection.Person(owner)}[name]
					queries := [][2]string{{"all", ""}, {"branch", "&filter[ancestor]=" + branch}, {"twig", "&filter[ancestor]=" + twig}}
					if c == models.Organizations {
						queries = append(queries, [2]string{"root", "&filter[root]=true"}, [2]string{"parent", "&filter[parent]=" + branch},
							[2]string{"children", "&filter[parent]=" + twig})
					} else {
						queries = append(queries, [2]string{"sorted", "&sort=-createdAt&filter[ancestor]=" + branch})
					}
					if c == models.Events {
						queries[3][1] = "&sort=-position&filter[ancestor]=" + branch
					}
					for _, query := range queries {
						b.Run(c.Schema.Type+"/"+query[0]+"/"+name, func(b *testing.B) {
							q := parse(b, c, "page[number]=1"+query[1])
							for b.Loop() {
								if _, err := collection.List(b.Context(), db, c, scope, q); err != nil {
									b.Fatal(err)
								}
							}
						})
					}
				}
			}
		})
	}
}

// plantBelongings plants a head with a branch of so many organizations, in which each tenth has nine below it, and what belongs to them.
func plantBelongings(t testing.TB, db *store.DB, size int) (head, branch, twig string) {
	t.Helper()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	batch := &models.Batch{}
	grow := func(parent string) string {
		n := len(batch.Organizations)
		when := jsonapi.Stamp{Time: at.Add(time.Duration(n) * time.Second)}
		org := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Organization ", n), Slug: fmt.Sprint("large-", n),
			Kind: "company", CreatedAt: when, UpdatedAt: when, Version: 1}
		if parent != "" {
			org.Kind, org.ParentID = "branch", &parent
		}
		batch.Organizations = append(batch.Organizations, org)
		return org.ID
	}
	head = grow("")
	branch = grow(head)
	for n := range size {
		if n%10 == 0 {
			twig = grow(branch)
			continue
		}
		grow(twig)
	}
	if err := models.InsertBatch(t.Context(), db, batch); err != nil {
		t.Fatal(err)
	}
	id, bytes := `lower(substr(id, 1, 24) || hex(randomblob(6)))`, `randomblob(16)`
	if db.Dialect() == store.Postgres {
		id, bytes = `gen_random_uuid()`, `uuid_send(gen_random_uuid())`
	}
	for _, sql := range []string{
		`INSERT INTO api_keys (id, kind, organization_id, name, scopes, version, created_at, updated_at)
			SELECT ` + id + `, 'organization', id, 'Key', '[]', 1, created_at, created_at FROM organizations WHERE number % 5 = 1`,
		`INSERT INTO webhooks (id, organization_id, kind, url, event_types, subtree, header_names, ordering, algorithm, status,
			after_ordinal, version, created_at, updated_at) SELECT ` + id + `, id, 'extra', 'https://example.com', '[]', false, '[]',
			'none', 'v1', 'active', 0, 1, created_at, created_at FROM organizations WHERE number % 5 = 2`,
		`INSERT INTO invitations (id, organization_id, email, email_key, expires_at, token_hash, mailed, inviter_kind, version, created_at,
			updated_at) SELECT ` + id + `, id, 'a@example.com', 'a@example.com', created_at, ` + bytes + `, false, 'session', 1,
			created_at, created_at FROM organizations WHERE number % 5 = 3`,
		`INSERT INTO portal_links (id, organization_id, permissions, hears, expires_in, session_expires_in, frame_ancestors, token_hash,
			maker_kind, expires_at, version, created_at) SELECT ` + id + `, id, '[]', '[]', 60, 60, '[]', ` + bytes + `, 'session',
			created_at, 1, created_at FROM organizations WHERE number % 5 = 4`,
		`INSERT INTO events (id, event_type, organization_id, subject_type, subject_id, actor_kind, data, occurred_at)
			SELECT ` + id + `, 'organization.created', id, 'organizations', id, 'system', '{}', created_at FROM organizations`,
		`INSERT INTO event_positions (position, event_id, organization_id, sequence, subject_id)
			SELECT 1000 + ROW_NUMBER() OVER (ORDER BY occurred_at, id), id, organization_id, 1000, subject_id FROM events`,
		`INSERT INTO webhook_dispatches (id, event_id, webhook_id, organization_id, event_type, ordinal, created_at)
			SELECT ` + id + `, id, id, id, 'organization.created', 1, created_at FROM organizations`,
	} {
		if _, err := modelstest.Writable(db).ExecContext(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := models.Analyze(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return head, branch, twig
}
