package main

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// What is planted besides the demo: a chain as deep as a tree may be, whose foot has branches.
const (
	chainDepth    = 16
	chainBranches = 300
)

// spot is a kind of database and how many organizations the demo makes in it.
type spot struct {
	dialect store.Dialect
	size    int
}

// site is a spot with the service on it, and with who may ask.
type site struct {
	spot
	*installation
	service, bare *child
	pool          *sql.DB

	keys    map[string]string // by whose they are: see plant
	keyID   string            // of the management's
	viewer  string            // who sees the chain
	chain   []string          // from its head down, then the others that are as deep as its foot
	subtree string            // the head of a tree in which three people are for ten others
	branch  string            // an organization of it
	ids     []string          // some organizations
	starts  []float64         // milliseconds from the start to the first answer
}

// knownIDs is how many organizations read-one chooses from, and startsOfEach how often a service is started.
const (
	knownIDs     = 1000
	startsOfEach = 7
)

func newSite(b *testing.B, program string, at spot) *site {
	b.Helper()
	s := &site{spot: at, installation: install(b, program, modelstest.URL(b, at.dialect)), keys: map[string]string{}}
	began := time.Now()
	s.plant(b)
	fmt.Printf("%s with %d organizations filled in %s\n", at.dialect, at.size, time.Since(began).Round(time.Second))
	for range startsOfEach {
		if s.service != nil {
			s.service.stop()
		}
		s.service = s.serve(b, s.keys["management"])
		s.starts = append(s.starts, float64(s.service.started.Microseconds())/1000)
	}
	read, err := s.exchange(b, "POST", "/public/v2/management/refresh-token/"+s.branch, "")
	var token struct {
		Data struct{ Attributes struct{ Token string } }
	}
	if err != nil || json.Unmarshal(read, &token) != nil {
		b.Fatalf("%v: %s", err, read)
	}
	s.keys["token"] = token.Data.Attributes.Token
	return s
}

// plant fills the database and makes keys.
func (s *site) plant(b *testing.B) {
	b.Helper()
	s.command(b, "demo", "--organizations", strconv.Itoa(s.size), "--users", strconv.Itoa(s.size/10))
	db := modelstest.OpenConfig(b, modelstest.ConfigAt(s.url))
	s.pool = cmp.Or(db.Pools()["main"], db.Pools()["read"]) // of PostgreSQL, of SQLite
	chain, email := plantedChain(), "viewer@bench.example"
	chain.Users[0].Email = &email
	tree := plantedTree("among", max(50, s.size*3/10), max(1, s.size*3/1000), demoBegin, demoEnd)
	for _, batch := range []*models.Batch{chain, tree} {
		if err := models.InsertBatch(b.Context(), db, batch); err != nil {
			b.Fatal(err)
		}
	}
	s.viewer, s.subtree = chain.Users[0].ID, tree.Organizations[0].ID
	s.branch = tree.Organizations[len(tree.Organizations)-1].ID
	for _, org := range chain.Organizations {
		s.chain = append(s.chain, org.ID)
	}
	s.keys["management"] = s.command(b, "key", "create", "--kind", "management", "--name", "bench")
	s.keys["subtree"] = s.command(b, "key", "create", "--kind", "management", "--name", "subtree", "--organization", s.subtree)
	s.keys["member"] = s.command(b, "key", "create", "--kind", "user", "--user", email, "--name", "member")
	rows, err := s.pool.QueryContext(b.Context(), "SELECT id FROM organizations ORDER BY random() LIMIT "+strconv.Itoa(knownIDs))
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			b.Fatal(err)
		}
		s.ids = append(s.ids, id)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	if err := s.pool.QueryRowContext(b.Context(), "SELECT id FROM api_keys WHERE name = 'bench'").Scan(&s.keyID); err != nil {
		b.Fatal(err)
	}
	if s.dialect == store.Postgres {
		vacuum(b, s.url)
	}
}

// plantedChain returns a chain of organizations whose foot has branches, and somebody who is a viewer of its head.
func plantedChain() *models.Batch {
	batch := &models.Batch{Roles: map[string][]string{}}
	for n := range chainDepth + chainBranches {
		org := &models.Organization{ID: models.NewID(), Name: fmt.Sprint("Level ", n), Slug: fmt.Sprint("bench-level-", n), Kind: "company",
			Version: 1}
		if n > 0 {
			org.Kind, org.ParentID = "branch", &batch.Organizations[min(n, chainDepth-1)-1].ID
		}
		batch.Organizations = append(batch.Organizations, org)
	}
	user := &models.User{ID: models.NewID(), Active: true, Version: 1}
	membership := &models.Membership{ID: models.NewID(), OrganizationID: batch.Organizations[0].ID, UserID: user.ID, Version: 1}
	batch.Users, batch.Memberships = []*models.User{user}, []*models.Membership{membership}
	batch.Roles[membership.ID] = []string{models.RoleViewer}
	return batch
}

// exchange asks the service with the management's key and returns the answer.
func (s *site) exchange(b *testing.B, method, path, body string, headers ...string) ([]byte, error) {
	b.Helper()
	answer, read, err := servertest.Exchange(b.Context(), servertest.Fresh(), method, s.service.base+path, strings.NewReader(body),
		append(by(s.keys["management"]), headers...)...)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("answered with %d", answer.StatusCode)
	}
	return read, err
}

// page returns the links of a list as a key sees it, and when the last item was created and its id. It is read by cursors.
func page(b *testing.B, base, key, path string) (links map[string]any, created, last string) {
	b.Helper()
	answer, read, err := servertest.Exchange(b.Context(), servertest.Fresh(), "GET", base+path, nil, by(key, "Accept",
		jsonapi.MediaType+`; profile="`+jsonapi.CursorProfile+`"`)...)
	var document struct {
		Links map[string]any
		Data  []struct {
			ID         string
			Attributes struct{ CreatedAt string }
		}
	}
	if err != nil || answer.StatusCode >= 300 || json.Unmarshal(read, &document) != nil || len(document.Data) == 0 {
		b.Fatalf("%s: %v %.500s", path, err, read)
	}
	end := document.Data[len(document.Data)-1]
	return document.Links, end.Attributes.CreatedAt, end.ID
}

// cursorOf returns the cursor in a link of the first page of a list of people.
func cursorOf(b *testing.B, base, key, query, link string) string {
	b.Helper()
	links, _, _ := page(b, base, key, "/public/v2/users?page[size]=25&"+query)
	to, _ := links[link].(string)
	parsed, err := url.Parse(to)
	if err != nil || !parsed.Query().Has("page[after]") {
		b.Fatalf("%s leads to %q (%v), want a cursor", link, to, err)
	}
	return parsed.Query().Get("page[after]")
}

// vacuum does what PostgreSQL would otherwise do by itself in the middle of the measurement.
func vacuum(b *testing.B, url string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context()) //nolint:errcheck // nothing is left to lose
	for _, statement := range []string{"SET statement_timeout = 0", "VACUUM ANALYZE", "CHECKPOINT"} {
		if _, err := conn.Exec(b.Context(), statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
}
