package models

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"roster/jsonapi"
	"roster/models/store"
)

// Batch is whole trees of organizations with their people, for filling a database. Parents come before their children, and every id that
// is referred to is of the same batch.
type Batch struct {
	Organizations []*Organization
	Users         []*User
	Memberships   []*Membership
	// Roles are the ids of built-in roles, by the ids of memberships. One that is not named here has that of a member.
	Roles map[string][]string
	// Logos are those of some of the organizations.
	Logos []*Logo
}

// InsertBatch inserts a batch in one transaction, with its closure and its counters: either all of it is there afterwards, or nothing.
// It is the fast way for what is nobody's change: it records no events, which would double the work and tell webhooks of nothing that
// happened, and it makes no tokens; refresh-token gives an organization its first one. What is taken already is of kind Conflict.
func InsertBatch(ctx context.Context, db *store.DB, batch *Batch) error {
	batch.describeMemberships()
	paths := batch.paths()
	everything, byOrganization := batch.count(paths)
	logos, err := batch.stageLogos(ctx, db)
	if err != nil {
		return err
	}
	return bulk(ctx, db, func(tx *store.DB, insert inserter) error {
		for _, u := range batch.Users {
			u.EmailKey = emailKey(u.Email)
		}
		for _, rows := range []any{batch.Users, batch.Organizations, paths, batch.Memberships, batch.given(), byOrganization,
			logos} {
			if err := insert(rows); err != nil {
				return classifyFor(err, "insert batch")
			}
		}
		tx.Add(everything)
		return hangLogos(ctx, tx, logos)
	})
}

// describeMemberships notes in the memberships of the batch what addMembership and markShared note of one user.
func (b *Batch) describeMemberships() {
	users, of := map[string]*User{}, map[string]int{}
	for _, u := range b.Users {
		users[u.ID] = u
	}
	for _, m := range b.Memberships {
		of[m.UserID]++
	}
	for _, m := range b.Memberships {
		u := users[m.UserID]
		m.UserCreatedAt, m.UserFullName, m.Shared = u.CreatedAt, u.fullName(), of[m.UserID] > 1
	}
}

// givenRow is a row of the roles of memberships.
type givenRow struct {
	MembershipID string `gorm:"column:membership_id"`
	RoleID       string `gorm:"column:role_id"`
}

// TableName implements GORM's Tabler.
func (givenRow) TableName() string { return "membership_roles" }

// given returns the roles of the memberships of the batch.
func (b *Batch) given() (rows []*givenRow) {
	for _, m := range b.Memberships {
		roles := b.Roles[m.ID]
		if len(roles) == 0 {
			roles = []string{RoleMember}
		}
		for _, role := range roles {
			rows = append(rows, &givenRow{m.ID, role})
		}
	}
	return rows
}

// path is a row of the closure.
type path struct {
	AncestorID   string `gorm:"column:ancestor_id"`
	DescendantID string `gorm:"column:descendant_id"`
	Distance     int    `gorm:"column:distance"`
}

// TableName implements GORM's Tabler.
func (path) TableName() string { return "organization_paths" }

// paths returns the closure of the batch.
func (b *Batch) paths() []*path {
	parents := make(map[string]string, len(b.Organizations))
	var paths []*path
	for _, org := range b.Organizations {
		parents[org.ID] = deref(org.ParentID)
		distance := 0
		for ancestor := org.ID; ancestor != ""; ancestor = parents[ancestor] {
			paths = append(paths, &path{ancestor, org.ID, distance})
			distance++
		}
	}
	return paths
}

// counterRow is a row of the counters.
type counterRow struct {
	Name  string `gorm:"column:name"`
	Key   string `gorm:"column:key"`
	Shard int    `gorm:"column:shard"`
	N     int64  `gorm:"column:n"`
}

// TableName implements GORM's Tabler.
func (counterRow) TableName() string { return "counters" }

