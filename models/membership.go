package models

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Membership says that a user is in an organization.
type Membership struct {
	ID        string        `gorm:"column:id;primaryKey" jsonapi:"primary,memberships" doc:"A user in an organization." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt jsonapi.Stamp `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it began." example:"2024-08-20T10:45:07+00:00"`
	UpdatedAt jsonapi.Stamp `gorm:"column:updated_at;autoUpdateTime:false" jsonapi:"attr,updatedAt" rule:"readonly,filter" doc:"When it was last changed." example:"2024-08-20T10:45:07+00:00"`

	OrganizationID string        `gorm:"column:organization_id"`
	UserID         string        `gorm:"column:user_id"`
	UserCreatedAt  jsonapi.Stamp `gorm:"column:user_created_at"` // of the user, for whom it never changes
	UserFullName   string        `gorm:"column:user_full_name"`  // of the user, see nameMemberships
	Shared         bool          `gorm:"column:shared"`          // the user has others, see markShared
	Version        int64         `gorm:"column:version"`
}

// TableName implements GORM's Tabler.
func (Membership) TableName() string { return "memberships" }

func defineMemberships(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(Membership{}), Table: "memberships", Model: reflect.TypeFor[Membership](),
		Visible: func(s collection.Scope) collection.Where {
			return s.OrOwn(s.Within(reading("memberships"), "memberships.organization_id"), "memberships.user_id")
		},
		Own: "user_id", Remark: nameOrganizations,
		Reached: collection.Reached{Table: "memberships", Column: "organization_id", Words: reading("memberships"), Own: true, Live: true,
			InOrder: []string{"created_at", "id"}},
		Live:   "EXISTS (SELECT 1 FROM organizations mo WHERE mo.id = memberships.organization_id AND mo.deleted_at IS NULL)",
		Order:  []string{"memberships.created_at", "memberships.id"},
		Always: []string{"version", "user_id", "organization_id"},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("memberships.organization_id"),
			"userId":         collection.ByID("memberships.user_id"),
		},
		Beyond: map[string]collection.FilterBeyond{
			collection.FilterAncestor: below("memberships.organization_id"), "effectiveAt": effectiveAt,
		},
		Branches: reading("organizations"), Inherited: &collection.Inherited{},
		Total: func(s collection.Scope, filter, value string) collection.Counted {
			if filter == "" && s.All() {
				return collection.Counted{Name: countMemberships}
			}
			return totalByOrganization(countUsers, s, filter, value, "organizationId", "organization")
		},
	}
	declare(c, declaration{
		unique: []store.Unique{{
			Postgres: "memberships_organization_id_user_id_key", SQLite: "memberships.organization_id, memberships.user_id",
			Field: "user", Message: "That user is a member of that organization already.",
		}},
		tells: []told{
			{created, "A user became a member of an organization."}, {updated, "A member of an organization has other roles."},
			{deleted, "A user ceased to be a member of an organization."},
		},
		rank: 2, calledBy: "user",
		plans: plans{creates: func(p *Plan, in *Change) {
			p.Changes(Users, in.Links["user"].One())
			p.worksIn(shared, in.Links["organization"].One())
		}},
		leaving: func(ctx context.Context, tx *store.DB, _ Caller, organization string) error {
			return countHidden(ctx, tx, organization, -1)
		},
		returning: func(ctx context.Context, tx *store.DB, organization string) error {
			return countHidden(ctx, tx, organization, 1)
		},
		counts: []string{
			`SELECT 'users', CAST(organization_id AS text), COUNT(*) FROM memberships GROUP BY organization_id`,
			`SELECT 'memberships', '', COUNT(*) FROM memberships m JOIN organizations o ON o.id = m.organization_id
				WHERE o.deleted_at IS NULL`,
			holdersByRole, holdersAt, holdersBelow, peopleBelow,
		},
		recorded: []Invariant{withoutCreation("memberships", "membership.created")},
		invariants: []Invariant{
			{"a membership that does not know whether its user has others", `SELECT id FROM memberships m
				WHERE shared <> (SELECT COUNT(*) > 1 FROM memberships o WHERE o.user_id = m.user_id)`},
			{"a membership that does not know when its user was created",
				`SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.user_created_at <> u.created_at`},
			{"a membership that does not know the name of its user",
				`SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.user_full_name <> ` + fullNameSQL("u")},
		},
	})
	c.Schema.SortedBy = []*jsonapi.Attribute{{Name: sortByName, Kind: jsonapi.String, Column: "user_full_name", Sort: true}}
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Memberships in that organization."},
		{Name: "userId", Kind: jsonapi.String, Doc: "Memberships of that user."},
		byAncestor("Memberships"),
		{Name: "effectiveAt", Kind: jsonapi.String, Doc: "Memberships by which somebody holds something at that organization: its " +
			"own, and those of organizations above it with a role that is inheritable."},
	}
}

