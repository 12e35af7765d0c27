package authzen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"roster/models"
	"roster/models/modelstest"
)

type page struct {
	Page struct {
		NextToken string `json:"next_token"`
		Count     *int
	}
	Results []struct{ Type, ID, Name string }
}

// search reads all pages of a search, and returns what they name in order.
func (s *service) search(of, question, more string) []string {
	s.t.Helper()
	names := []string{}
	for token := ""; ; {
		var p page
		s.ask("search/"+of, with(question, fmt.Sprintf(`"page":{"token":%q%s}`, token, more)), &p)
		if p.Page.Count == nil || *p.Page.Count != len(p.Results) {
			s.t.Fatalf("%s %s: %d results are counted as %v", of, question, len(p.Results), p.Page.Count)
		}
		for _, r := range p.Results {
			names = append(names, r.ID+r.Name)
		}
		if token = p.Page.NextToken; token == "" {
			return names
		}
	}
}

const anyUser, anyOrganization = `{"type":"user"}`, `{"type":"organization"}`

func (s *service) who(act, resource string) []string {
	s.t.Helper()
	return s.search("subject", asks(anyUser, action(act), resource), "")
}

func (s *service) where(subject, act string) []string {
	s.t.Helper()
	return s.search("resource", asks(user(subject), action(act), anyOrganization), "")
}

func (s *service) what(subject, resource string) []string {
	s.t.Helper()
	return s.search("action", asks(user(subject), "", resource), "")
}

func TestASearchFindsWhatIsPermitted(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		clerk := s.person(s.branch, s.clerk)
		robots := s.search("subject", asks(`{"type":"robot"}`, action("read"), organization(s.top)), "")
		invoices := s.search("resource", asks(user(clerk), action("approve"), `{"type":"invoice"}`), "")
		for name, c := range map[string]struct{ got, want []string }{
			"who writes users": {s.who("users:write", organization(s.leaf)), sorted(s.owner, s.manager)},
			"who reads":        {s.who("read", organization(s.leaf)), sorted(s.owner, s.manager, s.member)},
			"who approves":     {s.who("approve", invoice(s.branch)), sorted(s.owner, clerk)},
			"who approves, by the id of another": {s.search("subject", asks(user(s.member), action("approve"), invoice(s.branch)), ""),
				sorted(s.owner, clerk)},
			"who approves below":              {s.who("approve", invoice(s.leaf)), []string{s.owner}},
			"who does it nowhere":             {s.who("approve", `{"type":"invoice","id":"17"}`), []string{}},
			"robots":                          {robots, []string{}},
			"where the manager writes users":  {s.where(s.manager, "users:write"), sorted(s.branch, s.leaf)},
			"where the owner may do anything": {s.where(s.owner, "whatever"), sorted(s.top, s.branch, s.leaf)},
			"where the clerk approves":        {s.where(clerk, "invoice:approve"), []string{s.branch}},
			"where who is not active reads":   {s.where(s.idle, "read"), []string{}},
			"where nobody reads":              {s.where("ada@example.com", "read"), []string{}},
			"resources of other types":        {invoices, []string{}},
			"what the clerk may":              {s.what(clerk, organization(s.branch)), []string{"invoice:approve", "invoice:read"}},
			"what the clerk may below":        {s.what(clerk, organization(s.leaf)), []string{}},
			"what the member may": {s.what(s.member, organization(s.leaf)),
				[]string{"memberships:read", "organizations:read", "read", "roles:read", "users:read", "write"}},
			"what the member may to an invoice": {s.what(s.member, invoice(s.leaf)),
				[]string{"memberships:read", "organizations:read", "roles:read", "users:read"}},
			"what the owner may": {s.what(s.owner, organization(s.top)),
				sorted(append(models.OwnPermissions(), "read", "write", "admin", "invoice:approve", "invoice:read")...)},
			"what a robot may": {s.search("action", asks(`{"type":"robot","id":"1"}`, "", organization(s.top)), ""), []string{}},
			"what nobody may":  {s.what("ada@example.com", organization(s.top)), []string{}},
		} {
			if !slices.Equal(c.got, c.want) {
				t.Errorf("%s: %v, want %v", name, c.got, c.want)
			}
		}
	})
}

