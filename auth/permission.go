package auth

import (
	"slices"
	"strings"

	"roster/models"
)

// Permission is what a route asks of its caller: a scope of his credential and, for some, its kind.
type Permission struct {
	// Scope is resource:read or resource:write.
	Scope string
	// Management: only a management key will do.
	Management bool
	// Public: no credential is needed.
	Public bool
	// Anyone: every credential will do.
	Anyone bool
}

// Read asks for the scope to read a resource.
func Read(resource string) Permission { return Permission{Scope: resource + ":read"} }

// Write asks for the scope to change a resource.
func Write(resource string) Permission { return Permission{Scope: resource + ":write"} }

// Manage asks for a management key besides.
func (p Permission) Manage() Permission {
	p.Management = true
	return p
}

// All asks for every scope there is.
func All() Permission { return Permission{Scope: Everything} }

// Public asks for nothing.
func Public() Permission { return Permission{Public: true} }

// Anyone asks for a credential, whatever it may do.
func Anyone() Permission { return Permission{Anyone: true} }

// Everything is the scope that contains all others.
const Everything = "*"

// resources are what scopes are about.
var resources = []string{"organizations", "users", "memberships", "apiKeys", "events", "webhooks"}

// Scopes returns every scope there is, in order.
func Scopes() []string {
	scopes := []string{Everything}
	for _, r := range resources {
		scopes = append(scopes, r+":read", r+":write")
	}
	return scopes
}

// Principal is an authenticated caller.
type Principal struct {
	models.Holder
}

// Scope returns what the principal may see.
func (p *Principal) Scope() models.Scope {
	switch {
	case p.Kind == models.ManagementKey && p.OrganizationID == "":
		return models.Everything()
	case p.Kind == models.ManagementKey:
		return models.Subtree(p.OrganizationID)
	case p.Kind == models.OrganizationKey:
		return models.OnlyOrganization(p.OrganizationID)
	default:
		return models.Scope{}
	}
}

// Caller returns the principal as the author of changes.
func (p *Principal) Caller(requestID string) models.Caller {
	return models.Caller{Kind: string(p.Kind), ID: p.ID(), Name: p.Name, RequestID: requestID, Scope: p.Scope()}
}

// ID returns the id of the key, or that of the organization whose token it is.
func (p *Principal) ID() string {
	if p.KeyID != "" {
		return p.KeyID
	}
	return p.OrganizationID
}

// Neighbour returns whom the principal shares its part of the database with: an organization and all its keys are one.
func (p *Principal) Neighbour() string {
	if p.OrganizationID != "" {
		return "organization " + p.OrganizationID
	}
	return string(p.Kind) + " " + p.ID()
}

// Grants reports whether the principal holds a scope. The token of an organization holds all; its kind limits what it reaches.
func (p *Principal) Grants(scope string) bool {
	if p.Kind == models.OrganizationKey && p.KeyID == "" {
		return true
	}
	if slices.Contains(p.Scopes, Everything) || slices.Contains(p.Scopes, scope) {
		return true
	}
	// Who may write may read.
	resource, ok := strings.CutSuffix(scope, ":read")
	return ok && slices.Contains(p.Scopes, resource+":write")
}

// Known reports whether there is such a scope.
func (p *Principal) Known(scope string) bool { return slices.Contains(Scopes(), scope) }

// Allows reports whether the principal has a permission.
func (p *Principal) Allows(permission Permission) bool {
	if permission.Management && p.Kind != models.ManagementKey {
		return false
	}
	return permission.Public || permission.Anyone || p.Grants(permission.Scope)
}
