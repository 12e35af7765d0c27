package handlers_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

const cursorMedia = jsonapi.MediaType + `; profile="` + jsonapi.CursorProfile + `"`

// list returns the ids of a page.
func (a *answer) list() []string {
	a.t.Helper()
	ids := []string{}
	data, _ := a.json("data").([]any)
	for i := range data {
		ids = append(ids, a.text("data", i, "id"))
	}
	return ids
}

func TestWhenTheCursorProfileApplies(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for i := range 3 {
			s.organization(fmt.Sprint("Acme ", i))
		}
		after := managed + "?page[after]=" + cursorOf(s, managed, 0)
		for _, test := range []struct {
			path, accept string
			applies      bool
		}{
			{managed, "", false},
			{managed, cursorMedia, true},
			{managed + "?page[size]=2", cursorMedia, true},
			{managed + "?page[number]=1", cursorMedia, false}, // what a parameter says counts more
			{managed + "?page[offset]=0", cursorMedia, false},
			{after, "", true},
			{after, "*/*", true},
		} {
			a := s.get(test.path, "Accept", test.accept).want(200)
			typ, profile := jsonapi.MediaType, any(nil)
			self := a.json("links", "self")
			if test.applies {
				typ, profile = cursorMedia, []any{jsonapi.CursorProfile}
				self, _ = a.json("links", "self", "href").(string)
				if got := a.text("links", "self", "type"); got != cursorMedia {
					t.Errorf("%s: links.self.type is %s", test.path, got)
				}
			}
			if diff := cmp.Diff(profile, a.json("jsonapi", "profile")); diff != "" || a.Header.Get("Content-Type") != typ {
				t.Errorf("%s, %s: %s %s", test.path, test.accept, a.Header.Get("Content-Type"), diff)
			}
			if diff := cmp.Diff(a.list(), s.get(self.(string), "Accept", test.accept).want(200).list()); diff != "" {
				t.Errorf("links.self of %s: %s", test.path, diff)
			}
			_, numbered := a.json("meta", "maxPage").(float64)
			if _, marked := a.json("data", 0, "meta", "page", "cursor").(string); marked != test.applies || numbered == test.applies {
				t.Errorf("%s: %s", test.path, a.Body)
			}
			if test.applies && a.json("meta", "page", "total") != 3.0 {
				t.Errorf("%s: meta %v", test.path, a.json("meta"))
			}
		}
		s.get(managed+"/"+s.get(managed).text("data", 0, "id"), "Accept", cursorMedia).want(200)
	})
}

func TestFollowingTheLinksOfCursorPages(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for i := range 9 {
			s.organization([]string{"Ähre & Söhne", "Acme, Inc."}[i%2] + strings.Repeat("!", i/4))
		}
		for _, sort := range []string{"", "&sort=name", "&sort=-name,createdAt"} {
			query := "?filter[name][ne]=none&fields[organizations]=name" + sort
			want := s.get(managed + query).want(200).list()
			var forward, backward []string
			a := s.get(managed+query+"&page[size]=3", "Accept", cursorMedia).want(200)
			first, last := a.text("links", "first"), a.text("links", "last")
			if a.json("links", "prev") != nil || a.json("meta", "page", "total") != nil {
				t.Errorf("the first page: %s", a.Body)
			}
			for forward = a.list(); a.json("links", "next") != nil; forward = append(forward, a.list()...) {
				a = s.get(a.text("links", "next")).want(200)
				if object, _ := a.json("data", 0, "attributes").(object); len(object) != 1 {
					t.Errorf("the link lost fields: %s", a.Body)
				}
			}
			a = s.get(last).want(200)
			if a.json("links", "next") != nil {
				t.Errorf("the last page: %s", a.Body)
			}
			for backward = a.list(); a.json("links", "prev") != nil; backward = append(a.list(), backward...) {
				a = s.get(a.text("links", "prev")).want(200)
			}
			if diff := cmp.Diff([][]string{want, want, want[:3]},
				[][]string{forward, backward, s.get(first).want(200).list()}); diff != "" {
				t.Errorf("%s: %s", query, diff)
			}
		}
		empty := s.get(managed+"?filter[name]=none", "Accept", cursorMedia).want(200)
		links, _ := empty.json("links").(object)
		for _, name := range []string{"prev", "next"} {
			if link, there := links[name]; !there || link != nil {
				t.Errorf("links.%s of an empty list: %v", name, links)
			}
		}
	})
}

