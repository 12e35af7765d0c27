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

// User is a person.
type User struct {
	ID              string         `gorm:"column:id;primaryKey" jsonapi:"primary,users" doc:"A person." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt       jsonapi.Stamp  `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When the user was created." example:"2024-08-20T10:45:07+00:00"`
	UpdatedAt       jsonapi.Stamp  `gorm:"column:updated_at;autoUpdateTime:false" jsonapi:"attr,updatedAt" rule:"readonly,sort" doc:"When the user was last changed." example:"2024-08-20T10:45:07+00:00"`
	FirstName       *string        `gorm:"column:first_name" jsonapi:"attr,firstName" rule:"visible,max=100,sort" doc:"Given name." example:"Ada"`
	LastName        *string        `gorm:"column:last_name" jsonapi:"attr,lastName" rule:"visible,max=100,sort" doc:"Family name." example:"Lovelace"`
	FullName        string         `gorm:"-" jsonapi:"attr,fullName" rule:"readonly,filter" doc:"First and last name." example:"Ada Lovelace"`
	Email           *string        `gorm:"column:email" jsonapi:"attr,email" rule:"max=254,format=email,sort" doc:"Unique, compared without regard to case." example:"ada@example.com"`
	EmailVerifiedAt *jsonapi.Stamp `gorm:"column:email_verified_at" jsonapi:"attr,emailVerifiedAt" rule:"readonly,filter" doc:"Since when it is known that mail to the address reaches the user: they have opened a link from it. null while nothing has shown it, and for a new address." example:"2024-08-20T10:45:07+00:00"`
	Phone           *string        `gorm:"column:phone" jsonapi:"attr,phone" rule:"max=40,filter" doc:"Telephone number." example:"+41 44 123 45 67"`
	TimeZone        *string        `gorm:"column:time_zone" jsonapi:"attr,timeZone" rule:"max=60,format=timezone,filter" doc:"IANA time zone." example:"Europe/Zurich"`
	Locale          *string        `gorm:"column:locale" jsonapi:"attr,locale" rule:"max=35,format=locale,filter" doc:"BCP 47 language tag." example:"de-CH"`
	ExternalID      *string        `gorm:"column:external_id" jsonapi:"attr,externalId" rule:"visible,max=200,sort" doc:"The id of this person in another system." example:"E-1815"`
	Active          bool           `gorm:"column:active" jsonapi:"attr,active" rule:"filter" doc:"Whether the user may sign in." example:"true"`
	LastSeenAt      *jsonapi.Stamp `gorm:"column:last_seen_at" jsonapi:"attr,lastSeenAt" rule:"readonly,fleeting" doc:"When the user was last here, in a session or by a key: to about an hour for themselves and for who may write them, otherwise to the day. Null in events, and for who never was." example:"2024-08-20T00:00:00+00:00"`
	Password        *string        `gorm:"-" jsonapi:"attr,password,omitempty" rule:"writeonly,min=12,max=200" doc:"For signing in; never sent back. People change their own, with meta.currentPassword; a management key of the whole installation sets it, and null takes it away."`

	EmailKey     *string       `gorm:"column:email_key"`
	AvatarID     *string       `gorm:"column:avatar_id"`
	SignedInAt   *jsonapi.Time `gorm:"column:signed_in_at"`  // the last time; null: never
	EmailClaimed bool          `gorm:"column:email_claimed"` // see provenBy
	PasswordHash *string       `gorm:"column:password_hash"`
	Version      int64         `gorm:"column:version"`
}

// fullName returns first and last name, as far as they are known.
func (u *User) fullName() string {
	return fullName(deref(u.FirstName), deref(u.LastName))
}

func fullName(first, last string) string { return strings.TrimSpace(first + " " + last) }

// whiteSpace is what strings.TrimSpace takes away, of which SQL by itself knows the first alone.
const whiteSpace = " \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" +
	"\u2028\u2029\u202f\u205f\u3000"

// fullNameSQL returns fullName of the users in a table.
func fullNameSQL(table string) string {
	return "TRIM(COALESCE(" + table + ".first_name, '') || ' ' || COALESCE(" + table + ".last_name, ''), '" + whiteSpace + "')"
}

// TableName implements GORM's Tabler.
func (User) TableName() string { return "users" }

