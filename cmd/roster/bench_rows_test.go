package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"roster/models/store"
)

// row is a line of the table: who asks for what, of which database, what answers beside the service, and how much of its rate the service
// should reach.
type row struct {
	name    string
	at      []spot
	ask     func(*testing.B, *site) asked
	bare    func(*testing.B, *site) *bareAnswer // nil: an older program answers beside it
	goal    float64                             // of the median ratio
	clients int                                 // 0: as many as usual
}

const listPath = "/public/v2/management/organizations"

// rowsOf is the table. The bare handlers of lists have the condition of their scope.
func rowsOf(large int) []row {
	small, big := spot{store.Postgres, smallTable}, spot{store.Postgres, large}
	both, sqlite := slices.Compact([]spot{small, big}), []spot{{store.SQLite, smallTable}}
	at := func(places ...spot) []spot { return places }
	organizations := listedOrganizations(everything)
	return []row{
		{"list-25", both, listed("management", listPath), organizations, 1, 0},
		{"list-25, gzip", both, listed("management", listPath, "Accept-Encoding", "gzip"), zipped(organizations), 0.7, 0},
		{"list-25, two fields", both, listed("management", listPath+"?fields[organizations]=name,slug"), organizations, 0.7, 0},
		{"list-25, cursor at the far end", at(big), farEnd, listedOrganizations(behindFarEnd), 0.7, 0},
		{"users-25", both, listed("management", "/public/v2/users"), listedPeople(everybody), 0.7, 0},
		{"users-25, token of an organization", both, listed("token", "/public/v2/users"), listedPeople(ofBranch), 0.7, 0},
		{"list-25, member with inherited roles", both, listed("member", "/public/v2/organizations"), listedOrganizations(ofMember), 0.7, 0},
		{"users-25, key of a subtree", at(big), listed("subtree", "/public/v2/users"), listedPeople(ofSubtree), 0.7, 0},
		{"users-25, key of a subtree, cursor", at(big), firstByCursor, listedPeople(ofSubtree), 0.7, 0},
		{"numbered page at random", at(spot{store.Postgres, min(large, pagedTable)}), randomPage, nil, 5, 0},
		{"read-one", both, readOne, oneOrganization, 0.7, 0},
		{"read-one", sqlite, readOne, oneOrganization, 0.6, 0},
		{"list-25", sqlite, listed("management", listPath), organizations, 0.8, 0},
		{"authorize", both, authorize(1, 1), bareOf("checks"), 0.6, 0},
		{"authorize, 16 levels", both, authorize(chainDepth, 1), bareOf("checks"), 0.6, 0},
		{"authorize, 16 levels, 100 at once", both, authorize(chainDepth, 100), bareOf("checks"), 0.6, 0},
		{"AuthZEN evaluation", both, evaluate, bareOf("evaluate"), 0.6, 0},
		{"create", both, create, newOrganization, 0.7, 0},
		{"create, 16 clients", sqlite, create, newOrganization, 0.7, 16},
	}
}

func listed(key, path string, headers ...string) func(*testing.B, *site) asked {
	return func(_ *testing.B, s *site) asked { return get(path, by(s.keys[key], headers...)...) }
}

// farEnd asks for the page that lies two before the last, by the cursor that the page before it has.
func farEnd(b *testing.B, s *site) asked {
	b.Helper()
	path, _, _ := s.beforeFarEnd(b)
	return get(path, by(s.keys["management"])...)
}

// beforeFarEnd returns the path of that page, and when the last organization before it was created and its id.
func (s *site) beforeFarEnd(b *testing.B) (path, created, id string) {
	b.Helper()
	links := map[string]any{"next": listPath + "?page[size]=25"}
	for _, way := range []string{"next", "last", "prev", "prev"} {
		links, created, id = page(b, s.service.base, s.keys["management"], links[way].(string))
	}
	return links["next"].(string), created, id
}

// firstByCursor asks for the first page of people of a subtree by a cursor, so that nobody is counted.
func firstByCursor(b *testing.B, s *site) asked {
	b.Helper()
	path := "/public/v2/users?page[after]=" + cursorOf(b, s.service.base, s.keys["subtree"], "", "first")
	return get(path, by(s.keys["subtree"])...)
}

func randomPage(_ *testing.B, s *site) asked {
	return asked{by(s.keys["management"]), func(r *rand.Rand) (string, string, string) {
		return "GET", fmt.Sprintf("%s?page[number]=%d", listPath, 1+r.IntN(s.size/25)), ""
	}}
}

func readOne(_ *testing.B, s *site) asked {
	return asked{by(s.keys["management"]), func(r *rand.Rand) (string, string, string) {
		return "GET", listPath + "/" + s.ids[r.IntN(len(s.ids))], ""
	}}
}

// authorize asks whether the viewer may read users at n organizations of some depth: the foot of the chain has enough of them.
func authorize(depth, n int) func(*testing.B, *site) asked {
	return func(_ *testing.B, s *site) asked {
		checks := make([]string, n)
		for i := range checks {
			checks[i] = fmt.Sprintf(`{"type":"checks","attributes":{"permission":"users:read"},"relationships":{`+
				`"user":{"data":{"type":"users","id":%q}},"organization":{"data":{"type":"organizations","id":%q}}}}`,
				s.viewer, s.chain[depth-1+i])
		}
		return post(s, checksPath, "application/vnd.api+json", `{"data":[`+strings.Join(checks, ",")+`]}`)
	}
}

