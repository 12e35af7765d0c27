package handlers_test

import (
	"slices"
	"strings"
	"testing"

	"roster/handlers"
	"roster/jsonapi"
	"roster/models"
)

// somebody is a person of the matrix, who holds words in the first organization of an estate.
type somebody struct {
	name  string
	as    *service
	words []string
}

func (who somebody) holds(word string) bool {
	subject, reads := strings.CutSuffix(word, ":read")
	return slices.Contains(who.words, "*") || slices.Contains(who.words, word) || reads && slices.Contains(who.words, subject+":write")
}

// wordsOf are the subjects of the words that let people read and change resources of a type. It is written by hand, as asked is.
var wordsOf = map[string]string{
	"organizations": "organizations", "users": "users", "memberships": "memberships", "roles": "roles",
	"invitations": "invitations", "apiKeys": "apiKeys",
	"files":  "organizations", // those here
	"events": "events", "webhooks": "webhooks", "webhookDeliveries": "webhooks", "webhookReplays": "webhooks",
	"sessions": "users", "signIns": "users",
}

// TestEveryRoleOnEveryRoute sends every route that reads, changes or deletes one resource as people with each of the built-in roles, given
// in its organization, above it, in another, or nowhere: what they may not read is not there, what they may read and not write is refused,
// and of another organization everything stays as it is.
func TestEveryRoleOnEveryRoute(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		above, _ := s.organization("Above")
		s.do("PATCH", managed+"/"+e.organization[0]+"/relationships/parent", object{"data": ref("organizations", above)}).want(200)
		people := []somebody{}
		add := func(name, organization, role string, holds bool) {
			_, as := s.person(name, organization, role)
			who := somebody{name: name, as: as}
			if holds {
				for _, word := range s.get("/public/v2/roles/"+role).json("data", "attributes", "permissions").([]any) {
					who.words = append(who.words, word.(string))
				}
			}
			people = append(people, who)
		}
		for name, role := range map[string]string{"owner": models.RoleOwner, "admin": models.RoleAdmin, "manager": models.RoleManager,
			"member": models.RoleMember, "viewer": models.RoleViewer} {
			add(name, e.organization[0], role, true)
			add(name+" from above", above, role, true)
			add(name+" elsewhere", e.organization[1], role, false)
		}
		elsewhere, _ := s.organization("Empty")
		add("nobody", elsewhere, models.RoleViewer, false)
		before := e.foreign()
		tried := 0
		for _, rt := range handlers.RouteTable() {
			typ := e.typeOf(rt.Path)
			if typ == "" || !strings.HasSuffix(rt.Path, typ+"/{id}") || strings.HasPrefix(rt.Path, "management/") {
				continue
			}
			if wordsOf[typ] == "" {
				t.Fatalf("the test does not know by which words %s are read", typ)
			}
			for _, who := range people {
				who.try(t, rt.Method, typ, e.ids[typ][0])
				tried++
			}
		}
		if tried < 9*len(people) {
			t.Errorf("only %d routes were tried", tried)
		}
		for path, was := range before {
			if is := string(s.get(path).want(200).Body); is != was {
				t.Errorf("%s was\n%s\nand is\n%s", path, was, is)
			}
		}
	})
}

// foreign returns what the second organization has, by path.
func (e *estate) foreign() map[string]string {
	found := map[string]string{}
	for typ, ids := range e.ids {
		path := "/public/v2/" + typ + "/" + ids[1] + "?fields[files]=sha256" // whose URL is another at each reading
		found[path] = string(e.s.get(path).want(200).Body)
	}
	return found
}