func defineUsers(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(User{}), Table: "users", Model: reflect.TypeFor[User](),
		Visible: visibleUsers,
		Reached: collection.Reached{Table: "memberships", Column: "organization_id", Words: reading("users"), Own: true,
			Distinct: "user_id", Live: true,
			InOrder: []string{"user_created_at", "user_id"}},
		Order: []string{"users.created_at", "users.id"},
		Keyed: map[string]collection.KeyColumn{
			"email": {Name: "email_key", Of: func(text string) string { return deref(emailKey(&text)) }},
		},
		Always:   []string{"version"},
		Needs:    map[string][]string{"fullName": {"first_name", "last_name"}},
		Computed: map[string]string{"fullName": fullNameSQL("users")},
		Beyond:   map[string]collection.FilterBeyond{"organizationId": usersOf, collection.FilterAncestor: usersBelow},
		Branches: reading("organizations"), Inherited: &collection.Inherited{},
		Total: func(s collection.Scope, filter, value string) collection.Counted {
			if filter == "" && s.Root() != "" && s.SeesBelow() {
				return collection.Counted{Name: countPeople.Name, Key: s.Root(), Late: true}
			}
			return totalByOrganization(countUsers, s, filter, value, "organizationId", "organizations")
		},
		Complete: func(_ *store.DB, model any) error {
			u := model.(*User)
			u.FullName = u.fullName()
			return nil
		},
		Tell: tellLastSeen,
	}
	declare(c, declaration{
		called: []string{"fullName", "email"},
		unique: []store.Unique{{
			Postgres: "users_email_key_key", SQLite: "users.email_key", Field: "email", Message: emailTaken,
		}},
		tells:    []told{{created, "A user was created."}, {updated, "A user was changed."}, {deleted, "A user was deleted."}},
		besides:  []string{factorChange},
		unsaid:   []string{"lastSeenAt"},
		rank:     1,
		counts:   []string{`SELECT 'users', '', COUNT(*) FROM users`},
		recorded: []Invariant{withoutCreation("users", "user.created")},
	})
	c.Schema.ClientIDs = true
	c.Schema.Options = []string{"currentPassword"}
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Users with a membership in that organization."},
		{Name: collection.FilterAncestor, Kind: jsonapi.String,
			Doc: "Users with a membership in that organization or in one below it."},
	}
}

func relateUsers(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "organizations", Many: true,
		Doc: "The organizations the user is a member of. Each stands for a membership."},
		collection.Relation{Target: Organizations, Through: "memberships", Owner: "user_id", Other: "organization_id"})
	c.Relate(jsonapi.Relationship{Name: "memberships", Many: true, ReadOnly: true, Doc: "The memberships of the user."},
		collection.Relation{Target: Memberships, Foreign: "user_id"})
	c.Relate(jsonapi.Relationship{Name: "organization", CreateOnly: true, Derived: true,
		Doc: "The organization that the user has been in for longest, of those that the reader sees. On creation: the one to join."},
		collection.Relation{Target: Organizations, Through: "memberships", Owner: "user_id", Other: "organization_id",
			First: "j.created_at, j.id"})
	c.Relate(jsonapi.Relationship{Name: "avatar", Doc: "One of the user's own files."},
		collection.Relation{Target: Files, Column: "avatar_id", Lasting: true, Evident: true})
}

// visibleUsers returns the condition that a user is a member of an organization that the scope sees.
func visibleUsers(s collection.Scope) collection.Where {
	if s.All() {
		return collection.Always()
	}
	in := s.Within(reading("users"), "m.organization_id")
	in.SQL = "FROM memberships m JOIN organizations mo ON mo.id = m.organization_id WHERE mo.deleted_at IS NULL AND " + in.SQL
	return s.OrOwn(s.Among("users.id", "m.user_id", in), "users.id")
}

// usersOf returns the condition that a user is a member of one live organization. Out of sight there are no members.
func usersOf(_ *store.DB, scope collection.Scope, v any) collection.Where {
	id, _ := v.(string)
	if !jsonapi.IsID(id) {
		return collection.Never()
	}
	return membersOf(scope, collection.Condition("m.organization_id = ?", id))
}

// membersOf returns the condition that a user is a member of a live organization, of those that a condition on m.organization_id leaves and
// the scope sees.
func membersOf(scope collection.Scope, organizations collection.Where) collection.Where {
	and, args := collection.Conjunction(organizations, scope.Within(reading("users"), "m.organization_id"))
	return scope.Filters("users.id", "m.user_id", collection.Condition(
		"FROM memberships m JOIN organizations mo ON mo.id = m.organization_id WHERE mo.deleted_at IS NULL"+and, args...))
}