func evaluate(_ *testing.B, s *site) asked {
	return post(s, evaluationPath, "application/json", fmt.Sprintf(`{"subject":{"type":"user","id":%q},"action":{"name":"users:read"},`+
		`"resource":{"type":"organization","id":%q}}`, s.viewer, s.chain[chainDepth-1]))
}

func post(s *site, path, mediaType, body string) asked {
	headers := by(s.keys["management"], "Content-Type", mediaType)
	return asked{headers, func(*rand.Rand) (string, string, string) { return "POST", path, body }}
}

func create(_ *testing.B, s *site) asked {
	return asked{by(s.keys["management"], "Content-Type", "application/vnd.api+json"), func(r *rand.Rand) (string, string, string) {
		return "POST", listPath, fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Bench %d"}}}`, r.Uint64())
	}}
}

// from returns where the rows of a list come from, up to and including its limit.
type from func(*testing.B, *site) string

const inOrder = " ORDER BY created_at, id LIMIT 25"

func everything(*testing.B, *site) string { return "organizations WHERE deleted_at IS NULL" + inOrder }

func behindFarEnd(b *testing.B, s *site) string {
	b.Helper()
	_, created, id := s.beforeFarEnd(b)
	return fmt.Sprintf("organizations WHERE deleted_at IS NULL AND (created_at, id) > ('%s', '%s')", created, id) + inOrder
}

func ofMember(_ *testing.B, s *site) string {
	return `(SELECT * FROM organizations WHERE deleted_at IS NULL AND id IN (SELECT p.descendant_id
			FROM memberships m
			JOIN membership_roles mr ON mr.membership_id = m.id
			JOIN role_permissions r ON r.role_id = mr.role_id
			JOIN organization_paths p ON p.ancestor_id = m.organization_id AND (r.inheritable OR p.distance = 0)
			WHERE r.permission IN ('organizations:read', 'organizations:write', '*') AND m.user_id = '` + s.viewer + `')
		OFFSET 0) AS seen` + inOrder
}

func everybody(*testing.B, *site) (page, home string) { return "users" + inOrder, "" }

func ofBranch(_ *testing.B, s *site) (page, home string) {
	return `users WHERE id IN (SELECT user_id FROM memberships WHERE organization_id = '` + s.branch + `'
		ORDER BY user_created_at, user_id LIMIT 25)` + inOrder, `AND o.id = '` + s.branch + `'`
}

func ofSubtree(_ *testing.B, s *site) (page, home string) {
	return `users WHERE EXISTS (SELECT 1 FROM memberships m
			JOIN organization_paths p ON p.descendant_id = m.organization_id
			JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
			WHERE m.user_id = users.id AND p.ancestor_id = '` + s.subtree + `' LIMIT 1 OFFSET 0)` + inOrder,
		`AND EXISTS (SELECT 1 FROM organization_paths p WHERE p.ancestor_id = '` + s.subtree + `' AND p.descendant_id = o.id)`
}

func bareOf(kind string) func(*testing.B, *site) *bareAnswer {
	return func(*testing.B, *site) *bareAnswer { return &bareAnswer{Kind: kind} }
}

func listedOrganizations(of from) func(*testing.B, *site) *bareAnswer {
	return func(b *testing.B, s *site) *bareAnswer {
		b.Helper()
		return &bareAnswer{Kind: "list", List: bareList{Type: "organizations", From: "FROM " + of(b, s)}}
	}
}

// listedPeople are listed with the organization of each, the first of those that the condition home lets the caller see.
func listedPeople(of func(*testing.B, *site) (page, home string)) func(*testing.B, *site) *bareAnswer {
	return func(b *testing.B, s *site) *bareAnswer {
		b.Helper()
		page, home := of(b, s)
		return &bareAnswer{Kind: "list", List: bareList{Type: "users", From: "FROM " + page, Home: `
			SELECT CAST(owner AS text), CAST(target AS text) FROM (
				SELECT m.user_id AS owner, m.organization_id AS target,
					ROW_NUMBER() OVER (PARTITION BY m.user_id ORDER BY m.created_at, m.id) AS place
				FROM memberships m JOIN organizations o ON o.id = m.organization_id
				WHERE m.user_id = ANY ($1) AND o.deleted_at IS NULL ` + home + `) ranked
			WHERE place = 1`}}
	}
}

func zipped(of func(*testing.B, *site) *bareAnswer) func(*testing.B, *site) *bareAnswer {
	return func(b *testing.B, s *site) *bareAnswer {
		b.Helper()
		answer := of(b, s)
		answer.Gzip = true
		return answer
	}
}

func oneOrganization(*testing.B, *site) *bareAnswer {
	return &bareAnswer{Kind: "one", List: bareList{Type: "organizations", From: "FROM organizations WHERE id = $1 AND deleted_at IS NULL"}}
}

// newOrganization has the service create an organization and takes from it what creating one is.
func newOrganization(b *testing.B, s *site) *bareAnswer {
	b.Helper()
	answer := &bareAnswer{Kind: "create", Create: bareCreate{Key: s.keyID}}
	read, err := s.exchange(b, "POST", listPath, `{"data":{"type":"organizations","attributes":{"name":"Learned from"}}}`,
		"Content-Type", "application/vnd.api+json")
	if err != nil {
		b.Fatalf("%v: %s", err, read)
	}
	var changes, data string
	if err := s.pool.QueryRowContext(b.Context(), `SELECT e.changes, e.data FROM events e JOIN organizations o ON o.id = e.organization_id
		WHERE o.name = 'Learned from'`).Scan(&changes, &data); err != nil {
		b.Fatal(err)
	}
	if err := answer.Create.learn(read, changes, data); err != nil {
		b.Fatal(err)
	}
	return answer
}
