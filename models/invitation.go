package models

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Invitation asks the owner of an address to join an organization. Who answers it has its token, by a mail or from who made it.
type Invitation struct {
	ID        string        `gorm:"column:id;primaryKey" jsonapi:"primary,invitations" doc:"Somebody asked, by their address, to join an organization." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt jsonapi.Stamp `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it was made." example:"2024-08-20T10:45:07+00:00"`
	UpdatedAt jsonapi.Stamp `gorm:"column:updated_at;autoUpdateTime:false" jsonapi:"attr,updatedAt" rule:"readonly,filter" doc:"When it was last sent, or answered." example:"2024-08-20T10:45:07+00:00"`
	Email     string        `gorm:"column:email" jsonapi:"attr,email" rule:"required,createonly,max=254,format=email,filter" doc:"The address of who is asked, compared without regard to case." example:"grace@example.com"`
	State     string        `gorm:"-" jsonapi:"attr,state" rule:"readonly,enum=pending|accepted|declined|revoked|expired" doc:"pending until it is accepted, declined or revoked; expired when its time is over before." example:"pending"`
	ExpiresAt jsonapi.Time  `gorm:"column:expires_at" jsonapi:"attr,expiresAt" rule:"createonly,filter" doc:"Until when it can be accepted: 7 days when absent, at most 30." example:"2024-08-27T10:45:07+00:00"`
	Message   *string       `gorm:"column:message" jsonapi:"attr,message" rule:"createonly,max=1000" doc:"Words to who is asked, which are sent along." example:"Welcome aboard!"`
	URL       *string       `gorm:"-" jsonapi:"attr,url" rule:"secret,readonly" doc:"The link by which it is answered. It has a value only in the answer to the request that made it or sent it again, and only if the service sends no mail: then it is for the caller to hand on."`

	OrganizationID string  `gorm:"column:organization_id"`
	EmailKey       string  `gorm:"column:email_key"`
	Outcome        *string `gorm:"column:outcome"` // nil while nobody has decided
	TokenHash      []byte  `gorm:"column:token_hash"`
	Mailed         bool    `gorm:"column:mailed"`
	InviterKind    string  `gorm:"column:inviter_kind"` // who sent it last
	InviterID      *string `gorm:"column:inviter_id"`
	InvitedBy      *string `gorm:"column:invited_by"` // if that was a user
	AcceptedBy     *string `gorm:"column:accepted_by"`
	Version        int64   `gorm:"column:version"`
}

// TableName implements GORM's Tabler.
func (Invitation) TableName() string { return "invitations" }

func defineInvitations(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(Invitation{}), Table: "invitations", Model: reflect.TypeFor[Invitation](),
		Visible: func(s collection.Scope) collection.Where {
			return s.Within(reading("invitations"), "invitations.organization_id")
		},
		Reached: collection.Reached{Table: "invitations", Column: "organization_id", Words: reading("invitations"), Live: true,
			InOrder: []string{"created_at", "id"}},
		Live:   "EXISTS (SELECT 1 FROM organizations io WHERE io.id = invitations.organization_id AND io.deleted_at IS NULL)",
		Order:  []string{"invitations.created_at", "invitations.id"},
		Always: []string{"version"},
		Needs:  map[string][]string{"state": {"outcome", "expires_at"}},
		Keyed: map[string]collection.KeyColumn{
			"email": {Name: "email_key", Of: func(text string) string { return deref(emailKey(&text)) }},
		},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("invitations.organization_id"),
			"state":          inState,
		},
		Beyond:   map[string]collection.FilterBeyond{collection.FilterAncestor: below("invitations.organization_id")},
		Branches: reading("organizations"), Inherited: &collection.Inherited{},
		Complete: func(db *store.DB, model any) error {
			model.(*Invitation).tellState(db.Now())
			return nil
		},
	}
	declare(c, declaration{
		called: []string{"email"},
		tells: []told{
			{created, "Somebody was asked to join an organization."}, {resent, "An invitation was sent again, with a new link."},
			{accepted, "Somebody who was asked has joined."}, {declined, "Somebody who was asked does not want to join."},
			{revoked, "An invitation was taken back."},
		},
		plans: plans{creates: func(p *Plan, in *Change) {
			p.worksIn(shared, in.Links["organization"].One())
			p.Changes(Organizations, in.Links["organization"].One())
		}},
		recorded: []Invariant{withoutCreation("invitations", "invitation.created")},
	})
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Invitations to that organization."},
		{Name: "state", Kind: jsonapi.String, Enum: c.Schema.Attribute("state").Enum, Doc: "Those in that state now."},
		byAncestor("Invitations"),
	}
}

