package models_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// branches is a grove with its callers, and what is above what.
type branches struct {
	db            *store.DB
	organizations []string
	parents       map[string]string
	scopes        map[string]collection.Scope
}

func plantBranches(t *testing.T, db *store.DB, clock *modelstest.Clock, r *rand.Rand) *branches {
	t.Helper()
	b := &branches{db: db, organizations: modelstest.Grove(t, db, clock, r), parents: map[string]string{},
		scopes: map[string]collection.Scope{"everything": collection.Everything()}}
	parents := texts(t, db, `SELECT parent_id FROM organizations ORDER BY id`)
	for i, id := range texts(t, db, `SELECT id FROM organizations ORDER BY id`) {
		b.parents[id] = parents[i]
	}
	live := texts(t, db, `SELECT id FROM organizations WHERE deleted_at IS NULL`)
	for _, id := range live[:4] {
		b.scopes["subtree "+id], b.scopes["only "+id] = collection.Subtree(id), collection.OnlyOrganization(id)
		modelstest.Invitation(t, db, "somebody@example.com", id)
	}
	for i, role := range []string{models.RoleOwner, models.RoleMember, models.RoleViewer} {
		person := modelstest.User(t, db).ID
		for _, at := range []string{live[i], live[len(live)-1-i]} {
			modelstest.Membership(t, db, person, at, modelstest.To("roles", role))
		}
		b.scopes["person "+role] = collection.Person(person)
	}
	// Somebody who reads several organizations and nothing below them, and one of them with all below.
	person := modelstest.User(t, db).ID
	for i, at := range live[:6] {
		in := input(attributes{"key": "reader", "name": "Reader", "inheritable": i == 3,
			"permissions": jsonapi.Strings{"organizations:read", "memberships:read"}}, relations{"organization": one(at)})
		role := must(models.CreateRole(t.Context(), db, everything, in))(t).ID
		modelstest.Membership(t, db, person, at, modelstest.To("roles", role))
	}
	b.scopes["person who inherits little"] = collection.Person(person)
	return b
}

// above returns an organization and all above it, head first.
func (b *branches) above(id string) (line []string) {
	for ; id != ""; id = b.parents[id] {
		line = append([]string{id}, line...)
	}
	return line
}

// eachBranch calls check for each caller and each organization, with whether the caller sees it.
func eachBranch(t *testing.T, check func(t *testing.T, b *branches, scope collection.Scope, id string, sees bool)) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		b := plantBranches(t, db, clock, modelstest.Rand(t))
		for name, scope := range b.scopes {
			seen := list(t, db, models.Organizations, scope, "page[size]=200")
			if scope.Manages() { // who still reads the events of what is deleted
				seen = append(seen, list(t, db, models.Organizations, scope, "page[size]=200&filter[deleted]=true")...)
			}
			for _, id := range append(b.organizations[:8:8], models.NewID()) {
				check(t, b, scope, id, slices.Contains(seen, id))
			}
			if t.Failed() {
				t.Fatalf("as %s", name)
			}
		}
	})
}

// TestAnAncestorLeavesWhatItsBranchHas compares the filter with that by each organization of the branch, for every type that has it and
// every kind of caller.
func TestAnAncestorLeavesWhatItsBranchHas(t *testing.T) {
	modelstest.Sequential(t)
	eachBranch(t, func(t *testing.T, b *branches, scope collection.Scope, id string, sees bool) {
		for _, c := range []*collection.Collection{
			models.Users, models.Memberships, models.APIKeys, models.Invitations, models.Webhooks, models.WebhookDeliveries, models.Events,
		} {
			want := []string{}
			for _, at := range b.organizations {
				if sees && slices.Contains(b.above(at), id) {
					want = append(want, walked(t, b.db, c, scope, "filter[organizationId]="+at, 200)...)
				}
			}
			slices.Sort(want)
			want = slices.Compact(want)
			page := listPage(t, b.db, c, scope, "page[size]=200&filter[ancestor]="+id)
			got := idsOf(c, page)
			inOrder := walked(t, b.db, c, scope, "filter[ancestor]="+id, 200)
			if !slices.Equal(got, inOrder[:min(200, len(inOrder))]) || page.Total != int64(len(want)) {
				t.Errorf("%s below %s: %d of %d %v, want %d %v", c.Schema.Type, id, len(got), page.Total, got, len(want), inOrder)
			}
			steps := walked(t, b.db, c, scope, "filter[ancestor]="+id, 7)
			slices.Sort(steps)
			if !slices.Equal(steps, want) {
				t.Errorf("%s below %s by cursors: %v, want %v", c.Schema.Type, id, steps, want)
			}
		}
	})
}

