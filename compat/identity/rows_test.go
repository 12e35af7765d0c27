package identity_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/server"
)

// TestRows are the rows of the table about this dialect, but those that have tests of their own.
func TestRows(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		test     func(t *testing.T, s *service)
		settings []setting
	}{
		{"S2-01: a list without parameters echoes the defaults", rowDefaults, nil},
		{"S2-02, S2-13: parameters are whole numbers within bounds", rowBounds, nil},
		{"S2-03: beyond the end there is nothing", rowBeyond, nil},
		{"S2-04: pages of one yield each organization once, the oldest first", rowWalk, nil},
		{"S2-05: who creates an organization is its admin", rowCreate, []setting{usersCreate}},
		{"S2-06: a body without a good name makes nothing", rowBodies, nil},
		{"S2-07: the role is admin or member", rowRoles, nil},
		{"S2-08: what is not seen is not there", rowMissing, nil},
		{"S2-09, S2-14: only the name is changed, and other members are passed over", rowEdit, nil},
		{"S2-10: who may not write is told so", rowDenied, nil},
		{"S2-11: a description is a string", rowDescription, nil},
		{"S2-12, S2-17: what is counted is what is seen", rowTotals, nil},
		{"S2-15: who may create", rowCreators, nil},
		{"S2-16: keys that act for nobody", rowKeys, nil},
		{"S2-19: bodies that are no JSON, or too large", rowMedia, nil},
		{"S2-20: nothing is a conflict", rowConflicts, nil},
	} {
		t.Run(row.name, func(t *testing.T) { eachService(t, row.test, row.settings...) })
	}
}

func rowDefaults(t *testing.T, s *service) {
	all := s.list("")
	if s.names() != "Top Branch Leaf Other" || all.TotalResults != 4 || all.Offset != 0 || all.Limit != 25 {
		t.Errorf("%+v", all)
	}
}

func rowBounds(t *testing.T, s *service) {
	p := s.list("?limit=100&offset=2147483647")
	if p.Limit != 100 || p.Offset != 2147483647 || len(p.Organizations) != 0 || p.TotalResults != 4 {
		t.Errorf("%+v", p)
	}
	for _, query := range []string{
		"limit=101", "limit=-1", "limit=abc", "limit=1.5", "limit=", "limit", "limit=0", "limit=1&limit=1", "limit=2147483648", "limit=1e1",
		"limit=%2B5", "limit=0x5", "limit=99999999999999999999",
		"offset=-1", "offset=2147483648", "offset=", "offset=a", "offset=0&offset=0",
	} {
		s.get(every + "?" + query).want(400)
	}
}

func rowBeyond(t *testing.T, s *service) {
	if p := s.list("?offset=4&limit=1"); p.Organizations == nil || len(p.Organizations) != 0 || p.TotalResults != 4 || p.Offset != 4 {
		t.Errorf("%+v", p)
	}
}

func rowWalk(t *testing.T, s *service) {
	for n := range 3 { // at one moment: the ids decide
		modelstest.Organization(t, s.db, modelstest.With("name", fmt.Sprintf("Same %d", n)))
	}
	whole := s.list("")
	for n, want := range whole.Organizations {
		p := s.list(fmt.Sprintf("?limit=1&offset=%d", n))
		if len(p.Organizations) != 1 || p.Organizations[0].ID != want.ID || p.TotalResults != 7 || p.Limit != 1 || p.Offset != n {
			t.Errorf("page %d: %+v", n, p)
		}
	}
	oldestFirst := func(a, b shown) int { return strings.Compare(a.CreatedAt+a.ID, b.CreatedAt+b.ID) }
	if len(whole.Organizations) != 7 || !slices.IsSortedFunc(whole.Organizations, oldestFirst) {
		t.Errorf("%+v", whole)
	}
}

// millis are times of the dialect.
var millis = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

func rowCreate(t *testing.T, s *service) {
	ada, as := s.person(s.other, models.RoleViewer)
	s.clock.Advance(1999999 * time.Microsecond)
	made := as.create("Ada's & <Sons>")
	if made.Name != "Ada's & <Sons>" || made.Description != "" || made.CreatedBy["userId"] != ada || made.CreatedBy["type"] != "user" ||
		!millis.MatchString(made.CreatedAt) || !strings.HasSuffix(made.CreatedAt, ".999Z") {
		t.Errorf("%+v", made)
	}
	if _, role := as.read(made.ID); role != "admin" {
		t.Errorf("who created it is %s", role)
	}
	owner := models.Check{User: ada, Permission: models.EveryScope, Organization: made.ID}
	if d, err := models.Decide(t.Context(), s.db, []models.Check{owner}); err != nil || !d[0].Allowed {
		t.Errorf("who created it does not own it: %v", err)
	}
}

