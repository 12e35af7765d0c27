package handlers_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
)

const searched = "/public/v2/search?filter[text]="

// search returns what a text finds, a line each: the type, the field, whether exactly, and the name of what was found.
func (s *service) search(text, rest string) (lines []string) {
	s.t.Helper()
	for _, one := range s.get(searched + url.QueryEscape(text) + rest).want(200).json("data").([]any) {
		found := one.(object)
		meta, attributes := found["meta"].(object), found["attributes"].(object)
		match := meta["match"].(object)
		line := fmt.Sprint(found["type"], " ", match["field"], " ", match["exact"])
		for _, name := range []string{"name", "fullName", "eventType"} {
			if attributes[name] != nil {
				line += fmt.Sprint(" ", attributes[name])
			}
		}
		if meta["path"] != nil {
			line += fmt.Sprint(" ", meta["path"])
		}
		lines = append(lines, line)
	}
	return lines
}

func TestASearchFindsWhatATextMeans(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		acme, _ := s.organization("Acme Corporation")
		bern, token := s.organization("Zürich & Bern", "parent", ref("organizations", acme))
		s.organization("Pacman")
		own := s.as(token)
		ada := own.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada", "lastName": "Acton",
			"email": "Ada.Lovelace@Example.com"})).want(201).text("data", "id")
		a := own.do("POST", "/public/v2/roles", resource("roles", object{"key": "accountant", "name": "Keeps the books"}),
			"X-Request-Id", "the-request.1").want(201)
		role := a.text("data", "id")
		hook := own.do("POST", hooksPath, resource("webhooks", object{"url": "https://acorn.example.com/x", "name": "Payroll"})).
			want(201).text("data", "id")
		key := own.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Nightly import"})).want(201)
		delivery := own.do("POST", hooksPath+"/"+hook+"/test", nil).want(202).text("data", "id")
		number := fmt.Sprint(s.get(managed+"/"+bern).json("data", "attributes", "number"))
		path := " Zürich & Bern [Acme Corporation Zürich & Bern]"
		for _, c := range []struct {
			text, rest string
			want       []string
		}{
			{bern, "", []string{"organizations id true" + path}},
			{strings.ToUpper(bern), "", []string{"organizations id true" + path}},
			{" " + bern + "\n", "", []string{"organizations id true" + path}},
			{ada, "", []string{"users id true Ada Acton"}},
			{role, "&filter[type]=roles", []string{"roles id true Keeps the books"}},
			{role, "&filter[type]=users", nil},
			{delivery, "", []string{"webhookDeliveries id true webhook.test"}},
			{"the-request.1", "", []string{"events requestId true role.created"}},
			{"#" + number, "", []string{"organizations number true" + path}},
			{"zurich-bern", "", []string{"organizations slug true" + path}},
			{"ADA.lovelace@example.COM", "", []string{"users email true Ada Acton"}},
			{key.text("data", "attributes", "keyId"), "", []string{"apiKeys keyId true Nightly import"}},
			// What begins with it comes before what contains it, of each the types in turns.
			{"ac", "", []string{"organizations name false Acme Corporation [Acme Corporation]", "users fullName false Ada Acton",
				"webhooks url false Payroll", "roles key false Keeps the books", "organizations name false Pacman [Pacman]"}},
			{"AC", "&filter[type]=roles,organizations", []string{"roles key false Keeps the books",
				"organizations name false Acme Corporation [Acme Corporation]", "organizations name false Pacman [Pacman]"}},
			{"cm", "&filter[type]=organizations", []string{"organizations name false Acme Corporation [Acme Corporation]",
				"organizations name false Pacman [Pacman]"}},
			{"CMA", "", []string{"organizations name false Pacman [Pacman]"}},
			{"aco", "", []string{"webhooks url false Payroll"}},
			{"acc", "&filter[type]=organizations,roles", []string{"roles key false Keeps the books"}},
			{"cor", "", []string{"organizations name false Acme Corporation [Acme Corporation]", "webhooks url false Payroll"}},
			{"acm", "&page[size]=1", []string{"organizations name false Acme Corporation [Acme Corporation]"}},
			{"me corp", "", []string{"organizations name false Acme Corporation [Acme Corporation]"}},
			{"me-CORP ", "", []string{"organizations name false Acme Corporation [Acme Corporation]"}},
			{"ZÜR", "", []string{"organizations name false" + path}},
			{"zur", "", []string{"organizations slug false" + path}},
			{"lovelace example", "", []string{"users email false Ada Acton"}},
			{"acton ada", "", nil},
			{"books", "", []string{"roles name false Keeps the books"}},
			{"a", "", nil}, {"%", "", nil}, {"a%c", "", nil}, {"_c", "", nil}, {"00000000-0000-7000-8000-00000000000f", "", nil},
		} {
			if diff := cmp.Diff(c.want, s.search(c.text, c.rest)); diff != "" {
				t.Errorf("%q%s:\n%s", c.text, c.rest, diff)
			}
		}
		// Of one character only what is exactly that.
		one := fmt.Sprint(s.get(managed+"/"+acme).json("data", "attributes", "number"))
		if got := s.search(one, "&filter[type]=organizations"); len(got) != 1 {
			t.Errorf("by a number: %v", got)
		}
		fields := s.get(searched + "pacman&fields[organizations]=kind").want(200)
		if diff := cmp.Diff(object{"kind": "company"}, fields.json("data", 0, "attributes")); diff != "" {
			t.Errorf("of the fields that are wanted:\n%s", diff)
		}
		// It is as it was written last, and gone with what is deleted.
		s.do("PATCH", managed+"/"+bern, withID(resource("organizations", object{"name": "Basel", "slug": "basel"}), bern)).want(200)
		s.do("DELETE", "/public/v2/users/"+ada, nil).want(204)
		for text, want := range map[string]int{"zür": 0, "zurich": 0, "bas": 1, "lovelace": 0, "acton": 0} {
			if got := s.search(text, "&filter[type]=organizations,users"); len(got) != want {
				t.Errorf("%q after changes: %v", text, got)
			}
		}
		s.do("DELETE", managed+"/"+bern, nil).want(204)
		for _, text := range []string{"basel", bern, number, "payroll", "books"} {
			if got := s.search(text, "&filter[type]=organizations,webhooks,roles"); len(got) != 0 {
				t.Errorf("%q of what is deleted: %v", text, got)
			}
		}
		s.do("PATCH", managed+"/"+bern, withID(resource("organizations", object{"deletedAt": nil}), bern)).want(200)
		if got := s.search("basel", ""); len(got) != 1 {
			t.Errorf("what is restored: %v", got)
		}
	})
}

