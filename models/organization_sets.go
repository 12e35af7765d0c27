package models

import (
	"roster/models/collection"
	"roster/models/store"
)

// Filters of organizations that other front doors have than that of the JSON:API.
const (
	FilterNameFold = "nameFold" // those with a text in their name, in whatever case
	FilterExpired  = "expired"  // true: those whose validTo has passed, false: the others; when they begin to be valid does not count
)

// Heads returns the organizations without a parent, of which a person sees those that they are a member of: rights flow down.
func Heads(scope collection.Scope) *collection.Collection {
	heads := collection.Condition("organizations.parent_id IS NULL")
	if person := scope.PersonID(); person != "" {
		heads = collection.Both(heads,
			collection.Condition("organizations.id IN (SELECT organization_id FROM memberships WHERE user_id = ?)", person))
	}
	return Organizations.Few(heads)
}

// ByItself returns the organizations with an id: one, or none.
func ByItself(id string) *collection.Collection {
	return Organizations.Few(collection.Condition("organizations.id = ?", collection.IDOrNil(id)))
}

// RightBelow returns the organizations whose parent is another one.
func RightBelow(id string) *collection.Collection {
	return Organizations.Few(collection.Condition("organizations.parent_id = ?", collection.IDOrNil(id)))
}

func expiredFilter(db *store.DB, v any) collection.Where {
	if v == true {
		return collection.Condition("organizations.valid_to <= ?", db.Now())
	}
	return collection.Condition("(organizations.valid_to IS NULL OR organizations.valid_to > ?)", db.Now())
}
