package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
)

// grow makes the trees of the tests: Acme with two levels below it, Zeta, and Foreign, which nobody of them is in.
func (s *service) grow() {
	s.t.Helper()
	kind := func(k string) modelstest.Option { return modelstest.With("kind", k) }
	s.organization("Zeta", "")
	s.organization("Acme", "")
	s.organization("North", "Acme", kind("branch"))
	s.organization("Alpha Test", "Acme", kind("project"), modelstest.With("locationTracking", true))
	s.organization("Depot", "North", kind("project"))
	s.organization("Contest", "North", kind("client"))
	s.organization("Foreign", "")
	s.organization("Foreign test", "Foreign", kind("project"))
}

// TestWhatIsListed has the rows of the table that are about which organizations a question finds.
func TestWhatIsListed(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.grow()
		all := s.person(models.RoleViewer, "Acme", "Zeta")
		branch := s.person(models.RoleMember, "North")
		local, err := models.CreateRole(t.Context(), s.db, models.System("test"), &models.Change{
			Attributes: map[string]any{
				"key": "local", "name": "Local", "permissions": permissions("organizations:read"), "inheritable": false,
			},
			Links: map[string]models.Links{"organization": {s.ids["Acme"]}},
		})
		if err != nil {
			t.Fatal(err)
		}
		alone := s.person(local.ID, "Acme")
		of := func(name string) string { return "?organizationId=" + s.ids[name] }
		for _, c := range []struct {
			row, key, query string
			names           []string
		}{
			{"S3-01: heads", all, "", []string{"Acme", "Zeta"}},
			{"S3-01: empty values are none", all, "?organizationId=&organizationName=&types=&inactive=&page=", []string{"Acme", "Zeta"}},
			{"S3-01: only branches", branch, "", nil},
			{"S3-02: the first level", all, of("Acme"), []string{"Acme", "Alpha Test", "North"}},
			{"S3-02: of a branch", branch, of("North"), []string{"North", "Contest", "Depot"}},
			{"S3-02: by a role that is not inheritable", alone, of("Acme"), []string{"Acme"}},
			{"S3-03: the whole tree", all, "?organizationName=test", []string{"Alpha Test", "Contest"}},
			{"S3-03: in whatever case", all, "?organizationName=TEST", []string{"Alpha Test", "Contest"}},
			{"S3-03: in a part of it", branch, "?organizationName=tEs", []string{"Contest"}},
			{"S3-04: within the first level", all, of("Acme") + "&organizationName=test", []string{"Alpha Test"}},
			{"S3-04: itself", all, of("Acme") + "&organizationName=ACME", []string{"Acme"}},
			{"S3-04: nothing there", all, of("Acme") + "&organizationName=depot", nil},
			{"S3-06: a union over the whole tree", all, "?types=project&types=client", []string{"Alpha Test", "Contest", "Depot"}},
			{"S3-06: below one", all, of("North") + "&types=client", []string{"Contest"}},
			{"S3-06: itself", all, of("North") + "&types=branch", []string{"North"}},
			{"S3-06: companies", all, "?types=company", []string{"Acme", "Zeta"}},
			{"S3-06: with a name", all, "?types=project&organizationName=test", []string{"Alpha Test"}},
			{"S3-12: as axios sends them", all, "?types[]=project&types[]=client", []string{"Alpha Test", "Contest", "Depot"}},
			{"S3-12: with brackets encoded", all, "?types%5B%5D=client&types=branch", []string{"Contest", "North"}},
			{"S3-12: with commas", all, "?types=client,%20branch,,client", []string{"Contest", "North"}},
			{"S3-12: one in one", all, "?types=client%2Cbranch", []string{"Contest", "North"}},
			{"S3-13: nothing is found", all, "?organizationName=nowhere", nil},
			{"S3-14: False", all, "?inactive=False", []string{"Acme", "Zeta"}},
			{"S3-14: True", all, "?inactive=True", nil},
			{"SD-04: unknown parameters", all, "?_=1732700000&sort=-name&filter[name]=x&limit=1&x=%zz&%zz=1&a;b", []string{"Acme", "Zeta"}},
		} {
			s.want(c.row, c.key, c.query, c.names...)
		}
	})
}