func relateMemberships(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "organization", Required: true, CreateOnly: true,
		Doc: "The organization the user is in. Of their own memberships people are told its name, too, whatever their roles: " +
			"meta.organizationName."},
		collection.Relation{Target: Organizations, Column: "organization_id", Evident: true})
	c.Relate(jsonapi.Relationship{Name: "user", Required: true, CreateOnly: true, Doc: "The user who is in it."},
		collection.Relation{Target: Users, Column: "user_id", Evident: true})
	c.Relate(jsonapi.Relationship{Name: "roles", Many: true, Told: true,
		Doc: "What the user may do there and, by those that are inheritable, below. At least one; member when absent."},
		collection.Relation{Target: Roles, Through: "membership_roles", Owner: "membership_id", Other: "role_id"})
	c.Relate(jsonapi.Relationship{Name: "primaryRole", ReadOnly: true, Derived: true,
		Doc: "The role of the highest rank; of several the first by its key."},
		collection.Relation{Target: Roles, Through: "membership_roles", Owner: "membership_id", Other: "role_id",
			First: "roles.rank DESC, roles.key, roles.id", OwnToo: true})
}

// MaxMemberships is the number of organizations that a user can be in.
const MaxMemberships = 1000

// CreateMembership makes the user of the input a member of its organization.
func CreateMembership(ctx context.Context, db *store.DB, by Caller, in *Change) (*Membership, error) {
	if err := in.check(Memberships, toCreate); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (m *Membership, err error) {
		organization, user := in.Links["organization"].One(), in.Links["user"].One()
		if organization == "" {
			organization = by.Scope.Root()
		}
		var errs store.Errors
		for _, end := range []struct{ name, id string }{{"organization", organization}, {"user", user}} {
			if end.id == "" {
				errs = append(errs, &store.Error{Kind: store.Required, Field: end.name,
					Message: "A membership needs the relationship " + end.name + "."})
			}
		}
		if roles, given := in.Links["roles"]; given && len(roles) == 0 {
			errs = append(errs, &store.Error{Kind: store.Invalid, Field: "roles",
				Message: "A membership has at least one role: name none to give that of a member."})
		}
		if len(errs) > 0 {
			return m, errs
		}
		if err := lockForRoles(ctx, tx, organization, in.Links["roles"]); err != nil {
			return nil, err
		}
		if err := lockEnds(ctx, tx, by.Scope, organization, user); err != nil {
			return nil, err
		}
		if err := touchUser(ctx, tx, user); err != nil {
			return nil, err
		}
		if m, err = addMembership(ctx, tx, by, organization, user, in.Links["roles"]...); err != nil {
			return nil, err
		}
		if err := checkUnchanged(Memberships, m, in, true); err != nil {
			return nil, err
		}
		return m, checkMemberships(ctx, tx, user)
	})
}

// checkMemberships keeps a user, whose row the transaction has locked, from having more memberships than there can be. Those in deleted
// organizations count: they come back.
func checkMemberships(ctx context.Context, tx *store.DB, user string) error {
	var n int64
	if err := tx.Session(ctx).Raw(`SELECT COUNT(*) FROM memberships WHERE user_id = ?`, user).Scan(&n).Error; err != nil {
		return fmt.Errorf("count memberships: %w", err)
	}
	return boundMemberships(int(n))
}

// boundMemberships refuses more memberships of a user than there can be.
func boundMemberships(n int) error {
	if n > MaxMemberships {
		return &store.Error{Kind: store.Conflict, Message: fmt.Sprintf("A user can be in at most %d organizations.", MaxMemberships)}
	}
	return nil
}

