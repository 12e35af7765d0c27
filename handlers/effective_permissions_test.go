package handlers_test

import (
	"slices"
	"strings"
	"testing"

	"roster/models"
)

// wordsOfAnswer returns the words of an answer that lists some.
func (a *answer) words() (words []string) {
	a.t.Helper()
	for _, one := range a.json("data").([]any) {
		words = append(words, one.(object)["attributes"].(object)["permission"].(string))
	}
	return words
}

// TestAllThatSomebodyMay reads what somebody holds, as those who may know and those who may not.
func TestAllThatSomebodyMay(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		clerk := s.role(f.branch, "clerk", 30, "invoices:approve", "users:write") // which is not inherited
		ada, as := s.person("Ada", f.branch, models.RoleViewer, clerk)
		bob, member := s.person("Bob", f.branch)
		path := func(user, at string) string {
			return "/public/v2/users/" + user + "/effectivePermissions?filter[organizationId]=" + at
		}
		viewer := []string{"memberships:read", "organizations:read", "read", "roles:read", "users:read"}
		for _, c := range []struct {
			by   *service
			path string
			want []string
		}{
			{s, path(ada, f.branch), append([]string{"invoices:approve", "users:write"}, viewer...)},
			{as, path(ada, f.branch), append([]string{"invoices:approve", "users:write"}, viewer...)},
			{member, path(ada, f.branch), append([]string{"invoices:approve", "users:write"}, viewer...)},
			{s, path(ada, f.leaf), viewer}, {member, path(ada, f.leaf), viewer},
			{s, path(ada, f.top), nil}, {s, path(ada, f.other), nil}, {member, path(ada, f.other), nil},
			{s, path(ada, missingID), nil}, {s, path(ada, "nonsense"), nil}, {s, path(ada, ""), nil},
			{s, strings.ReplaceAll(strings.ReplaceAll(path(ada, f.leaf), "[", "%5B"), "]", "%5D"), viewer},
		} {
			a := c.by.do("GET", c.path, nil).want(200)
			if slices.Sort(c.want); !slices.Equal(a.words(), c.want) || a.json("meta", "total") != float64(len(c.want)) {
				t.Errorf("%s: %v, want %v", c.path, a.words(), c.want)
			}
			if a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be kept: %v", c.path, a.Header)
			}
		}
		a := s.get(path(ada, f.branch))
		for i, word := range a.words() {
			want := map[string][]string{"users:read": sorted(clerk, models.RoleViewer), "users:write": {clerk},
				"invoices:approve": {clerk}}[word]
			if want == nil {
				want = []string{models.RoleViewer}
			}
			if got := a.ids("data", i, "relationships", "roles", "data"); !slices.Equal(got, want) {
				t.Errorf("%s comes from %v, want %v", word, got, want)
			}
			if got := a.ids("data", i, "relationships", "memberships", "data"); len(got) != 1 {
				t.Errorf("%s comes from the memberships %v", word, got)
			}
		}

		// Who owns it may do whatever is known there, and what is not.
		_, owner := s.person("Eve", f.branch, models.RoleOwner)
		eve := owner.get("/public/v2/me").text("data", "id")
		all := owner.do("GET", path(eve, f.branch), nil).want(200).words()
		for _, word := range append(models.OwnPermissions(), "*", "invoices:approve", "read", "admin") {
			if !slices.Contains(all, word) {
				t.Errorf("the owner is not told that they hold %s", word)
			}
		}
		// Of themselves people are told with whatever key, and what that holds; of others with one for memberships.
		narrow := owner.as(owner.do("POST", "/public/v2/apiKeys", resource("apiKeys",
			object{"name": "k", "scopes": []string{"users:read"}})).want(201).text("data", "attributes", "key"))
		if got := narrow.do("GET", path(eve, f.branch), nil).want(200).words(); !slices.Equal(got, []string{"users:read"}) {
			t.Errorf("a narrow key is told %v", got)
		}
		narrow.do("GET", path(ada, f.branch), nil).want(403)
		s.key0("users:read").do("GET", path(ada, f.branch), nil).want(403)
		s.key0("memberships:read").do("GET", path(ada, f.branch), nil).want(200)

		// Whoever is out of sight is not there, and what is asked wrongly is told so.
		_, elsewhere := s.person("Zoe", f.other)
		elsewhere.do("GET", path(bob, f.branch), nil).want(404)
		s.do("GET", path(missingID, f.branch), nil).want(404)
		s.send("GET", path("nonsense", f.branch), nil).want(404)
		for _, query := range []string{
			"", "?filter[organization]=" + f.branch, "?filter[organizationId][ne]=" + f.branch, "?filter[organizationId][]=" + f.branch,
			"?sort=id&filter[organizationId]=" + f.branch, "?filter[id]=" + ada + "&filter[organizationId]=" + f.branch,
			"?page[size]=1&filter[organizationId]=" + f.branch, "?include=roles&filter[organizationId]=" + f.branch,
			"?filter[organizationId]=" + f.branch + "&filter[organizationId]=" + f.leaf,
			"?filter[memberships]=" + f.branch + "&filter[organizationId]=" + f.branch,
			"?filter[organizationId]=" + f.branch + "&filter[roles][null]=true",
		} {
			s.send("GET", "/public/v2/users/"+ada+"/effectivePermissions"+query, nil).want(400)
		}
		s.do("GET", path(ada, f.branch), nil, "Accept", "application/x-ndjson").want(406)
	})
}

// TestTheWordsThereAre reads them with and without a place.
func TestTheWordsThereAre(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		s.role(f.branch, "clerk", 30, "invoices:approve", "users:write")
		a := s.do("GET", "/public/v2/permissions", nil).want(200)
		if got := a.words(); !slices.Equal(got, models.OwnPermissions()) {
			t.Errorf("without a place there are %v", got)
		}
		a = s.do("GET", "/public/v2/permissions?filter[usableAt]="+f.leaf, nil).want(200)
		want := append(models.OwnPermissions(), "admin", "invoices:approve", "read", "write")
		if got := a.words(); !slices.Equal(got, want) {
			t.Errorf("below there are %v, want %v", got, want)
		}
		for i, word := range a.words() {
			own := slices.Contains(models.OwnPermissions(), word)
			if text, _ := a.json("data", i, "attributes", "description").(string); own != (text != "") ||
				a.json("data", i, "attributes", "own") != own {
				t.Errorf("of %s it says %v", word, a.json("data", i, "attributes"))
			}
		}
		for _, at := range []string{f.top, f.other, missingID, "nonsense", ""} {
			want := append(models.OwnPermissions(), "admin", "read", "write")
			if at != f.top && at != f.other {
				want = models.OwnPermissions()
			}
			if got := s.do("GET", "/public/v2/permissions?filter[usableAt]="+at, nil).want(200).words(); !slices.Equal(got, want) {
				t.Errorf("at %q there are %v", at, got)
			}
		}
		_, as := s.person("Ada", f.other)
		got := as.do("GET", "/public/v2/permissions?filter[usableAt]="+f.leaf, nil).want(200).words()
		if !slices.Equal(got, models.OwnPermissions()) {
			t.Errorf("who does not see a place is told %v there", got)
		}
		s.key0("users:read").do("GET", "/public/v2/permissions", nil).want(403)
		s.send("GET", "/public/v2/permissions?filter[usableAt]="+f.leaf+"&filter[usableAt][eq]="+f.leaf, nil).want(400)
		s.send("GET", "/public/v2/permissions?sort=id", nil).want(400)
		s.do("GET", "/public/v2/me?filter[id]="+f.leaf, nil).want(400)
	})
}
