package models_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// forest is a large tree among other organizations, with people in all of them: each third person is in the tree, each second of those in
// two of its organizations. What is sorted by lastName has all of the tree at the end.
type forest struct {
	head, branch string
	people       int
}

func plantForest(t *testing.T, db *store.DB) forest {
	t.Helper()
	f := forest{head: organization(t, db, "head", "").ID, people: 1500}
	f.branch = organization(t, db, "branch", f.head).ID
	inside := []string{f.head, f.branch}
	for range 6 {
		inside = append(inside, organization(t, db, "leaf", f.branch).ID)
	}
	gone := organization(t, db, "gone", f.head).ID
	others := []string{organization(t, db, "other", "").ID, organization(t, db, "another", "").ID}
	// By hand: what is shown here is how they are found, not how they are written.
	var users, memberships []string
	for n := range f.people {
		id, in, name := fmt.Sprintf("018f0000-0000-7000-8000-%012d", n*7919%f.people), others[n%2:n%2+1], fmt.Sprintf("a%03d", n%500)
		if n%3 == 0 {
			in, name = []string{inside[n/3%len(inside)]}, fmt.Sprintf("b%03d", n%200)
			if n%2 == 0 {
				in = append(in, inside[(n/3+1)%len(inside)])
			}
		}
		if n%30 == 1 {
			in = append(in, gone)
		}
		first, at := map[bool]string{true: "NULL", false: "'x'"}[n%4 == 0], instant(db, n/3)
		users = append(users, fmt.Sprintf("('%s', %s, '%s', true, 1, %s, %[4]s)", id, first, name, at))
		for i, organization := range in {
			memberships = append(memberships,
				fmt.Sprintf("('018f0000-0000-7000-%d-%012d', '%s', '%s', %s, 1, %[5]s, %[5]s)", 9000+i, n, organization, id, at))
		}
	}
	for _, statement := range []string{
		"INSERT INTO users (id, first_name, last_name, active, version, created_at, updated_at) VALUES " + strings.Join(users, ", "),
		"INSERT INTO memberships (id, organization_id, user_id, user_created_at, version, created_at, updated_at) VALUES " +
			strings.Join(memberships, ", "),
		"UPDATE memberships SET shared = true WHERE user_id IN (SELECT user_id FROM memberships GROUP BY user_id HAVING COUNT(*) > 1)",
	} {
		run(t, pool(db), statement)
	}
	run(t, pool(db), fmt.Sprintf("INSERT INTO counters (name, key, shard, n) VALUES ('users', '', 0, %d)", f.people))
	if err := models.DeleteOrganization(t.Context(), db, everything, gone, nil); err != nil {
		t.Fatal(err)
	}
	run(t, pool(db), "DELETE FROM counters WHERE name = 'people'")
	run(t, pool(db), `INSERT INTO counters (name, key, shard, n)
		SELECT 'people', CAST(p.ancestor_id AS text), 0, COUNT(DISTINCT m.user_id) FROM memberships m
		JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
		JOIN organization_paths p ON p.descendant_id = m.organization_id GROUP BY p.ancestor_id`)
	run(t, pool(db), "ANALYZE")
	return f
}

// instant is a time as SQL.
func instant(db *store.DB, second int) string {
	if db.Dialect() == store.SQLite {
		return fmt.Sprint(1704067200000000 + second*1000000)
	}
	return fmt.Sprintf("timestamptz '2024-01-01' + %d * interval '1 second'", second)
}

// TestASubtreeIsTheSameFromEverySide reads lists in pages of several sizes, which decide on how rows are found, and compares them with a
// reading of everything.
func TestASubtreeIsTheSameFromEverySide(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		f := plantForest(t, db)
		for _, c := range []*collection.Collection{models.Users, models.Memberships} {
			sorts := []string{"createdAt", "-createdAt"}
			if c == models.Users {
				sorts = append(sorts, "lastName", "-lastName", "firstName,-lastName", "-firstName")
			}
			for _, root := range []string{f.head, f.branch} {
				seen := membersBelow(t, db, c, root)
				for _, sort := range sorts {
					for _, filter := range []string{"", "&filter[createdAt][gte]=2024-01-01T00:02:00Z"} {
						want := slices.DeleteFunc(walked(t, db, c, collection.Everything(), "sort="+sort+filter, 200),
							func(id string) bool { return !seen[id] })
						for _, size := range []int{1, 7, 200} {
							query := "sort=" + sort + filter
							page := listPage(t, db, c, collection.Subtree(root), query+fmt.Sprintf("&page[size]=%d&page[number]=2", size))
							end := min(2*size, len(want))
							if int(page.Total) != len(want) || !slices.Equal(idsOf(c, page), want[min(size, end):end]) {
								t.Errorf("%s?%s, second page of %d: %d of %d, want %d", c.Schema.Type, query, size, len(page.Items),
									page.Total, len(want))
							}
							if size > 1 && root == f.head {
								same(t, fmt.Sprintf("%s?%s by cursors of %d", c.Schema.Type, query, size),
									walked(t, db, c, collection.Subtree(root), query, size), want)
							}
						}
					}
				}
			}
		}
	})
}