// FindUserNamed returns the user with an id or an address, if the scope sees them. Otherwise the error is of kind NotFound.
func FindUserNamed(ctx context.Context, db *store.DB, scope collection.Scope, name string) (*User, error) {
	id := name
	if !jsonapi.IsID(id) {
		var found []string
		q := Users.From(ctx, db, Users.Visible(scope), collection.Condition("users.email_key = ?", emailKey(&name)))
		if err := q.Limit(1).Pluck("users.id", &found).Error; err != nil {
			return nil, fmt.Errorf("find a user by address: %w", err)
		}
		if len(found) == 0 {
			return nil, store.NoResource(Users.Schema.Type, name)
		}
		id = found[0]
	}
	user, err := collection.Find(ctx, db, Users, scope, id, nil)
	if err != nil {
		return nil, err
	}
	return user.(*User), nil
}

// CreateUser creates the user that the input describes, with a membership in each organization it names; a caller who is bound to an
// organization makes members of that one. It fails with Errors of the kinds Invalid, Required, Conflict and RelatedNotFound.
func CreateUser(ctx context.Context, db *store.DB, by Caller, in *Change) (*User, error) {
	if err := in.check(Users, toCreate); err != nil {
		return nil, err
	}
	if err := HashPassword(ctx, db, in); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (*User, error) { return createUser(ctx, tx, by, in) })
}

