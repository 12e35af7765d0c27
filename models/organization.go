package models

import (
	"bytes"
	"context"
	"reflect"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Organization is a company, or a part of one: a node of a tree.
type Organization struct {
	ID               string         `gorm:"column:id;primaryKey" jsonapi:"primary,organizations" doc:"A company, or a part of one: organizations form trees." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt        jsonapi.Stamp  `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it was created." example:"2024-08-20T10:45:07+00:00"`
	UpdatedAt        jsonapi.Stamp  `gorm:"column:updated_at;autoUpdateTime:false" jsonapi:"attr,updatedAt" rule:"readonly,sort" doc:"When it was last changed." example:"2024-08-20T10:45:07+00:00"`
	DeletedAt        *jsonapi.Stamp `gorm:"column:deleted_at" jsonapi:"attr,deletedAt" rule:"readonly,filter" doc:"When it was deleted; a management key restores it by setting null, below another parent if the request names one."`
	Name             string         `gorm:"column:name" jsonapi:"attr,name" rule:"required,visible,max=200,sort" doc:"Its name; several organizations may share one." example:"Acme Corporation"`
	Slug             string         `gorm:"column:slug" jsonapi:"attr,slug" rule:"min=1,max=100,format=slug,sort" doc:"A unique name for URLs; made from the name when absent. It is free once the organization is deleted: one that is restored meanwhile gets another." example:"acme-corporation"`
	Description      *string        `gorm:"column:description" jsonapi:"attr,description" rule:"max=2000,filter" doc:"What it is, in a few words." example:"Makers of everything."`
	Kind             string         `gorm:"column:kind" jsonapi:"attr,kind" rule:"enum=company|project|subsidiary|partner|client|supplier|branch|other,filter" doc:"What it is in its tree: the head of a tree is a company, and nothing else is." example:"company"`
	Number           int64          `gorm:"column:number;->" jsonapi:"attr,number" rule:"readonly,sort" doc:"A short number, unique and never reused." example:"42"`
	IsEventProducer  bool           `gorm:"column:is_event_producer" jsonapi:"attr,isEventProducer" rule:"filter" doc:"Whether it organizes events." example:"true"`
	LocationTracking bool           `gorm:"column:location_tracking" jsonapi:"attr,locationTracking" rule:"filter" doc:"Whether the location of its people is tracked." example:"false"`
	ValidFrom        *jsonapi.Time  `gorm:"column:valid_from" jsonapi:"attr,validFrom" rule:"filter" doc:"When it begins to be active; null is always." example:"2024-01-01T00:00:00+00:00"`
	ValidTo          *jsonapi.Time  `gorm:"column:valid_to" jsonapi:"attr,validTo" rule:"filter" doc:"When it ceases to be active; null is never." example:"2034-01-01T00:00:00+00:00"`
	Active           bool           `gorm:"-" jsonapi:"attr,active" rule:"readonly" doc:"Whether now is inside its validity." example:"true"`
	WebhookURL       *string        `gorm:"-" jsonapi:"attr,webhookUrl" rule:"max=2000,format=url,originonly" doc:"Where its webhooks are sent; null ends them. It may hold a secret: it is kept encrypted, lists are not filtered by it, and events tell its origin only." example:"https://hooks.example.com/roster"`
	WebhookSecret    *string        `gorm:"-" jsonapi:"attr,webhookSecret" rule:"secret,min=16,max=200" doc:"Signs its webhooks. It has a value only in the answer to the request that set or generated it, and null changes nothing."`
	Token            *string        `gorm:"-" jsonapi:"attr,token" rule:"secret,createonly,max=200" doc:"Its credential. It has a value only in the answer to the request that made it, if that came from a credential with the scope *; meta.tokenExpiresAt tells when it ends, if it does. A management key may choose one on creation: at least 22 characters of A-Z, a-z, 0-9, - and _."`

	// TokenExpiresAt is when the token stops working, nil for never. It is known where the token is.
	TokenExpiresAt *jsonapi.Time `gorm:"-"`

	ParentID      *string `gorm:"column:parent_id"`
	CreatedBy     *string `gorm:"column:created_by"`
	CreatedByType *string `gorm:"column:created_by_type"` // apiKeys; otherwise it is a user
	LogoID        *string `gorm:"column:logo_id"`
	WebhookOrigin *string `gorm:"column:webhook_url"` // of the URL
	SealedURL     []byte  `gorm:"column:sealed_webhook_url"`
	SealedSecret  []byte  `gorm:"column:webhook_secret"`
	Version       int64   `gorm:"column:version"`
}

// TableName implements GORM's Tabler.
func (Organization) TableName() string { return "organizations" }

func defineOrganizations(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(Organization{}), Table: "organizations", Model: reflect.TypeFor[Organization](), Number: "number",
		Live: "organizations.deleted_at IS NULL",
		Visible: func(s collection.Scope) collection.Where {
			return s.Within(reading("organizations"), "organizations.id")
		},
		Reached:  collection.Reached{Table: "organizations", Column: "id", Words: reading("organizations"), Live: true},
		Branches: reading("organizations"), Inherited: &collection.Inherited{},
		Order:  []string{"organizations.created_at", "organizations.id"},
		Always: []string{"version"},
		Needs:  map[string][]string{"active": {"valid_from", "valid_to"}, "webhookUrl": {"webhook_url", "sealed_webhook_url"}},
		Filters: map[string]collection.Filter{
			"active": activeFilter, FilterExpired: expiredFilter, FilterNameFold: collection.ContainsFold("organizations.name"),
		},
		Beyond: map[string]collection.FilterBeyond{
			collection.FilterAncestor: ancestorFilter, "root": rootFilter, "descendant": descendantFilter,
		},
		Lines: map[string]string{
			"descendant": "(SELECT COUNT(*) FROM organization_paths up WHERE up.descendant_id = organizations.id)",
		},
		Total: totalOrganizations,
		Count: countOfOrganizations,
		Complete: func(db *store.DB, model any) error {
			org := model.(*Organization)
			org.Active = validAt(org, db)
			if org.WebhookOrigin == nil {
				return nil
			}
			url, err := OpenURL(db.Vault(), org.ID, *org.WebhookOrigin, org.SealedURL)
			org.WebhookURL = &url
			return err
		},
	}
	declare(c, declaration{
		called: []string{"name"},
		unique: []store.Unique{{
			Postgres: "organizations_slug", SQLite: "organizations.slug", Field: "slug", Message: "That slug is taken.",
		}},
		tells: []told{
			{created, "An organization was created."},
			{updated, "An organization was changed, or got a new token."},
			{deleted, "An organization was deleted: the last event that its own endpoints get."},
			{restored, "A deleted organization is there again."},
		},
		steers: true, restorable: true, rank: 3,
		plans: plans{
			creates: func(p *Plan, in *Change) { p.worksIn(shared, in.Links["parent"].One()) },
			updates: func(p *Plan, id string, in *Change) {
				if how, parent := treeWork(in); how != "" {
					p.worksIn(how, id, parent)
				}
			},
			deletes: func(p *Plan, id string) { p.worksIn(alone, id) },
			moves:   func(p *Plan, owner string, members Links) { p.worksIn(alone, append(members.known(), owner)...) },
		},
		counts: []string{
			`SELECT 'organizations', '', COUNT(*) FROM organizations WHERE deleted_at IS NULL`,
			`SELECT 'children', COALESCE(CAST(parent_id AS text), ''), COUNT(*) FROM organizations
				WHERE deleted_at IS NULL GROUP BY parent_id`,
		},
		recorded: []Invariant{withoutCreation("organizations", "organization.created")},
		invariants: []Invariant{
			{"an event of the creation of an organization that is not there",
				`SELECT subject_id FROM events
					WHERE event_type = 'organization.created' AND subject_id NOT IN (SELECT id FROM organizations)`},
			{"a live organization below a deleted one", `SELECT o.id FROM organizations o JOIN organizations p ON p.id = o.parent_id
				WHERE o.deleted_at IS NULL AND p.deleted_at IS NOT NULL`},
		},
	})
	filterOrganizations(c)
}

