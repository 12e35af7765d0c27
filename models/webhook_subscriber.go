package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// Subscriber is an endpoint that may want an event of its organization or, if it looks at its subtree, of one below.
type Subscriber struct {
	WebhookID    string
	Owner        string // the organization of the endpoint
	Subtree      bool
	EventTypes   jsonapi.Strings
	Ordering     string
	AfterOrdinal int64
	LastOrdinal  *int64

	left bool // the event takes its organization out of the subtree
}

// Message returns the message of an event to the endpoints of the subscriber's organization.
func (s Subscriber) Message(e *QueuedEvent) *Message {
	at := e.Position
	if s.left {
		at-- // what it saw until then
	}
	return &Message{Event: e, Owner: s.Owner, at: &at, left: s.left}
}

// Subscribers are the endpoints that some events may go to.
type Subscribers struct {
	lineage *lineage
	byOwner map[string][]Subscriber
}

// FindSubscribers finds the endpoints that events may go to. They have left the queue, and happened in organizations.
func FindSubscribers(ctx context.Context, tx *store.DB, events []*QueuedEvent) (*Subscribers, error) {
	l, err := readLineage(ctx, tx, store.SortedUnique(store.Column(events, func(e *QueuedEvent) string { return e.OrganizationID })))
	if err != nil {
		return nil, err
	}
	var owners []string
	for _, line := range l.now {
		owners = append(owners, line...)
	}
	for _, m := range l.moves {
		owners = append(owners, m.above...)
	}
	s := &Subscribers{l, map[string][]Subscriber{}}
	in, arg := tx.Among("organization_id", store.SortedUnique(owners))
	err = tx.Read(ctx, func(rows *sql.Rows) error {
		var one Subscriber
		err := rows.Scan(&one.WebhookID, &one.Owner, &one.Subtree, &one.EventTypes, &one.Ordering, &one.AfterOrdinal, &one.LastOrdinal)
		s.byOwner[one.Owner] = append(s.byOwner[one.Owner], one)
		return err
	}, `SELECT id, organization_id, subtree, event_types, ordering, after_ordinal, last_ordinal FROM webhooks WHERE `+in, arg)
	if err != nil {
		return nil, fmt.Errorf("find subscribers: %w", err)
	}
	return s, nil
}

// Of returns the endpoints that an event may go to: those of its organization, and those of the organizations above it that look at their
// subtrees. That an organization was moved goes to those that were above it before as well. Of a restoration they are told nothing: for
// them it was deleted, and stays so.
func (s *Subscribers) Of(e *QueuedEvent) []Subscriber {
	above := s.lineage.at(e.Position, e.OrganizationID)
	var found []Subscriber
	for _, owner := range above {
		for _, one := range s.byOwner[owner] {
			if one.Subtree || owner == e.OrganizationID {
				found = append(found, one)
			}
		}
	}
	if e.Type != Organizations.Schema.Singular()+"."+string(updated) || !s.lineage.moved(e) {
		return found
	}
	for _, owner := range s.lineage.at(e.Position-1, e.OrganizationID) {
		for _, one := range s.byOwner[owner] {
			if one.Subtree && !slices.Contains(above, owner) {
				one.left = true
				found = append(found, one)
			}
		}
	}
	return found
}

// ForgetMoves removes the moves that only these events, which have left the queue, were older than.
func (s *Subscribers) ForgetMoves(ctx context.Context, tx *store.DB) error {
	if len(s.lineage.moves) == 0 {
		return nil
	}
	return forgetMoves(ctx, tx)
}
