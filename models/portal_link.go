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

// PortalLink lets somebody without an account work with the webhooks of one organization in a browser: it is opened once, and the session
// that it opens holds its permissions there. It is gone when that ends (docs/adr/0115).
type PortalLink struct {
	ID               string          `gorm:"column:id;primaryKey" jsonapi:"primary,portalLinks" doc:"A link by which somebody without an account works with the webhooks of one organization." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt        jsonapi.Stamp   `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it was made." example:"2024-08-20T10:45:07+00:00"`
	Name             *string         `gorm:"column:name" jsonapi:"attr,name" rule:"createonly,visible,max=200,filter" doc:"Who it is for: the name of the actor in the events of what they do." example:"Grace at Acme"`
	Permissions      jsonapi.Strings `gorm:"column:permissions" jsonapi:"attr,permissions" rule:"createonly,max=5" doc:"What it permits at its organization: some of webhooks:read, webhooks:write, webhookDeliveries:read, webhookDeliveries:write and events:read; webhooks:write and webhookDeliveries:write when absent. Those of webhooks include those of their deliveries; those of deliveries alone are for reading what was sent and sending it again." example:"webhooks:write"`
	ExpiresIn        int64           `gorm:"column:expires_in" jsonapi:"attr,expiresIn" rule:"createonly" doc:"For how many seconds it can be opened: 1 to 300, which it is when absent." example:"300"`
	SessionExpiresIn int64           `gorm:"column:session_expires_in" jsonapi:"attr,sessionExpiresIn" rule:"createonly" doc:"How many seconds after that the session ends at the latest: 1 to 43200; 3600 when absent." example:"3600"`
	Hears            jsonapi.Strings `gorm:"column:hears" jsonapi:"attr,hears" rule:"readonly" doc:"The words for reading that its maker held: what endpoints that are made by it may be sent, and what events and deliveries tell there." example:"users:read"`
	FrameAncestors   jsonapi.Strings `gorm:"column:frame_ancestors" jsonapi:"attr,frameAncestors" rule:"createonly,max=5" doc:"The origins of pages that may embed it: of https, and of http on this machine. None when absent." example:"https://app.example.com"`
	ReturnURL        *string         `gorm:"column:return_url" jsonapi:"attr,returnUrl" rule:"createonly,max=2000,format=url,originonly" doc:"Where its one link back leads: a URL of https, or of http on this machine. Events tell its origin only." example:"https://app.example.com/settings"`
	State            string          `gorm:"-" jsonapi:"attr,state" rule:"readonly,fleeting,enum=pending|used|expired" doc:"pending until it is opened; used while its session lasts; expired when the time of either is over, until it is removed." example:"pending"`
	ExpiresAt        jsonapi.Stamp   `gorm:"column:expires_at" jsonapi:"attr,expiresAt" rule:"readonly" doc:"Until when it can be opened." example:"2024-08-20T10:50:07+00:00"`
	UsedAt           *jsonapi.Stamp  `gorm:"column:used_at" jsonapi:"attr,usedAt" rule:"readonly" doc:"When it was opened." example:"2024-08-20T10:46:00+00:00"`
	SessionExpiresAt *jsonapi.Stamp  `gorm:"column:session_expires_at" jsonapi:"attr,sessionExpiresAt" rule:"readonly" doc:"When its session ends at the latest." example:"2024-08-20T11:46:00+00:00"`
	URL              *string         `gorm:"-" jsonapi:"attr,url" rule:"secret,readonly" doc:"The link. It has a value only in the answer to the request that made it, and opens once."`

	OrganizationID string        `gorm:"column:organization_id"`
	TokenHash      []byte        `gorm:"column:token_hash"`
	MakerKind      string        `gorm:"column:maker_kind"`
	MakerID        *string       `gorm:"column:maker_id"`
	MakerUntil     *jsonapi.Time `gorm:"column:maker_until"`
	Version        int64         `gorm:"column:version"`
}

// TableName implements GORM's Tabler.
func (PortalLink) TableName() string { return "portal_links" }

// used is what happens to a portal link when it is opened.
const used verb = "used"

