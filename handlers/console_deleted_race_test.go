package handlers_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
)

// deletedLists are lists that a console shows of a branch, whose id is added, in which a deletion takes everything away at one moment, or
// something of which there is less.
func deletedLists(f family) []string {
	return []string{
		"/public/v2/users?filter[ancestor]=" + f.branch, "/public/v2/memberships?filter[ancestor]=" + f.branch,
		"/public/v2/webhooks?filter[ancestor]=" + f.branch, "/public/v2/invitations?filter[ancestor]=" + f.branch,
		"/public/v2/organizations?filter[ancestor]=" + f.branch, "/public/v2/organizations?filter[descendant]=" + f.leaf,
		"/public/v2/memberships?filter[effectiveAt]=" + f.leaf, "/public/v2/roles?filter[usableAt]=" + f.leaf,
	}
}

// deletedCounts counts what is below a branch.
func deletedCounts(f family) string {
	return "/public/v2/organizations?withCounts=children,descendants,memberships,endpoints,pendingInvitations&filter[id]=" + f.branch
}

// deletedSearch finds the leaf of a family, and who is there.
const deletedSearch = "/public/v2/search?filter[text]=Leaf"

// seen is what somebody is shown of a branch: by path, the ids of lists and exports, and counts.
type seen map[string]string

// idsOf returns what an answer has, in no order.
func idsOf(a *answer) string {
	ids := a.ids("data")
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// exported returns the ids of an export, and whether it came to its end. It breaks off when something that it would have had is deleted and
// restored meanwhile.
func (s *service) exported(path string) (ids string, complete bool) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Accept", jsonapi.NDJSON)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Error(err)
		return "", false
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK { // it was disturbed before its first line
		body, err := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" ||
			!strings.Contains(string(body), "while the export was read") {
			s.t.Errorf("%s: %d %s %v", path, res.StatusCode, body, err)
		}
		return "", false
	}
	var all []string
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		var one struct {
			ID   string
			Meta struct{ Complete bool }
		}
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			s.t.Errorf("%s: %d %s", path, res.StatusCode, lines.Bytes())
		}
		if complete = one.Meta.Complete; !complete {
			all = append(all, one.ID)
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		s.t.Errorf("%s: %v", path, err)
	}
	slices.Sort(all)
	return strings.Join(all, " "), complete
}

// shows returns what a caller is shown, all of which has to agree with itself.
func (s *service) shows(f family) seen {
	s.t.Helper()
	out := seen{}
	for _, path := range deletedLists(f) {
		a := s.get(path).want(200)
		out[path] = idsOf(a)
		if total := a.json("meta", "total"); total != float64(len(a.ids("data"))) {
			s.t.Errorf("%s: a total of %v beside %d resources", path, total, len(a.ids("data")))
		}
		ids, complete := s.exported(path)
		if ids != out[path] || !complete {
			s.t.Errorf("%s: the list has %q, its export %q, complete: %v", path, out[path], ids, complete)
		}
	}
	out["counts"] = fmt.Sprint(s.get(deletedCounts(f)).want(200).json("data", 0, "meta", "counts"))
	out["search"] = idsOf(s.get(deletedSearch).want(200))
	roots := s.get("/public/v2/organizations?filter[root]=true").want(200)
	out["heads"] = fmt.Sprint(idsOf(roots), roots.json("meta", "total"))
	return out
}

// differences returns the paths by which two callers are shown something else.
func (s seen) differences(other seen) (paths []string) {
	for path, what := range s {
		if other[path] != what {
			paths = append(paths, fmt.Sprintf("%s: %q and not %q", path, other[path], what))
		}
	}
	slices.Sort(paths)
	return paths
}

// withLeaf fills the leaf of a family with something of each kind.
func (s *service) withLeaf() family {
	s.t.Helper()
	f := newFamily(s)
	s.person("Leafy", f.leaf, models.RoleViewer)
	s.do("POST", hooksPath, resource("webhooks", object{"url": "https://leaf.example.com/", "name": "Leaf"}, "organization",
		ref("organizations", f.leaf))).want(201)
	s.invite("new@example.com", f.leaf)
	s.role(f.leaf, "leafy", 10, "read")
	return f
}

func (s *service) deletes(organization string) {
	s.t.Helper()
	s.do("DELETE", managed+"/"+organization, nil).want(204)
}

func (s *service) restores(organization string) {
	s.t.Helper()
	s.do("PATCH", managed+"/"+organization, withID(resource("organizations", object{"deletedAt": nil}), organization)).want(200)
}

// overTree returns what the owner of a tree and its key ask with.
func (s *service) overTree(top string) []string {
	s.t.Helper()
	_, owner := s.person("Ada", top, models.RoleOwner)
	_, key := s.made(object{"kind": "management", "scopes": []string{"*"}}, "organization", ref("organizations", top))
	return []string{owner.key, key}
}