// TestSearchesAgreeWithDecisions compares, for callers of every kind, each decision with what the three searches find.
func TestSearchesAgreeWithDecisions(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		users := []string{s.owner, s.manager, s.member, s.idle, s.person(s.branch, s.clerk)}
		organizations := []string{s.top, s.branch, s.leaf, s.other}
		words := []string{"users:read", "users:write", "memberships:write", "read", "invoice:approve"}
		for name, key := range map[string]string{
			"the management":               s.key,
			"the management of a branch":   s.keyOf(models.ManagementKey, s.branch, "memberships:read", "roles:read"),
			"a key of an organization":     s.keyOf(models.OrganizationKey, s.leaf, "*"),
			"the owner":                    s.keyOf(models.UserKey, s.owner, "*"),
			"the manager":                  s.keyOf(models.UserKey, s.manager, "memberships:read", "users:read", "roles:read"),
			"the member":                   s.keyOf(models.UserKey, s.member, "*"),
			"who reads no members by role": s.keyOf(models.UserKey, users[4], "*"),
		} {
			as := s.as(key)
			var questions []string
			expect := map[string]bool{}
			for _, at := range organizations {
				for _, word := range words {
					who := as.who(word, organization(at))
					for _, id := range users {
						q := asks(user(id), action(word), organization(at))
						questions, expect[q] = append(questions, q), slices.Contains(who, id)
					}
				}
			}
			found := as.decisions(`{"evaluations":[` + strings.Join(questions, ",") + `]}`)
			for i, q := range questions {
				if (found[i] == 1) != expect[q] {
					t.Errorf("%s: %s is %d, and who is found is %v", name, q, found[i], expect[q])
				}
			}
			for i, id := range users {
				what := map[string][]string{}
				for _, at := range organizations {
					what[at] = as.what(id, organization(at))
				}
				for n, word := range words {
					where := as.where(id, word)
					for m, at := range organizations {
						permitted := found[(m*len(words)+n)*len(users)+i] == 1
						if slices.Contains(where, at) != permitted || slices.Contains(what[at], word) != permitted {
							t.Errorf("%s: user %d, %s at organization %d is %v, found by where: %v, by what: %v",
								name, i, word, m, permitted, where, what[at])
						}
					}
				}
			}
		}
	})
}

func TestASearchIsReadInPages(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for range 4 {
			s.person(s.leaf, models.RoleMember)
			modelstest.Organization(t, s.db, modelstest.To("parent", s.leaf))
		}
		for of, question := range map[string]string{
			"subject":  asks(anyUser, action("read"), organization(s.leaf)),
			"resource": asks(user(s.owner), action("read"), anyOrganization),
			"action":   asks(user(s.owner), "", invoice(s.top)),
		} {
			all := s.search(of, question, "")
			if len(all) < 7 {
				t.Fatalf("%s: only %v", of, all)
			}
			for limit := 1; limit <= len(all)+1; limit++ {
				if got := s.search(of, question, fmt.Sprintf(`,"limit":%d`, limit)); !slices.Equal(got, all) {
					t.Errorf("%s, %d at once: %v, want %v", of, limit, got, all)
				}
			}
			// A token knows its limit, and works for its own search only.
			var first, second page
			s.ask("search/"+of, with(question, `"page":{"limit":2}`), &first)
			token := first.Page.NextToken
			s.ask("search/"+of, with(question, `"page":{"token":"`+token+`"}`), &second)
			if of != "action" && (len(first.Results) != 2 || len(second.Results) != 2) {
				t.Errorf("%s: pages of %d and %d", of, len(first.Results), len(second.Results))
			}
			for _, changed := range []string{
				with(question, `"page":{"limit":3,"token":"`+token+`"}`),
				with(question, `"page":{"token":"`+token[1:]+`"}`),
				with(question, `"context":{"a":1},"page":{"token":"`+token+`"}`),
				with(strings.Replace(question, `"type":"user"`, `"type":"users"`, 1), `"page":{"token":"`+token+`"}`),
			} {
				if status, _ := s.do("POST", "/access/v1/search/"+of, changed).refusal(); status != 400 {
					t.Errorf("%s: %s is taken", of, changed)
				}
			}
		}
	})
}

// TestASearchOfManyWordsGoesOn has more words than are tried for one page.
func TestASearchOfManyWordsGoesOn(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		var words []string
		for n := range 150 {
			words = append(words, fmt.Sprintf("zeal:%03d", n))
		}
		id := s.person(s.branch, s.role("zealot", true, words...))
		if got := s.what(id, organization(s.leaf)); !slices.Equal(got, words) {
			t.Errorf("%d words: %v", len(got), got)
		}
	})
}

// TestASearchTellsNoWordsOfRolesOutOfSight: what roles permit is for who reads them, but for those that are built in.
func TestASearchTellsNoWordsOfRolesOutOfSight(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		clerk := s.person(s.branch, s.clerk, models.RoleMember)
		own := []string{"memberships:read", "organizations:read", "read", "roles:read", "users:read", "write"}
		all := sorted(append([]string{"invoice:approve", "invoice:read"}, own...)...)
		for name, c := range map[string]struct {
			as   *service
			want []string
		}{
			"who reads roles": {s.as(s.keyOf(models.OrganizationKey, s.branch, "memberships:read", "users:read", "roles:read")), all},
			"who does not":    {s.as(s.keyOf(models.OrganizationKey, s.branch, "memberships:read", "users:read")), own},
			"the clerk":       {s.as(s.keyOf(models.UserKey, clerk, all...)), all},
			"the clerk with a key that does not read roles": {s.as(s.keyOf(models.UserKey, clerk, "memberships:read", "invoice:read")),
				[]string{"invoice:read", "memberships:read"}},
		} {
			if got := c.as.what(clerk, organization(s.branch)); !slices.Equal(got, c.want) {
				t.Errorf("%s is told %q, want %q", name, got, c.want)
			}
		}
		// A role of an organization at which the caller is nobody. The owner there has every word of it.
		hidden := s.as(s.keyOf(models.OrganizationKey, s.other, "memberships:read", "users:read", "roles:read"))
		if got := hidden.what(clerk, organization(s.branch)); len(got) != 0 {
			t.Errorf("another organization is told %q", got)
		}
	})
}