// notNames are bodies without a name that can be taken.
var notNames = []string{
	``, `{}`, `{"name":""}`, `{"name":"   "}`, `{"name":null}`, `{"name":7}`, `{"name":["a"]}`, `{"Name":"a"}`, `{"name":"a"`, `[]`,
	`["name"]`,
	`null`, `"name"`, `{"name":"a"} {}`, `{"name":"a","name":"b"}`, "{\"name\":\"\xff\"}", `{"name":"\ud800"}`, `{"name":"a\u0000b"}`,
	named(strings.Repeat("ä", 201)),
}

func rowBodies(t *testing.T, s *service) {
	for _, body := range notNames {
		s.post(every, body).want(400)
		s.post(every+"/"+s.leaf, body).want(400)
	}
	if s.names() != "Top Branch Leaf Other" {
		t.Errorf("there are %s", s.names())
	}
	s.create(strings.Repeat("ä", 200))
}

func rowRoles(t *testing.T, s *service) {
	for role, want := range map[string]string{
		models.RoleOwner: "admin", models.RoleAdmin: "admin", models.RoleManager: "member", models.RoleMember: "member",
		models.RoleViewer: "member", s.role("clerk", "organizations:read", "organizations:write", "administrate"): "member",
	} {
		_, as := s.person(s.branch, role)
		for _, at := range []string{s.branch, s.leaf} {
			if _, got := as.read(at); got != want {
				t.Errorf("%s is %s, want %s", role, got, want)
			}
		}
		as.get(every + "/" + s.top).want(404)
	}
	both, as := s.person(s.branch, models.RoleAdmin)
	modelstest.Membership(t, s.db, both, s.leaf, modelstest.To("roles", models.RoleViewer)) // which takes nothing away
	if _, got := as.read(s.leaf); got != "admin" {
		t.Errorf("an admin from above is %s", got)
	}
	if _, got := s.as(s.keyOf(models.UserKey, both, "organizations:read")).read(s.leaf); got != "member" {
		t.Errorf("a key that may only read is %s", got)
	}
}

func rowMissing(t *testing.T, s *service) {
	_, as := s.person(s.top, models.RoleOwner)
	gone := s.organization("Gone", s.top)
	s.remove(gone)
	for who, ids := range map[*service][]string{
		as: {models.NewID(), s.other, gone, "nonsense", "0", s.top + "0", "a%20b", "%25", "a;b", "a%00", "%ff",
			"00000000-0000-0000-0000-000000000000"},
		s: {models.NewID(), gone, "nonsense"},
	} {
		want := `{"code":404,"message":"There is no such organization."}`
		for _, id := range ids {
			if got := who.get(every + "/" + id).want(404); got != want {
				t.Errorf("%s: %s", id, got)
			}
			if got := who.post(every+"/"+id, named("New")).want(404); got != want {
				t.Errorf("%s is edited: %s", id, got)
			}
		}
	}
	as.post(every+"/"+s.other, `{}`).want(400) // what was sent comes first
}

func rowEdit(t *testing.T, s *service) {
	ada, as := s.person(s.branch, models.RoleManager)
	before, _ := as.read(s.leaf)
	s.clock.Advance(time.Hour)
	var after shown
	decode(t, as.post(every+"/"+s.leaf+"/", `{"x":{"y":[1]},"id":"`+s.top+`","name":"Twig","description":"d","kind":"company",`+
		`"createdBy":{"userId":"`+ada+`","type":"user"},"createdAt":"2000-01-01T00:00:00.000Z","parentId":null}`).want(200), &after)
	before.Name = "Twig"
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("%+v, want %+v", after, before)
	}
	if read, _ := as.read(s.leaf); fmt.Sprint(read) != fmt.Sprint(before) {
		t.Errorf("%+v, want %+v", read, before)
	}
	var made shown
	decode(t, s.post(every, `{"name":"New","id":"`+models.NewID()+`","createdAt":"2000-01-01T00:00:00.000Z","description":"d","x":1}`).
		want(200), &made)
	if made.Description != "" || made.CreatedAt != s.clock.Now().Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("%+v", made)
	}
	if read, _ := s.read(made.ID); read.Name != "New" {
		t.Errorf("%+v", read)
	}
}

func rowDenied(_ *testing.T, s *service) {
	for role, want := range map[string]int{
		models.RoleOwner: 200, models.RoleAdmin: 200, models.RoleManager: 200, models.RoleMember: 403, models.RoleViewer: 403,
	} {
		_, as := s.person(s.branch, role)
		as.post(every+"/"+s.leaf, named("By "+role)).want(want)
		as.post(every+"/"+s.other, named("By "+role)).want(404)
	}
}

func rowDescription(t *testing.T, s *service) {
	if org, _ := s.read(s.leaf); org.Description != "" {
		t.Errorf("%+v", org)
	}
	if !strings.Contains(s.get(every).want(200), `"description":""`) {
		t.Error("the list has no empty description")
	}
	s.update(s.leaf, map[string]any{"description": "Green & <round>"}, nil)
	if !strings.Contains(s.get(every+"/"+s.leaf).want(200), `"description":"Green & <round>"`) {
		t.Error("the description is another")
	}
}