// lockEnds locks the user and the organization of a new membership. It fails with RelatedNotFound for each that the scope does not see.
func lockEnds(ctx context.Context, tx *store.DB, scope collection.Scope, organization, user string) error {
	_, userErr := lock[User](ctx, tx, Users, scope, user) // before their organizations, as every change locks them
	if userErr != nil && !store.IsKind(userErr, store.NotFound) {
		return userErr // after which the transaction can do nothing
	}
	organizationErr := shareOrganization(ctx, tx, scope, organization)
	var errs store.Errors
	for _, end := range []struct {
		name, typ, id string
		err           error
	}{{"organization", "organizations", organization, organizationErr}, {"user", "users", user, userErr}} {
		switch {
		case store.IsKind(end.err, store.NotFound):
			errs = append(errs, store.NoRelated(end.name, 0, end.typ, end.id))
		case end.err != nil:
			return end.err
		}
	}
	return errs.Err()
}

// UpdateMembership gives a membership the roles of the input instead of those that it has, as far as the caller sees these.
func UpdateMembership(ctx context.Context, db *store.DB, by Caller, id string, in *Change) (*Membership, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (m *Membership, err error) {
		if err := lockForRolesOf(ctx, tx, by.Scope, id, in.Links["roles"]); err != nil {
			return nil, err
		}
		if m, err = lockLive[Membership](ctx, tx, Memberships, by.Scope, id); err != nil {
			return nil, err
		}
		if err := by.touches(ctx, tx, m); err != nil {
			return nil, err
		}
		if err := checkVersion(m.Version, in.Versions); err != nil {
			return nil, err
		}
		if err := in.check(Memberships, toUpdate); err != nil {
			return nil, err
		}
		rest, err := withoutEcho(ctx, tx, by.Scope, Memberships, m, in)
		if err != nil {
			return nil, err
		}
		if err := checkUnchanged(Memberships, m, rest, false); err != nil {
			return nil, err
		}
		if roles, given := in.Links["roles"]; given {
			return m, changeRoles(ctx, tx, by, m, ReplaceMembers, roles)
		}
		return m, nil
	})
}

// DeleteMembership ends a membership. The user stays.
func DeleteMembership(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		seen, err := collection.Find(ctx, tx, Memberships, by.Scope, id, nil)
		if err != nil {
			return err
		}
		if err := touchUser(ctx, tx, seen.(*Membership).UserID); err != nil { // locks the user, before the membership
			return err
		}
		m, err := lockLive[Membership](ctx, tx, Memberships, by.Scope, id)
		if err != nil {
			return err
		}
		if err := by.touches(ctx, tx, m); err != nil {
			return err
		}
		if err := checkVersion(m.Version, versions); err != nil {
			return err
		}
		return endMembership(ctx, tx, by, m)
	})
}

// touchUser makes a new version of a user whose memberships change: the relationship organizations consists of them, and a caller that read
// it before must not replace it (If-Match). The user itself does not change, so updatedAt stays and no event is recorded.
func touchUser(ctx context.Context, tx *store.DB, id string) error {
	return tx.Later(ctx, "raise version of user", `UPDATE users SET version = version + 1 WHERE id = ?`, id)
}

// addMembership makes a user, whom the transaction has locked, a member of an organization that it shares, with roles that the caller may
// give there; without any with that of a member.
func addMembership(ctx context.Context, tx *store.DB, by Caller, organization, user string, roles ...string) (*Membership, error) {
	now := jsonapi.Stamp{Time: tx.Now()}
	m := &Membership{ID: NewID(), CreatedAt: now, UpdatedAt: now, OrganizationID: organization, UserID: user, Version: 1}
	if len(roles) == 0 {
		roles = []string{RoleMember}
	}
	if err := by.may(ctx, tx, organization, "memberships:write"); err != nil {
		return nil, err
	}
	places, _ := AddMembers.parts(nil, roles)
	if err := checkGrant(ctx, tx, by, organization, roles, places); err != nil {
		return nil, err
	}
	err := tx.LaterOr(ctx, refusalOf(Memberships),
		`INSERT INTO memberships (id, organization_id, user_id, user_created_at, user_full_name, version, created_at, updated_at)
		SELECT ?, ?, id, created_at, `+fullNameSQL("users")+`, ?, ?, ? FROM users WHERE id = ?`,
		m.ID, organization, m.Version, now, now, user)
	if err != nil {
		return nil, err
	}
	if err := insertRoles(ctx, tx, m, roles); err != nil {
		return nil, err
	}
	if err := markShared(ctx, tx, user); err != nil {
		return nil, err
	}
	tx.Count(countMemberships, "", 1)
	tx.Count(countUsers, organization, 1)
	tx.CountLines(countPeople, organization, user, 1)
	countRoles(tx, organization, store.SortedUnique(slices.Clone(roles)), 1)
	return m, record(ctx, tx, by, change{
		verb: created, collection: Memberships, organization: organization, after: m, members: members{"roles": {nil, roles}},
	})
}

