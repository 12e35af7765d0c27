package models

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// organizationCount is what can be counted of organizations: by a query, for those at which the caller reads a subject, or below which it
// does.
type organizationCount struct {
	jsonapi.Count
	subject string
	below   bool
	queries func(db *store.DB, c counting, n map[string]int64) []store.Query
}

var organizationCounts = []organizationCount{
	{jsonapi.Count{Name: "children", Doc: "organizations right below it."}, "organizations", true, countedChildren},
	{jsonapi.Count{Name: "descendants", Doc: "organizations below it, at any depth."}, "organizations", true, countedDescendants},
	{jsonapi.Count{Name: "memberships", Doc: "its members."}, "memberships", false, countedMembers},
	{jsonapi.Count{Name: "endpoints", Doc: "its endpoints of webhooks."}, "webhooks", false, countedEndpoints},
	{jsonapi.Count{Name: "pendingInvitations", Doc: "invitations to it that can be accepted."}, "invitations", false, countedInvitations},
}

// counting says for which organizations something is counted.
type counting struct {
	// at are those at which the caller reads the subject, below those at which it does so below them, too, and rest the others.
	at, below, rest []string
	person          string // whose rights these are; "" for a program
	words           collection.Words
}

// countOfOrganizations returns what is counted of organizations that a scope sees. Where the caller does not read what is counted there is
// no number, unless it sees some of it nevertheless: that there is none it could not know.
func countOfOrganizations(
	ctx context.Context, db *store.DB, scope collection.Scope, ids, names []string,
) (map[string]map[string]int64, error) {
	wanted := slices.DeleteFunc(slices.Clone(organizationCounts), func(c organizationCount) bool {
		return !slices.Contains(names, c.Name) || !scope.Holds(reading(c.subject))
	})
	by, err := countingBy(ctx, db, scope, ids, wanted)
	if err != nil {
		return nil, err
	}
	counts := map[string]map[string]int64{}
	var asked []store.Query
	for _, c := range wanted {
		counts[c.Name] = map[string]int64{}
		asked = append(asked, c.queries(db, by[c.subject], counts[c.Name])...)
	}
	if err := db.Ask(ctx, asked...); err != nil {
		return nil, err
	}
	for _, c := range wanted {
		of, n := by[c.subject], counts[c.Name]
		read := of.at
		if c.below {
			read = of.below
		}
		for _, id := range read {
			n[id] += 0 // where nothing is found, there is nothing
		}
	}
	return counts, nil
}

// countingBy returns, by subject, for which organizations that is counted. People are asked about, in one query; a program sees the same of
// every organization.
func countingBy(
	ctx context.Context, db *store.DB, scope collection.Scope, ids []string, wanted []organizationCount,
) (map[string]counting, error) {
	by := map[string]counting{}
	var words collection.Words
	for _, c := range wanted {
		one := counting{person: scope.PersonID(), words: reading(c.subject)}
		switch {
		case one.person != "":
			words = append(words, one.words...)
		case scope.SeesBelow():
			one.at, one.below = ids, ids
		default:
			one.at = ids
		}
		by[c.subject] = one
	}
	if len(words) == 0 {
		return by, nil
	}
	type post struct{ organization, subject string }
	inherits := map[post]bool{}
	held := collection.Condition("SELECT hp.descendant_id, hr.permission, hr.inheritable FROM "+collection.HeldWords+
		" WHERE hm.user_id = ? AND hp.descendant_id IN ? AND hr.permission IN ?", scope.PersonID(), ids, []string(words))
	err := db.Ask(ctx, store.Query{SQL: held.SQL, Args: held.Args, Take: func(a *store.Answer) error {
		for i := range a.Len() {
			for subject, one := range by {
				if p := (post{a.Text(i, 0), subject}); slices.Contains(one.words, a.Text(i, 1)) {
					inherits[p] = inherits[p] || a.Number(i, 2) != 0
				}
			}
		}
		return nil
	}})
	if err != nil {
		return nil, fmt.Errorf("read what a person holds: %w", err)
	}
	for subject, one := range by {
		for _, id := range ids {
			below, at := inherits[post{id, subject}]
			if at {
				one.at = append(one.at, id)
			}
			if below {
				one.below = append(one.below, id)
			} else {
				one.rest = append(one.rest, id)
			}
		}
		by[subject] = one
	}
	return by, nil
}

// countedChildren returns the queries of the organizations right below some. Who does not read everything below sees those at which it
// holds something itself.
func countedChildren(db *store.DB, c counting, n map[string]int64) []store.Query {
	queries := counters(db, countChildren, c.below, n)
	if c.person == "" || len(c.rest) == 0 {
		return queries
	}
	posts := c.posts()
	return append(queries, byID(n, collection.Condition(
		posts.SQL+" SELECT parent_id, COUNT(*) FROM posts WHERE parent_id IN ? GROUP BY parent_id", append(posts.Args, c.rest)...)))
}

