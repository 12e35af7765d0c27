package models

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Role is what people may do who have it by a membership: in the organization of that and, if it is inheritable, below.
type Role struct {
	ID          string          `gorm:"column:id;primaryKey" jsonapi:"primary,roles" doc:"What people may do who have it by a membership." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt   jsonapi.Stamp   `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it was created." example:"2024-08-20T10:45:07+00:00"`
	UpdatedAt   jsonapi.Stamp   `gorm:"column:updated_at;autoUpdateTime:false" jsonapi:"attr,updatedAt" rule:"readonly,filter" doc:"When it was last changed." example:"2024-08-20T10:45:07+00:00"`
	Key         string          `gorm:"column:key" jsonapi:"attr,key" rule:"required,max=63,filter" doc:"What programs know it by: a small letter, then small letters, digits, _ and -. Unique within its organization." example:"accountant"`
	Name        string          `gorm:"column:name" jsonapi:"attr,name" rule:"required,visible,max=200,sort" doc:"What people know it by." example:"Accountant"`
	Description *string         `gorm:"column:description" jsonapi:"attr,description" rule:"max=2000,filter" doc:"What it is for." example:"Sees everything and approves invoices."`
	Permissions jsonapi.Strings `gorm:"column:permissions" jsonapi:"attr,permissions" rule:"max=200" doc:"What it permits: words of the service such as users:read, and words of applications. Writing includes reading, of the service's words alone." example:"invoices:approve"`
	Rank        int64           `gorm:"column:rank" jsonapi:"attr,rank" rule:"filter" doc:"How high it is, 1 to 99; 10 when absent. Nobody gives a role of a higher rank than their own." example:"30"`
	Inheritable bool            `gorm:"column:inheritable" jsonapi:"attr,inheritable" rule:"filter" doc:"Whether it counts in the organizations below that of the membership, too; it does when absent." example:"true"`
	BuiltIn     bool            `gorm:"-" jsonapi:"attr,builtIn" rule:"readonly" doc:"Whether it is there in every organization, and cannot be changed." example:"false"`

	OrganizationID *string `gorm:"column:organization_id"`
	Version        int64   `gorm:"column:version"`
}

// TableName implements GORM's Tabler.
func (Role) TableName() string { return "roles" }

// The built-in roles, with the ids that they have in every installation.
const (
	RoleOwner   = "00000000-0000-7000-8000-000000000001"
	RoleAdmin   = "00000000-0000-7000-8000-000000000002"
	RoleManager = "00000000-0000-7000-8000-000000000003"
	RoleMember  = "00000000-0000-7000-8000-000000000004"
	RoleViewer  = "00000000-0000-7000-8000-000000000005"
)

// builtInRoles are the ids of all of them.
var builtInRoles = []string{RoleOwner, RoleAdmin, RoleManager, RoleMember, RoleViewer}

// defaultRank is that of a role which names none: above nobody who has one of the built-in roles.
const defaultRank = 10

func defineRoles(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(Role{}), Table: "roles", Model: reflect.TypeFor[Role](),
		Visible: visibleRoles,
		Live: "(roles.organization_id IS NULL OR EXISTS (SELECT 1 FROM organizations ro " +
			"WHERE ro.id = roles.organization_id AND ro.deleted_at IS NULL))",
		Order:  []string{"roles.created_at", "roles.id"},
		Always: []string{"version"},
		Needs:  map[string][]string{"builtIn": {"organization_id"}},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("roles.organization_id"),
			"builtIn": func(_ *store.DB, v any) collection.Where {
				if v == true {
					return collection.Condition("roles.organization_id IS NULL")
				}
				return collection.Condition("roles.organization_id IS NOT NULL")
			},
		},
		Beyond: map[string]collection.FilterBeyond{"usableAt": rolesUsableAt},
		Count:  countOfRoles,
		Complete: func(_ *store.DB, model any) error {
			r := model.(*Role)
			r.BuiltIn = r.OrganizationID == nil
			return nil
		},
	}
	declare(c, declaration{
		called: []string{"name"},
		unique: []store.Unique{{
			Postgres: "roles_key", SQLite: "roles.organization_id, roles.key",
			Field: "key", Message: "There is a role with that key in that organization.",
		}},
		tells: []told{
			{created, "A role was created."}, {updated, "A role was changed, for everybody who has it."}, {deleted, "A role was deleted."},
		},
		rank: 4,
		recorded: []Invariant{
			{"roles without role.created", `SELECT id FROM roles r
				WHERE organization_id IS NOT NULL AND ` + afterHorizon("r.created_at") + `
				AND NOT EXISTS (SELECT 1 FROM events e WHERE e.subject_id = r.id AND e.event_type = 'role.created')`},
		},
		invariants: []Invariant{
			{"a role whose words are not those that it is found by", `SELECT w.role_id FROM role_permissions w
				JOIN roles r ON r.id = w.role_id
				WHERE r.permissions NOT LIKE '%"' || w.permission || '"%' OR r.inheritable <> w.inheritable`},
			{"a membership without a role", `SELECT id FROM memberships WHERE id NOT IN (SELECT membership_id FROM membership_roles)`},
			{"a membership with a role that cannot be used there", `SELECT m.id FROM memberships m
				JOIN membership_roles mr ON mr.membership_id = m.id JOIN roles r ON r.id = mr.role_id
				WHERE r.organization_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM organization_paths p
					WHERE p.ancestor_id = r.organization_id AND p.descendant_id = m.organization_id)`},
		},
	})
	c.Schema.Counts = []jsonapi.Count{{Name: "memberships", Doc: "memberships with it."}}
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Roles of that organization; those that are built in belong to none."},
		{Name: "builtIn", Kind: jsonapi.Boolean, Doc: "Whether they are built in."},
		{Name: "usableAt", Kind: jsonapi.String, Doc: "Roles that can be given at that organization: those that are built in, its " +
			"own, and those of the organizations above it."},
	}
}

