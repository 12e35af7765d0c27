package handlers_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"roster/models"
)

// person makes a user with a membership, and returns their id and the service as they see it, by a key that may do all that they may.
func (s *service) person(name, organization string, roles ...string) (id string, as *service) {
	s.t.Helper()
	id = s.do("POST", "/public/v2/users", resource("users", object{"firstName": name})).want(201).text("data", "id")
	s.member(id, organization, roles...)
	key := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": name, "kind": "user", "scopes": []string{"*"}},
		"user", ref("users", id))).want(201).text("data", "attributes", "key")
	return id, s.as(key)
}

// member makes a user a member of an organization, and returns the id of the membership.
func (s *service) member(user, organization string, roles ...string) string {
	s.t.Helper()
	return s.join(user, organization, roles...).want(201).text("data", "id")
}

func (s *service) join(user, organization string, roles ...string) *answer {
	s.t.Helper()
	relations := []any{"user", ref("users", user), "organization", ref("organizations", organization)}
	if len(roles) > 0 {
		relations = append(relations, "roles", rolesAs(roles...))
	}
	return s.do("POST", "/public/v2/memberships", resource("memberships", object{}, relations...))
}

func rolesAs(ids ...string) []any {
	linkage := []any{}
	for _, id := range ids {
		linkage = append(linkage, ref("roles", id))
	}
	return linkage
}

// family is a tree with somebody in the middle of it.
type family struct {
	top, branch, leaf, other string
}

func newFamily(s *service) family {
	top, _ := s.organization("Top")
	branch, _ := s.organization("Branch", "parent", ref("organizations", top))
	leaf, _ := s.organization("Leaf", "parent", ref("organizations", branch))
	other, _ := s.organization("Other")
	return family{top, branch, leaf, other}
}

func TestAPersonSeesWhatTheirRolesReach(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		ada, as := s.person("Ada", f.branch, models.RoleManager)
		bob, _ := s.person("Bob", f.leaf)
		s.person("Eve", f.top, models.RoleOwner)
		for path, want := range map[string][]string{
			"organizations": sorted(f.branch, f.leaf),
			"organizations?filter[ancestor]=" + f.top:    {},
			"organizations?filter[ancestor]=" + f.branch: {f.leaf},
			"organizations?filter[root]=true":            {f.branch},
			"organizations?filter[root]=false":           {f.leaf},
			"users":                                      sorted(ada, bob),
			"users?filter[organizationId]=" + f.leaf:     {bob},
			"users?filter[organizationId]=" + f.top:      {},
			"webhooks":                                   {}, // which a manager does not read
			"organizations/" + f.branch + "/children":    {f.leaf},
			"organizations/" + f.leaf + "/users":         {bob},
		} {
			a := as.get("/public/v2/" + path).want(200)
			if got := a.ids("data"); !slices.Equal(got, want) || a.json("meta", "total") != float64(len(want)) {
				t.Errorf("%s: %v of %v, want %v", path, got, a.json("meta", "total"), want)
			}
		}
		for path, want := range map[string]int{
			"organizations/" + f.top: 404, "organizations/" + f.other: 404, "organizations/" + f.leaf: 200,
			"users/" + ada: 200, "management/organizations": 403,
		} {
			as.get("/public/v2/" + path).want(want)
		}
		if parent := as.get("/public/v2/organizations/"+f.branch).json("data", "relationships", "parent", "data"); parent != nil {
			t.Errorf("the parent out of sight is %v", parent)
		}
		if got := as.get("/public/v2/organizations?include=users,parent").want(200); len(got.json("included").([]any)) != 2 {
			t.Errorf("included is %v", got.json("included"))
		}
		// What is below may be changed, what is above is not there, and what is missing is said.
		as.do("PATCH", "/public/v2/organizations/"+f.leaf, withID(resource("organizations", object{"name": "New"}), f.leaf)).want(200)
		as.do("PATCH", "/public/v2/organizations/"+f.top, withID(resource("organizations", object{"name": "New"}), f.top)).want(404)
		as.do("DELETE", "/public/v2/organizations/"+f.leaf, nil).want(403)
		as.do("POST", "/public/v2/organizations", resource("organizations", object{"name": "Head"})).want(403)
		made := as.do("POST", "/public/v2/organizations",
			resource("organizations", object{"name": "Twig"}, "parent", ref("organizations", f.leaf))).want(201)
		if made.json("data", "attributes", "token") != nil {
			t.Error("who creates an organization by their roles is shown its token")
		}
		if by := s.get("/public/v2/organizations/"+made.text("data", "id")).
			text("data", "relationships", "createdBy", "data", "id"); by != ada {
			t.Errorf("it was created by %s", by)
		}
	})
}