func relateInvitations(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "organization", Required: true, CreateOnly: true, Doc: "The organization to join."},
		collection.Relation{Target: Organizations, Column: "organization_id", Evident: true})
	c.Relate(jsonapi.Relationship{Name: "roles", Many: true, CreateOnly: true, Told: true,
		Doc: "What who joins may do there; member when absent. They are given if who sent the invitation may still give them then."},
		collection.Relation{Target: Roles, Through: "invitation_roles", Owner: "invitation_id", Other: "role_id"})
	c.Relate(jsonapi.Relationship{Name: "invitedBy", ReadOnly: true, Doc: "The user who sent it last; null if that was a program."},
		collection.Relation{Target: Users, Column: "invited_by"})
	c.Relate(jsonapi.Relationship{Name: "acceptedBy", ReadOnly: true, Doc: "The user who has accepted it."},
		collection.Relation{Target: Users, Column: "accepted_by"})
}

// The lives of an invitation: what it gets when it is sent again is what it has when it is made.
const (
	invitationLife    = 7 * 24 * time.Hour
	maxInvitationLife = 30 * 24 * time.Hour
)

// inAWeek returns until when an invitation that is sent now can be accepted.
func inAWeek(now time.Time) jsonapi.Time {
	return jsonapi.Time{Time: now.Truncate(time.Second).Add(invitationLife)}
}

// CreateInvitation asks the owner of an address to join an organization, and writes the mail to them. Where the installation sends none,
// the invitation that is returned has the link; nobody is told of it again. Each role must be one that the caller may give there. It fails
// with the kinds Invalid, Required, Forbidden, RelatedNotFound, and Conflict for who is a member or is asked already.
func CreateInvitation(ctx context.Context, db *store.DB, by Caller, in *Change) (*Invitation, error) {
	if err := in.check(Invitations, toCreate); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (inv *Invitation, err error) {
		now := jsonapi.Stamp{Time: tx.Now()}
		inv = &Invitation{ID: NewID(), CreatedAt: now, UpdatedAt: now, ExpiresAt: inAWeek(now.Time), Version: 1}
		Invitations.Schema.Apply(inv, in.Attributes)
		inv.EmailKey = *emailKey(&inv.Email)
		if inv.OrganizationID = in.Links["organization"].One(); inv.OrganizationID == "" {
			inv.OrganizationID = by.Scope.Root()
		}
		if inv.OrganizationID == "" {
			return nil, &store.Error{Kind: store.Required, Field: "organization",
				Message: "An invitation needs the relationship organization."}
		}
		roles := in.Links["roles"]
		if len(roles) == 0 {
			roles = Links{RoleMember}
		}
		if err := inv.lockPlace(ctx, tx, by, roles); err != nil {
			if store.IsKind(err, store.NotFound) {
				return nil, store.NoRelated("organization", 0, Organizations.Schema.Type, inv.OrganizationID)
			}
			return nil, err
		}
		if err := inv.checkExpiry(tx.Now()); err != nil {
			return nil, err
		}
		places, _ := AddMembers.parts(nil, roles)
		if err := checkGrant(ctx, tx, by, inv.OrganizationID, roles, places); err != nil {
			return nil, err
		}
		if err := inv.checkRoom(ctx, tx); err != nil {
			return nil, err
		}
		if err := by.stay(ctx, tx); err != nil {
			return nil, err
		}
		link := inv.sign(tx, by)
		if err := insertInvitation(ctx, tx, inv, roles); err != nil {
			return nil, err
		}
		if err := checkUnchanged(Invitations, inv, in, true); err != nil {
			return nil, err
		}
		return inv, inv.send(ctx, tx, by, link, change{verb: created, after: inv, members: members{"roles": {nil, roles}}})
	})
}