func rowTotals(t *testing.T, s *service) {
	_, person := s.person(s.branch, models.RoleViewer)
	_, stranger := s.person(s.top, s.role("silent", "read"))
	for who, want := range map[*service]string{
		s: "Top Branch Leaf Other", person: "Branch Leaf", s.token(s.branch): "Branch", stranger: "",
		s.as(s.keyOf(models.ManagementKey, s.branch, models.EveryScope)):      "Branch Leaf",
		s.as(s.keyOf(models.OrganizationKey, s.branch, "organizations:read")): "Branch",
	} {
		p := who.list("?limit=1")
		if got := who.names(); got != want || p.TotalResults != len(strings.Fields(want)) {
			t.Errorf("%s, of %d, want %s", got, p.TotalResults, want)
		}
	}
	own := s.token(s.branch)
	own.get(every + "/" + s.branch).want(200)
	for _, id := range []string{s.top, s.leaf, s.other} {
		own.get(every + "/" + id).want(404)
	}
}

func rowCreators(t *testing.T, s *service) {
	_, owner := s.person(s.top, models.RoleOwner)
	owner.post(every, named("Mine")).want(403) // without the setting
	s.token(s.top).post(every, named("Mine")).want(403)
	s.as(s.keyOf(models.OrganizationKey, s.top, models.EveryScope)).post(every, named("Mine")).want(403)
	s.as(s.keyOf(models.ManagementKey, "", "organizations:read")).post(every, named("Mine")).want(403)
	if s.list("").TotalResults != 4 {
		t.Errorf("there are %s", s.names())
	}
	head, below := s.create("Head"), s.as(s.keyOf(models.ManagementKey, s.branch, models.EveryScope)).create("Below")
	_, all := s.person(s.branch, models.RoleViewer)
	all.get(every + "/" + below.ID).want(200) // a key of a branch makes what is below it, as natively
	all.get(every + "/" + head.ID).want(404)
}

func rowKeys(t *testing.T, s *service) {
	key := s.makeKey(models.ManagementKey, "", models.EveryScope)
	as := s.as(*key.Key)
	made := as.create("Made")
	want := map[string]string{"apiKeyId": key.ID, "type": "apiKey"}
	if fmt.Sprint(made.CreatedBy) != fmt.Sprint(want) {
		t.Errorf("%+v", made)
	}
	for who, creator := range map[*service]map[string]string{
		as: want, s: want,
		s.token(made.ID): {"userId": "", "type": "user"}, // who does not see the management's keys is not told
	} {
		org, role := who.read(made.ID)
		if role != "admin" || fmt.Sprint(org.CreatedBy) != fmt.Sprint(creator) {
			t.Errorf("%s, %+v", role, org)
		}
	}
	if org, _ := s.read(s.top); fmt.Sprint(org.CreatedBy) != "map[type:user userId:]" { // made by the program
		t.Errorf("%+v", org)
	}
	if err := models.DeleteAPIKey(t.Context(), s.db, models.System("test"), key.ID, nil); err != nil {
		t.Fatal(err)
	}
	if org, _ := s.read(made.ID); fmt.Sprint(org.CreatedBy) != "map[type:user userId:]" { // gone
		t.Errorf("%+v", org)
	}
}

func rowMedia(_ *testing.T, s *service) {
	for _, path := range []string{every, every + "/" + s.leaf} {
		for _, sent := range []string{
			"text/plain", "application/x-www-form-urlencoded", "application/vnd.api+json", "application/jsonx", "json", "",
		} {
			headers := []string{contentType, sent}
			if sent == "" {
				headers = nil
			}
			s.do("POST", path, named("New"), headers...).want(415)
		}
		s.post(path, named("New"), "Content-Encoding", "gzip").want(415)
		s.post(path, `{"name":"New","x":"`+strings.Repeat("x", 1<<12)+`"}`).want(413)
		for _, sent := range []string{"application/json; charset=utf-8", "Application/JSON"} {
			s.do("POST", path, named("New"), contentType, sent).want(200)
		}
		s.do("POST", path, "").want(400)
	}
}

func rowConflicts(t *testing.T, s *service) {
	deepest := s.leaf // the third level
	for range models.MaxDepth - 3 {
		deepest = s.organization("Deep", deepest)
	}
	below := s.as(s.keyOf(models.ManagementKey, deepest, models.EveryScope))
	below.post(every, named("Deeper")).want(400) // a seventeenth level
	if first, again := s.create("Twice"), s.create("Twice"); first.ID == again.ID {
		t.Error("a second organization of a name is the first")
	}
	once := func(body string) answer { return s.post(every, body, server.IdempotencyKey, "k") }
	first, again := once(named("Once")), once(named("Once"))
	if first.want(200) != again.want(200) || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%s, then %s", first.body, again.body)
	}
	once(named("Other")).want(422)
	s.post(every, named("Once"), server.IdempotencyKey, "").want(400)
}