func TestWhoCreatesAnOrganizationOwnsIt(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		founder := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "founder", "name": "Founder",
			"permissions": []string{"organizations:write", "roles:read", "memberships:read"}}, "organization",
			ref("organizations", f.top))).
			want(201).text("data", "id")
		ada, as := s.person("Ada", f.branch, founder)
		_, manager := s.person("Bob", f.branch, models.RoleManager)
		create := func(by *service) string {
			return by.do("POST", "/public/v2/organizations",
				resource("organizations", object{"name": "New"}, "parent", ref("organizations", f.branch))).want(201).text("data", "id")
		}
		own := create(as)
		if got := s.get("/public/v2/memberships?filter[organizationId]=" + own + "&include=roles").ids("included"); !slices.Equal(got,
			[]string{models.RoleOwner}) {
			t.Errorf("who created it has the roles %v", got)
		}
		// Whoever sees the person is told who it was, though not of the key.
		actor := manager.get("/public/v2/events?filter[actorId]="+ada+"&filter[eventType]=membership.created").
			json("data", 0, "attributes", "actor")
		if want := (map[string]any{"kind": "user_key", "id": ada, "name": "Ada"}); !reflect.DeepEqual(actor, want) {
			t.Errorf("by %v", actor)
		}
		as.do("DELETE", "/public/v2/organizations/"+own, nil).want(204)
		if got := s.get("/public/v2/memberships?filter[organizationId]="+create(manager)).json("meta", "total"); got != 0.0 {
			t.Errorf("who manages it from above has %v memberships in it", got)
		}
	})
}

// TestAChangeOfRolesIsTold reads the event of one as callers who see all of it, and as a person who does not read roles.
func TestAChangeOfRolesIsTold(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		role := func(key string, words ...string) string {
			return s.do("POST", "/public/v2/roles", resource("roles", object{"key": key, "name": key, "permissions": words},
				"organization", ref("organizations", f.top))).want(201).text("data", "id")
		}
		clerk := role("clerk", "invoices:approve")
		_, as := s.person("Ada", f.branch, role("auditor", "events:read", "memberships:read"))
		bob := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Bob"})).want(201).text("data", "id")
		m := s.member(bob, f.branch)
		s.do("PATCH", "/public/v2/memberships/"+m+"/relationships/roles",
			object{"data": rolesAs(models.RoleViewer, clerk)}).want(200)
		for name, c := range map[string]struct {
			by   *service
			want []string
		}{
			"the management": {s, []string{models.RoleViewer, clerk}}, "a person": {as, []string{models.RoleViewer}},
		} {
			a := c.by.get("/public/v2/events?filter[eventType]=membership.updated&filter[subjectId]=" + m).want(200)
			changes := a.json("data", 0, "attributes", "changes", "roles").(map[string]any)
			for side, want := range map[string][]string{"before": {models.RoleMember}, "after": c.want} {
				if told := namedIn(changes[side]); !slices.Equal(told, want) {
					t.Errorf("%s is told %v, want %v", name, changes[side], want)
				}
			}
		}
	})
}

// namedIn returns the ids of one side of a change of a relationship to many.
func namedIn(side any) (ids []string) {
	for _, one := range side.([]any) {
		ids = append(ids, one.(map[string]any)["id"].(string))
	}
	return ids
}

