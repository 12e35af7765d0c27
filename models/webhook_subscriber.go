package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// FindSubscribers finds the endpoints that events may go to. They have left the queue, and happened in organizations. along is asked in the
// same round trip.
func FindSubscribers(ctx context.Context, tx *store.DB, events []*QueuedEvent, along ...store.Query) (*Subscribers, error) {
	organizations := store.SortedUnique(store.Column(events, func(e *QueuedEvent) string { return e.OrganizationID }))
	s := &Subscribers{byOwner: map[string][]Subscriber{}}
	var err error
	if s.lineage, err = readLineage(ctx, tx, organizations, append(along, s.query(tx, organizations))...); err != nil {
		return nil, fmt.Errorf("find subscribers: %w", err)
	}
	return s, nil
}

// query asks for the endpoints of whoever is above organizations, or was before a move that is kept. It comes behind the lineage: of a move
// that commits in between it sees both sides.
func (s *Subscribers) query(tx *store.DB, organizations []string) store.Query {
	before := `SELECT CAST(json_array_elements_text(CAST(ancestors AS json)) AS uuid) FROM branch_moves`
	if tx.Dialect() == store.SQLite {
		before = `SELECT value FROM branch_moves, json_each(ancestors)`
	}
	return store.Query{
		SQL: `SELECT id, organization_id, subtree, event_types, ordering, after_ordinal, last_ordinal FROM webhooks
			WHERE organization_id IN (
				SELECT ancestor_id FROM organization_paths WHERE descendant_id IN ?
				UNION ALL
				` + before + `)`,
		Args: []any{organizations},
		Take: s.take,
	}
}

// take reads the answer to the query.
func (s *Subscribers) take(a *store.Answer) error {
	for i := range a.Len() {
		one := Subscriber{
			// They are cloned because deliveries keep them: a text of an answer keeps all of it.
			WebhookID: strings.Clone(a.Text(i, 0)), Owner: strings.Clone(a.Text(i, 1)),
			Ordering: a.Text(i, 4), AfterOrdinal: a.Number(i, 5),
		}
		if !a.Null(i, 6) {
			last := a.Number(i, 6)
			one.LastOrdinal = &last
		}
		if err := errors.Join(a.Into(i, 2, &one.Subtree), a.Into(i, 3, &one.EventTypes)); err != nil {
			return err
		}
		s.byOwner[one.Owner] = append(s.byOwner[one.Owner], one)
	}
	return nil
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
