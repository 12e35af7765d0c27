package handlers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
)

// crowd fills a database with one organization of that many people, and 24 branches of it with two each. It returns the id of the head.
func (s *service) crowd(people int) string {
	s.t.Helper()
	batch := &models.Batch{}
	at := jsonapi.Stamp{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	head := models.NewID()
	for n := range 25 {
		org := &models.Organization{ID: models.NewID(), CreatedAt: at, UpdatedAt: at, Name: "Branch",
			Kind: "branch", ParentID: &head, Version: 1}
		org.Slug = fmt.Sprintf("branch-%d", n)
		members := 2
		if n == 0 {
			org.ID, org.Slug, org.Kind, org.ParentID, members = head, "head", "company", nil, people
		}
		batch.Organizations = append(batch.Organizations, org)
		for range members {
			name := "Ada"
			// Of one moment, so that the order is that of the ids; in another order than they come in.
			user := &models.User{ID: models.NewID(), CreatedAt: at, UpdatedAt: at, FirstName: &name, Active: true, Version: 1}
			batch.Users = append(batch.Users, user)
			batch.Memberships = append(batch.Memberships, &models.Membership{ID: models.NewID(), CreatedAt: at, UpdatedAt: at,
				OrganizationID: org.ID, UserID: user.ID, Version: 1})
		}
	}
	if err := models.InsertBatch(s.t.Context(), s.db, batch); err != nil {
		s.t.Fatal(err)
	}
	return head
}

// compound is a document as a client reads it that follows links.
type compound struct {
	Data     json.RawMessage
	Included []*node
	Links    struct{ Next *string }
}

type node struct {
	Type, ID      string
	Relationships map[string]struct {
		Data  json.RawMessage
		Links struct{ Prev, Next *string }
	}
}

func (n node) key() string { return n.Type + " " + n.ID }

// nodes reads primary data or linkage: one, several or none.
func nodes(t *testing.T, data json.RawMessage) []*node {
	t.Helper()
	var many []*node
	if json.Unmarshal(data, &many) == nil || len(data) == 0 {
		return many
	}
	var one *node
	if err := json.Unmarshal(data, &one); err != nil {
		t.Fatal(err)
	}
	return []*node{one}
}

// included reads a compound document, and fails the test unless each of its resources is reached from the primary data.
func (s *service) included(path string, headers ...string) (primary []*node, doc compound) {
	s.t.Helper()
	a := s.send("GET", path, nil, headers...).want(200) // comparing thousands with the OpenAPI document takes long
	if err := json.Unmarshal(a.Body, &doc); err != nil {
		s.t.Fatal(err)
	}
	primary = nodes(s.t, doc.Data)
	found := map[string]*node{}
	for _, n := range doc.Included {
		if found[n.key()] != nil {
			s.t.Errorf("%s: %s is included twice", path, n.key())
		}
		found[n.key()] = n
	}
	for queue := primary; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		if in := found[n.key()]; in != nil {
			delete(found, n.key())
			n = in
		}
		for _, rel := range n.Relationships {
			for _, to := range nodes(s.t, rel.Data) {
				if found[to.key()] != nil {
					queue = append(queue, to)
				}
			}
		}
	}
	if len(found) > 0 {
		s.t.Errorf("%s: %d included resources are linked by none", path, len(found))
	}
	return primary, doc
}

// TestALargeInclusionIsCutAndLeadsToTheRest: it is never an error, and following the next link of a relationship gets all of it.
func TestALargeInclusionIsCutAndLeadsToTheRest(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		const people = 3000
		head := s.crowd(people)
		one := managed + "/" + head
		s.get(one + "?include=users&fields[users]=&fields[organizations]=users") // which is compared with the OpenAPI document
		for _, c := range []struct {
			path, relationship string
			of                 string // the id of the resource that has the relationship
			least, most        int    // of its members in the answer
		}{
			{one + "?include=users", "users", head, 2000, 2000},
			{one + "?include=users&fields[users]=firstName", "users", head, 2000, 2000},
			{one + "?include=memberships.user", "memberships", head, 1000, 1000},
			{one + "?include=memberships.user.organizations,createdBy", "memberships", head, 400, 700},
			{one + "?include=users,children,memberships", "users", head, 600, 700},
			{managed + "?include=users", "users", head, 1900, 1960},
			{managed + "?include=parent,users&sort=name&page[size]=200", "users", head, 900, 2000},
			{"/public/v2/users?page[size]=1&include=organizations.users", "users", head, 900, 1999},
			{one + "/children?include=parent.memberships", "memberships", head, 900, 1999},
			{one + "/relationships/children?include=children.parent.users", "users", head, 600, 1999},
		} {
			began := time.Now()
			primary, doc := s.included(c.path)
			t.Logf("%s: %d included in %s", c.path, len(doc.Included), time.Since(began))
			if len(doc.Included) > 2000 {
				t.Errorf("%s includes %d resources", c.path, len(doc.Included))
			}
			var owner *node
			for _, n := range append(primary, doc.Included...) {
				if n.ID == c.of && n.Relationships != nil {
					owner = n
				}
			}
			if owner == nil {
				t.Errorf("%s: %s is not there", c.path, c.of)
				continue
			}
			members, seen := nodes(t, owner.Relationships[c.relationship].Data), map[string]bool{}
			if len(members) < c.least || len(members) > c.most {
				t.Errorf("%s: %d members, want %d to %d", c.path, len(members), c.least, c.most)
			}
			for next := owner.Relationships[c.relationship].Links.Next; ; {
				for _, m := range members {
					if seen[m.ID] {
						t.Errorf("%s: %s comes twice", c.path, m.ID)
					}
					seen[m.ID] = true
				}
				if next == nil {
					break
				}
				var rest compound
				members, rest = s.included(*next)
				if len(rest.Included) < len(members) {
					t.Errorf("%s: %d members, %d included", *next, len(members), len(rest.Included))
				}
				next = rest.Links.Next
			}
			if len(seen) != people {
				t.Errorf("%s: the links lead through %d of %d members", c.path, len(seen), people)
			}
		}
	})
}