// TestNothingMadeOutgrowsItsMaker has somebody whose role is not inherited make and change what would reach further than they do.
func TestNothingMadeOutgrowsItsMaker(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		role := func(key string, inheritable bool, words ...string) string {
			return s.do("POST", "/public/v2/roles", resource("roles", object{"key": key, "name": key, "permissions": words, "rank": 30,
				"inheritable": inheritable}, "organization", ref("organizations", f.branch))).want(201).text("data", "id")
		}
		narrow := role("narrow", false, "roles:write", "organizations:write", "organizations:delete", "apiKeys:write", "memberships:write")
		there := role("there", false, "organizations:read", "roles:read")
		ada, as := s.person("Ada", f.branch, narrow)
		s.member(ada, f.leaf, there)

		// A role that can be given below is changed within what they hold below.
		as.do("PATCH", "/public/v2/roles/"+there, withID(resource("roles", object{"permissions": []string{"organizations:delete"}}),
			there)).want(403)
		// A key of the organization has the rank 80.
		as.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "kind": "organization",
			"scopes": []string{"memberships:write"}}, "organization", ref("organizations", f.branch))).want(403)
		// An endpoint needs its word, also with a new organization.
		_, manager := s.person("Bob", f.branch, models.RoleManager)
		manager.do("POST", "/public/v2/organizations",
			resource("organizations", object{"name": "N", "webhookUrl": "https://a.example.com/"},
				"parent", ref("organizations", f.branch))).want(403)
		// A head is not taken below what one owns.
		_, founder := s.person("Eve", f.top, models.RoleOwner)
		s.person("Owner", f.other, models.RoleOwner)
		s.member(founder.get("/public/v2/me").text("data", "id"), f.other, models.RoleManager)
		founder.do("PATCH", "/public/v2/organizations/"+f.other+"/relationships/parent",
			object{"data": ref("organizations", f.top)}).want(403)
		// A narrow key of an owner does not have the words of applications.
		key := founder.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "scopes": []string{"users:read"}})).
			want(201).text("data", "attributes", "key")
		for word, want := range map[string]bool{"users:read": true, "*": false, "invoices:approve": false} {
			got := s.as(key).do("POST", "/public/v2/authorize", resource("checks", object{"permission": word}, "organization",
				ref("organizations", f.top))).want(200).json("data", "attributes", "allowed")
			if got != want {
				t.Errorf("%s: %v", word, got)
			}
		}
	})
}

// TestWhoOnlyReadsChangesNothing sends what was read back, as somebody who may not write it: that is refused as a change would be.
func TestWhoOnlyReadsChangesNothing(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		f := newFamily(s)
		role := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "clerk", "name": "Clerk"}, "organization",
			ref("organizations", f.branch))).want(201).text("data", "id")
		bob := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Bob"})).want(201).text("data", "id")
		m := s.member(bob, f.branch)
		ada, reader := s.person("Ada", f.branch)
		_, manager := s.person("Eve", f.branch, models.RoleManager)
		_, admin := s.person("Zoe", f.branch, models.RoleAdmin)
		for typ, id := range map[string]string{"organizations": f.branch, "users": bob, "memberships": m, "roles": role} {
			path := "/public/v2/" + typ + "/" + id
			for _, attributes := range []object{{}, {"name": "New"}} {
				if typ == "users" && attributes["name"] != nil {
					attributes = object{"lastName": "New"}
				}
				if typ == "memberships" {
					attributes = object{}
				}
				reader.do("PATCH", path, withID(resource(typ, attributes), id)).want(403)
			}
			reader.do("DELETE", path, nil).want(403)
		}
		reader.do("PATCH", "/public/v2/users/"+ada, withID(resource("users", object{"lastName": "Lovelace"}), ada)).want(200)
		reader.do("PATCH", "/public/v2/users/"+ada, withID(resource("users", object{"active": false}), ada)).want(403)
		// Roles of their own they may give up, not take.
		own := "/public/v2/memberships/" + reader.get("/public/v2/memberships?filter[userId]="+ada).text("data", 0, "id") +
			"/relationships/roles"
		reader.do("POST", own, object{"data": rolesAs(models.RoleViewer)}).want(403)
		s.do("POST", own, object{"data": rolesAs(models.RoleViewer)}).want(200)
		reader.do("DELETE", own, object{"data": rolesAs(models.RoleMember)}).want(200)
		manager.do("PATCH", "/public/v2/users/"+bob, withID(resource("users", object{"active": false}), bob)).want(200)
		s.member(bob, f.leaf, models.RoleAdmin)
		for _, attributes := range []object{{"active": true}, {"email": "bob@example.com"}} { // of somebody of a higher rank in the leaf
			manager.do("PATCH", "/public/v2/users/"+bob, withID(resource("users", attributes), bob)).want(403)
			admin.do("PATCH", "/public/v2/users/"+bob, withID(resource("users", attributes), bob)).want(403)
		}
	})
}

