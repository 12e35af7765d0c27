package models_test

import (
	"fmt"
	"strings"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// crowd puts a user into that many organizations, all at once and without events.
func crowd(t *testing.T, db *store.DB, user string, n int) {
	t.Helper()
	now := "(SELECT created_at FROM users WHERE id = '" + user + "')"
	var organizations, paths, memberships []string
	for range n {
		org := models.NewID()
		organizations = append(organizations, fmt.Sprintf("('%s', 'x', '%[1]s', 'company', true, false, 1, %s, %[2]s)", org, now))
		paths = append(paths, fmt.Sprintf("('%s', '%[1]s', 0)", org))
		memberships = append(memberships, fmt.Sprintf("('%s', '%s', '%s', %s, 1, %[4]s, %[4]s)", models.NewID(), org, user, now))
	}
	run(t, pool(db), "INSERT INTO organizations (id, name, slug, kind, is_event_producer, location_tracking, version, created_at, "+
		"updated_at) VALUES "+
		strings.Join(organizations, ", "))
	run(t, pool(db), "INSERT INTO organization_paths (ancestor_id, descendant_id, distance) VALUES "+strings.Join(paths, ", "))
	run(t, pool(db), "INSERT INTO memberships (id, organization_id, user_id, user_created_at, version, created_at, updated_at) VALUES "+
		strings.Join(memberships, ", "))
}

func TestAUserIsInAtMostAThousandOrganizations(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		ada := user(t, db, "Ada")
		crowd(t, db, ada.ID, models.MaxMemberships-1)
		var homes []string
		for range 5 {
			homes = append(homes, organization(t, db, "home", "").ID)
		}
		// Every door at once: one of them is the last.
		var doors []func() error
		for i := range 2 {
			doors = append(doors, func() error {
				_, err := models.CreateMembership(ctx, db, everything,
					input(nil, relations{"user": one(ada.ID), "organization": one(homes[i])}))
				return err
			}, func() error {
				return models.ChangeMembers(ctx, db, everything, models.Users, ada.ID, "organizations", models.AddMembers, many(homes[i+2]))
			})
		}
		taken := 0
		for _, err := range atOnce(doors...) {
			if err == nil {
				taken++
				continue
			}
			wantKind(t, err, store.Conflict, "")
		}
		count := "SELECT COUNT(*) FROM memberships WHERE user_id = '" + ada.ID + "'"
		if n := texts(t, db, count); taken != 1 || n[0] != "1000" {
			t.Errorf("%d of %d doors took a user with 999 memberships in, who has %s now", taken, len(doors), n)
		}
		// One who leaves makes room.
		id := list(t, db, models.Memberships, collection.Everything(), "filter[userId]="+ada.ID)[0]
		if err := models.DeleteMembership(ctx, db, everything, id, nil); err != nil {
			t.Fatal(err)
		}
		if err := models.ChangeMembers(ctx, db, everything, models.Users, ada.ID, "organizations", models.AddMembers,
			many(homes[4])); err != nil {
			t.Error(err)
		}
		// Exchanging all of them for as many is no growth, one more is; and a new user begins with as many at most.
		all := append(texts(t, db, "SELECT CAST(id AS text) FROM organizations WHERE name = 'x'"), homes[0])
		for n, kind := range map[int]store.Kind{models.MaxMemberships: "", models.MaxMemberships + 1: store.Conflict} {
			wanted := append(all, homes[1])[:n]
			_, err := models.UpdateUser(ctx, db, everything, ada.ID, input(nil, relations{"organizations": many(wanted...)}))
			if kind == "" && err != nil || kind != "" && !store.IsKind(err, kind) {
				t.Errorf("exchanged for %d organizations: %v", n, err)
			}
			if kind == "" {
				continue
			}
			_, err = models.CreateUser(ctx, db, everything,
				input(attributes{"firstName": "New"}, relations{"organizations": many(wanted...)}))
			if !store.IsKind(err, kind) {
				t.Errorf("a new user in %d organizations: %v", n, err)
			}
		}
	})
}