// TestWhatIsInactive goes by when an organization ends, to the moment, and by nothing else.
func TestWhatIsInactive(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.grow()
		s.organization("Ended", "", s.until(0))
		s.organization("Ends", "", s.until(time.Minute))
		s.organization("Begins", "", modelstest.With("validFrom", s.in(24*time.Hour)))
		s.organization("Goes on", "Ended", modelstest.With("kind", "branch"))
		s.organization("Gone", "", s.until(-time.Hour))
		if err := models.DeleteOrganization(t.Context(), s.db, models.System("test"), s.ids["Gone"], nil); err != nil {
			t.Fatal(err)
		}
		key := s.person(models.RoleViewer, "Acme", "Ended", "Ends", "Begins")
		below := "?organizationId=" + s.ids["Ended"]
		s.want("S3-05: active heads", key, "", "Acme", "Begins", "Ends")
		s.want("S3-05: inactive heads", key, "?inactive=true", "Ended")
		s.want("S3-05: inactive of all", key, "?inactive=true&organizationName=e", "Ended")
		s.want("S3-05: an active child", key, below, "Goes on")
		s.want("S3-05: one that ended, itself", key, below+"&inactive=true", "Ended")
		s.clock.Advance(time.Minute - time.Microsecond)
		s.want("S3-17: right before the end", key, "?inactive=true", "Ended")
		s.clock.Advance(time.Microsecond)
		s.want("S3-17: at the end", key, "?inactive=true", "Ended", "Ends")
		s.want("S3-17: at the end", key, "", "Acme", "Begins")
	})
}

// TestNamesAreSearchedAsText by their letters, in whatever case and script, and nothing in a text means anything else.
func TestNamesAreSearchedAsText(t *testing.T) {
	eachService(t, func(_ *testing.T, s *service) {
		s.organization("Head", "")
		for _, name := range []string{
			`100% Öl_AG \ Söhne`, "Ölmühle", "ΟΔΟΣ ΑΘΗΝΩΝ", "Οδοσήμανση", "İstanbul", "ЁЛКА", "a'b\"c", "Groß",
			"日本語",
		} {
			s.organization(name, "Head")
		}
		key := s.person(models.RoleViewer, "Head")
		for _, c := range []struct {
			row, text string
			names     []string
		}{
			{"S3-03: beyond ASCII", "ÖL", []string{`100% Öl_AG \ Söhne`, "Ölmühle"}},
			{"S3-03: beyond ASCII", "mÜHL", []string{"Ölmühle"}},
			{"S3-03: a sigma ends the text", "ΟΔΟΣ", []string{"ΟΔΟΣ ΑΘΗΝΩΝ", "Οδοσήμανση"}},
			{"S3-03: a sigma ends a word", "οδος", []string{"ΟΔΟΣ ΑΘΗΝΩΝ", "Οδοσήμανση"}},
			{"S3-03: a dotted capital", "i", []string{"İstanbul"}},
			{"S3-03: Cyrillic", "ёлк", []string{"ЁЛКА"}},
			{"S3-03: without case", "本語", []string{"日本語"}},
			{"S3-11: a percent sign", "%", []string{`100% Öl_AG \ Söhne`}},
			{"S3-11: an underscore", "_", []string{`100% Öl_AG \ Söhne`}},
			{"S3-11: a backslash", `\`, []string{`100% Öl_AG \ Söhne`}},
			{"S3-11: wildcards find no letters", "%l%", nil},
			{"S3-11: quotes", `'b"`, []string{"a'b\"c"}},
			{"S3-11: a comma and an ampersand", "a,b&c", nil},
			{"S3-11: spaces", `\ s`, []string{`100% Öl_AG \ Söhne`}},
		} {
			s.want(c.row, key, "?organizationName="+url.QueryEscape(c.text), c.names...)
		}
	})
}