func TestNobodyGivesMoreThanTheyHold(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		_, manager := s.person("Ada", f.branch, models.RoleManager)
		ownerID, owner := s.person("Eve", f.top, models.RoleOwner)
		bob, _ := s.person("Bob", f.leaf)
		eveHere := s.member(ownerID, f.branch)

		for role, want := range map[string]int{models.RoleOwner: 403, models.RoleAdmin: 403} {
			refused := manager.join(bob, f.branch, role).want(want).errors()[0]
			if refused.Pointer != "/data/relationships/roles" {
				t.Errorf("it says %+v", refused)
			}
		}
		membership := manager.join(bob, f.branch, models.RoleViewer).want(201).text("data", "id")
		roles := "/public/v2/memberships/" + membership + "/relationships/roles"
		manager.do("POST", roles, object{"data": rolesAs(models.RoleAdmin)}).want(403)
		owner.do("PATCH", roles, object{"data": rolesAs(models.RoleAdmin)}).want(200)
		if got := s.get("/public/v2/memberships/"+membership).
			text("data", "relationships", "primaryRole", "data", "id"); got != models.RoleAdmin {
			t.Errorf("the primary role is %s", got)
		}
		// Somebody of a higher rank now.
		manager.do("DELETE", "/public/v2/memberships/"+membership, nil).want(403)
		manager.do("DELETE", "/public/v2/memberships/"+eveHere, nil).want(403) // an owner from above
		owner.do("PATCH", roles, object{"data": rolesAs()}).want(422)
	})
}

func TestAnOrganizationKeepsAnOwner(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		f := newFamily(s)
		eve, owner := s.person("Eve", f.top, models.RoleOwner)
		mine := owner.get("/public/v2/memberships?filter[userId]="+eve).text("data", 0, "id")
		for _, by := range []*service{s, owner} {
			by.do("DELETE", "/public/v2/memberships/"+mine, nil).want(409)
		}
		s.do("PATCH", "/public/v2/memberships/"+mine, withID(resource("memberships", object{}, "roles", rolesAs(models.RoleViewer)),
			mine)).want(409)
		s.do("PATCH", "/public/v2/users/"+eve, withID(resource("users", object{"active": false}), eve)).want(409)
		s.do("DELETE", "/public/v2/users/"+eve, nil).want(409)
		_, second := s.person("Second", f.top, models.RoleOwner)
		below := s.member(eve, f.branch, models.RoleOwner)
		owner.do("DELETE", "/public/v2/memberships/"+below, nil).want(204) // there are owners above
		owner.do("DELETE", "/public/v2/memberships/"+mine, nil).want(204)
		owner.get("/public/v2/organizations/" + f.top).want(404)
		second.get("/public/v2/organizations/" + f.top).want(200)
	})
}

func TestAnInactivePersonIsNobody(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		f := newFamily(s)
		ada, as := s.person("Ada", f.branch)
		as.get("/public/v2/me").want(200)
		s.do("PATCH", "/public/v2/users/"+ada, withID(resource("users", object{"active": false}), ada)).want(200)
		as.get("/public/v2/me").want(401)
		s.do("PATCH", "/public/v2/users/"+ada, withID(resource("users", object{"active": true}), ada)).want(200)
		as.get("/public/v2/me").want(200)
		s.do("DELETE", "/public/v2/users/"+ada, nil).want(204)
		as.get("/public/v2/me").want(401)
	})
}