// TestASearchIsOfWhatItSays sends what a search does not take.
func TestASearchIsOfWhatItSays(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for query, parameter := range map[string]string{
			"": "filter[text]", "filter[text]=": "filter[text]", "filter[text]=%20%0a": "filter[text]",
			"filter[text]=" + strings.Repeat("x", 10_000): "filter[text]", "filter[text]=" + strings.Repeat("é", 201): "filter[text]",
			"filter[text]=x&filter[type]=sessions": "filter[type]", "filter[text]=x&filter[type]=": "filter[type]",
			"filter[text]=x&include=users": "include", "filter[text]=x&sort=name": "sort", "filter[text]=x&page[number]=2": "page[number]",
			"filter[text]=x&page[size]=21": "page[size]", "filter[text]=x&page[size]=0": "page[size]",
			"filter[text]=x&page[size]=x":  "page[size]",
			"filter[text]=x&page[after]=x": "page[after]", "filter[text]=x&filter[name]=x": "filter[name]",
			"filter[text][contains]=x": "filter[text][contains]", "filter[text]=x&withCounts=users": "withCounts",
			"filter[text]=x&filter[text]=y": "filter[text]", "filter[text]=x&fields[organizations]=nothing": "fields[organizations]",
		} {
			a := s.get("/public/v2/search?" + query).want(400)
			if got := a.errors()[0].Parameter; got != parameter {
				t.Errorf("%.80s is refused for %q, want %q: %s", query, got, parameter, a.Body)
			}
		}
		s.organization("Hostile")
		for _, text := range []string{
			"'", `"`, `\`, "%", "%%%", "__", "*", "NOT", "a OR b", "NEAR(a b)", "grams:x", "^x", "{x}", "?", "$1", "--",
			"\u202e\u2066x", "\ufeff\u200b",
			"\U0001f600\U0001f600", "é", "e\u0301e\u0301", strings.Repeat("x", 200), strings.Repeat("東", 200), "\x01\x02ab", "#", "#0",
			"#99999999999999999999", "-1", "@", "@@", "x@", "roster_x_y", strings.Repeat("0", 36),
		} {
			a := s.get(searched + url.QueryEscape(text)).want(200)
			a.wellBehaved("GET", text, "")
		}
		s.get("/public/v2/search?filter[text]=a%00b").want(400)
		s.get("/public/v2/search?filter[text]=%ff%fe").want(400)
		s.stillServes()
	})
}

// TestASearchTellsWhatSomebodyReads searches as every caller of the matrix for everything of it: by its id, and by parts of names. What is
// found is what the caller reads.
func TestASearchTellsWhatSomebodyReads(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		m := newMatrix(s)
		m.callers = append(m.callers, m.tenant,
			&somebody{name: "key for users", as: s.as(m.key("organization", m.organization[own], "users:read")),
				words: [places][]string{own: {"users:read"}}},
			&somebody{name: "key without scopes", as: s.as(m.key("organization", m.organization[own]))},
			&somebody{name: "key of the subtree", as: s.as(m.key("management", m.organization[own], "organizations:read", "roles:read")),
				words: [places][]string{own: {"organizations:read", "roles:read"}, child: {"organizations:read", "roles:read"}}})
		tried := 0
		for _, who := range m.callers {
			for place := range places {
				for typ, id := range m.objects[place] {
					if slices.Contains(personal, typ) {
						continue
					}
					tried++
					want := place != deleted && who.holds(place, wordsOf[typ]+":read") && (!who.portal || typ != "portalLinks")
					found := who.as.get(searched + id).want(200).ids("data")
					if slices.Contains(found, id) != want {
						t.Errorf("%s, %s: %s is found: %v, want %v", who.name, placeNames[place], typ, found, want)
					}
				}
			}
			for _, text := range []string{"cl", "clerk", "ad", "da", "first", "irs", "ooks", "hooks.example", "second", "child", "delet"} {
				for _, one := range who.as.get(searched + text).want(200).json("data").([]any) {
					found := one.(object)
					tried++
					who.as.get(fmt.Sprint("/public/v2/", found["type"], "/", found["id"])).want(200)
				}
			}
		}
		if tried < 500 {
			t.Errorf("only %d were tried", tried)
		}
	})
}