// membersBelow returns which users or memberships hang on a live organization of a tree.
func membersBelow(t *testing.T, db *store.DB, c *collection.Collection, root string) map[string]bool {
	t.Helper()
	column := map[*collection.Collection]string{models.Users: "m.user_id", models.Memberships: "m.id"}[c]
	seen := map[string]bool{}
	for _, id := range texts(t, db, `SELECT `+column+` FROM memberships m JOIN organizations o ON o.id = m.organization_id
		JOIN organization_paths p ON p.descendant_id = o.id WHERE o.deleted_at IS NULL AND p.ancestor_id = '`+root+`'`) {
		seen[id] = true
	}
	return seen
}

// walked returns the ids of a whole list, read by cursors.
func walked(t *testing.T, db *store.DB, c *collection.Collection, scope collection.Scope, query string, size int) []string {
	t.Helper()
	query += fmt.Sprintf("&page[size]=%d", size)
	ids := []string{}
	for after := ""; ; {
		q := parse(t, c, query+after)
		p, err := collection.List(t.Context(), db, c, scope, q)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, idsOf(c, p)...)
		if p.Next == nil {
			return ids
		}
		after = "&page[after]=" + p.Next.Cursor
	}
}

func idsOf(c *collection.Collection, p *collection.Page) []string {
	ids := []string{}
	for _, item := range p.Items {
		ids = append(ids, c.ID(item))
	}
	return ids
}

// TestTheRowsOfALargeSubtreeAreNotSorted looks at the statements of pages that a subtree fills soon.
func TestTheRowsOfALargeSubtreeAreNotSorted(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		f := plantForest(t, db)
		for _, sort := range []string{"updatedAt", "-updatedAt", "firstName"} {
			query := "sort=" + sort + "&page[size]=3&fields[users]=email" // what a user leads to is sorted, which this is not about
			near := cursors(t, db, models.Users, query, 298)[297]
			for _, at := range []string{"", "&page[after]=" + near, "&page[before]=" + near} {
				watched, statements := models.Watch(db)
				if _, err := collection.List(t.Context(), watched, models.Users, collection.Subtree(f.head),
					parse(t, models.Users, query+at)); err != nil {
					t.Fatal(err)
				}
				walks := slices.DeleteFunc(statements.Take("AS users"), func(one models.Statement) bool {
					return strings.HasPrefix(one.SQL, "WITH lines") // which finds out that they are not few
				})
				if len(walks) == 0 {
					t.Errorf("%s%s: nothing was walked", query, at)
				}
				for _, one := range walks {
					plan := explain(t, db, one)
					sorts := strings.Contains(plan, "Sort Key") && !strings.Contains(plan, "Presorted Key") ||
						strings.Contains(plan, "USE TEMP B-TREE")
					if sorts || regexp.MustCompile("Rows Removed by Filter: [0-9]{3,}").MatchString(plan) {
						t.Errorf("%s%s: %s\n%s", query, at, one.SQL, plan)
					}
				}
			}
		}
	})
}

// TestPeopleOfASubtreeAreCountedInIndexes looks at the plan of a total: memberships have several indexes that begin with the organization,
// and only one of them knows who is shared. A transaction, whose own writes are in no counter yet, counts.
func TestPeopleOfASubtreeAreCountedInIndexes(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		head := plantBehind(t, db, 3000, 1500)
		watched, statements := models.Watch(db)
		if err := store.Transaction(t.Context(), watched, func(tx *store.DB) error {
			listPage(t, tx, models.Users, collection.Subtree(head), "page[size]=1")
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		counted := statements.Take("l.shared")
		if len(counted) != 1 {
			t.Fatalf("%d statements count who is shared, want 1", len(counted))
		}
		// What a transaction asks PostgreSQL at once is seen with the questions as its one argument; those of
		// the count name the head alone.
		if db.Dialect() == store.Postgres {
			counted[0].Args = slices.Repeat([]any{head}, strings.Count(counted[0].SQL, "$"))
		}
		plan := explain(t, db, counted[0])
		if !strings.Contains(plan, "memberships_shared") {
			t.Errorf("those who are shared are not looked up in their index\n%s", plan)
		}
	})
}
