package models

import (
	"net/netip"

	"roster/models/collection"
)

// Identity is who a caller is: the kind of its credential and an id. An id alone is unique among resources of one type only. It is what
// events, logs, kept answers and budgets know a caller by; a key is the same caller with whichever of its secrets it comes.
type Identity struct {
	Kind, ID string
}

// The kinds of identity, which are the words of actor.kind. Their ids are those of the key, or of the organization whose token it is.
const (
	ByManagementKey     = "management_key"
	ByOrganizationKey   = "organization_key"
	ByOrganizationToken = "organization_token"
	ByUserKey           = "user_key"
	// BySession is a person in a browser. What the identity is known by is the sign-in: a session can have several people.
	BySession = "session"
	// ByPortalLink is whoever has opened a portal link. The identity is known by the link.
	ByPortalLink = "portal_link"
	// BySystem is the program itself. It has no id.
	BySystem = "system"
)

// identityKinds are all of them.
var identityKinds = []string{
	ByManagementKey, ByOrganizationKey, ByOrganizationToken, ByUserKey, BySession, ByPortalLink, BySystem,
}

// String returns the identity in one word.
func (i Identity) String() string { return i.Kind + ":" + i.ID }

// Caller is who makes a change: for the events, for what it may see while making it, and for what it may hand on.
type Caller struct {
	Kind, ID, Name string
	RequestID      string
	Scope          collection.Scope
	Rights         Rights
	// Hears are words for reading, besides those of Rights, of what endpoints may be sent: those of who made a portal link.
	Hears []string
	// Address is where the request comes from.
	Address netip.Addr
}

// User returns the id of the person that the caller acts as, "" for a program.
func (by Caller) User() string { return by.Scope.PersonID() }

// creator returns who made what a caller makes, and the type of that resource: nil for a user. A person made it whatever key they used.
func (by Caller) creator() (id, typ *string) {
	switch {
	case by.User() != "":
		return optional(by.User()), nil
	case by.Kind == ByManagementKey || by.Kind == ByOrganizationKey:
		return optional(by.ID), &APIKeys.Schema.Type
	default:
		return nil, nil
	}
}

// System is the program itself, changing something nobody asked for by a request.
func System(name string) Caller {
	return Caller{Kind: BySystem, Name: name, Scope: collection.Everything(), Rights: Rights{Scopes: []string{EveryScope}}}
}
