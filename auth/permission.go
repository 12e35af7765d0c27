package auth

import (
	"strings"

	"roster/models"
)

// Permission is what a route asks of its caller: a scope of its credential and, for some, its kind.
type Permission struct {
	// Scope is resource:read or resource:write; organizations:delete. Or is another one that will do as well, "" for none.
	Scope, Or string
	// Management: only a management key will do; with User a credential of a user, too.
	Management, User bool
	// Own: it is about what is a person's own. They read it with whatever credential of theirs, and change it in a session.
	Own bool
	// Public: no credential is needed.
	Public bool
	// Visitor: none is needed, and one that is sent counts. It is Public as well.
	Visitor bool
	// Anyone: every credential will do.
	Anyone bool
	// Session: a person in a session will do, and nobody else.
	Session bool
	// Portal is a word that will do as well, for the session of a portal link; "" for none. NoPortal: it is not for such a session,
	// whatever that holds.
	Portal   string
	NoPortal bool
	// Current: it is about the session that the request comes with. Whoever has one will do, that of a key, too.
	Current bool
}

// Read asks for the scope to read a resource.
func Read(resource string) Permission { return Permission{Scope: resource + ":read"} }

// Write asks for the scope to change a resource.
func Write(resource string) Permission { return Permission{Scope: resource + ":write"} }

// Delete asks for the scope to delete a resource, where that is one of its own.
func Delete(resource string) Permission { return Permission{Scope: resource + ":delete"} }

// OrElse takes the scope of another permission as well.
func (p Permission) OrElse(other Permission) Permission {
	p.Or = other.Scope
	return p
}

// OrPortal takes a word of portal links as well.
func (p Permission) OrPortal(word string) Permission {
	p.Portal = word
	return p
}

// NotPortal refuses the session of a portal link.
func (p Permission) NotPortal() Permission {
	p.NoPortal = true
	return p
}

// Manage asks for a management key besides.
func (p Permission) Manage() Permission {
	p.Management = true
	return p
}

// OrUser takes a credential of a user where only a management key would do.
func (p Permission) OrUser() Permission {
	p.User = true
	return p
}

// Owned lets people do it without the scope to what is their own.
func (p Permission) Owned() Permission {
	p.Own = true
	return p
}

// OfCurrent lets whoever has a session do it to that.
func (p Permission) OfCurrent() Permission {
	p.Current = true
	return p
}

// All asks for every scope there is.
func All() Permission { return Permission{Scope: models.EveryScope} }

// Public asks for nothing.
func Public() Permission { return Permission{Public: true} }

// Visitor asks for nothing, and knows whoever sends a credential.
func Visitor() Permission { return Permission{Public: true, Visitor: true} }

// Anyone asks for a credential, whatever it may do.
func Anyone() Permission { return Permission{Anyone: true} }

// InSession asks for the session of a person: it is about how they sign in.
func InSession() Permission { return Permission{Session: true} }

// Principal is an authenticated caller.
type Principal struct {
	models.Holder
}

// Neighbour returns whom the principal shares its part of the database with: an organization and all its keys are one.
func (p *Principal) Neighbour() string {
	switch {
	case p.OrganizationID != "":
		return "organization " + p.OrganizationID
	case p.UserID != "":
		return "user " + p.UserID
	}
	return p.Identity().String()
}

// isOfKind reports whether the kind of the credential will do.
func (p *Principal) isOfKind(permission Permission) bool {
	return !permission.Management || p.Kind == models.ManagementKey || permission.User && p.UserID != ""
}

// Allows reports whether the principal has a permission.
func (p *Principal) Allows(permission Permission) bool {
	if !p.isOfKind(permission) || permission.NoPortal && p.IsPortal() {
		return false
	}
	if permission.Session {
		return p.IsPerson()
	}
	own := permission.Own && p.UserID != "" && (p.IsPerson() || strings.HasSuffix(permission.Scope, ":read")) ||
		permission.Current && p.SessionID != ""
	return permission.Public || permission.Anyone || own || p.Hold(permission.Scope) || permission.Or != "" && p.Hold(permission.Or) ||
		permission.Portal != "" && p.IsPortal() && p.Hold(permission.Portal)
}

// Missing returns what the principal lacks for a permission, in a sentence; "" if it has the permission.
func (p *Principal) Missing(permission Permission) string {
	switch {
	case p.Allows(permission):
		return ""
	case !p.isOfKind(permission) && permission.User:
		return "This needs a management key, or a credential of a user."
	case !p.isOfKind(permission):
		return "This needs a management key."
	case permission.NoPortal && p.IsPortal():
		return "This is not for what a portal link has opened."
	case permission.Session:
		return "This needs the session of a person."
	default:
		return "This needs the scope " + permission.Words() + "."
	}
}

// Words returns the scopes that will do, in words.
func (p Permission) Words() string {
	if p.Or == "" {
		return p.Scope
	}
	return p.Scope + " or " + p.Or
}