// endMembership ends a membership that the transaction has locked. Who may end it, and whether it is that of the last owner, is asked here.
func endMembership(ctx context.Context, tx *store.DB, by Caller, m *Membership) error {
	roles, err := rolesOf(ctx, tx, m)
	if err != nil {
		return err
	}
	if err := checkMember(ctx, tx, by, m.UserID, m.OrganizationID); err != nil {
		return err
	}
	// Sharing the organization's row keeps it from being deleted, or restored, while its numbers change. With its owners nobody else
	// changes them.
	lock := forShare
	if slices.Contains(roles, RoleOwner) {
		lock = forUpdate
	}
	var live []bool
	q := Organizations.From(ctx, tx, collection.Condition("id = ?", m.OrganizationID)).Clauses(lock)
	if err := q.Pluck("deleted_at IS NULL", &live).Error; err != nil {
		return fmt.Errorf("lock organization: %w", err)
	}
	owned, err := lostOwner(ctx, tx, m, roles)
	if err != nil {
		return err
	}
	if err := tx.Later(ctx, "delete membership", `DELETE FROM memberships WHERE id = ?`, m.ID); err != nil {
		return err
	}
	if owned {
		if err := checkOwner(ctx, tx, m.OrganizationID); err != nil {
			return err
		}
	}
	if err := markShared(ctx, tx, m.UserID); err != nil {
		return err
	}
	tx.Count(countUsers, m.OrganizationID, -1)
	if live[0] {
		tx.Count(countMemberships, "", -1)
		tx.CountLines(countPeople, m.OrganizationID, m.UserID, -1)
		countRoles(tx, m.OrganizationID, roles, -1)
	}
	return record(ctx, tx, by, change{
		verb: deleted, collection: Memberships, organization: m.OrganizationID, before: m, members: members{"roles": {roles, nil}},
	})
}

// markShared notes in the memberships of a user, whom the transaction has locked, whether there are several: who counts the people of many
// organizations must not count one twice (reached.count).
func markShared(ctx context.Context, tx *store.DB, user string) error {
	several := "(SELECT COUNT(*) > 1 FROM memberships others WHERE others.user_id = ?)"
	return tx.Later(ctx, "mark memberships of a user",
		"UPDATE memberships SET shared = "+several+" WHERE user_id = ? AND shared <> "+several, user, user, user)
}

// endMemberships ends the memberships of a user within the caller's scope, those in deleted organizations too, and returns how many those
// were.
func endMemberships(ctx context.Context, tx *store.DB, by Caller, user string) (int, error) {
	memberships, err := lockMemberships(ctx, tx, Memberships.Visible(by.Scope), collection.Condition("user_id = ?", user))
	if err != nil {
		return 0, err
	}
	for _, m := range memberships {
		if err := endMembership(ctx, tx, by, m); err != nil {
			return 0, err
		}
	}
	return len(memberships), nil
}

// lockMemberships locks the memberships that meet every condition, and returns them in order.
func lockMemberships(ctx context.Context, tx *store.DB, conds ...collection.Where) ([]*Membership, error) {
	q := Memberships.From(ctx, tx, conds...).Clauses(forUpdate)
	var memberships []*Membership
	if err := q.Order("organization_id, user_id").Find(&memberships).Error; err != nil {
		return nil, fmt.Errorf("read memberships: %w", err)
	}
	return memberships, nil
}

