package importing

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
)

// What is said of a person beside the attributes of users.
const (
	organization = "organization"
	roles        = "roles"
)

// Columns returns the names of all that can be said of a person: what can be written of users, but for secrets, and where they are to be.
func Columns() []string {
	var names []string
	for _, a := range models.Users.Schema.Attributes {
		if attribute(a.Name) != nil {
			names = append(names, a.Name)
		}
	}
	return append(names, organization, roles)
}

// attribute returns the attribute of users that a column is, nil if it is none.
func attribute(column string) *jsonapi.Attribute {
	a := models.Users.Schema.Attribute(column)
	if a == nil || a.ReadOnly || a.WriteOnly {
		return nil
	}
	return a
}

// plain returns what the text in a column of a table means, as JSON would have it. What cannot be read is left as text, and refused so.
func plain(column, text string) any {
	if column == roles {
		var list []any
		for name := range strings.SplitSeq(text, ";") {
			list = append(list, strings.TrimSpace(name))
		}
		return list
	}
	if a := attribute(column); a != nil && a.Kind == jsonapi.Boolean {
		if value, wrong := a.Parse(strings.ToLower(text)); wrong == "" { // spreadsheets write FALSE
			return value
		}
	}
	return text
}

// newcomer returns the person of a record. The error has all that is wrong with it.
func (s *Settings) newcomer(said map[string]any) (*models.Newcomer, error) {
	n := &models.Newcomer{Profile: &models.Change{Attributes: map[string]any{}}, Organization: s.Organization, Roles: s.Roles}
	var errs store.Errors
	for _, name := range slices.Sorted(maps.Keys(said)) {
		value, a, wrong := said[name], attribute(name), ""
		switch {
		case a != nil:
			n.Profile.Attributes[name], wrong = a.Decode(value)
		case name == organization:
			wrong = setOrganization(n, value)
		case name == roles:
			wrong = setRoles(n, value)
		default:
			wrong = "is not known; there are " + strings.Join(Columns(), ", ")
		}
		if wrong != "" {
			errs = append(errs, &store.Error{Kind: store.Invalid, Field: name, Message: fmt.Sprintf("%.60s %s.", name, wrong)})
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return n, n.Check()
}

// setOrganization takes null for the one that the settings name.
func setOrganization(n *models.Newcomer, value any) (wrong string) {
	if value == nil {
		return ""
	}
	text, _ := value.(string)
	if n.Organization = strings.ToLower(text); !jsonapi.IsID(n.Organization) {
		return "must be the id of an organization"
	}
	return ""
}

// setRoles takes null and an empty list for those that the settings name.
func setRoles(n *models.Newcomer, value any) (wrong string) {
	list, isList := value.([]any)
	if value != nil && !isList {
		return "must be a list of keys or ids of roles"
	}
	names := make([]string, len(list))
	for i, name := range list {
		if names[i], _ = name.(string); names[i] == "" {
			return "must be a list of keys or ids of roles"
		}
	}
	if len(names) > 0 {
		n.Roles = names
	}
	return ""
}
