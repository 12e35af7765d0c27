package models

import (
	"slices"
	"strings"

	"roster/jsonapi"
)

// Rights are what a credential may do, and until when: the bound of what it may hand on. The zero Rights are none.
type Rights struct {
	// Scopes are the scopes it holds.
	Scopes []string `json:"scopes"`
	// Until is when it stops working; nil is never.
	Until *jsonapi.Time `json:"until"`
}

// EveryScope is the scope that contains all others.
const EveryScope = "*"

// scopeSubjects are what scopes are about.
var scopeSubjects = []string{"organizations", "users", "memberships", "apiKeys", "events", "webhooks"}

// Scopes returns every scope there is, in order.
func Scopes() []string {
	scopes := []string{EveryScope}
	for _, subject := range scopeSubjects {
		scopes = append(scopes, subject+":read", subject+":write")
	}
	return scopes
}

// Hold reports whether a scope is among the rights. Who may write may read.
func (r Rights) Hold(scope string) bool {
	if slices.Contains(r.Scopes, EveryScope) || slices.Contains(r.Scopes, scope) {
		return true
	}
	subject, reads := strings.CutSuffix(scope, ":read")
	return reads && slices.Contains(r.Scopes, subject+":write")
}

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
