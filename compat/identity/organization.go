package identity

import (
	"maps"

	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server"
)

// timeLayout has times in UTC, with three digits of fraction.
const timeLayout = "2006-01-02T15:04:05.000Z"

// organization is what there is to see of one.
type organization struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	CreatedBy   creator `json:"createdBy"`
	CreatedAt   string  `json:"createdAt"`
}

// creator is who made an organization: a user or a key, and so exactly one of the ids is there.
type creator struct {
	UserID   *string `json:"userId,omitempty"`
	APIKeyID *string `json:"apiKeyId,omitempty"`
	Type     string  `json:"type"`
}

// creatorOf returns the creator with an id, which is one of a collection. Somebody who is not known is a user without an id.
func creatorOf(c *collection.Collection, id string) creator {
	if c == models.APIKeys && id != "" {
		return creator{APIKeyID: &id, Type: "apiKey"}
	}
	return creator{UserID: &id, Type: "user"}
}

// shownFields are the fields that are read of organizations.
var shownFields = map[string]map[string]bool{
	models.Organizations.Schema.Type: {"name": true, "description": true, "createdAt": true},
}

// show returns organizations as the caller sees them. Creators are told that are there, and that it sees.
func show(rq *server.Request, orgs ...*models.Organization) ([]organization, error) {
	shown, kinds, makers := make([]organization, len(orgs)), make([]*collection.Collection, len(orgs)), make([]string, len(orgs))
	byKind := map[*collection.Collection][]string{}
	for i, org := range orgs {
		var err error
		if kinds[i], makers[i], err = models.Organizations.RelatedID(rq.Context(), rq.DB, rq.Scope(), org, "createdBy"); err != nil {
			return nil, err
		}
		if makers[i] != "" {
			byKind[kinds[i]] = append(byKind[kinds[i]], makers[i])
		}
	}
	seen := map[string]bool{}
	for kind, ids := range byKind {
		some, err := collection.VisibleIDs(rq.Context(), rq.DB, kind, rq.Scope(), store.SortedUnique(ids))
		if err != nil {
			return nil, err
		}
		maps.Copy(seen, some)
	}
	for i, org := range orgs {
		maker := makers[i]
		if !seen[maker] {
			maker = ""
		}
		shown[i] = organization{ID: org.ID, Name: org.Name, CreatedBy: creatorOf(kinds[i], maker),
			CreatedAt: org.CreatedAt.UTC().Format(timeLayout)}
		if org.Description != nil {
			shown[i].Description = *org.Description
		}
	}
	return shown, nil
}

// membership is what the caller is at an organization.
type membership struct {
	Role string `json:"role"`
}

// The roles that there are here.
const (
	admin  = "admin"
	member = "member"
)

// membershipAt returns what the caller is at an organization that it sees: an admin by the permission of that name. A key that acts for
// nobody is one wherever it gets.
func membershipAt(rq *server.Request, id string) (membership, error) {
	by := rq.Caller()
	if by.User() == "" {
		return membership{admin}, nil
	}
	held, err := models.Permissions(rq.Context(), rq.DB, by, []string{id})
	if err != nil {
		return membership{}, err
	}
	if (models.Rights{Scopes: held[id]}).Hold(admin) {
		return membership{admin}, nil
	}
	return membership{member}, nil
}
