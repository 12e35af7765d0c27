package models_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// approving is a word of an application.
const approving = "invoices:approve"

// wood is a grove in which people have roles with whatever words, some of which are inherited.
type wood struct {
	*branches
	people []string
	// words are those of roles, by the organization that the role belongs to, "" for the built-in ones.
	words map[string][]string
}

func plantWood(t *testing.T, db *store.DB, clock *modelstest.Clock, r *rand.Rand) *wood {
	t.Helper()
	f := &wood{branches: plantBranches(t, db, clock, r), words: map[string][]string{"": {"read", "write", "admin"}}}
	live := texts(t, db, `SELECT id FROM organizations WHERE deleted_at IS NULL`)
	some := func(ids []string) string { return ids[r.IntN(len(ids))] }
	dictionary := append([]string{approving, "invoices:refuse", "read", "write"}, models.OwnPermissions()...)
	roles := map[string][]string{} // by the organization that they belong to
	for n := range 20 {
		at := some(live)
		words := jsonapi.Strings{fmt.Sprint("only:", n), some(dictionary), some(dictionary)}
		words = slices.Compact(slices.Sorted(slices.Values(words)))
		in := input(attributes{"key": fmt.Sprint("role-", n), "name": "Role", "inheritable": r.IntN(3) > 0, "permissions": words},
			relations{"organization": one(at)})
		roles[at] = append(roles[at], must(models.CreateRole(t.Context(), db, everything, in))(t).ID)
		f.words[at] = append(f.words[at], words...)
	}
	for range 12 {
		person := modelstest.User(t, db).ID
		for _, at := range slices.Compact(slices.Sorted(slices.Values([]string{some(live), some(live)}))) {
			usable := []string{models.RoleOwner, models.RoleManager, models.RoleViewer}
			for _, above := range f.above(at) {
				usable = append(usable, roles[above]...)
			}
			given := slices.Compact(slices.Sorted(slices.Values([]string{some(usable), some(usable)})))
			modelstest.Membership(t, db, person, at, modelstest.To("roles", given...))
		}
		f.people = append(f.people, person)
	}
	_, err := models.UpdateUser(t.Context(), db, everything, f.people[0], input(attributes{"active": false}, nil))
	if err != nil && !store.IsKind(err, store.Conflict) { // somebody's last owner
		t.Fatal(err)
	}
	return f
}

// wordsSeen returns the words of roles that a scope sees and that can be given at an organization.
func (f *wood) wordsSeen(t *testing.T, scope collection.Scope, at string) (words []string) {
	t.Helper()
	for _, above := range append(f.above(at), "") {
		filter := "filter[organizationId]=" + above
		if above == "" {
			filter = "filter[builtIn]=true"
		}
		if len(list(t, f.db, models.Roles, scope, filter)) > 0 {
			words = append(words, f.words[above]...)
		}
	}
	return words
}

// dictionary returns every word that there is, that a key may be made for whether or not a role has it, and one that nobody has heard of.
func (f *wood) dictionary() []string {
	words := append(models.OwnPermissions(), models.EveryScope, approving, "unheard:of")
	for of := range maps.Values(f.words) {
		words = append(words, of...)
	}
	return slices.Compact(slices.Sorted(slices.Values(words)))
}

// TestEffectivePermissionsAreWhatChecksPermit compares what is told at once with what is answered to a check of every word, of people in
// random trees, for every kind of caller and for people about themselves.
func TestEffectivePermissionsAreWhatChecksPermit(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		r := modelstest.Rand(t)
		f := plantWood(t, db, clock, r)
		callers := map[string]models.Caller{}
		for name, scope := range f.scopes {
			if callers[name] = caller(scope); scope.PersonID() != "" {
				callers[name] = as(scope.PersonID())
			}
		}
		words := f.dictionary()
		yes := 0
		for _, person := range f.people {
			callers["themselves"] = as(person)
			callers["themselves by a key for little"] = holding(as(person), "users:read", approving)
			for _, name := range sortedKeys(callers) {
				for range 2 {
					at := f.organizations[r.IntN(len(f.organizations))]
					yes += f.compare(t, "as "+name, callers[name], person, at, words)
				}
			}
		}
		if yes < 50 {
			t.Errorf("only %d words are permitted: nothing was compared", yes)
		}
	})
}