func TestWhoAmI(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		top, token := s.organization("Mine")
		ada, as := s.person("Ada", f.branch)
		for want, by := range map[[2]string]*service{{"users", ada}: as, {"organizations", top}: s.as(token)} {
			a := by.get("/public/v2/me").want(200)
			if got := [2]string{a.text("data", "type"), a.text("data", "id")}; got != want {
				t.Errorf("%v is %v", want, got)
			}
			if a.Header.Get("Cache-Control") != "no-store" {
				t.Error("who one is is kept by caches")
			}
		}
		if got := s.get("/public/v2/me").text("data", "type"); got != "apiKeys" {
			t.Errorf("a management key is one of %s", got)
		}
		a := as.get("/public/v2/me?filter[organizationId]=" + f.leaf + "," + f.top).want(200)
		if got := a.json("meta", "permissions", f.top).([]any); len(got) != 0 {
			t.Errorf("out of reach one holds %v", got)
		}
		key := as.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "scopes": []string{"invoices:read"}})).want(201)
		if got, is := s.as(key.text("data", "attributes", "key")).get("/public/v2/me?filter[organizationId]="+f.leaf).
			json("meta", "permissions", f.leaf).([]any); !is || len(got) != 0 {
			t.Errorf("with a key of other words one holds %v", got)
		}
		if got := a.json("meta", "permissions", f.leaf).([]any); len(got) != 6 || got[0] != "memberships:read" {
			t.Errorf("a member from above holds %v", got)
		}
		// What somebody holds where they do not see the organization is told as checks and effectivePermissions tell it.
		role := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "listener", "name": "Listener",
			"permissions": []string{"events:read", "invoices:approve"}}, "organization", ref("organizations", top))).want(201)
		bea, hers := s.person("Bea", top, role.text("data", "id"))
		if got := fmt.Sprint(hers.get("/public/v2/me?filter[organizationId]="+top).json("meta", "permissions", top)); got !=
			"[events:read invoices:approve]" {
			t.Errorf("out of sight one holds %s", got)
		}
		if got := hers.get("/public/v2/users/" + bea + "/effectivePermissions?filter[organizationId]=" + top).want(200).
			words(); fmt.Sprint(got) != "[events:read invoices:approve]" {
			t.Errorf("out of sight one holds %s", got)
		}
	})
}

func TestWhoMayWhat(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		role := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "accountant", "name": "Accountant",
			"permissions": []string{"invoices:approve"}}, "organization", ref("organizations", f.top))).want(201).text("data", "id")
		ada, as := s.person("Ada", f.branch, models.RoleMember, role)
		bob, _ := s.person("Bob", f.other)
		check := func(user, permission, organization string) object {
			relations := []any{"organization", ref("organizations", organization)}
			if user != "" {
				relations = append(relations, "user", ref("users", user))
			}
			return resource("checks", object{"permission": permission}, relations...)
		}
		ask := func(by *service, c object) bool {
			a := by.do("POST", "/public/v2/authorize", c).want(200)
			allowed := a.json("data", "attributes", "allowed").(bool)
			if len(a.json("data", "relationships", "roles", "data").([]any)) > 0 != (allowed && by != s) && by != s {
				t.Errorf("%v comes from the roles %v", allowed, a.json("data", "relationships", "roles", "data"))
			}
			return allowed
		}
		for _, c := range []struct {
			by   *service
			ask  object
			want bool
		}{
			{s, check(ada, "invoices:approve", f.leaf), true}, {s, check(ada, "invoices:approve", f.top), false},
			{s, check(ada, "organizations:read", f.leaf), true}, {s, check(ada, "organizations:write", f.leaf), false},
			{s, check(ada, "invoices:approve", f.other), false}, {s, check(bob, "read", f.other), true},
			{as, check("", "invoices:approve", f.leaf), true}, {as, check(ada, "invoices:approve", f.top), false},
			{as, check(bob, "read", f.other), false}, {as, check("", "*", f.branch), false},
			{s, check("", "users:write", f.leaf), true},
		} {
			if got := ask(c.by, c.ask); got != c.want {
				t.Errorf("%v: %v", c.ask, got)
			}
		}
		data := func(c object) any { return c["data"] }
		list := []any{data(check(ada, "read", f.leaf)), data(check(ada, "nothing", f.leaf))}
		a := s.do("POST", "/public/v2/authorize", object{"data": list}).want(200)
		if a.json("data", 0, "attributes", "allowed") != true || a.json("data", 1, "attributes", "allowed") != false {
			t.Errorf("a list is answered with %s", a.Body)
		}
		// A decision is of its moment: a key for repetitions is passed over.
		repeated := func(c object) bool {
			return s.send("POST", "/public/v2/authorize", c, "Idempotency-Key", "the same").want(200).
				json("data", "attributes", "allowed").(bool)
		}
		if !repeated(check(ada, "read", f.leaf)) || repeated(check(ada, "nothing", f.leaf)) {
			t.Error("a decision was given again")
		}
		for len(list) <= 100 {
			list = append(list, list[0])
		}
		s.send("POST", "/public/v2/authorize", object{"data": list}).want(422)
		s.send("POST", "/public/v2/authorize", resource("checks", object{"permission": "read"})).want(422)
		s.as(s.key0("users:read").key).do("POST", "/public/v2/authorize", check(ada, "read", f.leaf)).want(403)
	})
}