// TestTheLinksOfAPathThatComesBackLeadToEverything follows the next links of a relationship that a path comes back to: together the
// documents have what one without a cut would have.
func TestTheLinksOfAPathThatComesBackLeadToEverything(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		const people, branches = 2100, 24
		head := s.crowd(people)
		crowd := s.follow("/public/v2/organizations/" + head + "/relationships/users?page[size]=200")
		var others []string // who are in branches only, where nobody but one person of the crowd leads to
		all := s.follow("/public/v2/users?page[size]=200")
		for _, id := range all {
			if !slices.Contains(crowd, id) {
				others = append(others, id)
			}
		}
		below := s.follow("/public/v2/organizations/" + head + "/relationships/children?page[size]=200")
		if len(crowd) != people || len(others) != 2*branches || len(below) != branches {
			t.Fatalf("%d people, %d others, %d branches", len(crowd), len(others), len(below))
		}
		for n, branch := range below {
			one := crowd[people-1-n*people/branches]
			s.do("POST", "/public/v2/organizations/"+branch+"/relationships/users", object{"data": []any{ref("users", one)}}).want(200)
		}
		for path, want := range map[string][]string{
			managed + "/" + head + "?include=users.organizations.users":                   slices.Concat(crowd, others, below),
			"/public/v2/users/" + crowd[0] + "?include=organizations.users.organizations": slices.Concat(crowd, below),
		} {
			found := s.everythingBehind(path)
			missing := slices.DeleteFunc(want, func(id string) bool { return found[id] })
			if len(missing) > 0 {
				t.Errorf("%s: the links do not lead to %d resources, such as %s", path, len(missing), missing[0])
			}
		}
	})
}

// everythingBehind reads a document and those that the next links of its relationships lead to, and those of theirs, and returns the ids of
// all resources in them.
func (s *service) everythingBehind(path string) map[string]bool {
	s.t.Helper()
	found, asked := map[string]bool{}, map[string]bool{}
	for queue := []string{path}; len(queue) > 0; queue = queue[1:] {
		if asked[queue[0]] {
			continue
		}
		asked[queue[0]] = true
		primary, doc := s.included(queue[0])
		if doc.Links.Next != nil {
			queue = append(queue, *doc.Links.Next)
		}
		for _, n := range append(primary, doc.Included...) {
			found[n.ID] = true
			for _, rel := range n.Relationships {
				if rel.Links.Next != nil {
					queue = append(queue, *rel.Links.Next)
				}
			}
		}
	}
	s.t.Logf("%s: %d documents", path, len(asked))
	return found
}

// follow reads a page and those that its next links lead to, and returns the ids of what is on them.
func (s *service) follow(path string) (ids []string) {
	s.t.Helper()
	for next := &path; next != nil; {
		members, doc := s.included(*next)
		for _, n := range members {
			ids = append(ids, n.ID)
		}
		next = doc.Links.Next
	}
	return ids
}

// TestAnInclusionThatFitsIsWhole: nothing is cut for the sake of what is not there.
func TestAnInclusionThatFitsIsWhole(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		head := s.crowd(1900)
		primary, doc := s.included(managed + "?include=users,parent")
		if len(doc.Included) != 1948 {
			t.Errorf("%d are included", len(doc.Included))
		}
		for _, n := range primary {
			want := 2
			if n.ID == head {
				want = 1900
			}
			if users := n.Relationships["users"]; len(nodes(t, users.Data)) != want || users.Links.Next != nil || users.Links.Prev != nil {
				t.Errorf("%s has %d of %d users, and the links %v", n.ID, len(nodes(t, users.Data)), want, users.Links)
			}
		}
	})
}