// filterOrganizations names the filters and the counts that are no attributes.
func filterOrganizations(c *collection.Collection) {
	c.Schema.ClientIDs = true
	c.Schema.Options = []string{RoleReplacements}
	for _, count := range organizationCounts {
		c.Schema.Counts = append(c.Schema.Counts, count.Count)
	}
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "ancestor", Kind: jsonapi.String, Doc: "Organizations below that one, at any depth."},
		{Name: "descendant", Kind: jsonapi.String,
			Doc: "That organization and all above it: the way up. They come head first, unless they are sorted otherwise."},
		{Name: "root", Kind: jsonapi.Boolean, Doc: "Whether the caller does not see what is above: the heads of the trees that it sees."},
		{Name: "active", Kind: jsonapi.Boolean, Doc: "Whether now is inside the validity."},
		{Name: collection.FilterDeleted, Kind: jsonapi.Boolean,
			Doc: "true: deleted organizations instead of live ones; for the management."},
	}
}

func relateOrganizations(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "users", Many: true, ReadOnly: true, ByURL: true, ListedBy: "organizationId",
		Doc: "The people in it. Who joins or leaves at its URL begins or ends a membership."},
		collection.Relation{Target: Users, Through: "memberships", Owner: "organization_id", Other: "user_id", CountedBy: "organizationId"})
	c.Relate(jsonapi.Relationship{Name: "parent", Doc: "The organization above it; null for a company."},
		collection.Relation{Target: Organizations, Column: "parent_id", Lasting: true})
	c.Relate(jsonapi.Relationship{Name: "children", Many: true, ReadOnly: true, ByURL: true,
		Doc: "The organizations right below it. What joins at its URL moves here, what leaves becomes a company."},
		collection.Relation{Target: Organizations, Foreign: "parent_id", CountedBy: "parent"})
	c.Relate(jsonapi.Relationship{Name: "memberships", Many: true, ReadOnly: true, Doc: "Who is in it, one membership a person."},
		collection.Relation{Target: Memberships, Foreign: "organization_id", CountedBy: "organizationId"})
	c.Relate(jsonapi.Relationship{Name: "createdBy", ReadOnly: true,
		Doc: "The user who created it, or the key, also when they are gone."},
		collection.Relation{Target: Users, Also: []*collection.Collection{APIKeys}, Column: "created_by", TypeColumn: "created_by_type",
			Lasting: true, Remembers: toldOfUsers})
	c.Relate(jsonapi.Relationship{Name: "logo", Doc: "One of its own files."},
		collection.Relation{Target: Files, Column: "logo_id", Lasting: true, Evident: true})
	c.Relate(jsonapi.Relationship{Name: "webhooks", Many: true, ReadOnly: true, Doc: "Where its events are sent."},
		collection.Relation{Target: Webhooks, Foreign: "organization_id"})
	c.Relate(jsonapi.Relationship{Name: "events", Many: true, ReadOnly: true, Doc: "What changed in it."},
		collection.Relation{Target: Events, Foreign: "organization_id", CountedBy: "organizationId"})
}

