package handlers

import (
	"strconv"

	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
)

// replacementsDoc says what they are.
const replacementsDoc = " A move takes from members of the branch no role that cannot be used at the new place: it is refused, unless " +
	"meta.roleReplacements, a list of {from, to} with ids of roles, says what they get instead. Each is a grant at the new place."

// maxReplacements bounds the roles that one move replaces.
const maxReplacements = 50

// readReplacements takes what the meta of a change, which stands at a pointer, says of roles into the change.
func readReplacements(meta map[string]any, at string, in *models.Change) error {
	sent, given := meta[models.RoleReplacements]
	if !given {
		return nil
	}
	at = jsonapi.Pointer(at, models.RoleReplacements)
	if in.Links["parent"] == nil && in.Links["to"] == nil {
		return jsonapi.NewError(jsonapi.InvalidValue, "Roles are replaced by a move, and this is none.").At(at)
	}
	list, ok := sent.([]any)
	if !ok || len(list) > maxReplacements {
		return jsonapi.NewError(jsonapi.InvalidValue, "%s must be a list of at most %d objects with from and to.", models.RoleReplacements,
			maxReplacements).At(at)
	}
	var errs jsonapi.Errors
	for i, element := range list {
		object, _ := element.(map[string]any)
		from, isText := object["from"].(string)
		to, areTexts := object["to"].(string)
		if !isText || !areTexts {
			errs.Add(jsonapi.NewError(jsonapi.InvalidValue, "A replacement is an object with the ids of roles in from and to.").
				At(jsonapi.Pointer(at, strconv.Itoa(i))))
		}
		in.Replacements = append(in.Replacements, models.RoleReplacement{From: from, To: to})
	}
	return errs.Err()
}

// pointedAt returns the pointer to what an error is about in the meta that stands at a pointer, and whether it is about that.
func pointedAt(at string, cause *store.Error) (pointer string, ok bool) {
	if cause.Field != models.RoleReplacements {
		return "", false
	}
	if cause.Member == "" {
		return jsonapi.Pointer(at, cause.Field), true
	}
	return jsonapi.Pointer(at, cause.Field, strconv.Itoa(cause.Index), cause.Member), true
}