// TestTheWayUpComesHeadFirst reads the organizations above one as every kind of caller, whole and by pages.
func TestTheWayUpComesHeadFirst(t *testing.T) {
	eachBranch(t, func(t *testing.T, b *branches, scope collection.Scope, id string, _ bool) {
		seen := list(t, b.db, models.Organizations, scope, "page[size]=200")
		sees := slices.Contains(seen, id) // and not one that is deleted
		want := []string{}
		for _, one := range b.above(id) {
			if sees && slices.Contains(seen, one) {
				want = append(want, one)
			}
		}
		query := "filter[descendant]=" + id
		page := listPage(t, b.db, models.Organizations, scope, query)
		if got := idsOf(models.Organizations, page); !slices.Equal(got, want) || page.Total != int64(len(want)) ||
			page.TotalUnfiltered != int64(len(seen)) {
			t.Errorf("above %s: %v, %d of %d; want %v", id, got, page.Total, page.TotalUnfiltered, want)
		}
		for size := 1; size <= 2; size++ {
			if got := walked(t, b.db, models.Organizations, scope, query, size); !slices.Equal(got, want) {
				t.Errorf("above %s, %d after the other: %v, want %v", id, size, got, want)
			}
		}
		second := list(t, b.db, models.Organizations, scope, query+"&page[size]=2&page[number]=2")
		if rest := want[min(2, len(want)):]; !slices.Equal(second, rest[:min(2, len(rest))]) {
			t.Errorf("the second page above %s: %v of %v", id, second, want)
		}
		sorted := list(t, b.db, models.Organizations, scope, query+"&sort=-id")
		slices.Sort(want)
		slices.Reverse(want)
		if !slices.Equal(sorted, want) {
			t.Errorf("above %s in another order: %v, want %v", id, sorted, want)
		}
	})
}

// TestWhatHoldsAtAnOrganization reads the memberships that are effective and the roles that are usable at an organization.
func TestWhatHoldsAtAnOrganization(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "")
		mid, beside := organization(t, db, "Mid", top.ID), organization(t, db, "Beside", top.ID)
		leaf := organization(t, db, "Leaf", mid.ID)
		role := func(organization, key string, inheritable bool) string {
			in := input(attributes{"key": key, "name": key, "inheritable": inheritable}, relations{"organization": one(organization)})
			return must(models.CreateRole(t.Context(), db, everything, in))(t).ID
		}
		there, below := role(top.ID, "there", false), role(mid.ID, "below", true)
		role(beside.ID, "elsewhere", true)
		member := func(at string, roles ...string) string {
			return modelstest.Membership(t, db, modelstest.User(t, db).ID, at, modelstest.To("roles", roles...)).ID
		}
		here := member(mid.ID, models.RoleMember)
		inherits, both := member(top.ID, models.RoleViewer), member(top.ID, there, models.RoleOwner)
		staysAbove := member(top.ID, there)
		member(leaf.ID, below)
		member(beside.ID, models.RoleOwner)

		for _, c := range []struct {
			of     *collection.Collection
			scope  collection.Scope
			filter string
			want   []string
		}{
			{models.Memberships, collection.Everything(), "filter[effectiveAt]=" + mid.ID, []string{here, inherits, both}},
			{models.Memberships, collection.Everything(), "filter[effectiveAt]=" + top.ID, []string{inherits, both, staysAbove}},
			{models.Memberships, collection.OnlyOrganization(mid.ID), "filter[effectiveAt]=" + mid.ID, []string{here}},
			{models.Memberships, collection.OnlyOrganization(mid.ID), "filter[effectiveAt]=" + top.ID, nil},
			{models.Memberships, collection.Subtree(beside.ID), "filter[effectiveAt]=" + mid.ID, nil},
			{models.Memberships, collection.Everything(), "filter[effectiveAt]=none", nil},
			{models.Memberships, collection.Everything().Holding([]string{"memberships:read"}), "filter[effectiveAt]=" + mid.ID, nil},
			{models.Memberships, collection.Everything().Holding([]string{"memberships:read"}), "filter[ancestor]=" + top.ID, nil},
			{models.Roles, collection.Everything(), "filter[builtIn]=false&filter[usableAt]=" + leaf.ID, []string{there, below}},
			{models.Roles, collection.Everything(), "filter[builtIn]=false&filter[usableAt]=" + top.ID, []string{there}},
			{models.Roles, collection.Subtree(beside.ID), "filter[usableAt]=" + mid.ID, nil},
			{models.Roles, collection.Everything(), "filter[usableAt]=" + models.NewID(), nil},
		} {
			got := list(t, db, c.of, c.scope, c.filter)
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s %s: %v, want %v", c.of.Schema.Type, c.filter, got, c.want)
			}
		}
		if n := len(list(t, db, models.Roles, collection.Everything(), "filter[usableAt]="+top.ID)); n != 6 {
			t.Errorf("%d roles are usable at the top, want those that are built in and its own", n)
		}
	})
}