func validAt(org *Organization, db *store.DB) bool {
	now := db.Now()
	return (org.ValidFrom == nil || !org.ValidFrom.After(now)) && (org.ValidTo == nil || org.ValidTo.After(now))
}

func activeFilter(db *store.DB, v any) collection.Where {
	now := db.Now()
	sql := "(organizations.valid_from IS NULL OR organizations.valid_from <= ?) " +
		"AND (organizations.valid_to IS NULL OR organizations.valid_to > ?)"
	if v == false {
		sql = "NOT (" + sql + ")"
	}
	return collection.Condition(sql, now, now)
}

// rootFilter returns the condition that a scope does not see what is above an organization, or that it does.
func rootFilter(_ *store.DB, scope collection.Scope, v any) collection.Where {
	if head := scope.Root(); head != "" && scope.SeesBelow() {
		if v == true {
			return collection.Condition("organizations.id = ?", head)
		}
		return collection.Condition("organizations.id <> ?", head)
	}
	if scope.All() && v == true {
		return collection.Condition("organizations.parent_id IS NULL") // as the index of heads has it
	}
	above := scope.Within(reading("organizations"), "organizations.parent_id")
	seen := collection.Both(collection.Condition("organizations.parent_id IS NOT NULL"), above)
	if v == true {
		seen.SQL = "NOT (" + seen.SQL + ")"
	}
	return seen
}

