package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"roster/models/collection"
	"roster/models/store"
)

// Who reads events does not read everything by that. What an event tells of its subject, its changes and its resource, is for who may read
// resources of that type at the organization where it happened; who did it is for who may read users, or keys.

// readingOf returns the words any of which is enough to read resources of a collection that hang on no two others.
func readingOf(c *collection.Collection) collection.Words { return including(reads(c)[0]) }

// post is where somebody may hold words.
type post struct{ user, organization string }

// held are the words that people hold at organizations.
type held map[post][]string

// heldAt looks up what the readers of tellings hold where the events happened: one statement for each reader, whatever number of events.
func heldAt(ctx context.Context, db *store.DB, tellings []*telling) (held, error) {
	places := map[string][]string{}
	for _, t := range tellings {
		if user := t.scope.PersonID(); user != "" && t.organization != "" {
			places[user] = append(places[user], t.organization)
		}
	}
	found := held{}
	for user, organizations := range places {
		in, arg := db.Among("hp.descendant_id", store.SortedUnique(organizations))
		reading := collection.HeldBy(user, collection.Condition(in, arg))
		err := db.Read(ctx, func(rows *sql.Rows) error {
			var organization, word string
			err := rows.Scan(&organization, &word)
			at := post{user, organization}
			found[at] = append(found[at], word)
			return err
		}, reading.SQL, reading.Args...)
		if err != nil {
			return nil, fmt.Errorf("look up what a reader of events holds: %w", err)
		}
	}
	return found, nil
}

// needs returns the words that it takes to read the subject of the event: of what hangs on others that of the one it belongs to, if that is
// told.
func (t *telling) needs() []string {
	for _, typ := range declared(t.subject).follows {
		for _, rel := range t.subject.Schema.Relationships {
			if target := t.subject.Relation(rel.Name).Target; target != nil && target.Schema.Type == typ && t.linked(rel.Name) != "" {
				return reads(target)
			}
		}
	}
	return reads(t.subject)
}

// linked returns the id that a relationship of the subject leads to, as it is told.
func (t *telling) linked(relationship string) string {
	if t.told.resource == nil || t.told.resource.Relationships[relationship] == nil {
		return ""
	}
	var linked struct{ ID string }
	_ = json.Unmarshal(t.told.resource.Relationships[relationship].Data, &linked) // null, or absent, names nothing
	return linked.ID
}

// readable reports whether the reader may read the subject of the event: by the scopes of its credential and, of people, by what they hold
// where it happened, or because it is their own.
func (t *telling) readable(by held) bool {
	user := t.scope.PersonID()
	own := user == "" || t.organization == "" || t.isOf(user) // at no organization people see what is their own alone
	for _, word := range t.needs() {
		if !t.scope.Holds(including(word)) || !own && !holds(by[post{user, t.organization}], word) {
			return false
		}
	}
	return true
}

// isOf reports whether the subject is a user, or belongs to them.
func (t *telling) isOf(user string) bool {
	if t.subject == Users {
		return t.told.resource != nil && t.told.resource.ID == user
	}
	return t.linked("user") == user
}

// tellsOf reports whether a scope is told of actors of a collection, beside itself: an organization whose token acts is where it is seen.
func tellsOf(s collection.Scope, actors *collection.Collection) bool {
	return actors == Organizations || s.Holds(readingOf(actors))
}
