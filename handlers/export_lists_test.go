package handlers_test

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"roster/handlers"
	"roster/jsonapi"
)

// TestEveryListIsExported has each list of the route table in each form, with a page of it to compare with.
func TestEveryListIsExported(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		tried := 0
		for _, rt := range handlers.RouteTable() {
			if rt.Method != http.MethodGet || rt.Public || strings.Contains(rt.Path, "{relationship}") {
				continue
			}
			path := "/public/v2/" + rt.Path
			if typ := e.typeOf(rt.Path); typ != "" {
				path = e.path(rt, e.ids[typ][0])
			}
			page := s.send("GET", path+"?page[size]=200&page[number]=1", nil)
			if page.Status != 200 || !strings.Contains(string(page.Body), `"totalUnfiltered"`) {
				continue // it is no list of what is stored
			}
			tried++
			want := page.inOrder()
			if len(want) == 0 && !strings.HasSuffix(path, "/sessions") {
				t.Errorf("there is nothing in %s", path)
			}
			lines := s.do("GET", path, nil, "Accept", jsonapi.NDJSON).want(200).lines()
			var got []string
			for _, line := range lines[:len(lines)-1] {
				var one struct{ ID string }
				if err := json.Unmarshal([]byte(line), &one); err != nil {
					t.Errorf("%s: %v in %s", path, err, line)
				}
				got = append(got, one.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in NDJSON: %v, want %v", path, got, want)
			}
			got = nil
			rows, err := csv.NewReader(strings.NewReader(string(s.do("GET", path, nil, "Accept", jsonapi.CSV).want(200).Body))).ReadAll()
			if err != nil || len(rows) == 0 || rows[0][0] != "id" {
				t.Fatalf("%s in CSV: %v, %v", path, rows, err)
			}
			for _, row := range rows[1:] {
				got = append(got, row[0])
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in CSV: %v, want %v", path, got, want)
			}
		}
		if tried < 15 {
			t.Errorf("only %d lists were tried", tried)
		}
	})
}

// inOrder returns the ids of a list in its order.
func (a *answer) inOrder() (ids []string) {
	a.t.Helper()
	for _, one := range a.json("data").([]any) {
		ids = append(ids, one.(object)["id"].(string))
	}
	return ids
}

// TestAnExportIsWhatWasAskedFor narrows, sorts and counts, and has it compressed.
func TestAnExportIsWhatWasAskedFor(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		s.person("Ada", f.leaf)
		s.person("Bob", f.branch)
		lines := s.get("/public/v2/organizations?filter[ancestor]="+f.top+"&sort=-name&fields[organizations]=name&"+
			"withCounts=memberships", "Accept", jsonapi.NDJSON).want(200).lines()
		line := func(id, name string) string {
			return `{"type":"organizations","id":"` + id + `","attributes":{"name":"` + name +
				`"},"links":{"self":"/public/v2/organizations/` + id + `"},"meta":{"counts":{"memberships":1}}}`
		}
		for i, want := range []string{line(f.leaf, "Leaf"), line(f.branch, "Branch"), `{"meta":{"complete":true,"count":2}}`} {
			if lines[i] != want {
				t.Errorf("line %d is %s, want %s", i, lines[i], want)
			}
		}
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/public/v2/users?sort=-createdAt", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		req.Header.Set("Accept", jsonapi.CSV)
		res, err := http.DefaultClient.Do(req) // which asks for gzip, and unpacks it
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || !res.Uncompressed || res.Trailer.Get("Roster-Complete") != "2" || strings.Count(string(body), "\n") != 3 {
			t.Errorf("%v, compressed: %v, %v: %s", err, res.Uncompressed, res.Trailer, body)
		}
	})
}