func totalOrganizations(s collection.Scope, filter, value string) collection.Counted {
	switch {
	case filter == "" && s.All():
		return collection.Counted{Name: countOrganizations}
	case filter == "" && s.SeesBelow():
		return collection.Counted{Name: countDescendants, Key: s.Root(), Plus: 1}
	case filter == "root" && value == collection.True && s.All():
		return collection.Counted{Name: countChildren}
	case filter == "parent" && s.All():
		return collection.Counted{Name: countChildren, Key: value}
	case filter == "parent" && s.SeesBelow():
		return collection.Counted{Name: countChildren, Key: value, Within: s.Root()}
	case filter == collection.FilterAncestor && (s.All() || s.SeesBelow() && s.Root() == value):
		return collection.Counted{Name: countDescendants, Key: value}
	default:
		return collection.Counted{}
	}
}

// CreateOrganization creates the organization that the input describes: the row, its place in the tree, its token, the counters and
// the event. The returned model is the only one that ever has the token and the webhook secret. A token can do everything within the
// organization, so a caller who cannot makes an organization without one. A caller whose scope is a subtree creates below the root of it.
// It fails with Errors of the kinds Invalid, Conflict and RelatedNotFound.
func CreateOrganization(ctx context.Context, db *store.DB, by Caller, in *Change) (*Organization, error) {
	if err := in.check(Organizations, toCreate); err != nil {
		return nil, err
	}
	number, err := Organizations.Draw(ctx, db)
	if err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (org *Organization, err error) {
		now := jsonapi.Stamp{Time: tx.Now()}
		id, err := takeID(ctx, tx, in.ID)
		if err != nil {
			return nil, err
		}
		org = &Organization{ID: id, CreatedAt: now, UpdatedAt: now, Number: number, IsEventProducer: true, Version: 1}
		org.CreatedBy, org.CreatedByType = by.creator()
		Organizations.Schema.Apply(org, in.Attributes)
		_, kindGiven := in.Attributes["kind"]
		if err := place(ctx, tx, by, in, org); err != nil {
			return nil, err
		}
		if org.LogoID, err = pointAtFile(ctx, tx, by, in, "logo", FileOwner{Organization: id}, nil); err != nil {
			return nil, err
		}
		if !kindGiven {
			org.Kind = defaultKind(org.ParentID)
		}
		if err := checkOrganization(tx, org, &Organization{}, in); err != nil {
			return nil, err
		}
		sealWebhook(tx, org, &Organization{}, in)
		if err := by.stay(ctx, tx); err != nil {
			return nil, err
		}
		if err := insertOrganization(ctx, tx, org); err != nil {
			return nil, err
		}
		if err := firstToken(ctx, tx, by, org, in); err != nil {
			return nil, err
		}
		org.Active = validAt(org, tx)
		if err := checkUnchanged(Organizations, org, in, true); err != nil {
			return nil, err
		}
		if err := announceOrganization(ctx, tx, by, org); err != nil {
			return nil, err
		}
		return org, ownOrganization(ctx, tx, by, org)
	})
}