// countedDescendants returns the queries of the organizations below some. Of one below which a person does not read everything, these are
// the heads of the branches that they do read, each with all below it, and the single organizations besides.
func countedDescendants(db *store.DB, c counting, n map[string]int64) []store.Query {
	queries := counters(db, countDescendants, c.below, n)
	if c.person == "" || len(c.rest) == 0 {
		return queries
	}
	posts := c.posts()
	return append(queries, byID(n, collection.Condition(posts.SQL+` SELECT p.ancestor_id,
			CAST(SUM(1 + CASE WHEN posts.inherits = 0 THEN 0 ELSE
				(SELECT COALESCE(SUM(k.n), 0) FROM counters k WHERE k.name = ? AND k.key = CAST(posts.id AS text)) END) AS bigint)
		FROM posts JOIN organization_paths p ON p.descendant_id = posts.id AND p.distance > 0
		WHERE p.ancestor_id IN ? AND NOT EXISTS (SELECT 1 FROM posts above
			JOIN organization_paths q ON q.ancestor_id = above.id AND q.descendant_id = posts.id AND q.distance > 0
			WHERE above.inherits > 0)
		GROUP BY p.ancestor_id`, append(posts.Args, countDescendants, c.rest)...)))
}

// posts returns [postsOf] the person whose rights these are.
func (c counting) posts() collection.Where { return postsOf(c.person, c.words) }

// postsOf returns a WITH of the organizations at which a person holds one of some words by a membership there, as posts: with their
// parents, and whether they hold it below as well.
func postsOf(person string, words collection.Words) collection.Where {
	return collection.Condition(`WITH posts AS (
		SELECT o.id, o.parent_id, MAX(CASE WHEN w.inheritable THEN 1 ELSE 0 END) AS inherits FROM memberships m
		JOIN membership_roles mr ON mr.membership_id = m.id JOIN role_permissions w ON w.role_id = mr.role_id
		JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
		WHERE m.user_id = ? AND w.permission IN ? GROUP BY o.id, o.parent_id)`, person, []string(words))
}

// countedMembers returns the queries of the members of some. Their own membership people see everywhere.
func countedMembers(db *store.DB, c counting, n map[string]int64) []store.Query {
	queries := counters(db, countUsers, c.at, n)
	elsewhere := without(c.rest, c.at)
	if c.person == "" || len(elsewhere) == 0 {
		return queries
	}
	return append(queries, byID(n, collection.Condition(`SELECT m.organization_id, 1 FROM memberships m
		JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
		WHERE m.user_id = ? AND m.organization_id IN ?`, c.person, elsewhere)))
}

func countedEndpoints(_ *store.DB, c counting, n map[string]int64) []store.Query {
	return countRows(n, Webhooks, c.at)
}

func countedInvitations(db *store.DB, c counting, n map[string]int64) []store.Query {
	return countRows(n, Invitations, c.at, collection.Condition(openInvitations, db.Now()))
}

// countRows returns the query of the rows that are there in organizations, and meet conditions.
func countRows(n map[string]int64, c *collection.Collection, organizations []string, conds ...collection.Where) []store.Query {
	if len(organizations) == 0 {
		return nil
	}
	and, args := collection.Conjunction(append(conds, collection.Condition(c.Live))...)
	sql := fmt.Sprintf("SELECT %s.organization_id, COUNT(*) FROM %[1]s WHERE %[1]s.organization_id IN ?%s GROUP BY %[1]s.organization_id",
		c.Table, and)
	return []store.Query{byID(n, collection.Condition(sql, append([]any{organizations}, args...)...))}
}

// counters returns the query of what a counter knows of live organizations.
func counters(db *store.DB, name string, organizations []string, n map[string]int64) []store.Query {
	if len(organizations) == 0 {
		return nil
	}
	query := byID(n, collection.Condition(`SELECT o.id, (SELECT CAST(COALESCE(SUM(k.n), 0) AS bigint) FROM counters k
		WHERE k.name = ? AND k.key = CAST(o.id AS text)) FROM organizations o WHERE o.id IN ? AND o.deleted_at IS NULL`,
		name, organizations))
	take := query.Take
	query.Take = func(a *store.Answer) error {
		err := take(a)
		for i := range a.Len() {
			n[a.Text(i, 0)] += db.Uncounted(name, a.Text(i, 0))
		}
		return err
	}
	return []store.Query{query}
}

// byID returns a query of ids with numbers, which are put into n.
func byID(n map[string]int64, sql collection.Where) store.Query {
	return store.Query{SQL: sql.SQL, Args: sql.Args, Take: func(a *store.Answer) error {
		for i := range a.Len() {
			n[a.Text(i, 0)] = a.Number(i, 1)
		}
		return nil
	}}
}

// without returns some ids but for others.
func without(ids, others []string) []string {
	kept := map[string]bool{}
	for _, id := range ids {
		kept[id] = true
	}
	for _, id := range others {
		delete(kept, id)
	}
	return slices.Collect(maps.Keys(kept))
}
