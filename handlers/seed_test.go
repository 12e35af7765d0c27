package handlers_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

const standard = "/public/v2/organizations"

var seedTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$`)

// wantSeed compares the members of a resource that the published example has.
func wantSeed(t *testing.T, res object, id, name string, token any) {
	t.Helper()
	attributes := res["attributes"].(object)
	for _, at := range []string{"createdAt", "updatedAt"} {
		if text, _ := attributes[at].(string); !seedTime.MatchString(text) {
			t.Errorf("%s is %v", at, attributes[at])
		}
	}
	got := object{"id": res["id"], "type": res["type"]}
	for _, member := range []string{"name", "webhookUrl", "webhookSecret", "token"} {
		value, present := attributes[member]
		if !present {
			t.Errorf("the member %s is missing", member)
		}
		got[member] = value
	}
	want := object{"id": id, "type": "organizations", "name": name, "webhookUrl": nil, "webhookSecret": nil, "token": token}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	related := res["relationships"].(object)["users"].(object)["links"].(object)["related"]
	if related != "/public/v2/users?filter[organizationId]="+id {
		t.Errorf("the users are at %v", related)
	}
}

func TestTheSeedMemberByMember(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		var ids, tokens []string
		for i, slash := range []string{"/", ""} {
			body := object{"data": object{"type": "organizations", "attributes": object{
				"name": "Recrubo_" + string(rune('1'+i)), "webhookUrl": nil, "webhookSecret": nil, "token": nil,
			}}}
			created := s.do("POST", managed+slash, body, "Accept", "*/*").want(201)
			id, token := created.text("data", "id"), created.text("data", "attributes", "token")
			if len(token) < 22 || created.Header.Get("Location") == "" {
				t.Errorf("token %q, location %q", token, created.Header.Get("Location"))
			}
			if created.Header.Get("Location") != created.text("data", "links", "self") {
				t.Errorf("location %s, self %s", created.Header.Get("Location"), created.text("data", "links", "self"))
			}
			s.get(created.Header.Get("Location")).want(200)
			if diff := cmp.Diff(object{}, created.json("meta")); diff != "" {
				t.Errorf("meta of one resource (-want +got):\n%s", diff)
			}
			wantSeed(t, created.json("data").(object), id, "Recrubo_"+string(rune('1'+i)), token)
			ids, tokens = append(ids, id), append(tokens, token)
		}
		for _, slash := range []string{"/", ""} {
			for _, authorization := range []string{s.key, "Bearer " + s.key, "bearer " + s.key} {
				list := s.get(managed+slash, "Authorization", authorization).want(200)
				if got := list.Header.Get("Content-Type"); got != jsonapi.MediaType {
					t.Errorf("the list is sent as %s", got)
				}
				want := object{"total": 2.0, "totalUnfiltered": 2.0, "currentSize": 25.0, "currentPage": 1.0, "maxPage": 1.0}
				if diff := cmp.Diff(want, list.json("meta")); diff != "" {
					t.Errorf("meta (-want +got):\n%s", diff)
				}
				for i, id := range ids {
					wantSeed(t, list.json("data", i).(object), id, "Recrubo_"+string(rune('1'+i)), nil)
				}
				if !strings.Contains(string(list.Body), `"related":"/public/v2/users?filter[organizationId]=`+ids[0]+`"`) {
					t.Error("the brackets of the related link are not printed raw")
				}
			}
			wantSeed(t, s.get(managed+"/"+ids[0]+slash).want(200).json("data").(object), ids[0], "Recrubo_1", nil)
		}
		filtered := s.get(managed + "?filter[name][suffix]=_2").want(200)
		if filtered.json("meta", "total") != 1.0 || filtered.json("meta", "totalUnfiltered") != 2.0 {
			t.Errorf("meta with a filter: %v", filtered.json("meta"))
		}
		for _, header := range []string{"X-API-Key", "API_KEY"} {
			own := s.get(standard, "Authorization", "", header, tokens[0]).want(200)
			if diff := cmp.Diff([]string{ids[0]}, own.ids("data")); diff != "" {
				t.Errorf("%s: an organization sees (-want +got):\n%s", header, diff)
			}
		}
	})
}

func TestTheSeedsWrites(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, token := s.organization("Acme")
		other, otherToken := s.organization("Other")
		one := func(attributes object) object { return withID(resource("organizations", attributes), id) }

		// S4-06, S4-07: a token that is none, an id that is none, another type.
		if diff := cmp.Diff([]errorObject{{"422", "invalid_value", "/data/attributes/token", "", ""}},
			s.do("POST", managed, resource("organizations", object{"name": "x", "token": "x"})).want(422).errors()); diff != "" {
			t.Error(diff)
		}
		s.do("POST", managed, withID(resource("organizations", object{"name": "x"}), "text")).want(422)
		s.do("POST", managed, withID(resource("organizations", object{"name": "x"}), id)).want(409)
		s.do("POST", managed, withID(resource("text", object{"name": "x"}), "")).want(400)
		s.do("POST", managed, resource("text", object{"name": "x"})).want(409)
		const chosen = "01912f6a-8c00-7abc-8def-0123456789ab"
		if got := s.do("POST", managed, withID(resource("organizations", object{"name": "Chosen"}),
			chosen)).want(201).text("data", "id"); got != chosen {
			t.Errorf("the chosen id became %s", got)
		}
		s.as(token).do("POST", "/public/v2/users",
			withID(resource("users", object{"firstName": "x"}), "01912f6a-8c00-7abc-8def-0123456789ac")).want(403)

		// S4-08: a missing name is told where it would stand, as far as that was sent.
		for body, pointer := range map[string]string{
			`{"data":{"type":"organizations","attributes":{}}}`: "/data/attributes", `{"data":{"type":"organizations"}}`: "/data",
			`{"data":{"type":"organizations","attributes":{"name":null}}}`: "/data/attributes/name",
			`{"data":{"type":"organizations","attributes":{"name":" "}}}`:  "/data/attributes/name",
		} {
			if got := s.do("POST", managed, body).want(422).errors()[0].Pointer; got != pointer {
				t.Errorf("%s: pointer %s", body, got)
			}
		}

		// S4-09: a change is partial.
		s.do("PATCH", managed+"/"+id, one(object{"webhookUrl": "https://hooks.example.com", "description": "d"})).want(200)
		patched := s.do("PATCH", managed+"/"+id+"/", one(object{"name": "Renamed"})).want(200)
		if a := patched.json("data", "attributes").(object); a["webhookUrl"] != "https://hooks.example.com" || a["description"] != "d" ||
			a["name"] != "Renamed" || a["webhookSecret"] != nil || a["token"] != nil {
			t.Errorf("after a partial change: %v", a)
		}
		if got := s.do("PATCH", managed+"/"+id, one(object{"webhookUrl": nil})).want(200).json("data", "attributes",
			"webhookUrl"); got != nil {
			t.Errorf("null leaves the URL %v", got)
		}
		s.do("PATCH", managed+"/"+other, one(object{"name": "x"})).want(409)
		s.do("PATCH", managed+"/"+id, withID(resource("users", object{}), id)).want(409)
		s.do("PATCH", managed+"/"+id, one(object{"token": strings.Repeat("a", 30)})).want(403)

		// S4-11: an organization's key on the management's path.
		s.as(token).get(managed).want(403)
		s.as(token).get(managed + "/" + id).want(403)
		s.as(token).do("POST", "/public/v2/management/refresh-token/"+id, nil).want(403)
		s.as(token).get(standard + "/" + other).want(404)
		s.as(token).do("DELETE", standard+"/"+id, nil).want(403)
		s.as(token).do("POST", standard, resource("organizations", object{"name": "x"})).want(403)
		s.as(token).do("PATCH", standard+"/"+id, one(object{"name": "By itself"})).want(200)
		s.as(otherToken).do("PATCH", standard+"/"+id, one(object{"name": "By another"})).want(404)

		// S4-12: media types.
		s.do("POST", managed, `{}`, "Content-Type", "application/json").want(415)
		s.do("POST", managed, `{}`, "Content-Type", jsonapi.MediaType+"; charset=utf-8").want(415)
		s.get(managed, "Accept", jsonapi.MediaType+"; charset=utf-8").want(406)
		s.get(managed, "Accept", "*/*").want(200)
		s.get(managed, "Content-Type", "application/json").want(200)
		s.do("DELETE", managed+"/"+chosen, object{"data": ref("organizations", chosen)}).want(204)

		// S4-13: the printed link works as it is, and encoded.
		s.as(token).do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201)
		related := s.get(managed+"/"+id).text("data", "relationships", "users", "links", "related")
		for _, link := range []string{related, strings.NewReplacer("[", "%5B", "]", "%5D").Replace(related)} {
			if n := len(s.get(link).want(200).ids("data")); n != 1 {
				t.Errorf("%s finds %d users", link, n)
			}
		}

		// S4-10: deletion.
		s.do("DELETE", managed+"/"+id+"/", nil).want(204)
		s.as(token).get(standard).want(401)
		s.do("DELETE", managed+"/"+id, nil).want(404)
		s.get(managed + "/" + id).want(404)
		s.do("POST", "/public/v2/management/refresh-token/"+id, nil).want(404)
		deleted := s.get(managed + "?filter[deleted]=true").want(200)
		if diff := cmp.Diff(sorted(id, chosen), deleted.ids("data")); diff != "" {
			t.Errorf("deleted (-want +got):\n%s", diff)
		}
		s.as(otherToken).get(standard + "?filter[deleted]=true").want(403)
		s.do("PATCH", managed+"/"+id, one(object{"deletedAt": "2024-01-01T00:00:00+00:00"})).want(404)
		s.do("PATCH", managed+"/"+id, one(object{"name": "x"})).want(404)
		if got := s.do("PATCH", managed+"/"+id, one(object{"deletedAt": nil})).want(200).json("data", "attributes",
			"deletedAt"); got != nil {
			t.Errorf("restored it is deleted at %v", got)
		}
		s.as(token).get(standard).want(401)
	})
}

// TestWhatIsHiddenLooksLikeWhatIsMissing compares the whole answers, apart from the request id.
func TestWhatIsHiddenLooksLikeWhatIsMissing(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		_, token := s.organization("Mine")
		hidden, hiddenToken := s.organization("Hidden")
		user := s.as(hiddenToken).do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		key := s.as(hiddenToken).do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k"})).want(201).text("data", "id")
		membership := s.as(hiddenToken).get("/public/v2/memberships").text("data", 0, "id")
		event := s.as(hiddenToken).get("/public/v2/events").text("data", 0, "id")
		const missing = "01912f6a-8c00-7abc-8def-0123456789ab"
		mine := s.as(token)
		for path, id := range map[string]string{"organizations": hidden, "users": user, "memberships": membership,
			"apiKeys": key, "events": event} {
			for _, method := range []string{"GET", "PATCH", "DELETE", "HEAD"} {
				if path == "organizations" && method == "DELETE" || path == "events" && (method == "PATCH" || method == "DELETE") {
					continue // not for this caller at all
				}
				for _, body := range []string{`{"data":{"type":"` + path + `","id":"%"}}`, `{"data":{"type":"x","attributes":[]}}`, `{`} {
					if method != "PATCH" && body != `{` {
						continue
					}
					send := func(id string) *answer {
						if method == "PATCH" {
							return mine.do(method, "/public/v2/"+path+"/"+id, strings.ReplaceAll(body, "%", id))
						}
						return mine.do(method, "/public/v2/"+path+"/"+id, nil)
					}
					a, b := send(id).want(404), send(missing).want(404)
					if diff := cmp.Diff(strings.ReplaceAll(string(a.Body), id, missing), string(b.Body)); diff != "" {
						t.Errorf("%s %s with %s (-hidden +missing):\n%s", method, path, body, diff)
					}
					for _, h := range []string{"X-Request-Id", "Date"} {
						a.Header.Del(h)
						b.Header.Del(h)
					}
					if diff := cmp.Diff(a.Header, b.Header); diff != "" {
						t.Errorf("%s %s: headers (-hidden +missing):\n%s", method, path, diff)
					}
				}
			}
		}
		// In a request, too.
		join := func(id string) string {
			a := mine.do("POST", "/public/v2/users",
				resource("users", object{"firstName": "x"}, "organization", ref("organizations", id))).want(404)
			return strings.ReplaceAll(string(a.Body), id, missing)
		}
		if join(hidden) != join(missing) {
			t.Errorf("an organization out of sight is told from one that is missing")
		}
	})
}

// TestPagesAreFollowedByTheirLinks walks the links as they are printed.
func TestPagesAreFollowedByTheirLinks(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		var all []string
		for _, name := range []string{"b & c", "a", "c", "a", "ä", "b", "a"} {
			id, _ := s.organization(name)
			all = append(all, id)
		}
		slices.Sort(all)
		for _, query := range []string{
			"?page[size]=2", "?page%5Bsize%5D=2&sort=-name", "?sort=name&page[size]=3&filter[name][ne]=zz%26&fields[organizations]=name",
			"?page[offset]=0&page[limit]=2&sort=name",
			"?page[size]=7", "?page[size]=200", "/?page[size]=2",
		} {
			walk := func(next string, link string) (ids []string) {
				for next != "" {
					page := s.get(next).want(200)
					links := page.json("links").(object)
					if self, _ := url.Parse(links["self"].(string)); self.Query().Encode() != must(url.Parse(next)).Query().Encode() {
						t.Errorf("self of %s is %v", next, links["self"])
					}
					if strings.ContainsAny(links["self"].(string), "[]") {
						t.Errorf("a link with raw brackets: %v", links["self"])
					}
					if again := s.get(links["self"].(string)).want(200); string(again.Body) == "" ||
						len(again.ids("data")) != len(page.ids("data")) {
						t.Errorf("self of %s leads elsewhere", next)
					}
					for _, res := range page.json("data").([]any) {
						ids = append(ids, res.(object)["id"].(string))
					}
					next, _ = links[link].(string)
				}
				return ids
			}
			first := s.get(managed + query).want(200)
			forward := walk(managed+query, "next")
			seen := slices.Clone(forward)
			slices.Sort(seen)
			if diff := cmp.Diff(all, seen); diff != "" {
				t.Errorf("%s: following next (-want +got):\n%s", query, diff)
			}
			last := first.text("links", "last")
			backward := walk(last, "prev")
			slices.Sort(backward)
			if diff := cmp.Diff(all, backward); diff != "" {
				t.Errorf("%s: following prev from %s (-want +got):\n%s", query, last, diff)
			}
			if s.get(last).json("links", "next") != nil || first.json("links", "prev") != nil {
				t.Errorf("%s: the first page has a previous or the last a next one", query)
			}
			if query != "?page[offset]=0&page[limit]=2&sort=name" {
				s.get(first.text("links", "first")).want(200)
			}
		}
		beyond := s.get(managed + "?page[number]=9&page[size]=2").want(200)
		if diff := cmp.Diff([]any{}, beyond.json("data")); diff != "" {
			t.Errorf("a page behind the last (-want +got):\n%s", diff)
		}
		if got := must(url.QueryUnescape(beyond.text("links", "prev"))); !strings.Contains(got, "page[number]=4") {
			t.Errorf("before a page behind the last is %s", got)
		}
		empty := s.get(managed + "?filter[name]=none").want(200)
		want := object{"total": 0.0, "totalUnfiltered": 7.0, "currentSize": 25.0, "currentPage": 1.0, "maxPage": 1.0}
		if diff := cmp.Diff(want, empty.json("meta")); diff != "" {
			t.Errorf("meta of nothing (-want +got):\n%s", diff)
		}
	})
}

// must is for calls that cannot fail in the test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestWhatIsReadCanBeSentBack reads each type and sends the document back as it is.
func TestWhatIsReadCanBeSentBack(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		root, _ := s.organization("Root")
		child, token := s.organization("Child", "parent", ref("organizations", root))
		s.organization("Grandchild", "parent", ref("organizations", child))
		own := s.as(token)
		ada := object{"firstName": "Ada", "email": "ada@example.com", "password": "a long password"}
		user := s.do("POST", "/public/v2/users",
			resource("users", ada, "organization", ref("organizations", child))).want(201).text("data", "id")
		key := own.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "k", "scopes": []string{"users:read"},
				"expiresAt": "2999-01-01T00:00:00.5Z"})).want(201).text("data", "id")
		s.do("PATCH", managed+"/"+child, withID(resource("organizations",
			object{"webhookUrl": "https://hooks.example.com", "validFrom": "2020-01-01T00:00:00.25+02:00"}), child)).want(200)
		membership := own.get("/public/v2/memberships").text("data", 0, "id")
		events := s.get("/public/v2/events").json("meta", "total")
		for _, caller := range []*service{s, own} {
			for _, path := range []string{standard + "/" + child, "/public/v2/users/" + user, "/public/v2/memberships/" + membership,
				"/public/v2/apiKeys/" + key} {
				read := caller.get(path).want(200)
				sent := caller.do("PATCH", path, string(read.Body)).want(200)
				if diff := cmp.Diff(read.json("data"), sent.json("data")); diff != "" {
					t.Errorf("%s sent back (-read +answer):\n%s", path, diff)
				}
			}
		}
		for _, include := range []string{"?include=parent,children,users,memberships", "?include=events"} {
			read := s.get(managed + "/" + child + include).want(200)
			s.do("PATCH", managed+"/"+child, string(read.Body)).want(200)
		}
		read := s.get("/public/v2/users/" + user + "?include=organizations,memberships").want(200)
		s.do("PATCH", "/public/v2/users/"+user, string(read.Body)).want(200)
		if after := s.get("/public/v2/events").json("meta", "total"); after != events {
			t.Errorf("%v events became %v by sending back what was read", events, after)
		}
		// A read-only attribute with another value is refused, and nothing of the request is done.
		var doc object
		if err := json.Unmarshal(s.get(managed+"/"+child).Body, &doc); err != nil {
			t.Fatal(err)
		}
		doc["data"].(object)["attributes"].(object)["number"] = 999
		doc["data"].(object)["attributes"].(object)["name"] = "Other"
		want := []errorObject{{"403", "read_only", "/data/attributes/number", "", ""}}
		if diff := cmp.Diff(want, s.do("PATCH", managed+"/"+child, doc).want(403).errors()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := s.get(managed+"/"+child).text("data", "attributes", "name"); got != "Child" {
			t.Errorf("a refused request renamed it to %s", got)
		}
	})
}
