package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"roster/handlers"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
)

// The places of the matrix: an organization, one below it, one of another tree, and one below the first that is deleted.
const (
	own = iota
	child
	foreign
	deleted
	places
)

var placeNames = [places]string{"own", "child", "foreign", "deleted"}

// matrix is the callers and the objects of the matrix, and the one rule of what callers are answered about objects: by the words that they
// hold where the object is.
type matrix struct {
	*estate
	organization [places]string
	objects      [places]map[string]string
	tenant       *somebody // of the other tree
	callers      []*somebody
}

// somebody is a caller of the matrix.
type somebody struct {
	name   string
	as     *service
	person bool
	// manages: it holds a management key.
	manages bool
	// portal: it has opened a portal link, and may ask for nothing that it does not hold.
	portal bool
	words  [places][]string
}

// holds reports whether a caller has a word at a place.
func (who *somebody) holds(place int, word string) bool {
	subject, reads := strings.CutSuffix(word, ":read")
	held := who.words[place]
	return slices.Contains(held, "*") || slices.Contains(held, word) || reads && slices.Contains(held, subject+":write")
}

func newMatrix(s *service) *matrix {
	m := &matrix{estate: newEstate(s)}
	above, _ := s.organization("Above")
	s.do("PATCH", managed+"/"+m.estate.organization[0]+"/relationships/parent", object{"data": ref("organizations", above)}).want(200)
	m.organization[own], m.organization[foreign] = m.estate.organization[0], m.estate.organization[1]
	for typ, pair := range m.ids {
		for i, place := range []int{own, foreign} {
			if m.objects[place] == nil {
				m.objects[place] = map[string]string{}
			}
			m.objects[place][typ] = pair[i]
		}
	}
	below := ref("organizations", m.organization[own])
	m.organization[child], _, m.objects[child] = s.furnished("Child", "parent", below)
	m.organization[deleted], _, m.objects[deleted] = s.furnished("Deleted", "parent", below)
	elsewhere, _ := s.organization("Elsewhere")

	words := map[string][]string{}
	for key, role := range map[string]string{"owner": models.RoleOwner, "admin": models.RoleAdmin, "manager": models.RoleManager,
		"member": models.RoleMember, "viewer": models.RoleViewer} {
		for _, word := range s.get("/public/v2/roles/"+role).json("data", "attributes", "permissions").([]any) {
			words[key] = append(words[key], word.(string))
		}
		m.callers = append(m.callers, m.holder(key, m.organization[own], role, words[key], own, child))
	}
	m.tenant = m.holder("other tenant", m.organization[foreign], models.RoleOwner, words["owner"], foreign)
	all := []string{"*"}
	m.callers = append(m.callers,
		m.holder("inherited only", above, models.RoleManager, words["manager"], own, child),
		m.holder("nobody", elsewhere, models.RoleOwner, nil),
		&somebody{name: "organization token", as: s.as(m.tokens[0]), words: [places][]string{own: all}},
		&somebody{name: "portal link", as: m.portal(), portal: true, words: [places][]string{own: {"webhooks:write", "events:read"}}},
		&somebody{name: "management key bound elsewhere", as: s.as(m.key("management", elsewhere, "*")), manages: true})
	s.do("DELETE", managed+"/"+m.organization[deleted], nil).want(204)
	return m
}

// portal returns whoever has opened a link to the first organization that permits all that one can.
func (m *matrix) portal() *service {
	f := m.s.as(m.tokens[0]).opened(m.organization[own],
		object{"permissions": []string{"webhooks:write", "webhookDeliveries:write", "events:read"}})
	as := *f.service
	as.with = append(slices.Clone(f.from), "Cookie", f.cookie.Name+"="+f.cookie.Value)
	return &as
}

// holder returns somebody with a role in an organization, who holds words at some places.
func (m *matrix) holder(name, organization, role string, words []string, at ...int) *somebody {
	_, as := m.s.person(name, organization, role)
	who := &somebody{name: name, as: as, person: true}
	for _, place := range at {
		who.words[place] = words
	}
	return who
}

// The answers of the matrix.
const (
	missing   = "not there"
	forbidden = "forbidden"
	fixed     = "read-only"
	allowed   = "allowed"
)

