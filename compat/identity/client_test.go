package identity_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/server"
)

// patient sends requests as the published client does: with its headers, and again, twice, after 408, 409, 429 and 5xx, as late as
// Retry-After says.
type patient struct {
	*service
	sent int
}

func (c *patient) do(method, path, body string) answer {
	c.t.Helper()
	headers := []string{"Accept", plainJSON, "User-Agent", "Client/JS 1.0", "X-Stainless-Lang", "js", "X-Stainless-Package-Version", "1.0",
		"X-Stainless-OS", "Linux", "X-Stainless-Runtime", "node"}
	if body != "" {
		headers = append(headers, contentType, plainJSON)
	}
	for retry := 0; ; retry++ {
		c.sent++
		a := c.service.do(method, path, body, append(headers, "X-Stainless-Retry-Count", strconv.Itoa(retry))...)
		if again := slices.Contains([]int{408, 409, 429}, a.StatusCode) || a.StatusCode >= 500; !again || retry == 2 {
			return a
		}
		wait, err := time.ParseDuration(a.Header.Get("Retry-After") + "s")
		if err != nil {
			c.t.Fatal(err)
		}
		c.clock.Advance(wait)
	}
}

// TestThePublishedClientInABrowser asks first whether it may send its headers.
func TestThePublishedClientInABrowser(t *testing.T) {
	const page = "https://dash.example.com"
	eachService(t, func(t *testing.T, s *service) {
		const wanted = "authorization,content-type,x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version," +
			"x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout"
		allowed := s.as("").do("OPTIONS", every, "", "Origin", page, "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", wanted)
		if got := allowed.Header.Get("Access-Control-Allow-Headers"); got != wanted {
			t.Errorf("it may send %q", got)
		}
		read := s.get(every, "Origin", page)
		if read.want(200); read.Header.Get("Access-Control-Allow-Origin") != page ||
			read.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%v", read.Header)
		}
		foreign := s.get(every, "Origin", "https://evil.example.com")
		if foreign.want(200); foreign.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%v", foreign.Header)
		}
	}, func(_ *models.Config, web *server.Config) { web.Origins = []string{page} })
}

// TestThePublishedClient makes organizations, pages through them beyond the limit of requests, renames one, and gives up at once where to
// ask again is of no use.
func TestThePublishedClient(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		user, _ := s.person(s.top, models.RoleOwner)
		c := &patient{service: s.as(s.keyOf(models.UserKey, user, models.EveryScope))}
		var made shown
		decode(t, c.do("POST", every, named("Mine")).want(200), &made)
		var names []string
		for offset, total := 0, 1; offset < total; offset++ {
			var p page
			decode(t, c.do("GET", every+"?limit=1&offset="+strconv.Itoa(offset), "").want(200), &p)
			total = p.TotalResults
			names = append(names, p.Organizations[0].Name)
		}
		if got := strings.Join(names, " "); got != "Top Branch Leaf Mine" || c.sent < 6 {
			t.Errorf("%s, with %d requests", got, c.sent)
		}
		decode(t, c.do("POST", every+"/"+made.ID, named("Renamed")).want(200), &made)
		s.clock.Advance(time.Minute)
		before := c.sent
		c.do("POST", every, `{}`).want(400)
		if c.sent != before+1 || made.Name != "Renamed" {
			t.Errorf("%d requests, and %+v", c.sent-before, made)
		}
	}, usersCreate, limited(4))
}
