package authzen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

type decision struct {
	Decision bool
	Context  struct {
		Error              struct{ Status int }
		Memberships, Roles []string
	}
}

// decide asks a question and returns the decision.
func (s *service) decide(subject, act, resource string) bool {
	s.t.Helper()
	var d decision
	s.ask("evaluation", asks(subject, action(act), resource), &d)
	return d.Decision
}

func TestADecisionFollowsTheRoles(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		clerk := s.person(s.branch, s.clerk)
		gone := modelstest.Organization(t, s.db, modelstest.To("parent", s.top)).ID
		if err := models.DeleteOrganization(t.Context(), s.db, models.System("test"), gone, nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			subject, action, resource string
			want                      bool
		}{
			{user(s.manager), "users:write", organization(s.branch), true},
			{user(s.manager), "users:read", organization(s.branch), true}, // writing includes reading
			{user(s.manager), "users:write", organization(s.leaf), true},  // from above
			{user(s.manager), "users:write", organization(s.top), false},
			{user(s.manager), "users:write", organization(s.other), false},
			{user(s.manager), "organizations:delete", organization(s.branch), false},
			{user(s.manager), "write", organization(s.leaf), true}, // an application's word
			{user(s.manager), "write", invoice(s.leaf), false},     // which is invoice:write here
			{user(s.owner), "whatever", invoice(s.leaf), true},     // owners may do everything
			{user(s.owner), "whatever", organization(gone), false},
			{user(s.idle), "users:write", organization(s.branch), false},
			{user(clerk), "approve", invoice(s.branch), true},
			{user(clerk), "invoice:approve", invoice(s.branch), true},
			{user(clerk), "invoice:approve", organization(s.branch), true},
			{user(clerk), "approve", organization(s.branch), false},
			{user(clerk), "approve", invoice(s.leaf), false}, // the role is not inherited
			{user(clerk), "write", invoice(s.branch), false}, // nor does writing include reading, or the other way about
			// What is unknown is denied.
			{user(clerk), "approve", `{"type":"invoice","id":"17"}`, false},
			{user(models.NewID()), "read", organization(s.leaf), false},
			{user("ada@example.com"), "read", organization(s.leaf), false},
			{user(s.owner), "read", organization(models.NewID()), false},
			{user(s.owner), "read", organization("nowhere"), false},
			{`{"type":"robot","id":"` + s.owner + `"}`, "read", organization(s.top), false},
		} {
			if got := s.decide(c.subject, c.action, c.resource); got != c.want {
				t.Errorf("%s %s %s: %v", c.subject, c.action, c.resource, got)
			}
		}
	})
}

func TestADecisionSaysWhatItComesFrom(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id := modelstest.User(t, s.db).ID
		above := modelstest.Membership(t, s.db, id, s.branch, modelstest.To("roles", models.RoleMember)).ID
		here := modelstest.Membership(t, s.db, id, s.leaf, modelstest.To("roles", models.RoleViewer, s.clerk)).ID
		var d decision
		s.ask("evaluation", asks(user(id), action("read"), organization(s.leaf)), &d)
		if want := sorted(above, here); !slices.Equal(d.Context.Memberships, want) {
			t.Errorf("from the memberships %v, want %v", d.Context.Memberships, want)
		}
		if want := []string{models.RoleMember, models.RoleViewer}; !slices.Equal(d.Context.Roles, want) {
			t.Errorf("from the roles %v, want %v", d.Context.Roles, want)
		}
		a := s.ask("evaluation", asks(user(id), action("nothing"), organization(s.leaf)), &d)
		if string(a.body) != `{"decision":false}` {
			t.Errorf("a denial is %s", a.body)
		}
	})
}

func sorted(texts ...string) []string {
	slices.Sort(texts)
	return texts
}

