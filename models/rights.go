package models

import "roster/jsonapi"

// Rights are what a credential may do, and until when: the bound of what it may hand on. The zero Rights are none.
type Rights struct {
	// Scopes are the scopes it holds.
	Scopes []string `json:"scopes"`
	// Until is when it stops working; nil is never.
	Until *jsonapi.Time `json:"until"`
}

// EveryScope is the scope that contains all others.
const EveryScope = "*"

// Scopes returns the scopes that the service itself asks for, in order: the one that contains all, and its own words.
func Scopes() []string { return append([]string{EveryScope}, OwnPermissions()...) }

// IsScope reports whether a word can be a scope: the one that contains all, or whatever a role can permit. With the words of applications a
// credential may do nothing here; it may hand them on, and is told that it holds them.
func IsScope(word string) bool { return word == EveryScope || isPermission(word) }

// Hold reports whether a scope is among the rights, or one that includes it.
func (r Rights) Hold(scope string) bool { return holds(r.Scopes, scope) }

// Cover reports whether the rights are at least others: in what they allow, and for how long.
func (r Rights) Cover(others Rights) bool {
	return r.lacking(others.Scopes) == "" && r.outlast(others.Until)
}

// lacking returns the first of some scopes that is not held, "" if all are.
func (r Rights) lacking(scopes []string) string {
	for _, scope := range scopes {
		if !r.Hold(scope) {
			return scope
		}
	}
	return ""
}

// outlast reports whether the rights last until a time, nil for for ever.
func (r Rights) outlast(until *jsonapi.Time) bool {
	return r.Until == nil || until != nil && !until.After(r.Until.Time)
}