func definePortalLinks(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(PortalLink{}), Table: "portal_links", Model: reflect.TypeFor[PortalLink](),
		Visible: func(s collection.Scope) collection.Where {
			return s.Within(reading("webhooks"), "portal_links.organization_id")
		},
		Reached: collection.Reached{Table: "portal_links", Column: "organization_id", Words: reading("webhooks"), Live: true,
			InOrder: []string{"created_at", "id"}},
		Live:   "EXISTS (SELECT 1 FROM organizations lo WHERE lo.id = portal_links.organization_id AND lo.deleted_at IS NULL)",
		Order:  []string{"portal_links.created_at", "portal_links.id"},
		Always: []string{"version"},
		Needs:  map[string][]string{"state": {"used_at", "expires_at", "session_expires_at"}},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("portal_links.organization_id"),
		},
		Beyond:   map[string]collection.FilterBeyond{collection.FilterAncestor: below("portal_links.organization_id")},
		Branches: reading("organizations"), Inherited: &collection.Inherited{},
		Complete: func(db *store.DB, model any) error {
			model.(*PortalLink).tellState(db.Now())
			return nil
		},
	}
	declare(c, declaration{
		called: []string{"name"},
		tells: []told{
			{created, "A portal link was made."}, {used, "A portal link was opened: its session began."},
			{revoked, "A portal link was ended, and its session with it."},
		},
		follows: []string{"webhooks"},
		plans:   plans{creates: func(p *Plan, in *Change) { p.Changes(Organizations, in.Links["organization"].One()) }},
		leaving: endPortalLinks,
		invariants: []Invariant{
			{"a portal link that was opened, and has no session", `SELECT id FROM portal_links l WHERE used_at IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.portal_link_id = l.id)`},
			{"the session of a portal link that is not there", `SELECT id FROM sessions s WHERE portal_link_id IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM portal_links l WHERE l.id = s.portal_link_id)`},
			{"a deleted organization with a portal link",
				`SELECT o.id FROM organizations o JOIN portal_links l ON l.organization_id = o.id WHERE o.deleted_at IS NOT NULL`},
		},
		recorded: []Invariant{withoutCreation("portal_links", "portalLink.created")},
	})
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Links to that organization."},
		byAncestor("Links"),
	}
}

func relatePortalLinks(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "organization", Required: true, CreateOnly: true, Doc: "The organization whose webhooks it opens."},
		collection.Relation{Target: Organizations, Column: "organization_id", Evident: true})
}

// tellState sets the attribute state.
func (l *PortalLink) tellState(now time.Time) {
	end := l.ExpiresAt
	l.State = "pending"
	if l.UsedAt != nil {
		l.State, end = "used", deref(l.SessionExpiresAt)
	}
	if !end.After(now) {
		l.State = "expired"
	}
}

// CreatePortalLink makes a link to the webhooks of an organization. The link that is returned has the path of its URL with the token;
// nobody is told of it again. Nobody makes one that permits more than they may do there, or that lasts longer than their credential. It
// fails with the kinds Invalid, Required, Forbidden, RelatedNotFound, and Conflict for one too many.
func CreatePortalLink(ctx context.Context, db *store.DB, by Caller, in *Change) (*PortalLink, error) {
	if err := in.check(PortalLinks, toCreate); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (l *PortalLink, err error) {
		l = newPortalLink(tx, by)
		PortalLinks.Schema.Apply(l, in.Attributes)
		if l.OrganizationID = in.Links["organization"].One(); l.OrganizationID == "" {
			l.OrganizationID = by.Scope.Root()
		}
		if l.OrganizationID == "" {
			return nil, &store.Error{Kind: store.Required, Field: "organization",
				Message: "A portal link needs the relationship organization."}
		}
		// Others that make links to the organization wait, so that all of them are counted, and an end of it takes all of them along.
		if _, err := lockLive[Organization](ctx, tx, Organizations, by.Scope, l.OrganizationID); err != nil {
			if store.IsKind(err, store.NotFound) {
				return nil, store.NoRelated("organization", 0, Organizations.Schema.Type, l.OrganizationID)
			}
			return nil, err
		}
		held, err := by.at(ctx, tx, l.OrganizationID, "webhooks:write")
		if err != nil {
			return nil, err
		}
		if err := l.check(held); err != nil {
			return nil, err
		}
		if err := l.checkRoom(ctx, tx); err != nil {
			return nil, err
		}
		l.Hears = held.heard()
		l.ExpiresAt = jsonapi.Stamp{Time: untilThen(tx.Now(), l.ExpiresIn, l.MakerUntil)}
		link := newLinkToken(portalLink)
		l.TokenHash = link.hash(tx.Vault())
		l.tellState(tx.Now())
		if err := insert(ctx, tx, PortalLinks, l); err != nil {
			return nil, err
		}
		if err := checkUnchanged(PortalLinks, l, in, true); err != nil {
			return nil, err
		}
		url := linkPages[portalLink] + "/" + l.ID + "#" + link.text // the front door knows where it is
		l.URL = &url                                                // which the event hides
		return l, record(ctx, tx, by, change{verb: created, collection: PortalLinks, organization: l.OrganizationID, after: l})
	})
}