// TestACallerIsToldOfWhatItSees asks the same as callers of every kind.
func TestACallerIsToldOfWhatItSees(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		const read = "memberships:read"
		for name, c := range map[string]struct {
			key  string
			want []int // by organization: the decision as 200 and 0, or the refusal
		}{
			"the management":               {s.key, []int{0, 200, 200, 0}},
			"a reader of memberships":      {s.keyOf(models.ManagementKey, "", read), []int{0, 200, 200, 0}},
			"the management of a branch":   {s.keyOf(models.ManagementKey, s.branch, read), []int{0, 200, 200, 0}},
			"the management of a leaf":     {s.keyOf(models.ManagementKey, s.leaf, read), []int{0, 0, 0, 0}}, // sees nobody of the branch
			"a key of an organization":     {s.keyOf(models.OrganizationKey, s.branch, read), []int{0, 200, 0, 0}},
			"a key that reads no members":  {s.keyOf(models.ManagementKey, "", "users:read"), []int{403, 403, 403, 403}},
			"somebody above":               {s.keyOf(models.UserKey, s.owner, "*"), []int{0, 200, 200, 0}},
			"themselves":                   {s.keyOf(models.UserKey, s.manager, "users:write"), []int{0, 200, 200, 0}},
			"themselves, with less":        {s.keyOf(models.UserKey, s.manager, "users:read"), []int{0, 0, 0, 0}},
			"somebody below":               {s.keyOf(models.UserKey, s.member, "*"), []int{0, 0, 0, 0}},
			"somebody above, without that": {s.keyOf(models.UserKey, s.owner, "users:read"), []int{403, 403, 403, 403}},
		} {
			as := s.as(c.key)
			for i, where := range []string{s.top, s.branch, s.leaf, s.other} {
				question := asks(user(s.manager), action("users:write"), organization(where))
				a := as.do("POST", "/access/v1/evaluation", question)
				got := a.StatusCode
				if strings.HasPrefix(string(a.body), `{"decision":false`) {
					got = 0
				}
				if got != c.want[i] {
					t.Errorf("%s, at organization %d: %d %s, want %d", name, i, a.StatusCode, a.body, c.want[i])
				}
			}
		}
	})
}

func TestEvaluationsAreAnsweredInOrderWithTheirDefaults(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		yes, no := `{"resource":`+organization(s.leaf)+`}`, `{"resource":`+organization(s.top)+`}`
		other := `{"action":{"name":"organizations:delete"}}`
		someone := `{"subject":` + user(s.owner) + `,"resource":` + organization(s.top) + `}`
		wrong, unknown := `{"subject":{"type":"user"}}`, `{"subject":{"type":"robot","id":"1"}}`
		defaults := asks(user(s.manager), action("users:write"), organization(s.branch))
		for _, c := range []struct {
			semantic string
			items    []string
			want     []int // 1, 0, or the status of an error
		}{
			{"", []string{yes, no, other, someone, wrong, unknown, "{}"}, []int{1, 0, 0, 1, 400, 0, 1}},
			{"execute_all", []string{no, yes}, []int{0, 1}},
			{"deny_on_first_deny", []string{yes, "{}", no, yes}, []int{1, 1, 0}},
			{"deny_on_first_deny", []string{yes, wrong, no}, []int{1, 400}},
			{"deny_on_first_deny", []string{yes, someone}, []int{1, 1}},
			{"permit_on_first_permit", []string{no, wrong, yes, yes}, []int{0, 400, 1}},
			{"permit_on_first_permit", []string{no, other}, []int{0, 0}},
		} {
			body := with(defaults, `"evaluations":[`+strings.Join(c.items, ",")+`]`)
			if c.semantic != "" {
				body = with(body, `"options":{"evaluations_semantic":"`+c.semantic+`","another":1}`)
			}
			if got := s.decisions(body); !slices.Equal(got, c.want) {
				t.Errorf("%s %v: %v, want %v", c.semantic, c.items, got, c.want)
			}
		}
		var one decision
		for _, body := range []string{defaults, with(defaults, `"evaluations":[]`)} {
			if a := s.ask("evaluations", body, &one); !one.Decision || strings.Contains(string(a.body), "evaluations") {
				t.Errorf("without evaluations the answer is %s", a.body)
			}
		}
	})
}

