package models

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// places are rows that lead from organizations to resources: a caller that sees the organization sees the resource.
type places struct{ from, resource, organization string }

// seenBy returns the places by which a subtree sees resources: where they are and, of what may be gone, where events are about them. It
// says of ids what inSight says of rows.
func seenBy(c *collection.Collection) []places {
	if c == Organizations {
		return []places{{"organizations l WHERE ", "l.id", "l.id"}}
	}
	r := c.Reached
	there := places{r.Table + " l WHERE ", "l." + cmp.Or(r.Distinct, "id"), "l." + r.Column}
	if r.Live {
		there.from = r.Table + " l JOIN organizations o ON o.id = l." + r.Column + " AND o.deleted_at IS NULL WHERE "
	}
	return []places{there, {"event_feed l WHERE l.subject_type = '" + c.Schema.Type + "' AND ", "l.subject_id", "l.organization_id"}}
}

// lookBack finds out which mentions of one kind of resource subtrees saw at positions. Resources are looked for where they are now, and
// whether that was in the subtree is decided by the tree of then.
func (named mentions) lookBack(ctx context.Context, db *store.DB, target *collection.Collection, all []mention) error {
	for _, p := range seenBy(target) {
		all = slices.DeleteFunc(all, func(m mention) bool { return named[m] })
		if len(all) == 0 {
			return nil
		}
		where, organizations := map[string][]string{}, []string(nil)
		in, arg := db.Among(p.resource, store.SortedUnique(store.Column(all, func(m mention) string { return m.id })))
		err := db.Read(ctx, func(rows *sql.Rows) error {
			var id, organization string
			err := rows.Scan(&id, &organization)
			where[id], organizations = append(where[id], organization), append(organizations, organization)
			return err
		}, `SELECT DISTINCT `+p.resource+`, `+p.organization+` FROM `+p.from+p.organization+` IS NOT NULL AND `+in, arg)
		if err != nil {
			return fmt.Errorf("look for mentioned %s: %w", target.Schema.Type, err)
		}
		if len(organizations) == 0 {
			continue
		}
		l, err := readLineage(ctx, db, store.SortedUnique(organizations))
		if err != nil {
			return err
		}
		for _, m := range all {
			named[m] = slices.ContainsFunc(where[m.id], func(organization string) bool {
				return slices.Contains(l.at(m.at, organization), m.scope.Root())
			})
		}
	}
	return nil
}

// maskEvents returns copies of events as a scope is told them.
func maskEvents(ctx context.Context, db *store.DB, scope collection.Scope, items []any) ([]any, error) {
	masked := make([]any, len(items))
	tellings := make([]*telling, len(items))
	for i, item := range items {
		e := *item.(*Event)
		masked[i] = &e
		tellings[i] = e.telling(scope)
	}
	seen, err := mask(ctx, db, tellings)
	if err != nil {
		return nil, err
	}
	for i, t := range tellings {
		e := masked[i].(*Event)
		if err := t.nameChanges(seen, e.Names); err != nil {
			return nil, err
		}
		if !t.tellsSubject(seen) {
			e.SubjectName = nil
		}
		if !t.tellsOrganization(seen.by) {
			e.OrganizationName = nil
		}
		e.ActorID, e.ActorName = t.actor.ID, t.actor.Name
		e.tellActor()
		e.Resource, e.Changes = t.resource, nil
		if len(t.changes) > 0 {
			changes := jsonapi.Raw(t.changes)
			e.Changes = &changes
		}
	}
	return masked, nil
}

// telling returns the event on its way to a scope that looks now.
func (e *Event) telling(scope collection.Scope) *telling {
	return &telling{
		scope: scope, at: presently, organization: deref(e.OrganizationID), subject: CollectionOf(e.SubjectType),
		actor: Actor{e.ActorKind, e.ActorID, e.ActorName}, changes: deref(e.Changes), resource: e.Resource,
	}
}