// TestWhatIsDeletedOrRestoredIsNeverStale deletes an organization on one of two replicas and restores it, and asks the other one right
// after the answer, as the management, the owner of the tree and its key: lists, their totals, exports, counts, searches and effective
// memberships are each time what they were when that was done for the first time.
func TestWhatIsDeletedOrRestoredIsNeverStale(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	s := both[0]
	f := s.withLeaf()
	callers := append(s.overTree(f.top), s.key)
	s.deletes(f.leaf) // what ends for good has ended then
	s.restores(f.leaf)
	var there, gone []seen
	for _, credential := range callers {
		there = append(there, s.as(credential).shows(f))
	}
	for round := range consoleRounds {
		by, asker := both[round%2], both[(round+1)%2]
		by.deletes(f.leaf)
		for i, credential := range callers {
			now := asker.as(credential).shows(f)
			if round == 0 {
				gone = append(gone, now)
			}
			if wrong := gone[i].differences(now); wrong != nil {
				t.Errorf("after a deletion, caller %d is shown %v", i, wrong)
			}
			for _, path := range deletedLists(f)[:5] { // whose rows were the leaf's
				if now[path] != "" || there[i][path] == "" {
					t.Errorf("after a deletion, caller %d is shown %q by %s, before it %q", i, now[path], path, there[i][path])
				}
			}
			if now["counts"] == there[i]["counts"] || now["heads"] != there[i]["heads"] || strings.Contains(now["search"], f.leaf) {
				t.Errorf("after a deletion, caller %d is shown %v", i, now)
			}
		}
		by.restores(f.leaf)
		for i, credential := range callers {
			if wrong := there[i].differences(asker.as(credential).shows(f)); wrong != nil {
				t.Errorf("after it was restored, caller %d is shown %v", i, wrong)
			}
		}
	}
	// A head that goes and comes is counted where heads are.
	for range 2 {
		for i, change := range []func(){func() { both[0].deletes(f.other) }, func() { both[0].restores(f.other) }} {
			change()
			heads := both[1].get("/public/v2/organizations?filter[root]=true").want(200)
			if n := heads.json("meta", "total"); n != float64(1+i) || len(heads.ids("data")) != 1+i {
				t.Errorf("there are %v heads, want %d: %s", n, 1+i, heads.Body)
			}
		}
	}
	modelstest.CheckConsistency(t, s.db)
}

// TestNothingIsHalfDeleted deletes and restores organizations on two replicas at once, while others read of both what a console reads: each
// list and each export has what it had before, or what it had after, and nobody is told of an error.
func TestNothingIsHalfDeleted(t *testing.T) {
	t.Parallel()
	both := replicas(t, 2)
	s := both[0]
	f := s.withLeaf()
	callers := s.overTree(f.top)
	s.deletes(f.leaf)
	s.restores(f.leaf)
	var may [2]map[string][]string
	for i, credential := range callers {
		may[i] = map[string][]string{}
		for _, change := range []func(string){s.deletes, s.restores} {
			change(f.leaf)
			for path, what := range s.as(credential).shows(f) {
				may[i][path] = append(may[i][path], what)
			}
		}
	}
	stop, readers := make(chan struct{}), sync.WaitGroup{}
	for i, credential := range callers {
		for _, replica := range both {
			readers.Go(func() {
				by := replica.as(credential)
				for {
					select {
					case <-stop:
						return
					default:
						by.showsOneOf(f, may[i])
					}
				}
			})
		}
	}
	var writers sync.WaitGroup
	done := make([]int, len(both))
	for i, replica := range both {
		writers.Go(func() {
			for n := range 24 {
				method, body := "DELETE", any(nil)
				if n%2 == 1 {
					method, body = "PATCH", withID(resource("organizations", object{"deletedAt": nil}), f.leaf)
				}
				switch a := replica.send(method, managed+"/"+f.leaf, body); a.Status {
				case 200, 204:
					done[i]++
				case 404, 409: // it is gone, or there, already
				default:
					t.Errorf("%s: %d %s", method, a.Status, a.Body)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	if done[0] == 0 || done[1] == 0 {
		t.Errorf("the replicas did %v changes, want some of each", done)
	}
	modelstest.CheckConsistency(t, s.db)
}

// showsOneOf reads what a caller may be shown, which is one of some things by path.
func (s *service) showsOneOf(f family, may map[string][]string) {
	for _, path := range deletedLists(f) {
		a := s.send("GET", path, nil)
		if a.Status != 200 || !slices.Contains(may[path], idsOf(a)) {
			s.t.Errorf("%s: %d %s, want one of %q", path, a.Status, a.Body, may[path])
		}
		if ids, complete := s.exported(path); complete && !slices.Contains(may[path], ids) {
			s.t.Errorf("%s: an export of %q, complete: %v", path, ids, complete)
		}
	}
	if a := s.send("GET", deletedCounts(f), nil); a.Status != 200 || len(a.ids("data")) != 1 {
		s.t.Errorf("counts: %d %s", a.Status, a.Body)
	}
	a := s.send("GET", deletedSearch, nil)
	for _, id := range a.ids("data") {
		if !strings.Contains(strings.Join(may["search"], " "), id) {
			s.t.Errorf("a search tells of %s, which it never did: %s", id, a.Body)
		}
	}
}