// countOfRoles returns how many memberships that a scope sees have each of some roles, but for those of which it cannot know.
func countOfRoles(ctx context.Context, db *store.DB, scope collection.Scope, ids, _ []string) (map[string]map[string]int64, error) {
	if !scope.Holds(reading("memberships")) {
		return nil, nil
	}
	n := map[string]int64{}
	err := db.Ask(ctx, holdersSeen(db, scope, ids, n))
	return map[string]map[string]int64{"memberships": n}, err
}

func relateRoles(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "organization", CreateOnly: true,
		Doc: "The organization that it belongs to: it can be given there and below. null for one that is built in."},
		collection.Relation{Target: Organizations, Column: "organization_id"})
}

// visibleRoles returns the condition that a role is built in, or that the scope reads roles at its organization or below it: there it can
// be given.
func visibleRoles(s collection.Scope) collection.Where {
	w := s.Within(reading("roles"), "rp.descendant_id")
	if w.SQL == "" || w.SQL == collection.Never().SQL {
		return w
	}
	return collection.Condition("(roles.organization_id IS NULL OR EXISTS (SELECT 1 FROM organization_paths rp "+
		"WHERE rp.ancestor_id = roles.organization_id AND "+w.SQL+"))", w.Args...)
}

// CreateRole creates the role that the input describes. It fails with the kinds Invalid, Required, Conflict, Forbidden for what the caller
// does not hold itself, and RelatedNotFound.
func CreateRole(ctx context.Context, db *store.DB, by Caller, in *Change) (*Role, error) {
	if err := in.check(Roles, toCreate); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (role *Role, err error) {
		now := jsonapi.Stamp{Time: tx.Now()}
		role = &Role{ID: NewID(), CreatedAt: now, UpdatedAt: now, Permissions: jsonapi.Strings{}, Rank: defaultRank, Inheritable: true,
			Version: 1}
		Roles.Schema.Apply(role, in.Attributes)
		organization := in.Links["organization"].One()
		if organization == "" {
			organization = by.Scope.Root()
		}
		if organization == "" {
			return nil, &store.Error{Kind: store.Required, Field: "organization", Message: "A role belongs to an organization."}
		}
		if err := shareOrganization(ctx, tx, by.Scope, organization); err != nil {
			if store.IsKind(err, store.NotFound) {
				return nil, store.NoRelated("organization", 0, Organizations.Schema.Type, organization)
			}
			return nil, err
		}
		role.OrganizationID = &organization
		if err := checkRole(role); err != nil {
			return nil, err
		}
		if err := checkEditing(ctx, tx, by, role); err != nil {
			return nil, err
		}
		if err := insert(ctx, tx, Roles, role); err != nil {
			return nil, err
		}
		if err := insertWords(ctx, tx, role); err != nil {
			return nil, err
		}
		if err := checkUnchanged(Roles, role, in, true); err != nil {
			return nil, err
		}
		return role, record(ctx, tx, by, change{verb: created, collection: Roles, organization: organization, after: role})
	})
}

// UpdateRole changes a role, for everybody who has it. What it permits must be within what the caller holds, before and after.
func UpdateRole(ctx context.Context, db *store.DB, by Caller, id string, in *Change) (*Role, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (role *Role, err error) {
		before, err := lockRole(ctx, tx, by, id)
		if err != nil {
			return nil, err
		}
		if err := by.may(ctx, tx, deref(before.OrganizationID), "roles:write"); err != nil {
			return nil, err
		}
		if err := checkVersion(before.Version, in.Versions); err != nil {
			return nil, err
		}
		if err := in.check(Roles, toUpdate); err != nil {
			return nil, err
		}
		copied := *before
		role = &copied
		if err := checkUnchanged(Roles, role, in, false); err != nil {
			return nil, err
		}
		columns := Roles.Schema.Apply(role, in.Attributes)
		if err := checkRole(role); err != nil {
			return nil, err
		}
		if reflect.DeepEqual(before, role) {
			return role, nil
		}
		if err := checkEditing(ctx, tx, by, before, role); err != nil {
			return nil, err
		}
		role.Version++
		role.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
		if err := save(ctx, tx, Roles, role, append(columns, "version", "updated_at")...); err != nil {
			return nil, err
		}
		if !slices.Equal(before.Permissions, role.Permissions) || before.Inheritable != role.Inheritable {
			if err := replaceWords(ctx, tx, role); err != nil {
				return nil, err
			}
		}
		ch := change{verb: updated, collection: Roles, organization: deref(role.OrganizationID), before: before, after: role}
		return role, record(ctx, tx, by, ch)
	})
}