// answerOf returns which of them an answer is, or what it is besides.
func answerOf(a *answer) string {
	switch {
	case a.Status == http.StatusNotFound:
		return missing
	case a.Status == http.StatusForbidden && strings.Contains(string(a.Body), `"code":"forbidden"`):
		return forbidden
	case a.Status == http.StatusForbidden && strings.Contains(string(a.Body), `"code":"read_only"`):
		return fixed
	case a.Status == http.StatusUnauthorized || a.Status >= 500:
		return fmt.Sprintf("%d %.200s", a.Status, a.Body)
	}
	return allowed
}

// passes reports whether a caller holds the kind of credential that a route is for.
func (who *somebody) passes(rt handlers.Route, asks string) bool {
	if who.portal {
		return !strings.HasPrefix(rt.Path, "portalLinks") &&
			slices.ContainsFunc(strings.Split(asks, "|"), func(word string) bool { return who.holds(own, word) })
	}
	_, management := strings.CutPrefix(asks, "m ")
	byRoles := rt.Path == "organizations" || rt.Path == "organizations/{id}" // what people do by their roles
	return !management || who.manages || who.person && byRoles
}

// verdict is the rule: who may not ask at all is told so; what somebody does not read where it is is not there; and what they read they may
// do with the word for it there.
func (who *somebody) verdict(rt handlers.Route, asks, typ string, place int) string {
	_, verb, _ := strings.Cut(strings.TrimPrefix(strings.Split(asks, "|")[0], "m "), ":")
	subject := wordsOf[typ]
	switch {
	case !who.passes(rt, asks):
		return forbidden
	case place == deleted, slices.Contains(personal, typ), !who.holds(place, subject+":read"):
		return missing
	case !who.holds(place, subject+":"+verb):
		return forbidden
	}
	return allowed
}

// TestTheMatrix sends every route that is about one resource, as every kind of caller, about one in their organization, below it, in
// another tree, and in an organization that is deleted; and every route that lists or creates. What is answered is what the rule says, and
// of the other tree every row stays as it is, whatever others try.
func TestTheMatrix(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		m := newMatrix(s)
		there := []string{m.organization[foreign]}
		for _, id := range m.objects[foreign] {
			there = append(there, id)
		}
		tried := m.asks(t, m.tenant)         // what they are refused is told in their own organization
		s.get("/public/v2/events").want(200) // which numbers the events
		before := modelstest.RowsNaming(t, s.db, there...)
		for _, who := range m.callers {
			tried += m.asks(t, who)
		}
		if tried < 3000 {
			t.Errorf("only %d cells were tried", tried)
		}
		after := modelstest.RowsNaming(t, s.db, there...)
		if len(before) < 2*len(there) || !slices.Equal(before, after) {
			t.Errorf("of the other tree there was\n%s\nand is\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
	})
}

// asks sends every route as one caller, and returns how many cells of the matrix that are.
func (m *matrix) asks(t *testing.T, who *somebody) (tried int) {
	t.Helper()
	for _, rt := range handlers.RouteTable() {
		asks, known := asked[askedBy(rt)]
		typ := m.typeOf(rt.Path)
		if !known || typ != "" && wordsOf[typ] == "" {
			t.Fatalf("the test does not know what %s asks of its caller", askedBy(rt))
		}
		switch {
		case rt.Public || typ == "": // it is about no resource of an organization
		case strings.Contains(rt.Path, "{id}"):
			tried += m.one(t, rt, asks, typ, who)
		case rt.Method == http.MethodGet:
			tried += m.list(t, rt, asks, typ, who)
		default:
			tried += m.create(t, rt, asks, typ, who)
		}
	}
	return tried
}

