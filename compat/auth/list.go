package auth

import (
	"context"
	"strconv"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server"
)

// pageSize is how many organizations a page has.
const pageSize = 50

// found is a page of organizations, and how many there are.
type found struct {
	organizations []any
	total         int64
}

// find returns the page that is asked for, of what a scope sees. An organization that is named and not there is of kind NotFound; a scope
// that sees no organization at all is Forbidden.
func (q *question) find(ctx context.Context, db *store.DB, scope collection.Scope) (found, error) {
	from := (q.page - 1) * pageSize
	if q.organization != "" {
		return q.findBelow(ctx, db, scope, from)
	}
	page, err := q.list(ctx, db, scope, from, pageSize, q.set()...)
	if err != nil {
		return found{}, err
	}
	if page.TotalUnfiltered == 0 {
		return found{}, &server.Error{Reason: server.Forbidden}
	}
	return found{page.Items, page.Total}, nil
}

// set returns the condition of what is searched when no organization is named: everything if there is something to search for, and
// otherwise the heads.
func (q *question) set() []jsonapi.Condition {
	if q.name != "" || q.types != nil {
		return nil
	}
	return []jsonapi.Condition{ofTypes("company")}
}

// findBelow returns a page of the organization that is named, and those right below it. It is the first, and counts as one of them, if it
// is what is searched for.
func (q *question) findBelow(ctx context.Context, db *store.DB, scope collection.Scope, from int) (found, error) {
	itself, err := q.list(ctx, db, scope, 0, 1, jsonapi.Condition{Field: models.FilterItself, Value: q.organization})
	if err != nil {
		return found{}, err
	}
	ahead := len(itself.Items)
	if ahead == 0 {
		if _, err := collection.Find(ctx, db, models.Organizations, scope, q.organization, nil); err != nil {
			return found{}, err
		}
	}
	parent := models.Organizations.Schema.Relationship("parent")
	first := itself.Items[:max(0, ahead-from)]
	children, err := q.list(ctx, db, scope, max(0, from-ahead), pageSize-len(first), jsonapi.Condition{
		Field: parent.Name, Relationship: parent, Op: jsonapi.OpMatch, Value: []any{q.organization},
	})
	if err != nil {
		return found{}, err
	}
	return found{append(first, children.Items...), int64(ahead) + children.Total}, nil
}

// list returns some of the organizations of a set that have what is searched for, by name.
func (q *question) list(ctx context.Context, db *store.DB, scope collection.Scope, from, size int, set ...jsonapi.Condition,
) (*collection.Page, error) {
	schema := models.Organizations.Schema
	filters := append(set, jsonapi.Condition{Field: models.FilterExpired, Value: q.inactive})
	if q.name != "" {
		filters = append(filters, jsonapi.Condition{Field: models.FilterNameFold, Value: q.name})
	}
	if q.types != nil {
		filters = append(filters, ofTypes(q.types...))
	}
	return collection.List(ctx, db, models.Organizations, scope, &jsonapi.Query{
		Filters: filters,
		Sort:    []jsonapi.SortKey{{Attribute: schema.Attribute("name")}},
		Fields:  map[string]map[string]bool{schema.Type: {"name": true, "kind": true, "locationTracking": true}},
		Page:    jsonapi.Page{Paging: jsonapi.ByOffset, Offset: from, Size: size},
	})
}

// ofTypes returns the condition that an organization is of one of some types.
func ofTypes(types ...string) jsonapi.Condition {
	kind := models.Organizations.Schema.Attribute("kind")
	values := make([]any, len(types))
	for i, one := range types {
		values[i] = one
	}
	return jsonapi.Condition{Field: kind.Name, Attribute: kind, Op: jsonapi.OpMatch, Value: values}
}

// data is a page as it is printed. PageSize is the number of pages.
type data struct {
	Organizations []organization `json:"organizations"`
	Page          string         `json:"page"`
	PageSize      string         `json:"pageSize"`
}

type organization struct {
	ID               string `json:"id"`
	LocationTracking bool   `json:"locationTracking"`
	Name             string `json:"organizationName"`
	Type             string `json:"type"`
}

// show returns a page that was found.
func (q *question) show(f found) *data {
	pages := max(1, (f.total+pageSize-1)/pageSize)
	page := &data{
		Organizations: make([]organization, len(f.organizations)), Page: strconv.Itoa(q.page), PageSize: strconv.FormatInt(pages, 10),
	}
	for i, one := range f.organizations {
		org := one.(*models.Organization)
		page.Organizations[i] = organization{org.ID, org.LocationTracking, org.Name, org.Kind}
	}
	return page
}