// try sends one request about a resource of the first organization. What may be deleted is not: a missing id stands for it.
func (who somebody) try(t *testing.T, method, typ, id string) {
	t.Helper()
	word := wordsOf[typ] + ":write"
	if method == "DELETE" && typ == "organizations" {
		word = "organizations:delete"
	}
	body, want := any(nil), 200
	switch {
	case slices.Contains(personal, typ), !who.holds(wordsOf[typ] + ":read"):
		want = 404
	case method != "GET" && !who.holds(word):
		want = 403
	case method == "DELETE":
		id, want = missingID, 404
	}
	if method == "PATCH" {
		body = withID(resource(typ, object{}), id)
	}
	if a := who.as.send(method, "/public/v2/"+typ+"/"+id, body, "Content-Type", jsonapi.MediaType); a.Status != want {
		t.Errorf("%s: %s %s answers %d, want %d: %.300s", who.name, method, typ, a.Status, want, a.Body)
	}
}

// TestWhoMayNotWriteLearnsNothingElse sends what is wrong with a request in every way to every route that changes a resource, as people who
// read it and may not write it, and as people who do not see it: they are told that, and nothing of what was wrong.
func TestWhoMayNotWriteLearnsNothingElse(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		reads := []string{}
		for _, subject := range wordsOf {
			if word := subject + ":read"; !slices.Contains(reads, word) {
				reads = append(reads, word)
			}
		}
		reader := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "reader", "name": "Reader", "permissions": reads},
			"organization", ref("organizations", e.organization[0]))).want(201).text("data", "id")
		_, reading := s.person("Reader", e.organization[0], reader)
		elsewhere, _ := s.organization("Empty")
		_, nobody := s.person("Nobody", elsewhere, models.RoleOwner)
		tried := 0
		for _, rt := range handlers.RouteTable() {
			typ := e.typeOf(rt.Path)
			if rt.Method == "GET" || typ == "" || !strings.Contains(rt.Path, "{id}") || strings.HasPrefix(rt.Path, "management/") ||
				typ == "sessions" || typ == "signIns" || // which are each person's own: nobody else reads them
				rt.Path == "users/{id}/totp" { // which is for management keys, whatever they see
				continue
			}
			paths := []string{strings.NewReplacer("{id}", e.ids[typ][0], "{session}", e.ids["sessions"][0]).Replace(rt.Path)}
			if strings.Contains(rt.Path, "{relationship}") {
				paths = relationshipPaths(typ, paths[0])
			}
			for _, path := range paths {
				tried++
				for status, who := range map[int]*service{403: reading, 404: nobody} {
					who.wantAlways(status, rt.Method, "/public/v2/"+path)
				}
			}
		}
		if tried < 40 {
			t.Errorf("only %d routes were tried", tried)
		}
	})
}

// relationshipPaths returns a path for each relationship of a type that has a URL.
func relationshipPaths(typ, path string) (paths []string) {
	for _, rel := range models.SchemaOf(typ).Relationships {
		if !rel.WriteOnly {
			paths = append(paths, strings.Replace(path, "{relationship}", rel.Name, 1))
		}
	}
	return paths
}

// wantAlways sends requests that are wrong in every way, each of which is answered with one status.
func (s *service) wantAlways(status int, method, path string) {
	s.t.Helper()
	for _, wrong := range []struct{ body, header, value string }{
		{"{", "", ""}, {`{"data":[7]}`, "", ""}, {`{"data":{"type":"nonsense","attributes":{"name":7}}}`, "", ""},
		{"", "If-Match", `"1000000-0"`}, {"", "If-Match", "unquoted"}, {"", "If-None-Match", "*"}, {"", "If-None-Match", "unquoted"},
	} {
		headers := []string{"Content-Type", jsonapi.MediaType}
		if wrong.header != "" {
			headers = append(headers, wrong.header, wrong.value)
		}
		var body any
		if wrong.body != "" {
			body = wrong.body
		}
		want := status
		if wrong.header != "" && strings.HasSuffix(path, "/redeliver") {
			want = 400 // a delivery has no version, whoever asks
		}
		if a := s.send(method, path, body, headers...); a.Status != want {
			s.t.Errorf("%s %s with %v answers %d, want %d: %.200s", method, path, wrong, a.Status, want, a.Body)
		}
	}
}
