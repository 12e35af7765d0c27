package models_test

import (
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// grove is two trees with a user, a membership, keys and events in each organization.
//
//	top ── mid ── leaf
//	   └── side
//	other
type grove struct {
	top, mid, leaf, side, other *models.Organization
	users                       map[string]*models.User   // by organization id
	keys                        map[string]*models.APIKey // by organization id
	managing                    *models.APIKey            // bound to mid
	everywhere                  *models.APIKey            // of the whole installation
	shared                      *models.User              // in leaf and other
	nowhere                     *models.User              // in no organization
	memberships                 map[string]string         // organization id → a membership there
}

func plant(t *testing.T, db *store.DB) *grove {
	t.Helper()
	g := &grove{users: map[string]*models.User{}, keys: map[string]*models.APIKey{}, memberships: map[string]string{}}
	g.top = organization(t, db, "top", "")
	g.mid = organization(t, db, "mid", g.top.ID)
	g.leaf = organization(t, db, "leaf", g.mid.ID)
	g.side = organization(t, db, "side", g.top.ID)
	g.other = organization(t, db, "other", "")
	for _, org := range g.all() {
		g.users[org.ID] = user(t, db, "of "+org.Name, org.ID)
		g.keys[org.ID] = apiKey(t, db, models.OrganizationKey, org.ID, "users:read")
		g.memberships[org.ID] = list(t, db, models.Memberships, collection.Everything(), "filter[organizationId]="+org.ID)[0]
	}
	g.managing = apiKey(t, db, models.ManagementKey, g.mid.ID, "*")
	g.everywhere = apiKey(t, db, models.ManagementKey, "", "*")
	g.shared = user(t, db, "shared", g.leaf.ID, g.other.ID)
	g.nowhere = user(t, db, "nowhere")
	return g
}

func (g *grove) all() []*models.Organization {
	return []*models.Organization{g.top, g.mid, g.leaf, g.side, g.other}
}

func TestAScopeSeesWhatItShould(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		type some = []*models.Organization
		for name, c := range map[string]struct {
			scope         collection.Scope
			organizations []*models.Organization
			shared        bool
			nowhere       bool
			managing      bool
			everywhere    bool
		}{
			"nothing":          {collection.Scope{}, nil, false, false, false, false},
			"everything":       {collection.Everything(), g.all(), true, true, true, true},
			"a subtree":        {collection.Subtree(g.mid.ID), some{g.mid, g.leaf}, true, false, true, false},
			"a whole tree":     {collection.Subtree(g.top.ID), some{g.top, g.mid, g.leaf, g.side}, true, false, true, false},
			"a leaf's subtree": {collection.Subtree(g.side.ID), some{g.side}, false, false, false, false},
			// An organization sees itself, and not the management key that is bound to it.
			"one organization":        {collection.OnlyOrganization(g.mid.ID), some{g.mid}, false, false, false, false},
			"another organization":    {collection.OnlyOrganization(g.other.ID), some{g.other}, true, false, false, false},
			"one that is not there":   {collection.OnlyOrganization(models.NewID()), nil, false, false, false, false},
			"a subtree of nothing":    {collection.Subtree(models.NewID()), nil, false, false, false, false},
			"a subtree of all's user": {collection.Subtree(g.shared.ID), nil, false, false, false, false},
		} {
			var organizations, users, memberships, keys, eventsOf []string
			for _, org := range c.organizations {
				organizations, users = append(organizations, org.ID), append(users, g.users[org.ID].ID)
				memberships, keys = append(memberships, g.memberships[org.ID]), append(keys, g.keys[org.ID].ID)
				eventsOf = append(eventsOf, org.ID)
				if org == g.leaf || org == g.other {
					of := list(t, db, models.Memberships, collection.Everything(),
						"filter[userId]="+g.shared.ID+"&filter[organizationId]="+org.ID)
					memberships = append(memberships, of...)
				}
			}
			for wanted, u := range map[*models.User]bool{g.shared: c.shared, g.nowhere: c.nowhere} {
				if u {
					users = append(users, wanted.ID)
				}
			}
			if c.managing {
				keys = append(keys, g.managing.ID)
			}
			if c.everywhere {
				keys = append(keys, g.everywhere.ID)
			}
			same(t, name+": organizations", list(t, db, models.Organizations, c.scope, ""), organizations)
			same(t, name+": users", list(t, db, models.Users, c.scope, ""), users)
			same(t, name+": memberships", list(t, db, models.Memberships, c.scope, ""), memberships)
			same(t, name+": keys", list(t, db, models.APIKeys, c.scope, ""), keys)
			var events []string
			for _, item := range listPage(t, db, models.Events, c.scope, "page[size]=200").Items {
				if of := item.(*models.Event).OrganizationID; of != nil {
					events = append(events, *of)
				}
			}
			slices.Sort(events)
			same(t, name+": events", slices.Compact(events), eventsOf)
			if name == "nothing" {
				for _, collection := range models.Collections() {
					if page := listPage(t, db, collection, c.scope, ""); len(page.Items) != 0 || page.Total != 0 ||
						page.TotalUnfiltered != 0 {
						t.Errorf("the zero scope sees %d of %d %s", len(page.Items), page.Total, collection.Schema.Type)
					}
				}
			}
		}
	})
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// TestWhatAScopeDoesNotSeeItCannotTouch tries every write on what is there and invisible, and compares with what is missing.
func TestWhatAScopeDoesNotSeeItCannotTouch(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		ctx, before := t.Context(), texts(t, db, "SELECT COUNT(*) FROM events")
		nothing := input(attributes{}, nil)
		writes := map[string]struct {
			id string // of what is invisible
			do func(by models.Caller, id string) error
		}{
			"update an organization": {g.other.ID, func(by models.Caller, id string) error {
				_, err := models.UpdateOrganization(ctx, db, by, id, input(attributes{"name": "x"}, nil))
				return err
			}},
			"delete an organization": {g.other.ID, func(by models.Caller, id string) error {
				return models.DeleteOrganization(ctx, db, by, id, nil)
			}},
			"refresh a token": {g.other.ID, func(by models.Caller, id string) error {
				_, err := models.RefreshToken(ctx, db, by, id)
				return err
			}},
			"update a user": {g.users[g.other.ID].ID, func(by models.Caller, id string) error {
				_, err := models.UpdateUser(ctx, db, by, id, input(attributes{"firstName": "x"}, nil))
				return err
			}},
			"delete a user": {g.users[g.other.ID].ID, func(by models.Caller, id string) error {
				return models.DeleteUser(ctx, db, by, id, nil)
			}},
			"update a membership": {g.memberships[g.other.ID], func(by models.Caller, id string) error {
				_, err := models.UpdateMembership(ctx, db, by, id, nothing)
				return err
			}},
			"delete a membership": {g.memberships[g.other.ID], func(by models.Caller, id string) error {
				return models.DeleteMembership(ctx, db, by, id, nil)
			}},
			"update a key": {g.keys[g.other.ID].ID, func(by models.Caller, id string) error {
				_, err := models.UpdateAPIKey(ctx, db, by, id, input(attributes{"name": "x"}, nil))
				return err
			}},
			"rotate a key": {g.keys[g.other.ID].ID, func(by models.Caller, id string) error {
				_, err := models.RotateAPIKey(ctx, db, by, id, 0)
				return err
			}},
			"delete a key": {g.keys[g.other.ID].ID, func(by models.Caller, id string) error {
				return models.DeleteAPIKey(ctx, db, by, id, nil)
			}},
			"rotate the management's key": {g.everywhere.ID, func(by models.Caller, id string) error {
				_, err := models.RotateAPIKey(ctx, db, by, id, 0)
				return err
			}},
		}
		related := map[string]struct {
			id, field string
			do        func(by models.Caller, id string) error
		}{
			"create below": {g.other.ID, "parent", func(by models.Caller, id string) error {
				_, err := models.CreateOrganization(ctx, db, by, input(attributes{"name": "x"}, below(id)))
				return err
			}},
			"create a user in": {g.other.ID, "organization", func(by models.Caller, id string) error {
				_, err := models.CreateUser(ctx, db, by, input(attributes{"firstName": "x"}, relations{"organization": one(id)}))
				return err
			}},
			"create a user in several": {g.other.ID, "organizations", func(by models.Caller, id string) error {
				_, err := models.CreateUser(ctx, db, by, input(attributes{"firstName": "x"}, relations{"organizations": many(id)}))
				return err
			}},
			"join": {g.other.ID, "organization", func(by models.Caller, id string) error {
				_, err := models.CreateMembership(ctx, db, by, input(nil, relations{"organization": one(id), "user": one(g.shared.ID)}))
				return err
			}},
			"take in": {g.users[g.other.ID].ID, "user", func(by models.Caller, id string) error {
				_, err := models.CreateMembership(ctx, db, by, input(nil, relations{"organization": one(g.leaf.ID), "user": one(id)}))
				return err
			}},
			"create a key of": {g.other.ID, "organization", func(by models.Caller, id string) error {
				_, err := models.CreateAPIKey(ctx, db, by, input(attributes{"name": "x"}, relations{"organization": one(id)}))
				return err
			}},
		}
		for _, by := range []models.Caller{caller(collection.Scope{}), caller(collection.Subtree(g.mid.ID)),
			caller(collection.OnlyOrganization(g.leaf.ID))} {
			for name, w := range writes {
				for _, id := range []string{w.id, models.NewID(), "not an id", "", "\x00"} {
					if err := w.do(by, id); !store.IsKind(err, store.NotFound) {
						t.Errorf("%s %q as %+v: %v", name, id, by.Scope, err)
					}
				}
			}
			for name, r := range related {
				for _, id := range []string{r.id, models.NewID(), "not an id", "\x00"} {
					err := r.do(by, id)
					if by.Scope == (collection.Scope{}) && r.field == "user" { // the organization is looked at first
						wantKind(t, err, store.RelatedNotFound, "organization")
						continue
					}
					if err == nil {
						t.Errorf("%s %q as %+v is done", name, id, by.Scope)
						continue
					}
					wantKind(t, err, store.RelatedNotFound, r.field)
				}
			}
		}
		if after := texts(t, db, "SELECT COUNT(*) FROM events"); !slices.Equal(before, after) {
			t.Errorf("%s events before, %s after writes that were all refused", before, after)
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestTheZeroScopeMakesNothing(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		by := caller(collection.Scope{})
		if _, err := models.CreateOrganization(t.Context(), db, by, input(attributes{"name": "x"}, nil)); err == nil {
			t.Error("the zero scope creates an organization")
		}
		if _, err := models.CreateUser(t.Context(), db, by, input(attributes{"firstName": "x"}, nil)); err == nil {
			t.Error("the zero scope creates a user")
		}
		if _, err := models.CreateAPIKey(t.Context(), db, by, input(attributes{"name": "x", "kind": "management"}, nil)); err == nil {
			t.Error("the zero scope creates a management key")
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestLinkageTellsNothingOfWhatIsInvisible(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		for name, c := range map[string]struct {
			scope collection.Scope
			want  any
		}{
			"everything":       {collection.Everything(), jsonapi.Identifier{Type: "organizations", ID: g.top.ID}},
			"the parent too":   {collection.Subtree(g.top.ID), jsonapi.Identifier{Type: "organizations", ID: g.top.ID}},
			"the subtree":      {collection.Subtree(g.mid.ID), jsonapi.Null},
			"one organization": {collection.OnlyOrganization(g.mid.ID), jsonapi.Null},
		} {
			found, err := collection.Find(t.Context(), db, models.Organizations, c.scope, g.mid.ID, nil)
			if err != nil {
				t.Fatal(err)
			}
			url := models.Organizations.Schema.URL()
			rendered, err := collection.Render(t.Context(), db, models.Organizations, c.scope, []any{found}, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, want := string(must(jsonapi.Marshal(rendered[0].Linked("parent").Data()))(t)),
				string(must(jsonapi.Marshal(c.want))(t))
			if got != want {
				t.Errorf("%s: parent %s, want %s", name, got, want)
			}
			// What a client read it can send back.
			linkage := one("")
			if _, id := rendered[0].Linked("parent").One(); id != "" {
				linkage = one(id)
			}
			by := caller(c.scope)
			org, err := models.UpdateOrganization(t.Context(), db, by, g.mid.ID, input(attributes{}, relations{"parent": linkage}))
			if err != nil {
				t.Errorf("%s: sending back what was read: %v", name, err)
			} else if org.Version != g.mid.Version || *org.ParentID != g.top.ID {
				t.Errorf("%s: sending back what was read made version %d below %s", name, org.Version, *org.ParentID)
			}
		}
	})
}

func TestFiltersByARelationshipSeeOnlyWhatIsVisible(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		mid := collection.Subtree(g.mid.ID)
		for _, c := range []struct {
			collection *collection.Collection
			scope      collection.Scope
			query      string
			want       int
		}{
			{models.Organizations, mid, "filter[parent]=" + g.top.ID, 0}, // mid's parent is out of sight
			{models.Organizations, mid, "filter[parent]=" + g.mid.ID, 1},
			{models.Organizations, mid, "filter[ancestor]=" + g.top.ID, 0},
			{models.Organizations, mid, "filter[ancestor]=" + g.mid.ID, 1},
			{models.Organizations, mid, "filter[parent][null]=true", 1},
			{models.Organizations, mid, "filter[parent][null]=false", 1},
			{models.Organizations, collection.Everything(), "filter[parent]=" + g.top.ID, 2},
			{models.Organizations, collection.Everything(), "filter[parent]=" + g.top.ID + "," + g.mid.ID, 3},
			{models.Organizations, collection.Everything(), "filter[parent][null]=true", 2},
			{models.Organizations, collection.Everything(), "filter[children][null]=true", 3},
			{models.Organizations, collection.Everything(), "filter[children]=" + g.leaf.ID, 1},
			{models.Organizations, collection.Everything(), "filter[users]=" + g.shared.ID, 2},
			{models.Organizations, mid, "filter[users]=" + g.shared.ID, 1},
			{models.Organizations, mid, "filter[users]=" + g.users[g.other.ID].ID, 0},
			{models.Users, mid, "filter[organizations]=" + g.other.ID, 0},
			{models.Users, mid, "filter[organizationId]=" + g.other.ID + "&filter[active]=true", 0},
			{models.Users, collection.OnlyOrganization(g.leaf.ID), "filter[organizations]=" + g.other.ID, 0},
			{models.Users, collection.Everything(), "filter[organizations][null]=true", 1},
			{models.Users, collection.Everything(), "filter[organizations]=" + g.leaf.ID + "," + g.other.ID, 3},
			{models.Users, collection.Everything(), "filter[organizations]=nonsense", 0},
			{models.Memberships, mid, "filter[organization]=" + g.other.ID, 0},
			{models.Memberships, mid, "filter[userId]=" + g.shared.ID, 1},
			{models.APIKeys, mid, "filter[organization]=" + g.other.ID, 0},
			{models.APIKeys, collection.Everything(), "filter[organization][null]=true", 1},
			{models.Events, mid, "filter[organization]=" + g.other.ID, 0},
			{models.Events, mid, "filter[subjectId]=" + g.other.ID, 0},
			{models.Events, collection.Everything(), "filter[subjectId]=" + g.other.ID, 1},
		} {
			page := listPage(t, db, c.collection, c.scope, c.query)
			if len(page.Items) != c.want || page.Total != int64(c.want) {
				t.Errorf("%s?%s as %+v: %d items, total %d, want %d", c.collection.Schema.Type, c.query, c.scope, len(page.Items),
					page.Total, c.want)
			}
		}
	})
}
