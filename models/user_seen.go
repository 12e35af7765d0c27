package models

import (
	"context"
	"fmt"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// seenEvery is how old what is known of when somebody was last seen becomes, at least, before it is written again.
const seenEvery = time.Hour

// TouchUsers notes when people were last seen, by their ids, in one statement. It is called in batches, from time to time, and writes the
// row of a person once an hour at most.
func TouchUsers(ctx context.Context, db *store.DB, seen map[string]time.Time) error {
	uses := make([]userSeen, 0, len(seen))
	for _, id := range sortedKeys(seen) {
		uses = append(uses, userSeen{id, seen[id]})
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		return noteSeen.Later(ctx, tx, uses)
	})
}

type userSeen struct {
	id string
	at time.Time
}

var noteSeen = func() *store.Rowwise[userSeen] {
	const update, found = `UPDATE users SET last_seen_at = u.at`,
		` WHERE users.id = u.id AND (users.last_seen_at IS NULL OR users.last_seen_at < u.before)`
	return store.ForRows("note who was seen", update+" FROM ROWS"+found, update+found,
		store.Col("id", "uuid", func(s userSeen) string { return s.id }),
		store.Col("at", "timestamptz", func(s userSeen) time.Time { return s.at }),
		store.Col("before", "timestamptz", func(s userSeen) time.Time { return s.at.Add(-seenEvery) }),
	)
}()

// tellLastSeen tells when people were last seen to the day, but to themselves and to who may write them.
func tellLastSeen(ctx context.Context, db *store.DB, scope collection.Scope, items []any) ([]any, error) {
	if scope.All() && scope.Holds(including("users:write")) {
		return items, nil
	}
	var ids []string
	for _, item := range items {
		if u := item.(*User); u.LastSeenAt != nil && u.ID != scope.PersonID() {
			ids = append(ids, u.ID)
		}
	}
	if len(ids) == 0 {
		return items, nil
	}
	writable, err := writableUsers(ctx, db, scope, ids)
	if err != nil {
		return nil, err
	}
	told := make([]any, len(items))
	for i, item := range items {
		u := *item.(*User)
		if u.LastSeenAt != nil && u.ID != scope.PersonID() && !writable[u.ID] {
			u.LastSeenAt = &jsonapi.Stamp{Time: u.LastSeenAt.UTC().Truncate(24 * time.Hour)}
		}
		told[i] = &u
	}
	return told, nil
}

// writableUsers returns which of some users a scope may write: those in whose live organizations it may write people, every one of them
// (see Caller.writesUser).
func writableUsers(ctx context.Context, db *store.DB, scope collection.Scope, ids []string) (map[string]bool, error) {
	words := collection.Words(including("users:write"))
	writable := map[string]bool{}
	if !scope.Holds(words) {
		return writable, nil
	}
	within := scope.Within(words, "wm.organization_id")
	elsewhere := collection.Condition("NOT EXISTS (SELECT 1 FROM memberships wm JOIN organizations wo ON wo.id = wm.organization_id "+
		"WHERE wm.user_id = users.id AND wo.deleted_at IS NULL AND NOT ("+within.SQL+"))", within.Args...)
	var found []string
	err := Users.From(ctx, db, collection.Condition("users.id IN ?", ids), elsewhere).Pluck("users.id", &found).Error
	if err != nil {
		return nil, fmt.Errorf("read whom the caller may write: %w", err)
	}
	for _, id := range found {
		writable[id] = true
	}
	return writable, nil
}