func insertInvitation(ctx context.Context, tx *store.DB, inv *Invitation, roles []string) error {
	inv.tellState(tx.Now())
	if err := insert(ctx, tx, Invitations, inv); err != nil {
		return err
	}
	rows := store.Column(store.SortedUnique(roles), func(id string) given { return given{inv.ID, id} })
	return insertOffered.Later(ctx, tx, rows)
}

// insertOffered inserts the roles of an invitation.
var insertOffered = store.InsertRows("insert roles of an invitation", "invitation_roles", "",
	store.Col("invitation_id", "uuid", func(g given) string { return g.owner }),
	store.Col("role_id", "uuid", func(g given) string { return g.role }))

// ResendInvitation gives an open invitation, or one that has expired, a new link and at least seven more days, and writes the mail again.
// Earlier links are dead. From then on it is the caller whose right to give the roles counts, so the caller must have it.
func ResendInvitation(ctx context.Context, db *store.DB, by Caller, id string) (*Invitation, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (inv *Invitation, err error) {
		found, err := collection.Find(ctx, tx, Invitations, by.Scope, id, nil)
		if err != nil {
			return nil, err
		}
		roles, err := offeredRoles(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if err := found.(*Invitation).lockPlace(ctx, tx, by, roles); err != nil {
			return nil, err
		}
		before, err := lockLive[Invitation](ctx, tx, Invitations, by.Scope, id)
		if err != nil {
			return nil, err
		}
		if err := before.checkUndecided(); err != nil {
			return nil, err
		}
		if err := before.checkOffer(ctx, tx, by, roles); err != nil {
			return nil, err
		}
		copied := *before
		inv = &copied
		if least := inAWeek(tx.Now()); inv.ExpiresAt.Before(least.Time) {
			inv.ExpiresAt = least
		}
		if err := inv.checkRoom(ctx, tx); err != nil {
			return nil, err
		}
		if err := by.stay(ctx, tx); err != nil {
			return nil, err
		}
		link := inv.sign(tx, by)
		if err := saveInvitation(ctx, tx, inv); err != nil {
			return nil, err
		}
		return inv, inv.send(ctx, tx, by, link, change{verb: resent, before: before, after: inv, secrets: []string{"url"}})
	})
}

// DeleteInvitation takes an invitation back: its link is dead when this returns. The invitation stays, to be read.
func DeleteInvitation(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		inv, err := lockLive[Invitation](ctx, tx, Invitations, by.Scope, id)
		if err != nil {
			return err
		}
		if err := by.may(ctx, tx, inv.OrganizationID, "invitations:write"); err != nil {
			return err
		}
		if err := checkVersion(inv.Version, versions); err != nil {
			return err
		}
		if err := inv.checkUndecided(); err != nil {
			return err
		}
		return inv.decide(ctx, tx, by, revoked)
	})
}

// saveInvitation writes what changes of an invitation.
func saveInvitation(ctx context.Context, tx *store.DB, inv *Invitation) error {
	inv.tellState(tx.Now())
	inv.Version++
	inv.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	return save(ctx, tx, Invitations, inv, "expires_at", "outcome", "token_hash", "mailed", "inviter_kind", "inviter_id", "invited_by",
		"accepted_by", "version", "updated_at")
}

// offeredRoles returns the ids of the roles of an invitation, in order.
func offeredRoles(ctx context.Context, tx *store.DB, id string) (roles Links, err error) {
	err = tx.Session(ctx).Raw(`SELECT role_id FROM invitation_roles WHERE invitation_id = ? ORDER BY role_id`, id).Scan(&roles).Error
	if err != nil {
		return nil, fmt.Errorf("read roles of an invitation: %w", err)
	}
	return roles, nil
}