func TestACursorOutlivesItsItem(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for range 5 {
			s.organization("Acme")
		}
		want := s.get(managed).list()
		cursor := cursorOf(s, managed, 2)
		s.do("DELETE", managed+"/"+want[2], nil).want(204)
		s.organization("Acme")
		if diff := cmp.Diff(want[3:], s.get(managed + "?page[after]=" + cursor).want(200).list()[:2]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[:2], s.get(managed+"?page[before]="+cursor).want(200).list()); diff != "" {
			t.Error(diff)
		}
		for range 5 {
			for _, id := range s.get(managed).list() {
				s.do("DELETE", managed+"/"+id, nil).want(204)
			}
		}
		if left := s.get(managed + "?page[after]=" + cursor).want(200); len(left.list()) != 0 || left.json("links", "prev") != nil ||
			left.json("links", "next") != nil {
			t.Errorf("nothing is left: %s", left.Body)
		}
	})
}

func TestCursorsOfAnotherListAreRefused(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for range 3 {
			s.organization("Acme")
		}
		cursor := cursorOf(s, managed+"?sort=name&filter[kind]=company&filter[name]=Acme", 1)
		fits := managed + "?filter[name]=Acme&filter[kind]=company&sort=name&page[size]=1&page[after]="
		s.get(fits + cursor).want(200)
		changed := []byte(cursor)
		changed[len(changed)/2] ^= 1
		for _, path := range []string{
			fits + string(changed), fits + cursor[1:], fits + cursor + "A", fits + url.QueryEscape("žluť"),
			fits + strings.Repeat("A", 10_000),
			managed + "?sort=-name&filter[kind]=company&filter[name]=Acme&page[after]=" + cursor,
			managed + "?sort=name,createdAt&filter[kind]=company&filter[name]=Acme&page[after]=" + cursor,
			managed + "?sort=name&filter[kind]=company&page[after]=" + cursor,
			managed + "?sort=name&filter[kind]=company&filter[name]=Other&page[after]=" + cursor,
			"/public/v2/users?page[after]=" + cursor,
		} {
			want := []errorObject{{"400", "invalid_parameter", "", "page[after]", ""}}
			if diff := cmp.Diff(want, s.get(path).want(400).errors()); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
			before := strings.ReplaceAll(path, "page[after]", "page[before]")
			if got := s.get(before).want(400).errors()[0].Parameter; got != "page[before]" {
				t.Errorf("%s: source.parameter %q", before, got)
			}
		}
	})
}

func TestTheCursorProfileNamesItsProblems(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for _, test := range []struct{ query, parameter, problem string }{
			{"page[size]=201", "page[size]", "/max-size-exceeded"},
			{"page[size]=99999999999999999999", "page[size]", "/max-size-exceeded"},
			{"page[size]=0", "page[size]", ""},
			{"page[size]=1e3", "page[size]", ""},
			{"page[size]=%2B5", "page[size]", ""},
			{"page[size]=", "page[size]", ""},
			{"page[after]=", "page[after]", ""},
			{"sort=active", "sort", "/unsupported-sort"},
			{"page[number]=2&page[after]=x", "page[after]", ""},
		} {
			a := s.get(managed+"?"+test.query, "Accept", cursorMedia).want(400)
			link := a.text("errors", 0, "links", "type")
			if test.problem == "" && strings.HasPrefix(link, jsonapi.CursorProfile) || test.problem != "" &&
				link != jsonapi.CursorProfile+test.problem {
				t.Errorf("%s: links.type %s", test.query, link)
			}
			if got := a.errors()[0].Parameter; got != test.parameter {
				t.Errorf("%s: source.parameter %q", test.query, got)
			}
		}
		if got := s.get(managed+"?page[size]=500", "Accept", cursorMedia).json("errors", 0, "meta", "page",
			"maxSize"); got != float64(jsonapi.MaxPageSize) {
			t.Errorf("meta.page.maxSize is %v", got)
		}
		if got := s.get(managed+"?sort=active").want(400).text("errors", 0, "links", "type"); strings.HasPrefix(got, "http") {
			t.Errorf("without the profile the problem is %s", got)
		}
	})
}