// count returns what the batch adds to the counters of everything, and the counters of its organizations, which are new.
func (b *Batch) count(paths []*path) (everything store.Tally, byOrganization []*counterRow) {
	everything = store.Tally{}
	everything.Add(countOrganizations, "", int64(len(b.Organizations)))
	for _, org := range b.Organizations {
		if org.ParentID == nil {
			everything.Add(countChildren, "", 1)
		}
	}
	everything.Add(countUsers, "", int64(len(b.Users)))
	everything.Add(countMemberships, "", int64(len(b.Memberships)))
	counts, held, at := store.Tally{}, map[string]store.Tally{}, map[string]string{}
	for _, m := range b.Memberships {
		at[m.ID] = m.OrganizationID
	}
	for _, given := range b.given() {
		everything.Add(countHolders, given.RoleID, 1)
		organization := at[given.MembershipID]
		if held[organization] == nil {
			held[organization] = store.Tally{}
		}
		held[organization].Add("", given.RoleID, 1)
	}
	for _, p := range paths {
		name := countHoldersIn.Below
		if p.Distance == 0 {
			name = countHoldersIn.At
		}
		for role, n := range held[p.DescendantID] {
			counts.Add(name, store.BranchKey(p.AncestorID, role.Key), n)
		}
		if p.Distance > 0 {
			counts.Add(countDescendants, p.AncestorID, 1)
		}
		if p.Distance == 1 {
			counts.Add(countChildren, p.AncestorID, 1)
		}
	}
	b.countPeople(counts, paths)
	for k, n := range counts {
		byOrganization = append(byOrganization, &counterRow{Name: k.Name, Key: k.Key, N: n})
	}
	return everything, byOrganization
}

// countPeople counts the users of organizations, and those at or below them, each once.
func (b *Batch) countPeople(counts store.Tally, paths []*path) {
	above := map[string][]string{}
	for _, p := range paths {
		above[p.DescendantID] = append(above[p.DescendantID], p.AncestorID)
	}
	type place struct{ organization, user string }
	seen := map[place]bool{}
	for _, m := range b.Memberships {
		counts.Add(countUsers, m.OrganizationID, 1)
		for _, organization := range above[m.OrganizationID] {
			if at := (place{organization, m.UserID}); !m.Shared || !seen[at] {
				seen[at] = m.Shared
				counts.Add(countPeople.Name, organization, 1)
			}
		}
	}
}

// inserter inserts a slice of models.
type inserter func(rows any) error

// bulk runs fn in one transaction, with the fastest way of inserting that the database has.
func bulk(ctx context.Context, db *store.DB, fn func(*store.DB, inserter) error) error {
	if db.Dialect() == store.SQLite {
		return store.Transaction(ctx, db, func(tx *store.DB) error {
			return fn(tx, func(rows any) error { return insertRows(ctx, tx, rows) })
		})
	}
	return db.Session(ctx).Connection(func(g *gorm.DB) error {
		conn := g.Statement.ConnPool.(*sql.Conn) // what Connection is for
		return store.Transaction(ctx, db.On(g), func(tx *store.DB) error {
			return fn(tx, func(rows any) error { return copyRows(ctx, tx, conn, rows) })
		})
	})
}

// rowsPerInsert keeps a statement below the 32766 variables that SQLite allows.
const rowsPerInsert = 1000

func insertRows(ctx context.Context, tx *store.DB, rows any) error {
	if reflect.ValueOf(rows).Len() == 0 {
		return nil
	}
	return tx.Session(ctx).CreateInBatches(rows, rowsPerInsert).Error
}

// copyRows sends rows by PostgreSQL's COPY on the connection of the transaction.
func copyRows(ctx context.Context, tx *store.DB, conn *sql.Conn, rows any) error {
	statement := &gorm.Statement{DB: tx.Session(ctx)}
	if err := statement.Parse(rows); err != nil {
		return err
	}
	var fields []*schema.Field
	var columns []string
	for _, f := range statement.Schema.Fields {
		if f.DBName != "" && f.Creatable {
			fields, columns = append(fields, f), append(columns, f.DBName)
		}
	}
	all := reflect.ValueOf(rows)
	source := pgx.CopyFromSlice(all.Len(), func(i int) ([]any, error) {
		values := make([]any, len(fields))
		for n, f := range fields {
			values[n], _ = f.ValueOf(ctx, all.Index(i).Elem())
		}
		return values, nil
	})
	return store.Beneath(ctx, conn, func(conn *pgx.Conn) error {
		_, err := conn.CopyFrom(ctx, pgx.Identifier{statement.Schema.Table}, columns, source)
		return err
	})
}

// HasOrganization reports whether there is an organization of that id, deleted or not.
func HasOrganization(ctx context.Context, db *store.DB, id string) (bool, error) {
	if !jsonapi.IsID(id) {
		return false, nil
	}
	var n int64
	err := db.Session(ctx).Raw("SELECT COUNT(*) FROM organizations WHERE id = ?", id).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for organization: %w", err)
	}
	return n > 0, nil
}

// Analyze has PostgreSQL look at its tables, which it would do by itself within a minute: until then, queries after a large batch are
// planned as if the tables were empty.
func Analyze(ctx context.Context, db *store.DB) error {
	if db.Dialect() == store.SQLite {
		return nil // it plans without
	}
	if _, err := db.Exec(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	return nil
}
