package handlers_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// What is tested here, client libraries do that docs/clients.md names, or what stands between them and the service. Each test says which.

func TestAdminFrameworksSortByIDUntilToldOtherwise(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		var made []string
		for _, name := range []string{"C", "A", "B"} {
			id, _ := s.organization(name)
			made = append(made, id)
		}
		slices.Sort(made)
		// The first request of a list in react-admin, as ra-jsonapi-client spells it.
		const first = managed + "?page%5Bnumber%5D=1&page%5Bsize%5D=10&sort="
		if got := s.get(first + "id").want(200).list(); !slices.Equal(got, made) {
			t.Errorf("sort=id: %v, want %v", got, made)
		}
		slices.Reverse(made)
		if got := s.get(first + "-id").want(200).list(); !slices.Equal(got, made) {
			t.Errorf("sort=-id: %v, want %v", got, made)
		}
		if got := s.get(first + "-id%2Cname").want(200).list(); !slices.Equal(got, made) {
			t.Errorf("sort=-id,name: %v, want %v", got, made)
		}
	})
}

func TestClientsSpellAListOfIDsInThreeWays(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		a, _ := s.organization("A")
		s.organization("B")
		c, _ := s.organization("C")
		want := []string{a, c}
		for client, query := range map[string]string{
			"a comma list": "filter%5Bid%5D=" + a + "%2C" + c,
			"ra-jsonapi-client, devour-client, jsonapi-react": "filter%5Bid%5D%5B%5D=" + a + "&filter%5Bid%5D%5B%5D=" + c,
			"kitsu":               "filter%5Bid%5D=" + a + "&filter%5Bid%5D=" + c,
			"kitsu, not encoded":  "filter[id]=" + a + "&filter[id]=" + c,
			"repeated with lists": "filter[id]=" + a + "," + a + "&filter[id]=" + c,
		} {
			answer := s.get(managed + "?sort=number&" + query).want(200)
			if got := answer.ids("data"); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", client, got, want)
			}
			// The links lead to the same list, in whatever way it was asked for.
			link, err := url.Parse(answer.text("links", "last"))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.get(link.String()).want(200).ids("data"); !slices.Equal(got, want) {
				t.Errorf("%s: behind links.last: %v, want %v", client, got, want)
			}
		}
		// Of a field with one value, two are a contradiction.
		s.get(managed + "?filter[name]=A&filter[name]=C").want(400)
	})
}

// react-admin, Orbit and Jsona keep whole records and send them back whole, with what they included.
func TestClientsSendBackWholeRecords(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		parent, _ := s.organization("Parent")
		child := s.do("POST", managed, resource("organizations", object{"name": "Child", "kind": "branch"}, "parent",
			ref("organizations", parent))).
			want(201).text("data", "id")
		for _, id := range []string{parent, child} {
			read := s.get(managed + "/" + id + "?include=parent%2Cchildren").want(200)
			data := read.json("data").(object)
			data["attributes"].(object)["description"] = "changed"
			sent := object{"data": data, "included": read.json("included")}
			answer := s.do("PATCH", managed+"/"+id, sent).want(200)
			if got := answer.text("data", "attributes", "description"); got != "changed" {
				t.Errorf("description is %q", got)
			}
		}
	})
}

// Proxies, and clients of HTTP/2, announce a body whose length they do not know, and then send none.
func TestABodyThatTurnsOutToBeEmptyIsNone(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("One")
		chunked := func(method, path, chunks string) int {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() //nolint:errcheck // the server closes it
			fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: "+
				"chunked\r\n\r\n%s", method, path, s.key, chunks)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			return res.StatusCode
		}
		const none, some = "0\r\n\r\n", "2\r\n{}\r\n0\r\n\r\n"
		for _, c := range []struct {
			method, path, chunks string
			want                 int
		}{
			{"GET", managed + "/" + id, none, 200},
			{"GET", managed + "/" + id, some, 415},
			{"DELETE", managed + "/" + id, some, 415},
			{"POST", "/public/v2/management/refresh-token/" + id, none, 200},
			{"DELETE", managed + "/" + id, none, 204},
		} {
			if got := chunked(c.method, c.path, c.chunks); got != c.want {
				t.Errorf("%s with %q: %d, want %d", c.method, c.chunks, got, c.want)
			}
		}
	})
}

func TestACompressedBodyIsToldFromAMalformedOne(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		body := resource("organizations", object{"name": "One"})
		refused := s.do("POST", managed, body, "Content-Encoding", "gzip").want(415)
		if got := refused.errors()[0]; got != (errorObject{"415", "unsupported_media_type", "", "", "Content-Encoding"}) ||
			refused.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("%v, with Accept-Encoding %q", got, refused.Header.Get("Accept-Encoding"))
		}
		s.do("POST", managed, body, "Content-Encoding", "identity").want(201)
		s.get(managed, "Content-Encoding", "gzip").want(200)
	})
}
