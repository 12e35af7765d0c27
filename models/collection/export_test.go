package collection

import (
	"context"
	"fmt"

	"roster/jsonapi"
	"roster/models/store"
)

// FoundBy returns the rows of a page as each way finds them that is right for some page of the list, whichever search would choose. The
// page begins behind a model, or at the beginning of the list.
func FoundBy(ctx context.Context, db *store.DB, c *Collection, scope Scope, q *jsonapi.Query, behind any, start,
	size int) (map[string][]any, error) {
	conds, err := c.conditions(db, allOf(scope, q.Filters))
	if err != nil {
		return nil, err
	}
	list := stretch{conds: conds, keys: c.sortKeys(q.Sort)}
	if behind != nil {
		list.place = c.place(behind, list.keys).Values
		list.conds = append(list.conds, c.behind(list.keys, list.place)...)
	}
	s := c.searching(db, scope, list, q, limits{size: size, start: start})
	found := map[string][]any{}
	if !c.narrow(scope) {
		return found, nil
	}
	gathering := func(ctx context.Context) ([]any, bool, error) {
		items, err := s.gatherAll(ctx)
		return items, true, err
	}
	for name, way := range map[string]way{
		"few": s.few(1 << 30), "merged": s.merging(1 << 30), "walked": s.walking(1<<30, -1), "gathered": gathering,
	} {
		items, right, err := way(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if right {
			found[name] = items
		}
	}
	return found, nil
}

// SeekBy is [Seek] with other windows: how many rows are looked through by who sees much, and by who sees few organizations, of how many
// rows the scope is asked, and how many are compared with all of it.
func SeekBy(ctx context.Context, db *store.DB, scope Scope, of []*Collection, text string, most int, w [4]int) ([]Sighting, error) {
	return seek(ctx, db, scope, of, store.SoughtText(text), most, windows{w[0], w[1], w[2], w[3]})
}