// TestARoleInUseStays deletes one that memberships have which the caller sees, which it does not, and which nobody sees any more.
func TestARoleInUseStays(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		role := s.role(f.branch, "clerk", 30, "read")
		bob := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Bob"})).want(201).text("data", "id")
		editor := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "editor", "name": "Editor", "rank": 40,
			"permissions": []string{"roles:write", "read"}}, "organization", ref("organizations", f.branch))).want(201).text("data", "id")
		ada, as := s.person("Ada", f.branch, editor)
		s.member(bob, f.branch, role)
		below := s.member(bob, f.leaf, role)
		path := "/public/v2/roles/" + role
		refused := func(by *service, want string) {
			t.Helper()
			if got := by.do("DELETE", path, nil).want(409).text("errors", 0, "detail"); got != want {
				t.Errorf("it is refused with %q, want %q", got, want)
			}
		}
		const unseen = "Memberships that this caller does not see have it."
		refused(s, "Memberships that have the role: 2. Give them others first.")
		refused(as, unseen)
		s.member(ada, f.leaf, models.RoleMember)
		refused(as, "Memberships that have the role: 1. Give them others first. "+unseen)
		s.do("PATCH", "/public/v2/memberships/"+s.get("/public/v2/memberships?filter[organizationId]="+f.branch+"&filter[userId]="+bob).
			text("data", 0, "id")+"/relationships/roles", object{"data": rolesAs(models.RoleViewer)}).want(200)
		s.do("DELETE", managed+"/"+f.leaf, nil).want(204)
		refused(s, "Memberships in deleted organizations that have it: 1. Restore these first.")
		refused(as, unseen)
		s.do("PATCH", managed+"/"+f.leaf, withID(resource("organizations", object{"deletedAt": nil}), f.leaf)).want(200)
		s.do("PATCH", "/public/v2/memberships/"+below+"/relationships/roles", object{"data": rolesAs(models.RoleViewer)}).want(200)
		as.do("DELETE", path, nil).want(204)
	})
}

// TestAMembershipHasARole makes one with an empty list of them, and one that names none.
func TestAMembershipHasARole(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		bob := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Bob"})).want(201).text("data", "id")
		with := func(more ...any) *answer {
			return s.do("POST", "/public/v2/memberships", resource("memberships", object{},
				append([]any{"user", ref("users", bob), "organization", ref("organizations", f.top)}, more...)...))
		}
		if at := with("roles", []any{}).want(422).errors()[0].Pointer; at != "/data/relationships/roles" {
			t.Errorf("it is refused at %s", at)
		}
		if got := with().want(201).text("data", "relationships", "primaryRole", "data", "id"); got != models.RoleMember {
			t.Errorf("it has %s", got)
		}
	})
}
