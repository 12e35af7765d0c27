package models

import (
	"context"
	"database/sql"
	"fmt"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// DirectMembership is a membership of a user as it stands, with what it leads to: nothing of it is inherited.
type DirectMembership struct {
	ID                   string
	CreatedAt, UpdatedAt jsonapi.Stamp
	Organization         DirectOrganization
	// Roles are those of the membership, the primary one first: by rank, the highest first, then by key.
	Roles []*Role
}

// DirectOrganization is the organization of a [DirectMembership].
type DirectOrganization struct {
	ID, Name, Slug string
	// LogoURL is the signed URL of its logo, "" without one, and for a member who may not read the organization. It is absolute where the
	// request is known (see ServedAt).
	LogoURL string
}

// DirectMemberships returns the memberships of a user in organizations that are there, by when they began, then by id.
func DirectMemberships(ctx context.Context, db *store.DB, user string) ([]*DirectMembership, error) {
	var all []*DirectMembership
	var logos, organizations []string
	withLogo := map[string][]*DirectMembership{}
	err := db.Read(ctx, func(rows *sql.Rows) error {
		m, role := &DirectMembership{}, &Role{}
		var logo *string
		err := rows.Scan(&m.ID, &m.CreatedAt, &m.UpdatedAt, &m.Organization.ID, &m.Organization.Name, &m.Organization.Slug, &logo,
			&role.ID, &role.Key, &role.Name, &role.BuiltIn, &role.Permissions)
		if err != nil {
			return err
		}
		if len(all) == 0 || all[len(all)-1].ID != m.ID {
			all = append(all, m)
			if logo != nil {
				logos, organizations = append(logos, *logo), append(organizations, m.Organization.ID)
				withLogo[*logo] = append(withLogo[*logo], m)
			}
		}
		last := all[len(all)-1]
		last.Roles = append(last.Roles, role)
		return nil
	}, `SELECT m.id, m.created_at, m.updated_at, o.id, o.name, o.slug, o.logo_id, r.id, r.key, r.name,
			r.organization_id IS NULL, r.permissions
		FROM memberships m
		JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
		JOIN membership_roles mr ON mr.membership_id = m.id
		JOIN roles r ON r.id = mr.role_id
		WHERE m.user_id = ? ORDER BY m.created_at, m.id, r.rank DESC, r.key, r.id`, collection.IDOrNil(user))
	if err != nil {
		return nil, fmt.Errorf("read direct memberships: %w", err)
	}
	files, err := SignedFiles(ctx, db, logos)
	if err != nil {
		return nil, err
	}
	readable, err := collection.VisibleIDs(ctx, db, Organizations, collection.Person(user), organizations)
	if err != nil {
		return nil, err
	}
	for id, f := range files {
		for _, m := range withLogo[id] {
			if readable[m.Organization.ID] {
				m.Organization.LogoURL = deref(f.SignedURL)
			}
		}
	}
	return all, nil
}

// SignInsOf returns the sign-ins of a session, the oldest first.
func SignInsOf(ctx context.Context, db *store.DB, session string) ([]*SignIn, error) {
	var found []*SignIn
	err := db.Session(ctx).Where("session_id = ?", collection.IDOrNil(session)).Order("created_at, id").Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("read sign-ins: %w", err)
	}
	return found, nil
}

// IsOwnPermission reports whether a word is one of the service's own, and no application's.
func IsOwnPermission(word string) bool { return isOwn(word) }