// ownOrganization makes a person the owner of an organization that they have created, unless their roles above let them say who is in it.
func ownOrganization(ctx context.Context, tx *store.DB, by Caller, org *Organization) error {
	if by.User() == "" {
		return nil
	}
	s, err := standingOfUser(ctx, tx, by.User(), org.ID)
	if err != nil || s.Hold("memberships:write") {
		return err
	}
	return makeOwner(ctx, tx, by, org)
}

// ownHead sees to it that a branch which a person has made a head keeps an owner: that person, if it was theirs from above, and otherwise
// one of its own. Who may take a branch away does not come to own it thereby.
func ownHead(ctx context.Context, tx *store.DB, by Caller, held standing, org *Organization) error {
	if s, err := standingOfUser(ctx, tx, by.User(), org.ID); err != nil || s.owner {
		return err
	}
	if held.owner {
		return makeOwner(ctx, tx, by, org)
	}
	owned, err := hasOwner(ctx, tx, org.ID)
	if err == nil && !owned {
		err = nobodyOwns()
	}
	return err
}

// nobodyOwns is the refusal of a branch as a head that would have no owner.
func nobodyOwns() error {
	return &store.Error{Kind: store.Conflict, Field: "parent",
		Message: "Nobody would own the organization, because its owners are above it: make somebody its owner first."}
}

// makeOwner makes a person an owner of an organization by a membership in it. Nobody could give them that; a rule does.
func makeOwner(ctx context.Context, tx *store.DB, by Caller, org *Organization) error {
	giving, user := by.ruled(), by.User()
	if _, err := lock[User](ctx, tx, Users, giving.Scope, user); err != nil {
		return err
	}
	here := collection.Condition("organization_id = ? AND user_id = ?", org.ID, user)
	present, err := lockMemberships(ctx, tx, here)
	if err != nil {
		return err
	}
	if len(present) > 0 {
		roles, err := rolesOf(ctx, tx, present[0])
		if err != nil {
			return err
		}
		return saveRoles(ctx, tx, giving, present[0], roles, store.SortedUnique(append(slices.Clone(roles), RoleOwner)))
	}
	if _, err := addMembership(ctx, tx, giving, org.ID, user, RoleOwner); err != nil {
		return err
	}
	if err := touchUser(ctx, tx, user); err != nil {
		return err
	}
	return checkMemberships(ctx, tx, user)
}

// announceOrganization counts and records a new organization.
func announceOrganization(ctx context.Context, tx *store.DB, by Caller, org *Organization) error {
	tx.StaysInPlace(org.ID) // nobody else knows it, and nobody moves what is above it
	if err := countInTree(ctx, tx, org, 1); err != nil {
		return err
	}
	if err := followOrganization(ctx, tx, by, nil, org); err != nil {
		return err
	}
	return record(ctx, tx, by, change{verb: created, collection: Organizations, organization: org.ID, after: org})
}

// insertOrganization inserts the row and its closure. A slug that was not given is made from the name; the database decides whether it
// is free.
func insertOrganization(ctx context.Context, tx *store.DB, org *Organization) error {
	if org.Slug != "" {
		if err := insert(ctx, tx, Organizations, org); err != nil {
			return err
		}
		return insertPaths(ctx, tx, org)
	}
	made := slugFor(org.Name)
	for org.Slug = made; ; org.Slug = anotherSlug(made) {
		// Not an error, which would end the transaction on PostgreSQL, but no row.
		inserted, err := Organizations.InsertFree(ctx, tx, org, `ON CONFLICT (slug) WHERE deleted_at IS NULL DO NOTHING`)
		if err != nil {
			return classifyFor(err, "insert organization")
		}
		if inserted {
			return insertPaths(ctx, tx, org)
		}
	}
}

