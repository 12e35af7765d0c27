package models

import (
	"encoding/json"
	"reflect"
	"slices"
)

// toldBody is what a body that was sent tells, as far as events hide that from some.
type toldBody struct {
	Type          string
	Organization  *struct{ Name string }
	Actor         Actor
	Data, Changes json.RawMessage
}

// covers reports whether an event that was masked tells all that a body tells which was sent of it. The body is looked at itself: what its
// organization saw when it was made is not what that would see now.
func (t *telling) covers(eventType string, body []byte, by held) bool {
	var sent toldBody
	if json.Unmarshal(body, &sent) != nil || sent.Organization != nil && !t.tellsOrganization(by) {
		return false
	}
	if sent.Actor.ID != nil && t.actor.ID == nil || sent.Actor.Name != nil && t.actor.Name == nil {
		return false
	}
	// What a test of another type tells of is not there.
	return sent.Type != eventType || coversJSON(t.changes, sent.Changes) && coversJSON(t.resource, sent.Data)
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