// decisions returns the answers to evaluations: 1, 0, or the status of an error.
func (s *service) decisions(body string) []int {
	s.t.Helper()
	var told struct{ Evaluations []decision }
	s.ask("evaluations", body, &told)
	var all []int
	for _, d := range told.Evaluations {
		told := d.Context.Error.Status
		if d.Decision {
			told = 1
		}
		all = append(all, told)
	}
	return all
}

// TestAPersonIsDeniedWhatIsNotTheirBusiness: in a batch the other questions are answered.
func TestAPersonIsDeniedWhatIsNotTheirBusiness(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		body := fmt.Sprintf(`{"action":{"name":"users:read"},"resource":%s,"evaluations":[{"subject":%s},{"subject":%s}]}`,
			organization(s.branch), user(s.owner), user(s.manager))
		if got := s.as(s.keyOf(models.UserKey, s.manager, "users:read")).decisions(body); !slices.Equal(got, []int{403, 1}) {
			t.Errorf("%v", got)
		}
	})
}

// TestADecisionIsNeverGivenAgain: an Idempotency-Key means nothing to a question.
func TestADecisionIsNeverGivenAgain(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id := modelstest.User(t, s.db).ID
		m := modelstest.Membership(t, s.db, id, s.leaf).ID
		question := asks(user(id), action("read"), organization(s.leaf))
		ask := func() string {
			return string(s.do("POST", "/access/v1/evaluation", question, "Idempotency-Key", "once").body)
		}
		if got := ask(); !strings.HasPrefix(got, `{"decision":true`) {
			t.Fatal(got)
		}
		if err := models.DeleteMembership(t.Context(), s.db, models.System("test"), m, nil); err != nil {
			t.Fatal(err)
		}
		if got := ask(); got != `{"decision":false}` {
			t.Errorf("after the end of the membership: %s", got)
		}
	})
}

func TestTheConfigurationSaysWhereEverythingIs(t *testing.T) {
	t.Parallel()
	for base, point := range map[string]string{"": "", "https://roster.example.com": "https://roster.example.com"} {
		s := newService(t, modelstest.Open(t, store.SQLite), base).as("")
		if point == "" {
			point = s.url
		}
		want := fmt.Sprintf(`{"policy_decision_point":"%[1]s","access_evaluation_endpoint":"%[1]s/access/v1/evaluation",`+
			`"access_evaluations_endpoint":"%[1]s/access/v1/evaluations","search_subject_endpoint":"%[1]s/access/v1/search/subject",`+
			`"search_resource_endpoint":"%[1]s/access/v1/search/resource","search_action_endpoint":"%[1]s/access/v1/search/action"}`, point)
		if a := s.do("GET", "/.well-known/authzen-configuration", ""); a.StatusCode != 200 || string(a.body) != want {
			t.Errorf("%q: %d %s", base, a.StatusCode, a.body)
		}
	}
}

// TestAnEvaluationIsOneRoundTrip counts those to the database, of callers who are known: a program, and a person who is told of others.
func TestAnEvaluationIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	s := newService(t, modelstest.OpenConfig(t, cfg), "")
	one := asks(user(s.manager), action("users:read"), organization(s.leaf))
	other := asks(user(s.member), action("read"), organization(s.top))
	for _, by := range []*service{s, s.as(s.keyOf(models.UserKey, s.owner, models.EveryScope))} {
		for path, body := range map[string]string{
			"evaluation":  one,
			"evaluations": `{"evaluations":[` + one + strings.Repeat(","+other, 99) + `]}`,
		} {
			fewest := proxy.Fewest(1, func() { by.ask(path, body, &struct{}{}) })
			if fewest != 1 {
				t.Errorf("%s takes %d round trips, want 1", path, fewest)
			}
		}
	}
}
