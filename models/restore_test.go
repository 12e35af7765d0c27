package models_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// restore takes back the deletion of an organization, with what else the input says.
func restore(t *testing.T, db *store.DB, by models.Caller, id string, a attributes, r relations) (*models.Organization, error) {
	t.Helper()
	in := input(a, r)
	in.Echo = map[string]any{"deletedAt": nil}
	return models.UpdateOrganization(t.Context(), db, by, id, in)
}

// fell deletes organizations, children first.
func fell(t *testing.T, db *store.DB, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := models.DeleteOrganization(t.Context(), db, everything, id, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAChildIsRestoredBelowAnotherParent(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		below := organization(t, db, "below the leaf", g.leaf.ID)
		fell(t, db, below.ID, g.leaf.ID, g.mid.ID)
		under := func(id string) relations { return relations{"parent": one(id)} }

		_, err := restore(t, db, everything, g.leaf.ID, nil, nil)
		wantKind(t, err, store.Conflict, "deletedAt")
		if !strings.Contains(err.Error(), "name another parent") {
			t.Errorf("the way out is not told: %v", err)
		}
		_, err = restore(t, db, everything, g.leaf.ID, nil, under(g.mid.ID)) // as it was read
		wantKind(t, err, store.Conflict, "deletedAt")
		_, err = restore(t, db, everything, g.leaf.ID, nil, under(below.ID))
		wantKind(t, err, store.Conflict, "parent")
		_, err = restore(t, db, everything, below.ID, nil, under(g.mid.ID))
		wantKind(t, err, store.RelatedNotFound, "parent")
		// Who is shown no parent, because it is deleted, sends none back.
		_, err = restore(t, db, caller(collection.Subtree(g.top.ID)), g.leaf.ID, nil, under(""))
		wantKind(t, err, store.Conflict, "deletedAt")
		_, err = restore(t, db, caller(collection.Subtree(g.top.ID)), g.leaf.ID, nil, under(g.other.ID))
		wantKind(t, err, store.RelatedNotFound, "parent")

		org := must(restore(t, db, caller(collection.Subtree(g.top.ID)), g.leaf.ID, nil, under(g.side.ID)))(t)
		if org.DeletedAt != nil || *org.ParentID != g.side.ID || org.Kind != g.leaf.Kind {
			t.Errorf("restored it is %+v", org)
		}
		event := listPage(t, db, models.Events, collection.Everything(), "filter[subjectId]="+g.leaf.ID+"&sort=-occurredAt").
			Items[0].(*models.Event)
		want := regexp.MustCompile(`^\{"deletedAt":\{"before":"[^"]+","after":null\},"parent":\{"before":"` + g.mid.ID + `","after":"` +
			g.side.ID + `"\}\}$`)
		if event.EventType != "organization.restored" || !want.Match(*event.Changes) {
			t.Errorf("the event %s tells %s", event.EventType, *event.Changes)
		}
		same(t, "children of the new parent", list(t, db, models.Organizations, collection.Everything(), "filter[parent]="+g.side.ID),
			[]string{g.leaf.ID})
		same(t, "members", list(t, db, models.Users, collection.Everything(), "filter[organizationId]="+g.leaf.ID),
			[]string{g.users[g.leaf.ID].ID, g.shared.ID})
		// What was deleted below it is below it, and comes back there.
		must(restore(t, db, everything, below.ID, nil, nil))(t)
		same(t, "the branch", list(t, db, models.Organizations, collection.Everything(), "filter[ancestor]="+g.side.ID),
			[]string{g.leaf.ID, below.ID})
		// As the head of a tree of its own it is a company.
		fell(t, db, below.ID)
		if head := must(restore(t, db, everything, below.ID, nil, under("")))(t); head.ParentID != nil || head.Kind != "company" {
			t.Errorf("restored without a parent it is %+v", head)
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestTheSlugOfADeletedOrganizationCanBeTaken(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		gone := organization(t, db, "Acme", "")
		fell(t, db, gone.ID)
		taker := organization(t, db, "Acme", "")
		if taker.Slug != "acme" {
			t.Errorf("the slug of a deleted organization is taken: %s", taker.Slug)
		}
		_, err := restore(t, db, everything, gone.ID, attributes{"slug": "taken"}, nil)
		if err != nil {
			t.Errorf("restored under another slug: %v", err)
		}
		must(models.UpdateOrganization(t.Context(), db, everything, gone.ID, input(attributes{"slug": "mine"}, nil)))(t)
		fell(t, db, gone.ID)
		must(models.UpdateOrganization(t.Context(), db, everything, taker.ID, input(attributes{"slug": "mine"}, nil)))(t)
		_, err = restore(t, db, everything, gone.ID, attributes{"slug": "acme"}, nil)
		if err != nil {
			t.Errorf("restored under a slug that is free again: %v", err)
		}
		fell(t, db, gone.ID)
		_, err = restore(t, db, everything, gone.ID, attributes{"slug": "mine"}, nil)
		wantKind(t, err, store.Conflict, "slug")
		must(models.UpdateOrganization(t.Context(), db, everything, taker.ID, input(attributes{"slug": "acme"}, nil)))(t)

		// Sent back as it was read, and taken meanwhile: it gets a free one, which is told.
		org := must(restore(t, db, everything, gone.ID, attributes{"slug": "acme"}, nil))(t)
		if !regexp.MustCompile(`^acme-[0-9a-z]{8}$`).MatchString(org.Slug) {
			t.Errorf("restored it has the slug %q", org.Slug)
		}
		event := listPage(t, db, models.Events, collection.Everything(), "filter[subjectId]="+gone.ID+"&sort=-occurredAt").
			Items[0].(*models.Event)
		if !strings.Contains(string(*event.Changes), `"slug":{"before":"acme","after":"`+org.Slug+`"}`) ||
			!strings.Contains(string(event.Resource), `"slug":"`+org.Slug+`"`) {
			t.Errorf("the event tells %s of %s", *event.Changes, event.Resource)
		}
		same(t, "who has the slug", list(t, db, models.Organizations, collection.Everything(), "filter[slug]=acme"), []string{taker.ID})
		modelstest.CheckConsistency(t, db)
	})
}

// TestManyWithOneSlugComeBackAtOnce restores organizations of one slug while others take it.
func TestManyWithOneSlugComeBackAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		var race []func() error
		for range 4 {
			org := organization(t, db, "Same", "")
			fell(t, db, org.ID)
			race = append(race, func() error { _, err := restore(t, db, everything, org.ID, nil, nil); return err }, func() error {
				_, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": "Same"}, nil))
				return err
			})
		}
		for _, err := range atOnce(race...) {
			if err != nil {
				t.Error(err)
			}
		}
		if slugs := texts(t, db, "SELECT DISTINCT slug FROM organizations WHERE deleted_at IS NULL"); len(slugs) != len(race) {
			t.Errorf("%d organizations have the slugs %q", len(race), slugs)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestTheMigrationOfSlugsKeepsEveryRow brings a database with rows in every table that hangs on organizations from the schema before to the
// present one: SQLite makes the table anew.
func TestTheMigrationOfSlugsKeepsEveryRow(t *testing.T) {
	t.Parallel()
	eachUnmigrated(t, func(t *testing.T, cfg models.Config) {
		db := modelstest.OpenConfig(t, cfg)
		if err := db.MigrateTo(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
		now := map[store.Dialect]string{store.SQLite: "1", store.Postgres: "now()"}[db.Dialect()]
		head, child, ada, key := models.NewID(), models.NewID(), models.NewID(), models.NewID()
		for _, statement := range []string{
			`INSERT INTO users (id, first_name, active, version, created_at, updated_at) VALUES ('` + ada + `', 'Ada', true, 1, NOW, NOW)`,
			`INSERT INTO organizations (id, name, slug, kind, is_event_producer, location_tracking, created_by, version,
				created_at, updated_at, deleted_at)
				VALUES ('` + head + `', 'Head', 'head', 'company', true, false, '` + ada + `', 3, NOW, NOW, NULL)`,
			`INSERT INTO organizations (id, parent_id, name, slug, kind, is_event_producer, location_tracking, version,
				created_at, updated_at, deleted_at)
				VALUES ('` + child + `', '` + head + `', 'Child', 'child', 'branch', true, false, 2, NOW, NOW, NOW)`,
			`INSERT INTO organization_paths (ancestor_id, descendant_id, distance)
				VALUES ('` + head + `', '` + head + `', 0), ('` + head + `', '` + child + `', 1)`,
			`INSERT INTO memberships (id, organization_id, user_id, version, created_at, updated_at)
				VALUES ('` + models.NewID() + `', '` + head + `', '` + ada + `', 1, NOW, NOW)`,
			`INSERT INTO api_keys (id, kind, organization_id, name, scopes, version, created_at, updated_at)
				VALUES ('` + key + `', 'organization', '` + head + `', 'k', '[]', 1, NOW, NOW)`,
		} {
			run(t, pool(db), strings.ReplaceAll(statement, "NOW", now))
		}
		all := func() (rows []string) {
			for _, table := range []string{"users", "organization_paths", "memberships", "api_keys"} {
				rows = append(rows, table+" "+texts(t, db, "SELECT COUNT(*) FROM "+table)[0])
			}
			for _, column := range []string{"number", "id", "COALESCE(CAST(parent_id AS text), '')", "name", "slug", "kind", "version",
				"deleted_at IS NULL", "COALESCE(CAST(created_by AS text), '')"} {
				rows = append(rows, fmt.Sprint(column, texts(t, db, "SELECT "+column+" FROM organizations ORDER BY number")))
			}
			return rows
		}
		before := all()
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, "rows", all(), before)
		if taken := organization(t, db, "child", head); taken.Slug != "child" || taken.Number <= 2 {
			t.Errorf("a new organization has the slug %q and the number %d", taken.Slug, taken.Number)
		}
		// What referred to the old table refers to the new one.
		for _, statement := range []string{
			`INSERT INTO memberships (id, organization_id, user_id, version, created_at, updated_at)
				VALUES ('` + models.NewID() + `', '` + key + `', '` + ada + `', 1, NOW, NOW)`,
			`INSERT INTO organization_paths (ancestor_id, descendant_id, distance) VALUES ('` + key + `', '` + head + `', 7)`,
			`UPDATE organizations SET parent_id = '` + key + `' WHERE id = '` + child + `'`,
		} {
			if _, err := pool(db).ExecContext(t.Context(), strings.ReplaceAll(statement, "NOW", now)); err == nil {
				t.Errorf("a reference to nothing is taken: %s", statement)
			}
		}
		must(restore(t, db, models.System("test"), child, attributes{"kind": "branch"}, nil))(t)
	})
}
