package models

import (
	"encoding/json"
	"reflect"
	"slices"
)

// covers reports whether a telling that was masked tells all that another one of the same event does, which endpoints are sent with the
// name of the organization.
func (t *telling) covers(other *telling, by held) bool {
	return t.tellsOrganization(by) &&
		(other.actor.ID == nil || t.actor.ID != nil) && (other.actor.Name == nil || t.actor.Name != nil) &&
		coversJSON(t.changes, other.changes) && coversJSON(t.resource, other.resource)
}

// coversJSON reports whether nothing that a document tells is missing in another one, or null there. Nothing is a document that tells
// nothing.
func coversJSON(all, some json.RawMessage) bool {
	if len(some) == 0 {
		return true
	}
	var left, right any
	return json.Unmarshal(all, &left) == nil && json.Unmarshal(some, &right) == nil && coversValue(left, right)
}

func coversValue(all, some any) bool {
	switch some := some.(type) {
	case nil:
		return true
	case map[string]any:
		members, _ := all.(map[string]any)
		for name, value := range some {
			if !coversValue(members[name], value) {
				return false
			}
		}
		return true
	case []any:
		elements, _ := all.([]any)
		for _, value := range some {
			if !slices.ContainsFunc(elements, func(element any) bool { return coversValue(element, value) }) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(all, some)
	}
}