// TestWhatAListCanBeNarrowedBy has filters that are no attributes, each with what it finds.
func TestWhatAListCanBeNarrowedBy(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		ada := must(models.CreateUser(t.Context(), db, everything, input(attributes{"firstName": "Ada", "lastName": "Lovelace"},
			relations{"organizations": many(org.ID)})))(t)
		only := must(models.CreateUser(t.Context(), db, everything, input(attributes{"lastName": "Lace"},
			relations{"organizations": many(org.ID)})))(t)
		user(t, db, "Nobody", org.ID)
		well := modelstest.Webhook(t, db, org.ID, "https://hooks.example.com/1")
		ill := modelstest.Webhook(t, db, org.ID, "https://hooks.example.com/2")
		err := db.Session(t.Context()).Exec("UPDATE webhook_lanes SET health = ?, failing_since = ? WHERE webhook_id = ?",
			models.HealthProbation, db.Now(), ill.ID).Error
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			of     *collection.Collection
			filter string
			want   []string
		}{
			{models.Users, "filter[fullName]=Ada Lovelace", []string{ada.ID}},
			{models.Users, "filter[fullName]=Lace", []string{only.ID}},
			{models.Users, "filter[fullName][contains]=da Love", []string{ada.ID}},
			{models.Users, "filter[fullName][eql]=ADA LOVELACE", []string{ada.ID}},
			{models.Users, "filter[fullName][prefix]=Lace", []string{only.ID}},
			{models.Webhooks, "filter[health]=ok", []string{well.ID}},
			{models.Webhooks, "filter[health]=probation", []string{ill.ID}},
			{models.Webhooks, "filter[health]=failing", []string{ill.ID}},
		} {
			if got := list(t, db, c.of, collection.Everything(), c.filter); !slices.Equal(got, c.want) {
				t.Errorf("%s %s: %v, want %v", c.of.Schema.Type, c.filter, got, c.want)
			}
		}
		count := func(filter string) int64 {
			return listPage(t, db, models.Events, collection.Everything(), filter).Total
		}
		all := count("")
		for filter, want := range map[string]int64{
			"filter[subjectType]=users": 3, "filter[subjectType]=files": 0, "filter[actorKind]=" + models.ByManagementKey: all - 2,
			"filter[actorKind]=" + models.BySession:                            0,
			"filter[organizationId]=" + org.ID + "&filter[sequence][lte]=2":    2,
			"filter[organizationId]=" + org.ID + "&filter[sequence][gt]=10000": 0,
		} {
			if got := count(filter); got != want {
				t.Errorf("%s: %d events, want %d of %d", filter, got, want, all)
			}
		}
	})
}
