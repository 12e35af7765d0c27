package models_test

import (
	"net/url"
	"slices"
	"sync"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestPeopleAreListedByName lists memberships by the names of their users, of an organization and of who is effective there, whole and
// page by page, before and after somebody changes their name.
func TestPeopleAreListedByName(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		above := organization(t, db, "Above", "")
		org := organization(t, db, "Acme", above.ID)
		people := map[string]string{}
		for _, name := range []string{"Zoe", "Ada", "bob", "Éva"} {
			people[user(t, db, name, org.ID).ID] = name
		}
		chief := user(t, db, "Mia")
		people[chief.ID] = "Mia"
		modelstest.Membership(t, db, chief.ID, above.ID, modelstest.To("roles", models.RoleOwner))
		names := func(query string) (names []string) {
			t.Helper()
			for _, item := range listPage(t, db, models.Memberships, collection.Everything(), query).Items {
				names = append(names, people[item.(*models.Membership).UserID])
			}
			return names
		}
		at, effective := "&filter[organizationId]="+org.ID, "&filter[effectiveAt]="+org.ID
		paged := func(query string) (names []string) {
			t.Helper()
			q := parse(t, models.Memberships, query+"&page[size]=2")
			for {
				page, err := collection.List(t.Context(), db, models.Memberships, collection.Everything(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, item := range page.Items {
					names = append(names, people[item.(*models.Membership).UserID])
				}
				if page.Next == nil {
					return names
				}
				q = parse(t, models.Memberships, query+"&page[size]=2&page[after]="+url.QueryEscape(page.Cursors[len(page.Cursors)-1]))
			}
		}
		check := func(inOrg, inAll []string) {
			t.Helper()
			back := slices.Clone(inAll)
			slices.Reverse(back)
			for query, want := range map[string][]string{
				"sort=user.fullName" + at: inOrg, "sort=user.fullName" + effective: inAll, "sort=-user.fullName" + effective: back,
				"sort=user.fullName": inAll,
			} {
				if got := names(query); !slices.Equal(got, want) {
					t.Errorf("%s: %v, want %v", query, got, want)
				}
				if got := paged(query); !slices.Equal(got, want) {
					t.Errorf("%s in pages: %v, want %v", query, got, want)
				}
			}
		}
		check([]string{"Ada", "Zoe", "bob", "Éva"}, []string{"Ada", "Mia", "Zoe", "bob", "Éva"})
		for id, name := range people {
			if name == "Zoe" {
				must(models.UpdateUser(t.Context(), db, everything, id, input(attributes{"firstName": "Aaron"}, nil)))(t)
				people[id] = "Aaron"
			}
		}
		check([]string{"Aaron", "Ada", "bob", "Éva"}, []string{"Aaron", "Ada", "Mia", "bob", "Éva"})
		modelstest.CheckConsistency(t, db)
	})
}

// TestWhoDoesNotReadPeopleSortsByNoName.
func TestWhoDoesNotReadPeopleSortsByNoName(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		role := func(key string, words ...string) string {
			return must(models.CreateRole(t.Context(), db, everything, input(attributes{"key": key, "name": key,
				"permissions": jsonapi.Strings(words)}, relations{"organization": one(org.ID)})))(t).ID
		}
		member := func(roles ...string) collection.Scope {
			u := user(t, db, "Ada")
			modelstest.Membership(t, db, u.ID, org.ID, modelstest.To("roles", roles...))
			return collection.Person(u.ID)
		}
		sorted := parse(t, models.Memberships, "sort=user.fullName").Sort
		for name, c := range map[string]struct {
			scope collection.Scope
			may   bool
		}{
			"the installation":              {collection.Everything(), true},
			"a key":                         {collection.OnlyOrganization(org.ID).Holding([]string{"memberships:read", "users:read"}), true},
			"a key that reads no people":    {collection.OnlyOrganization(org.ID).Holding([]string{"memberships:read"}), false},
			"a manager":                     {member(models.RoleManager), true},
			"a person who reads no people":  {member(role("clerk", "memberships:read")), false},
			"a person who writes people":    {member(role("warden", "memberships:write", "users:write")), true},
			"a person who reads no members": {member(role("other", "roles:read")), true},
		} {
			err := models.MaySort(t.Context(), db, c.scope, sorted)
			if may := err == nil; may != c.may || err != nil && !store.IsKind(err, store.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
			if err := models.MaySort(t.Context(), db, c.scope, parse(t, models.Memberships, "sort=createdAt").Sort); err != nil {
				t.Errorf("%s, by another order: %v", name, err)
			}
		}
	})
}