func TestARangeOfTheList(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for range 7 {
			s.organization("Acme")
		}
		all := s.get(managed).list()
		between := managed + "?page[after]=" + cursorOf(s, managed, 0) + "&page[before]=" + cursorOf(s, managed, 5)
		whole := s.get(between).want(200)
		if !slices.Equal(whole.list(), all[1:5]) || whole.json("meta", "page", "rangeTruncated") != nil {
			t.Errorf("%s", whole.Body)
		}
		cut := s.get(between + "&page[size]=2").want(200)
		if !slices.Equal(cut.list(), all[1:3]) || cut.json("meta", "page", "rangeTruncated") != true {
			t.Errorf("%s", cut.Body)
		}
		if next := s.get(cut.text("links", "next")).want(200); !slices.Equal(next.list(), all[3:5]) {
			t.Errorf("next: %s", next.Body)
		}
	})
}

func TestUsersOfOneOrganizationByCursor(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, token := s.organization("Acme")
		for i := range 5 {
			s.do("POST", "/public/v2/users", resource("users", object{"email": fmt.Sprintf("u%d@example.com", i)}, "organization",
				ref("organizations", id))).want(201)
		}
		path := "/public/v2/users?filter[organizationId]=" + id
		a := s.get(path+"&page[size]=2", "Accept", cursorMedia).want(200)
		if a.json("meta", "page", "total") != 5.0 {
			t.Errorf("meta: %v", a.json("meta"))
		}
		// The place does not depend on who looks: a key can be rotated in the middle of a walk.
		if diff := cmp.Diff(s.get(path).list()[2:4], s.as(token).get(a.text("links", "next")).want(200).list()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRelatedCollectionsAndLinkageByCursor(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		other, _ := s.organization("Other")
		for i := range 5 {
			s.do("POST", "/public/v2/users", resource("users", object{"email": fmt.Sprintf("u%d@example.com", i)}, "organization",
				ref("organizations", id))).want(201)
		}
		for _, path := range []string{managed + "/%s/users", managed + "/%s/relationships/users", managed + "/%s/events"} {
			want := s.get(fmt.Sprintf(path, id)).want(200).list()
			a := s.get(fmt.Sprintf(path, id)+"?page[size]=2", "Accept", cursorMedia).want(200)
			walked := a.list()
			cursor := a.text("data", 1, "meta", "page", "cursor")
			if a.text("links", "self", "type") != cursorMedia || a.json("meta", "page", "total") != float64(len(want)) {
				t.Errorf("%s: %s", path, a.Body)
			}
			for a.json("links", "next") != nil {
				a = s.get(a.text("links", "next")).want(200)
				walked = append(walked, a.list()...)
			}
			if diff := cmp.Diff(want, walked); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
			if got := s.get(fmt.Sprintf(path, id) + "?page[after]=" + cursor).want(200).list(); !slices.Equal(got, want[2:]) {
				t.Errorf("%s: behind the second of %v is %v", path, want, got)
			}
			s.get(fmt.Sprintf(path, other) + "?page[after]=" + cursor).want(400)
		}
		s.get(managed+"/"+id+"/parent", "Accept", cursorMedia).want(200)
	})
}