// TestPagesHaveFifty, of whatever set, and are told as texts.
func TestPagesHaveFifty(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.organization("Z head", "")
		for n := range 50 {
			s.organization(fmt.Sprintf("Branch %02d", n), "Z head", modelstest.With("kind", "branch"))
		}
		key := s.person(models.RoleViewer, "Z head")
		for row, query := range map[string]string{
			"S3-07: the named one counts": "?organizationId=" + s.ids["Z head"],
			"S3-07: a search":             "?organizationName=H",
			"S3-07: types":                "?types=branch,company",
		} {
			var seen []string
			for page, size := range []int{50, 1, 0} {
				names, at, pages := s.get(key, fmt.Sprintf("%s&page=%d", query, page+1)).list()
				if len(names) != size || at != fmt.Sprint(page+1) || pages != "2" {
					t.Errorf("%s: %d organizations on page %s of %s", row, len(names), at, pages)
				}
				seen = append(seen, names...)
			}
			unique := slices.Compact(slices.Sorted(slices.Values(seen)))
			if len(unique) != 51 {
				t.Errorf("%s: %d organizations are seen: %q", row, len(unique), seen)
			}
			if seen[0] != "Z head" && strings.Contains(query, "Id") {
				t.Errorf("%s: the first is %s", row, seen[0])
			}
		}
		if names, page, pages := s.get(key, "?types=branch").list(); len(names) != 50 || page != "1" || pages != "1" {
			t.Errorf("S3-07: fifty are one page: %d on page %s of %s", len(names), page, pages)
		}
		if names, page, pages := s.get(key, "?page=2147483647").list(); len(names) != 0 || page != "2147483647" || pages != "1" {
			t.Errorf("S3-07: the last page there could be: %q, page %s of %s", names, page, pages)
		}
	})
}

// TestTheDocumentsExample comes out as the document prints it, but for its comments, its ids and how many pages there are.
func TestTheDocumentsExample(t *testing.T) {
	example, err := os.ReadFile("testdata/published.json")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, example); err != nil {
		t.Fatal(err)
	}
	eachService(t, func(t *testing.T, s *service) {
		s.organization("Company", "")
		s.organization("Project ABC", "Company", modelstest.With("kind", "project"))
		s.organization("Client 123", "Project ABC", modelstest.With("kind", "client"))
		a := s.get(s.person(models.RoleViewer, "Company"), "?types=project&types=client&organizationId="+s.ids["Project ABC"])
		got := strings.NewReplacer(
			s.ids["Project ABC"], "12345678-abcd-9876-5432-10abcdefghij", s.ids["Client 123"], "87654321-dcba-6789-2345-98klmnopqrst",
			`"pageSize":"1"`, `"pageSize":"15"`,
		).Replace(a.body)
		if got != want.String() || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("SD-01, S3-09: %v\n%s\nwant\n%s", a.Header, got, want.String())
		}
	})
}

// TestTextsAreToldAsTheyAre, without the escapes that a page would need.
func TestTextsAreToldAsTheyAre(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.organization("<R&D>", "", modelstest.With("locationTracking", true))
		a := s.get(s.person(models.RoleViewer, "<R&D>"), "")
		if !strings.Contains(a.body, `"locationTracking":true,"organizationName":"<R&D>","type":"company"`) {
			t.Errorf("S3-09: %s", a.body)
		}
	})
}

// TestAPageThatIsKnownIsNotSentAgain, as natively.
func TestAPageThatIsKnownIsNotSentAgain(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.organization("Acme", "")
		user := modelstest.User(t, s.db).ID
		modelstest.Membership(t, s.db, user, s.ids["Acme"])
		key := s.keyOf(user, models.EveryScope)
		etag := s.get(key, "").Header.Get("ETag")
		if a := s.do("GET", path, "API_KEY", key, "If-None-Match", etag); etag == "" || a.StatusCode != 304 || a.body != "" {
			t.Errorf("known as %s: %d %q", etag, a.StatusCode, a.body)
		}
		s.do("GET", path, "API_KEY", key, "If-Match", `"another"`).refused(412)
		s.organization("Beta", "")
		modelstest.Membership(t, s.db, user, s.ids["Beta"])
		if a := s.do("GET", path, "API_KEY", key, "If-None-Match", etag); a.StatusCode != 200 || a.Header.Get("ETag") == etag {
			t.Errorf("changed: %d %s", a.StatusCode, a.Header.Get("ETag"))
		}
	})
}