// DeleteRole deletes a role that nobody has and no open invitation offers. One that is in use is a Conflict.
func DeleteRole(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		role, err := lockRole(ctx, tx, by, id)
		if err != nil {
			return err
		}
		if err := checkEditing(ctx, tx, by, role); err != nil {
			return err
		}
		if err := checkVersion(role.Version, versions); err != nil {
			return err
		}
		if err := checkUnused(ctx, tx, by, id); err != nil {
			return err
		}
		if err := tx.Later(ctx, "delete role", `DELETE FROM roles WHERE id = ?`, id); err != nil {
			return err
		}
		return record(ctx, tx, by, change{verb: deleted, collection: Roles, organization: deref(role.OrganizationID), before: role})
	})
}

// checkUnused refuses the deletion of a role that memberships have, those in deleted organizations too: they come back with these. It tells
// how many there are of what the caller sees.
func checkUnused(ctx context.Context, tx *store.DB, by Caller, role string) error {
	having := collection.Condition("memberships.id IN (SELECT membership_id FROM membership_roles WHERE role_id = ?)", role)
	var all, seen, live int64
	for _, of := range []struct {
		n     *int64
		conds []collection.Where
	}{{&all, nil}, {&seen, []collection.Where{Memberships.Visible(by.Scope)}}, {&live, Memberships.Present(by.Scope)}} {
		if err := Memberships.From(ctx, tx, append(of.conds, having)...).Count(of.n).Error; err != nil {
			return fmt.Errorf("count memberships with a role: %w", err)
		}
	}
	offers, err := offersOf(ctx, tx, by, role)
	if err != nil {
		return err
	}
	uses := offers
	if live > 0 {
		uses = append(uses, fmt.Sprintf("Memberships that have the role: %d. Give them others first.", live))
	}
	if seen > live {
		uses = append(uses, fmt.Sprintf("Memberships in deleted organizations that have it: %d. Restore these first.", seen-live))
	}
	if all > seen {
		uses = append(uses, "Memberships that this caller does not see have it.")
	}
	if len(uses) == 0 {
		return nil
	}
	return &store.Error{Kind: store.Conflict, Message: strings.Join(uses, " ")}
}

// offersOf says which open invitations offer a role.
func offersOf(ctx context.Context, tx *store.DB, by Caller, role string) (uses []string, err error) {
	offering := []collection.Where{collection.Condition(openInvitations, tx.Now()),
		collection.Condition("invitations.id IN (SELECT invitation_id FROM invitation_roles WHERE role_id = ?)", role)}
	var all, seen int64
	if err = Invitations.From(ctx, tx, offering...).Count(&all).Error; err == nil && all > 0 {
		err = Invitations.From(ctx, tx, append(offering, Invitations.Visible(by.Scope))...).Count(&seen).Error
	}
	if err != nil {
		return nil, fmt.Errorf("count invitations with a role: %w", err)
	}
	if seen > 0 {
		uses = append(uses, fmt.Sprintf("Open invitations that offer the role: %d. Revoke them first.", seen))
	}
	if all > seen {
		uses = append(uses, "Open invitations that this caller does not see offer it.")
	}
	return uses, nil
}

// lockRole locks a role that is to be changed. One that is built in cannot be.
func lockRole(ctx context.Context, tx *store.DB, by Caller, id string) (*Role, error) {
	role, err := lockLive[Role](ctx, tx, Roles, by.Scope, id)
	if err == nil && role.BuiltIn {
		err = &store.Error{Kind: store.Forbidden, Message: "The role " + role.Key + " is built in: it cannot be changed or deleted."}
	}
	if err != nil {
		return nil, err
	}
	return role, nil
}

// permitted is a word of a role.
type permitted struct {
	role *Role
	word string
}

var insertPermitted = store.InsertRows("insert the permissions of a role", "role_permissions", "",
	store.Col("role_id", "uuid", func(p permitted) string { return p.role.ID }),
	store.Col("permission", "text", func(p permitted) string { return p.word }),
	store.Col("inheritable", "boolean", func(p permitted) bool { return p.role.Inheritable }))

// insertWords keeps the words of a role in the rows that they are found by.
func insertWords(ctx context.Context, tx *store.DB, role *Role) error {
	return insertPermitted.Later(ctx, tx, store.Column(role.Permissions, func(word string) permitted { return permitted{role, word} }))
}

func replaceWords(ctx context.Context, tx *store.DB, role *Role) error {
	if err := tx.Later(ctx, "delete the permissions of a role", `DELETE FROM role_permissions WHERE role_id = ?`, role.ID); err != nil {
		return err
	}
	return insertWords(ctx, tx, role)
}
