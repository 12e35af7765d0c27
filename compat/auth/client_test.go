package auth_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"roster/models"
	"roster/models/modelstest"
)

// component asks as a published component for automation does, a library of JavaScript below it: a content type on a request without a
// body, the key in a header with an underscore, lists with brackets. It reads the one item, and takes anything but Success for a failure.
type component struct {
	*service
	key string
}

// axios are the headers of that library.
var axios = []string{
	"Accept", "application/json, text/plain, */*", "Content-Type", "application/json", "User-Agent", "axios/1.7.7",
	"Accept-Encoding", "gzip, compress, deflate, br",
}

// list returns the names on a page.
func (c component) list(params url.Values) (names []string) {
	c.t.Helper()
	at := path
	if len(params) > 0 {
		at += "?" + params.Encode()
	}
	a := c.do("GET", at, append(slices.Clone(axios), "API_KEY", c.key)...)
	var told listed
	if err := json.Unmarshal(plain(c.t, a.Reply, []byte(a.body)), &told); err != nil || told.Items[0].Message != "Success" {
		c.t.Fatalf("S3-18: %s: %d %s", at, a.StatusCode, a.body)
	}
	for _, org := range told.Items[0].Data.Organizations {
		names = append(names, org.OrganizationName)
	}
	return names
}

// TestTheClientsThatAreInUse ask as they always did.
func TestTheClientsThatAreInUse(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		s.grow()
		for n := range 60 {
			s.organization("Site "+strconv.Itoa(n), "Zeta", modelstest.With("kind", "other"))
		}
		key := s.person(models.RoleMember, "Acme", "Zeta")
		c := component{s, key}
		if got := c.list(nil); !slices.Equal(got, []string{"Acme", "Zeta"}) {
			t.Errorf("S3-18: heads: %q", got)
		}
		if got := c.list(url.Values{"types[]": {"project", "client"}, "inactive": {"false"}}); !slices.Equal(got,
			[]string{"Alpha Test", "Contest", "Depot"}) {
			t.Errorf("S3-12, S3-18: types: %q", got)
		}
		total := 0
		for page := 1; ; page++ { // until a page is empty: the number of pages is passed over
			names := c.list(url.Values{"organizationId": {s.ids["Zeta"]}, "page": {strconv.Itoa(page)}})
			if total += len(names); len(names) == 0 {
				break
			}
		}
		if total != 61 {
			t.Errorf("S3-18: %d organizations are on all pages", total)
		}
		for _, accept := range []string{"*/*", "text/html", "application/vnd.api+json;x=y", "nonsense", ""} {
			if a := s.do("GET", path, "API_KEY", key, "Accept", accept); a.StatusCode != 200 {
				t.Errorf("SD-04: Accept: %s is %d %s", accept, a.StatusCode, a.body)
			}
		}
		for _, header := range []string{"API_KEY", "api_key", "Api_Key", "X-API-Key", "x-api-key", "Authorization"} {
			if a := s.do("GET", path, header, key); a.StatusCode != 200 {
				t.Errorf("S3-16: %s is %d %s", header, a.StatusCode, a.body)
			}
		}
		if a := s.do("GET", path, "Authorization", "Bearer "+key); a.StatusCode != 200 {
			t.Errorf("S3-16: Bearer is %d %s", a.StatusCode, a.body)
		}
	})
}