// UpdateOrganization changes what the input names and returns the organization as it is then. Null for a deleted organization's deletedAt
// restores it, below another parent if the input names one. It fails with the kinds NotFound, Invalid, ReadOnly, Conflict, RelatedNotFound
// and PreconditionFailed.
func UpdateOrganization(ctx context.Context, db *store.DB, by Caller, id string, in *Change) (*Organization, error) {
	if _, moving := in.Links["parent"]; moving { // a branch may be large
		ctx = store.Alone(ctx)
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (org *Organization, err error) {
		if err := lockTreesFor(ctx, tx, by.Scope, id, in); err != nil {
			return nil, err
		}
		if err := in.weighed.keep(ctx, tx, by, id, in); err != nil {
			return nil, err
		}
		if err := replacements(in.Replacements).lockHolders(ctx, tx, id); err != nil {
			return nil, err
		}
		before, err := lockOrganization(ctx, tx, by.Scope, id)
		if err != nil {
			return nil, err
		}
		held, err := by.at(ctx, tx, id, "organizations:write")
		if err != nil {
			return nil, err
		}
		restoring := before.DeletedAt != nil
		if restoring {
			if err := checkRestore(tx, before, by, in); err != nil {
				return nil, err
			}
		}
		if err := checkVersion(before.Version, in.Versions); err != nil {
			return nil, err
		}
		if err := in.check(Organizations, toUpdate); err != nil {
			return nil, err
		}
		copied := *before
		org = &copied
		if restoring {
			org.DeletedAt = nil
		}
		rest, err := withoutEcho(ctx, tx, by.Scope, Organizations, org, in)
		if err != nil {
			return nil, err
		}
		if err := checkUnchanged(Organizations, org, rest, false); err != nil {
			return nil, err
		}
		columns := Organizations.Schema.Apply(org, in.Attributes)
		if err := move(ctx, tx, by, held, in, before, org); err != nil {
			return nil, err
		}
		if org.LogoID, err = pointAtFile(ctx, tx, by, in, "logo", FileOwner{Organization: id}, before.LogoID); err != nil {
			return nil, err
		}
		if restoring {
			if err := checkAbove(ctx, tx, org); err != nil {
				return nil, err
			}
		}
		if err := checkOrganization(tx, org, before, in); err != nil {
			return nil, err
		}
		sealWebhook(tx, org, before, in)
		org.Active = validAt(org, tx)
		if err := saveOrganization(ctx, tx, by, before, org, columns); err != nil {
			return nil, err
		}
		return org, arrive(ctx, tx, by, held, in, before, org)
	})
}

// saveOrganization writes what differs from before. If nothing does, nothing happened: no new version, no event.
func saveOrganization(ctx context.Context, tx *store.DB, by Caller, before, org *Organization, columns []string) error {
	if reflect.DeepEqual(before, org) {
		return nil
	}
	if before.DeletedAt != nil || deref(before.ParentID) != deref(org.ParentID) {
		if err := tx.SettleLines(ctx); err != nil {
			return err
		}
	}
	org.Version++
	org.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	columns = append(columns, "version", "updated_at", "parent_id", "kind", "deleted_at", "webhook_secret", "webhook_url",
		"sealed_webhook_url", "logo_id")
	ch := change{verb: updated, collection: Organizations, organization: org.ID, before: before, after: org}
	var err error
	if before.DeletedAt != nil {
		ch.verb = restored
		err = saveRestored(ctx, tx, before, org, columns...)
	} else {
		err = save(ctx, tx, Organizations, org, columns...)
	}
	if err != nil {
		return err
	}
	if ch.move, err = resettle(ctx, tx, before, org); err != nil {
		return err
	}
	if err := followOrganization(ctx, tx, by, before, org); err != nil {
		return err
	}
	if !bytes.Equal(before.SealedSecret, org.SealedSecret) {
		ch.secrets = []string{"webhookSecret"}
	}
	return record(ctx, tx, by, ch)
}

// lockOrganization reads an organization, deleted or not, and keeps others from changing it until the transaction ends.
func lockOrganization(ctx context.Context, tx *store.DB, scope collection.Scope, id string) (*Organization, error) {
	return lock[Organization](ctx, tx, Organizations, scope, id)
}
