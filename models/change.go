package models

import (
	"fmt"
	"maps"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Change is what a caller wants a resource to be, whichever front door it came through.
type Change struct {
	// ID is that of a new resource, "" for one that is made.
	ID string
	// Attributes holds values by the names of attributes: string, int64, bool, jsonapi.Time, jsonapi.Strings, or nil for null.
	Attributes map[string]any
	// Links holds, by the names of relationships, the ids of what they are to lead to.
	Links map[string]Links
	// Beside holds links as Links does, which the same request changes by ChangeMembers. They are no part of the change, but who may change
	// them may ask for a version of the resource.
	Beside map[string]Links
	// Echo holds what cannot be changed and was sent back all the same: attributes as plain JSON values, and Links. It must say what is.
	Echo map[string]any
	// Kept holds, by attribute, what is stored instead of a value, where that was worked out beforehand (HashPassword).
	Kept map[string]string
	// Replacements are the roles that the members of a branch get in place of those that they lose by a move.
	Replacements []RoleReplacement
	// weighed is what a move is meant to come to, and what it does; nil where nobody asks.
	weighed *weighed
	// Versions are those of the resource that the change is meant for, nil for any.
	Versions *Versions
	// CurrentPassword is what a person says is theirs, "" for nothing.
	CurrentPassword string

	proven *string // what is kept of CurrentPassword, once it was found right
}

// Links are the ids of what a relationship leads to: of a to-one at most one, and none means null.
type Links []string

// One returns the id of a to-one, "" for null.
func (l Links) One() string {
	if len(l) == 0 {
		return ""
	}
	return l[0]
}

// known returns the ids that can be some.
func (l Links) known() []string {
	return slices.DeleteFunc(slices.Clone(l), func(id string) bool { return !jsonapi.IsID(id) })
}

// Versions are those of a resource that a list of entity tags names.
type Versions struct {
	Listed []int64
	// Weak: there was a weak tag, which names none.
	Weak bool
}

// purpose is what a change is for.
type purpose int

const (
	toCreate purpose = iota
	toUpdate
)

// check holds the rules of single attributes, as the schema has them. A front door that has shown its client each error in place meets
// none here; one that has not is refused.
func (in *Change) check(c *collection.Collection, what purpose) error {
	var errs store.Errors
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		a := c.Schema.Attribute(name)
		switch {
		case a == nil:
			errs = append(errs, &store.Error{Kind: store.Invalid, Field: name,
				Message: fmt.Sprintf("The type %s has no attribute %q.", c.Schema.Type, name)})
		case a.ReadOnly || a.CreateOnly && what == toUpdate:
			errs = append(errs, &store.Error{Kind: store.ReadOnly, Field: name, Message: name + " cannot be changed by this request."})
		default:
			if wrong := a.Check(in.Attributes[name]); wrong != "" {
				errs = append(errs, &store.Error{Kind: store.Invalid, Field: name, Message: name + " " + wrong + "."})
			}
		}
	}
	for _, a := range c.Schema.Attributes {
		if _, given := in.Attributes[a.Name]; a.Required && !given && what == toCreate {
			errs = append(errs, &store.Error{Kind: store.Required, Field: a.Name, Message: a.Name + " is required."})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Links)) {
		rel := c.Schema.Relationship(name)
		switch {
		case rel == nil:
			errs = append(errs, &store.Error{Kind: store.Invalid, Field: name,
				Message: fmt.Sprintf("The type %s has no relationship %q.", c.Schema.Type, name)})
		case rel.ReadOnly || rel.CreateOnly && what == toUpdate || rel.UpdateOnly && what == toCreate:
			errs = append(errs, &store.Error{Kind: store.ReadOnly, Field: name, Message: name + " cannot be changed by this request."})
		case !rel.Many && len(in.Links[name]) > 1:
			errs = append(errs, &store.Error{Kind: store.Invalid, Field: name, Message: name + " leads to one resource."})
		}
	}
	return errs.Err()
}