// membershipOrganizations returns the organizations of a user that a scope sees, those that are deleted too, in order.
func membershipOrganizations(ctx context.Context, tx *store.DB, scope collection.Scope, user string) ([]string, error) {
	return organizationsIn(ctx, tx, user, Memberships.Visible(scope))
}

// liveOrganizations returns the organizations of a user that a scope sees and that are not deleted, in order.
func liveOrganizations(ctx context.Context, tx *store.DB, scope collection.Scope, user string) ([]string, error) {
	return organizationsIn(ctx, tx, user, Memberships.Present(scope)...)
}

// organizationsIn returns the organizations of the memberships of a user that meet every condition, in order.
func organizationsIn(ctx context.Context, tx *store.DB, user string, conds ...collection.Where) ([]string, error) {
	q := Memberships.From(ctx, tx, append(conds, collection.Condition("user_id = ?", user))...)
	var ids []string
	if err := q.Order("organization_id").Pluck("organization_id", &ids).Error; err != nil {
		return nil, fmt.Errorf("read memberships: %w", err)
	}
	return ids, nil
}

// changeOrganizationsOf changes the organizations that a user is in.
func changeOrganizationsOf(ctx context.Context, tx *store.DB, by Caller, user string, how MemberChange,
	links Links,
) error {
	if _, err := lock[User](ctx, tx, Users, by.Scope, user); err != nil {
		return err
	}
	if err := by.mayJoin(ctx, tx, user, links); err != nil {
		return err
	}
	if changed, err := setOrganizations(ctx, tx, by, user, how, links); err != nil || !changed {
		return err
	}
	return touchUser(ctx, tx, user)
}

// mayJoin refuses somebody who may write memberships neither where a user is a member nor where they are to be one. Their own memberships
// people may end.
func (by Caller) mayJoin(ctx context.Context, tx *store.DB, user string, organizations Links) error {
	if by.User() == "" || by.User() == user {
		return nil
	}
	present, err := liveOrganizations(ctx, tx, by.Scope, user)
	if err != nil {
		return err
	}
	var n int64
	writable := by.Scope.Within(including("memberships:write"), "organizations.id")
	among := collection.Condition("organizations.id IN ?", append(present, organizations.known()...))
	if err := Organizations.From(ctx, tx, writable, among).Limit(1).Count(&n).Error; err != nil {
		return fmt.Errorf("look for a membership to write: %w", err)
	}
	if n == 0 || !by.Rights.Hold("memberships:write") {
		return &store.Error{Kind: store.Forbidden, Message: "This needs memberships:write at an organization of the user."}
	}
	return nil
}

// setOrganizations changes the organizations of a user, whose row is locked, as far as the caller sees, and reports whether there was
// anything to change. Memberships in deleted organizations, which the caller is not shown, stay for the day when those are restored.
// Organizations that are not found are all in the error.
func setOrganizations(
	ctx context.Context, tx *store.DB, by Caller, user string, how MemberChange, links Links,
) (changed bool, err error) {
	present, err := lockMemberships(ctx, tx, append(Memberships.Present(by.Scope), collection.Condition("user_id = ?", user))...)
	if err != nil {
		return false, err
	}
	join, leave := how.parts(store.Column(present, func(m *Membership) string { return m.OrganizationID }), links)
	for _, m := range present {
		if !slices.Contains(leave, m.OrganizationID) {
			continue
		}
		if err := endMembership(ctx, tx, by, m); err != nil {
			return false, err
		}
	}
	var errs store.Errors
	for _, i := range join {
		id := links[i]
		err := shareOrganization(ctx, tx, by.Scope, id)
		switch {
		case store.IsKind(err, store.NotFound):
			errs = append(errs, store.NoRelated("organizations", i, "organizations", id))
			continue
		case err != nil:
			return false, err
		case len(errs) > 0:
			continue // nothing of it will be kept
		}
		if _, err := addMembership(ctx, tx, by, id, user); err != nil {
			return false, err
		}
	}
	if len(errs) > 0 {
		return false, errs
	}
	return len(join)+len(leave) > 0, checkMemberships(ctx, tx, user)
}

// shareOrganization makes sure that a live organization is visible and stays until the transaction ends.
func shareOrganization(ctx context.Context, tx *store.DB, scope collection.Scope, id string) error {
	return share(ctx, tx, Organizations, scope, id)
}