// TestANameIsFoundAsItIsShown, whatever white space stands around it.
func TestANameIsFoundAsItIsShown(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, space := range []string{" ", "\u00a0", "\u2003", "\u3000", "\u2028"} {
			u := must(models.CreateUser(t.Context(), db, everything, input(attributes{"firstName": space + "Ada" + space,
				"lastName": space + "Lovelace" + space}, nil)))(t)
			found := must(collection.Find(t.Context(), db, models.Users, collection.Everything(), u.ID, nil))(t).(*models.User)
			got := list(t, db, models.Users, collection.Everything(), "filter[fullName]="+url.QueryEscape(found.FullName))
			if !slices.Contains(got, u.ID) {
				t.Errorf("%q is not found as %q", space, found.FullName)
			}
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestEventsAreReadBySequence of one organization, forwards and backwards, and from one on.
func TestEventsAreReadBySequence(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		for _, name := range []string{"Ada", "Bob", "Eva"} {
			user(t, db, name, org.ID)
		}
		sequences := func(query string) (all []int64) {
			t.Helper()
			for _, item := range listPage(t, db, models.Events, collection.Everything(), query+"&filter[organizationId]="+org.ID).Items {
				all = append(all, *item.(*models.Event).Sequence)
			}
			return all
		}
		all := sequences("sort=sequence")
		for i, n := range all {
			if n != int64(i+1) {
				t.Fatalf("the sequence is %v", all)
			}
		}
		if got := sequences("sort=sequence&filter[sequence][gt]=2"); len(all) < 5 || !slices.Equal(got, all[2:]) {
			t.Errorf("after the second come %v, of %v", got, all)
		}
		if got := sequences("sort=-sequence&page[size]=1"); !slices.Equal(got, all[len(all)-1:]) {
			t.Errorf("the last is %v, of %v", got, all)
		}
	})
}

// TestHoldersAreCountedWhateverHappensAtOnce changes roles of people while their organization is deleted and restored.
func TestHoldersAreCountedWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		var members []string
		for range 6 {
			members = append(members, modelstest.Membership(t, db, user(t, db, "Ada").ID, org.ID).ID)
		}
		var all sync.WaitGroup
		for i, id := range members {
			all.Go(func() {
				for n := range 6 {
					roles := []string{models.RoleViewer, models.RoleManager, models.RoleMember}[(i+n)%3:][:1]
					if n == 5 && i == 0 {
						_ = models.DeleteMembership(t.Context(), db, everything, id, nil)
						return
					}
					// What is refused because the organization is gone is as good as what is done.
					_, err := models.UpdateMembership(t.Context(), db, everything, id, input(nil, relations{"roles": many(roles...)}))
					if err != nil && !store.IsKind(err, store.NotFound) {
						t.Error(err)
					}
				}
			})
		}
		all.Go(func() {
			for range 4 {
				if err := models.DeleteOrganization(t.Context(), db, everything, org.ID, nil); err != nil {
					t.Error(err)
				}
				_, err := models.UpdateOrganization(t.Context(), db, everything, org.ID, &models.Change{Echo: attributes{"deletedAt": nil}})
				if err != nil {
					t.Error(err)
				}
			}
		})
		all.Wait()
		modelstest.CheckConsistency(t, db)
		got := counted(t, db, models.Roles, collection.Everything(), "withCounts=memberships")
		for id, counts := range got {
			if want := listPage(t, db, models.Memberships, collection.Everything(), "filter[roles]="+id).Total; counts["memberships"] != want {
				t.Errorf("the role %s has %d holders, want %d", id, counts["memberships"], want)
			}
		}
	})
}