// one sends a route about one resource at each place. What would be done, and is no mere reading, is asked of a missing one instead.
func (m *matrix) one(t *testing.T, rt handlers.Route, asks, typ string, who *somebody) int {
	t.Helper()
	for place := range places {
		want, id := who.verdict(rt, asks, typ, place), m.objects[place][typ]
		relates := strings.Contains(rt.Path, "{relationship}")
		switch act := rt.Method == http.MethodDelete || rt.Method == http.MethodPost; {
		case want == allowed && act && !relates:
			want, id = missing, missingID
		case want != missing && who.passes(rt, asks) && rt.Method != http.MethodGet && relates && isFixed(typ):
			want = fixed // whatever they may
		case who.portal && want == allowed && rt.Method == http.MethodGet && strings.HasSuffix(rt.Path, "/{relationship}") &&
			!strings.Contains(rt.Path, "relationships") && !who.holds(place, wordsOf[relationshipOf[typ][1]]+":read"):
			want = forbidden // what it leads to they may not read
		}
		var body any
		if rt.Method == http.MethodPatch && strings.HasSuffix(rt.Path, "/{id}") {
			body = withID(resource(typ, object{}), id)
		}
		a := who.as.send(rt.Method, m.path(rt, id), body, "Content-Type", jsonapi.MediaType)
		if got := answerOf(a); got != want {
			t.Errorf("%s, %s: %s %s is %s, want %s: %.300s", who.name, placeNames[place], rt.Method, rt.Path, got, want, a.Body)
		}
	}
	return places
}

// isFixed reports whether the relationship of a type that is tried cannot be changed.
func isFixed(typ string) bool {
	rel := models.SchemaOf(typ).Relationship(relationshipOf[typ][0])
	return rel.ReadOnly && !rel.ByURL || rel.CreateOnly
}

// list reads a list: of what the test made there is in it what the caller reads.
func (m *matrix) list(t *testing.T, rt handlers.Route, asks, typ string, who *somebody) int {
	t.Helper()
	a := who.as.send(rt.Method, "/public/v2/"+rt.Path+"?page[size]=200", nil)
	if !who.passes(rt, asks) {
		if got := answerOf(a); got != forbidden {
			t.Errorf("%s: GET %s is %s", who.name, rt.Path, got)
		}
		return 1
	}
	listed := a.want(200).ids("data")
	for place := range places {
		want := who.verdict(rt, asks, typ, place) == allowed
		if got := slices.Contains(listed, m.objects[place][typ]); got != want {
			t.Errorf("%s, %s: in the list of %s: %v, want %v", who.name, placeNames[place], rt.Path, got, want)
		}
	}
	return places
}

// create sends what names the organization of each place, or for a replay an endpoint in it: who sees that, and may not write, is told so.
// In the other tree nothing is created by those who may.
func (m *matrix) create(t *testing.T, rt handlers.Route, asks, typ string, who *somebody) int {
	t.Helper()
	for place := range places {
		want := who.verdict(rt, asks, typ, place)
		if want == missing && place != deleted && typ != "webhookReplays" && who.holds(place, "organizations:read") {
			want = forbidden // they see the organization, and nothing of the type in it
		}
		if want == allowed && place == foreign {
			continue
		}
		a := m.creation(who.as, rt, typ, place)
		if got := answerOf(a); got != want {
			t.Errorf("%s, %s: %s %s is %s, want %s: %.300s", who.name, placeNames[place], rt.Method, rt.Path, got, want, a.Body)
		}
	}
	return places
}

// creation sends a new resource of a place.
func (m *matrix) creation(as *service, rt handlers.Route, typ string, place int) *answer {
	as.t.Helper()
	there, objects := ref("organizations", m.organization[place]), m.objects[place]
	bodies := map[string]object{
		"organizations": resource(typ, object{"name": "New"}, "parent", there),
		"users":         resource(typ, object{"firstName": "New"}, "organization", there),
		"memberships":   resource(typ, object{}, "user", ref("users", objects["users"]), "organization", there),
		"roles":         resource(typ, object{"key": "clerk", "name": "Clerk"}, "organization", there),
		"invitations":   resource(typ, object{"email": "grace@example.com"}, "organization", there),
		"apiKeys":       resource(typ, object{"name": "k"}, "organization", there),
		"webhooks": resource(typ, object{"url": "https://hooks.example.com/", "eventTypes": []string{"webhook.*"}},
			"organization", there),
		"portalLinks":    resource(typ, object{}, "organization", there),
		"webhookReplays": resource(typ, object{"since": "2024-01-01T00:00:00Z"}, "webhook", ref("webhooks", objects["webhooks"])),
	}
	if typ == "files" {
		return as.send(rt.Method, "/public/v2/files?organizationId="+m.organization[place], pixel, "Content-Type", "image/png",
			"Content-Disposition", `attachment; filename="logo.png"`)
	}
	if bodies[typ] == nil {
		as.t.Fatalf("the test does not know how %s are created", typ)
	}
	return as.send(rt.Method, "/public/v2/"+rt.Path, bodies[typ])
}
