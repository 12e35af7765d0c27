package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"roster/models/collection"
	"roster/models/store"
)

// Who reads events does not read everything by that. What an event tells of its subject, its changes and its resource, is for who may read
// resources of that type at the organization where it happened; who did it is for who may read users, or keys.

// wordOf returns the word by which resources of a collection are read. What has none of its own is read with the events about it.
func wordOf(c *collection.Collection) string {
	if typ := c.Schema.Type; slices.Contains(subjects, typ) {
		return typ + ":read"
	}
	return Events.Schema.Type + ":read"
}

// readingOf returns the words that include that of a collection.
func readingOf(c *collection.Collection) collection.Words { return including(wordOf(c)) }

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

// readable reports whether the reader may read the subject of the event: by the scopes of its credential and, of people, by what they hold
// where it happened, or because it is their own.
func (t *telling) readable(by held) bool {
	words := readingOf(t.subject)
	switch user := t.scope.PersonID(); {
	case !t.scope.Holds(words):
		return false
	case user == "" || t.organization == "" || t.isOf(user): // at no organization people see what is their own alone
		return true
	default:
		return slices.ContainsFunc(by[post{user, t.organization}], func(word string) bool { return slices.Contains(words, word) })
	}
}

// isOf reports whether the subject is a user, or belongs to them.
func (t *telling) isOf(user string) bool {
	if t.told.resource == nil {
		return false
	}
	if t.subject == Users {
		return t.told.resource.ID == user
	}
	owner := t.told.resource.Relationships["user"]
	if owner == nil {
		return false
	}
	var linked struct{ ID string }
	_ = json.Unmarshal(owner.Data, &linked) // null names nobody
	return linked.ID == user
}

// tellsOf reports whether a scope is told of actors of a collection, beside itself: an organization whose token acts is where it is seen.
func tellsOf(s collection.Scope, actors *collection.Collection) bool {
	return actors == Organizations || s.Holds(readingOf(actors))
}