func newPortalLink(tx *store.DB, by Caller) *PortalLink {
	return &PortalLink{
		ID: NewID(), CreatedAt: jsonapi.Stamp{Time: tx.Now()}, Version: 1, Permissions: jsonapi.Strings{"webhooks:write", deliveriesWrite},
		ExpiresIn: maxPortalLife, SessionExpiresIn: 3600, FrameAncestors: jsonapi.Strings{},
		MakerKind: by.Kind, MakerID: optional(by.ID), MakerUntil: by.Rights.Until,
	}
}

// DeletePortalLink ends a link, and the session that it has opened: both are gone when this returns.
func DeletePortalLink(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		l, err := lockLive[PortalLink](ctx, tx, PortalLinks, by.Scope, id)
		if err != nil {
			return err
		}
		if err := by.may(ctx, tx, l.OrganizationID, "webhooks:write"); err != nil {
			return err
		}
		if err := checkVersion(l.Version, versions); err != nil {
			return err
		}
		return l.revoke(ctx, tx, by)
	})
}

// revoke ends a link that the transaction has locked.
func (l *PortalLink) revoke(ctx context.Context, tx *store.DB, by Caller) error {
	var sessions []string
	err := Sessions.From(ctx, tx, collection.Condition("portal_link_id = ?", l.ID)).Order("id").Pluck("id", &sessions).Error
	if err != nil {
		return fmt.Errorf("read the session of a portal link: %w", err)
	}
	if err := endEach(ctx, tx, by, sessions); err != nil { // and the link with it
		return err
	}
	if err := dropPortalLink(ctx, tx, l.ID); err != nil {
		return err
	}
	return record(ctx, tx, by, change{verb: revoked, collection: PortalLinks, organization: l.OrganizationID, before: l})
}

// dropPortalLink removes the row of a link.
func dropPortalLink(ctx context.Context, tx *store.DB, id string) error {
	return tx.Later(ctx, "delete portal link", `DELETE FROM portal_links WHERE id = ?`, id)
}

// endPortalLinks ends the links of an organization that is deleted, which the transaction has locked: nobody makes another.
func endPortalLinks(ctx context.Context, tx *store.DB, by Caller, organization string) error {
	var all []*PortalLink
	err := PortalLinks.From(ctx, tx, collection.Condition("organization_id = ?", organization)).Clauses(forUpdate).Order("id").Find(&all).
		Error
	if err != nil {
		return fmt.Errorf("read portal links: %w", err)
	}
	for _, l := range all {
		l.tellState(tx.Now())
		if err := l.revoke(ctx, tx, by); err != nil {
			return err
		}
	}
	return nil
}

// PurgePortalLinks removes links that nobody has opened in time, at most so many, and returns how many. Those that were opened end with
// their sessions.
func PurgePortalLinks(ctx context.Context, db *store.DB, most int) (int, error) {
	free := map[store.Dialect]string{store.Postgres: " FOR UPDATE SKIP LOCKED"}[db.Dialect()]
	n, err := db.Exec(ctx, `DELETE FROM portal_links WHERE id IN (
		SELECT id FROM portal_links WHERE used_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?`+free+`)`, db.Now(), most)
	if err != nil {
		return 0, fmt.Errorf("remove portal links that have run out: %w", err)
	}
	return int(n), nil
}