// createUser is CreateUser for an input that was checked, with roles of the memberships; without any they have that of a member.
func createUser(ctx context.Context, tx *store.DB, by Caller, in *Change, roles ...string) (*User, error) {
	now := jsonapi.Stamp{Time: tx.Now()}
	id, err := takeID(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	user := &User{ID: id, CreatedAt: now, UpdatedAt: now, Active: true, Version: 1}
	Users.Schema.Apply(user, in.Attributes)
	organizations, err := organizationsOf(ctx, tx, by, in)
	if err != nil {
		return nil, err
	}
	if err := prepareUser(tx, by, nil, user, in); err != nil {
		return nil, err
	}
	if err := checkSignIn(by, &User{}, user, in); err != nil {
		return nil, err
	}
	if user.AvatarID, err = pointAtFile(ctx, tx, by, in, "avatar", FileOwner{User: id}, nil); err != nil {
		return nil, err
	}
	if err := checkAddress(ctx, tx, by, &User{}, user); err != nil {
		return nil, err
	}
	if err := insertUser(ctx, tx, user); err != nil {
		return nil, err
	}
	if err := checkUnchanged(Users, user, in, true); err != nil {
		return nil, err
	}
	if err := recordUser(ctx, tx, by, change{verb: created, collection: Users, after: user}, organizations); err != nil {
		return nil, err
	}
	for _, organization := range organizations {
		if _, err := addMembership(ctx, tx, by, organization, user.ID, roles...); err != nil {
			return nil, err
		}
	}
	return user, boundMemberships(len(organizations))
}

// insertUser inserts and counts a user.
func insertUser(ctx context.Context, tx *store.DB, user *User) error {
	tx.Begins(user.ID)
	tx.Count(countUsers, "", 1)
	return insert(ctx, tx, Users, user)
}

// organizationsOf returns the organizations that a new user becomes a member of.
func organizationsOf(ctx context.Context, tx *store.DB, by Caller, in *Change) ([]string, error) {
	var ids []string
	var errs store.Errors
	for _, name := range []string{"organization", "organizations"} {
		for i, id := range in.Links[name] {
			if slices.Contains(ids, id) {
				continue
			}
			if err := shareOrganization(ctx, tx, by.Scope, id); err != nil {
				if !store.IsKind(err, store.NotFound) {
					return nil, err
				}
				errs = append(errs, store.NoRelated(name, i, "organizations", id))
			}
			ids = append(ids, id)
		}
	}
	switch root := by.Scope.Root(); {
	case len(ids) > 0 || by.Scope.All():
	case by.User() != "":
		errs = append(errs, &store.Error{Kind: store.Required, Field: "organization", Message: "A user is created in an organization."})
	default:
		// A deleted root takes its credentials with it; only a race leads here.
		if err := shareOrganization(ctx, tx, by.Scope, root); err != nil {
			return nil, err
		}
		ids = []string{root}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	for _, id := range ids {
		if err := by.may(ctx, tx, id, "users:write"); err != nil {
			return nil, err
		}
	}
	slices.Sort(ids) // memberships and events come in one order, whatever that of the request
	return ids, nil
}

// UpdateUser changes what the input names and returns the user as they are then. A caller who does not see every organization of theirs
// changes their memberships alone: the error is of the kind Forbidden for each attribute.
func UpdateUser(ctx context.Context, db *store.DB, by Caller, id string, in *Change) (*User, error) {
	if err := ProveOwner(ctx, db, by, id, in); err != nil {
		return nil, err
	}
	if err := HashPassword(ctx, db, in); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (user *User, err error) {
		before, err := lock[User](ctx, tx, Users, by.Scope, id)
		if err != nil {
			return nil, err
		}
		if err := by.writesSome(ctx, tx, id, in); err != nil {
			return nil, err
		}
		if err := checkVersion(before.Version, in.Versions); err != nil {
			return nil, err
		}
		if err := in.check(Users, toUpdate); err != nil {
			return nil, err
		}
		copied := *before
		user = &copied
		rest, err := withoutEcho(ctx, tx, by.Scope, Users, user, in)
		if err != nil {
			return nil, err
		}
		if err := checkUnchanged(Users, user, rest, false); err != nil {
			return nil, err
		}
		columns := Users.Schema.Apply(user, in.Attributes)
		if err := prepareUser(tx, by, before, user, in); err != nil {
			return nil, err
		}
		if user.AvatarID, err = pointAtFile(ctx, tx, by, in, "avatar", FileOwner{User: id}, before.AvatarID); err != nil {
			return nil, err
		}
		if err := checkProfile(ctx, tx, by, before, user, in); err != nil {
			return nil, err
		}
		moved := false
		if links, given := in.Links["organizations"]; given {
			if moved, err = setOrganizations(ctx, tx, by, user.ID, ReplaceMembers, links); err != nil {
				return nil, err
			}
		}
		switch {
		case !reflect.DeepEqual(before, user):
			if err = checkAddress(ctx, tx, by, before, user); err == nil {
				err = saveUser(ctx, tx, by, before, user, columns)
			}
			if err == nil {
				err = endOtherSessions(ctx, tx, by, before, user)
			}
			if err == nil && before.Active && !user.Active {
				err = keepOwners(ctx, tx, user.ID)
			}
		case moved:
			user.Version++
			err = touchUser(ctx, tx, user.ID)
		}
		return user, err
	})
}

func saveUser(ctx context.Context, tx *store.DB, by Caller, before, user *User, columns []string) error {
	user.Version++
	user.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	columns = append(columns, "version", "updated_at", "email_key", "email_verified_at", "email_claimed", "password_hash", "avatar_id")
	if err := save(ctx, tx, Users, user, columns...); err != nil {
		return err
	}
	if before.fullName() != user.fullName() {
		if err := nameMemberships(ctx, tx, user); err != nil {
			return err
		}
	}
	ch := change{verb: updated, collection: Users, before: before, after: user}
	newPassword := deref(before.PasswordHash) != deref(user.PasswordHash)
	if newPassword {
		ch.secrets = []string{"password"}
	}
	if newPassword || deref(before.EmailKey) != deref(user.EmailKey) {
		if err := endResets(ctx, tx, user.ID); err != nil {
			return err
		}
	}
	organizations, err := membershipOrganizations(ctx, tx, collection.Everything(), user.ID)
	if err != nil {
		return err
	}
	return recordUser(ctx, tx, by, ch, organizations)
}

// DeleteUser ends the user's memberships that the caller sees, and deletes the user when none is left or the caller sees everything.
// Either way the caller does not find them any more, and other organizations are told of nothing but what ended there.
func DeleteUser(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		user, err := lock[User](ctx, tx, Users, by.Scope, id)
		if err != nil {
			return err
		}
		if by.User() != "" {
			if writes, err := by.writesUser(ctx, tx, id); err != nil {
				return err
			} else if !writes {
				return errNotWriting()
			}
		}
		if err := checkVersion(user.Version, versions); err != nil {
			return err
		}
		all, err := membershipOrganizations(ctx, tx, collection.Everything(), id)
		if err != nil {
			return err
		}
		ended, err := endMemberships(ctx, tx, by, id)
		if err != nil {
			return err
		}
		if by.Scope.All() || ended == len(all) {
			if err := revokeKeysOf(ctx, tx, by, id); err != nil {
				return err
			}
			if err := endSessions(ctx, tx, by, id, ""); err != nil {
				return err
			}
			if err := deleteFilesOf(ctx, tx, by, id, all); err != nil {
				return err
			}
			if err := tx.Later(ctx, "delete user", `DELETE FROM users WHERE id = ?`, id); err != nil {
				return err
			}
			tx.Count(countUsers, "", -1)
			err = recordUser(ctx, tx, by, change{verb: deleted, collection: Users, before: user}, all)
		} else {
			err = touchUser(ctx, tx, id)
		}
		return err
	})
}

// recordUser records the change of a user, or of what is theirs, once for each organization with that user, because each has receivers of
// its own; once without an organization if there is none.
func recordUser(ctx context.Context, tx *store.DB, by Caller, ch change, organizations []string) error {
	if len(organizations) == 0 {
		return record(ctx, tx, by, ch)
	}
	for _, organization := range organizations {
		ch.organization = organization
		if err := record(ctx, tx, by, ch); err != nil {
			return err
		}
	}
	return nil
}