// compare returns how many words are permitted.
func (f *wood) compare(t *testing.T, as string, by models.Caller, person, at string, words []string) (yes int) {
	t.Helper()
	held, more, err := models.EffectivePermissions(t.Context(), f.db, by, person, at)
	seen := must(collection.VisibleIDs(t.Context(), f.db, models.Users, by.Scope, []string{person}))(t)[person]
	if !seen && by.User() != person {
		if !store.IsKind(err, store.NotFound) || held != nil {
			t.Errorf("%s, of %s at %s, who is out of sight: %v, %v", as, person, at, held, err)
		}
		return 0
	}
	if err != nil || more {
		t.Fatal(more, err)
	}
	checks := make([]models.Check, len(words))
	for i, word := range words {
		checks[i] = models.Check{User: person, Permission: word, Organization: at}
	}
	known := append(models.OwnPermissions(), models.EveryScope)
	if by.Rights.Hold("roles:read") {
		known = append(known, f.wordsSeen(t, by.Scope, at)...)
	}
	if by.User() == person { // which is told what it holds there anyway, as GET /me has it
		known = append(append(known, must(models.Permissions(t.Context(), f.db, by, []string{at}))(t)[at]...), by.Rights.Scopes...)
	}
	var want []models.HeldWord
	for i, d := range must(models.DecideFor(t.Context(), f.db, by, checks))(t) {
		if !d.Allowed {
			continue
		}
		yes++
		if slices.Contains(known, words[i]) {
			want = append(want, models.HeldWord{Word: words[i], Memberships: d.Memberships, Roles: d.Roles})
		}
	}
	if diff := cmp.Diff(want, held, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s, of %s at %s (-checks +told):\n%s", as, person, at, diff)
	}
	return yes
}

// TestNobodyHoldsAnythingAtWhatIsNoOrganization asks about what is none, and about nobody.
func TestNobodyHoldsAnythingAtWhatIsNoOrganization(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "").ID
		ada := user(t, db, "ada").ID
		modelstest.Membership(t, db, ada, org, modelstest.To("roles", models.RoleOwner))
		for _, at := range []string{org, models.NewID(), "nonsense", "", "\x00"} {
			held, _, err := models.EffectivePermissions(t.Context(), db, everything, ada, at)
			if err != nil || (len(held) > 0) != (at == org) {
				t.Errorf("at %q: %d words, %v", at, len(held), err)
			}
		}
		for _, who := range []string{models.NewID(), "nonsense", "", "\x00"} {
			if _, _, err := models.EffectivePermissions(t.Context(), db, everything, who, org); !store.IsKind(err, store.NotFound) {
				t.Errorf("of %q: %v", who, err)
			}
		}
	})
}

// TestTheWordsOfApplicationsAreThoseOfRolesThatOneSees reads the words at an organization as who sees all of its roles, some, and not it.
func TestTheWordsOfApplicationsAreThoseOfRolesThatOneSees(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		top := organization(t, db, "Top", "").ID
		leaf, beside := organization(t, db, "Leaf", top).ID, organization(t, db, "Beside", top).ID
		for at, word := range map[string]string{top: "at:top", leaf: "at:leaf", beside: "at:beside"} {
			must(models.CreateRole(t.Context(), db, everything, input(attributes{"key": "clerk", "name": "Clerk",
				"permissions": jsonapi.Strings{word, "users:read"}}, relations{"organization": one(at)})))(t)
		}
		builtIn := []string{"admin", "read", "write"}
		reader := user(t, db, "ada").ID
		modelstest.Membership(t, db, reader, leaf, modelstest.To("roles", models.RoleViewer))
		for _, c := range []struct {
			scope collection.Scope
			at    string
			want  []string
		}{
			{collection.Everything(), top, append([]string{"at:top"}, builtIn...)},
			{collection.Everything(), leaf, append([]string{"at:leaf", "at:top"}, builtIn...)},
			{collection.Subtree(leaf), leaf, append([]string{"at:leaf", "at:top"}, builtIn...)},
			{collection.Subtree(leaf), top, nil},
			{collection.OnlyOrganization(leaf), beside, nil},
			{collection.Person(reader), leaf, append([]string{"at:leaf", "at:top"}, builtIn...)},
			{collection.Person(reader), top, nil},
			{collection.Everything().Holding([]string{"roles:read"}), top, nil}, // as a list of roles that can be given there
			{collection.Everything(), "nonsense", nil}, {collection.Everything(), models.NewID(), nil},
		} {
			got, more, err := models.ApplicationWords(t.Context(), db, c.scope, c.at)
			if slices.Sort(c.want); err != nil || more || !slices.Equal(got, c.want) {
				t.Errorf("as %+v at %s: %v, %v, %v, want %v", c.scope, c.at, got, more, err, c.want)
			}
		}
		for _, word := range models.OwnPermissions() {
			if models.PermissionDoc(word) == "" {
				t.Errorf("nothing is said of %s", word)
			}
		}
	})
}
