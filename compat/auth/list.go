package auth

import (
	"cmp"
	"context"
	"strconv"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// pageSize is how many organizations a page has.
const pageSize = 50

// found is a page of organizations, and how many there are.
type found struct {
	organizations []any
	total         int64
}

// find returns the page that is asked for, of what a scope sees. It fails with a Forbidden if the scope does not see the organization that
// is named, or any.
func (q *question) find(ctx context.Context, db *store.DB, scope collection.Scope) (found, error) {
	from := (q.page - 1) * pageSize
	if q.organization != "" {
		return q.findBelow(ctx, db, scope, from)
	}
	set := models.Organizations // where there is something to search for
	if q.name == "" && q.types == nil {
		set = models.Heads(scope)
	}
	page, err := q.list(ctx, db, set, scope, from, pageSize)
	if err != nil {
		return found{}, err
	}
	if page.Total == 0 {
		if sees, err := models.Organizations.HasAny(ctx, db, scope); err != nil || !sees {
			return found{}, cmp.Or(err, notAllowed())
		}
	}
	return found{page.Items, page.Total}, nil
}

// findBelow returns a page of the organization that is named, and those right below it. It is the first, and counts as one of them, if it
// is what is searched for.
func (q *question) findBelow(ctx context.Context, db *store.DB, scope collection.Scope, from int) (found, error) {
	itself, err := q.list(ctx, db, models.ByItself(q.organization), scope, 0, 1)
	if err != nil {
		return found{}, err
	}
	if itself.TotalUnfiltered == 0 {
		return found{}, notAllowed()
	}
	ahead := len(itself.Items)
	first := itself.Items[:max(0, ahead-from)]
	children, err := q.list(ctx, db, models.RightBelow(q.organization), scope, max(0, from-ahead), pageSize-len(first))
	if err != nil {
		return found{}, err
	}
	return found{append(first, children.Items...), int64(ahead) + children.Total}, nil
}

// list returns some of the organizations of a set that have what is searched for, by name.
func (q *question) list(ctx context.Context, db *store.DB, set *collection.Collection, scope collection.Scope, from, size int,
) (*collection.Page, error) {
	filters := []jsonapi.Condition{{Field: models.FilterExpired, Value: q.inactive}}
	if q.name != "" {
		filters = append(filters, jsonapi.Condition{Field: models.FilterNameFold, Value: q.name})
	}
	if q.types != nil {
		filters = append(filters, ofTypes(q.types))
	}
	return collection.List(ctx, db, set, scope, &jsonapi.Query{
		Filters: filters,
		Sort:    []jsonapi.SortKey{{Attribute: set.Schema.Attribute("name")}},
		Fields:  map[string]map[string]bool{set.Schema.Type: {"name": true, "kind": true, "locationTracking": true}},
		Page:    jsonapi.Page{Paging: jsonapi.ByOffset, Offset: from, Size: size},
	})
}

// ofTypes returns the condition that an organization is of one of some types.
func ofTypes(types []string) jsonapi.Condition {
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
