package models

import (
	"context"

	"roster/models/collection"
	"roster/models/store"
)

// Message is an event as the endpoints of one organization are sent it.
type Message struct {
	Event *QueuedEvent
	// Owner is the organization of the endpoints.
	Owner string
	// Actor, Changes and Resource are what the owner may see of them. Resource is nil for an event that it may not see at all.
	Actor             Actor
	Changes, Resource []byte // JSON
	// OrganizationName is that of the event's organization, as it is told.
	OrganizationName string
	// Body is what is signed and sent. It is made once, so that every attempt sends the same bytes.
	Body []byte

	at   *int64 // the position at which the owner looks, nil for now
	left bool   // the event takes its organization out of the owner's sight
}

// MessageKey names a message: the event, and the organization of the endpoints.
type MessageKey struct{ EventID, Owner string }

// Key returns the name of the message.
func (m *Message) Key() MessageKey { return MessageKey{m.Event.ID, m.Owner} }

// audienceOf returns the scope that the endpoints of an organization are told an event of an organization in.
func audienceOf(owner, organization string) collection.Scope {
	if organization == owner {
		return collection.OnlyOrganization(owner)
	}
	return collection.Subtree(owner)
}

// DescribeMessages fills in what the owners of messages may see of their events: of what happened in the organization itself what that
// sees, of what happened below it what is in its subtree: at the position of the event when it is fanned out, and now when it is replayed.
func DescribeMessages(ctx context.Context, tx *store.DB, messages []*Message) error {
	tellings := make([]*telling, len(messages))
	for i, m := range messages {
		e := m.Event
		tellings[i] = &telling{
			scope: audienceOf(m.Owner, e.OrganizationID), endpoint: true, at: presently, left: m.left,
			organization: e.OrganizationID, organizationName: e.OrganizationName,
			subject: CollectionOf(e.SubjectType), actor: e.Actor, changes: e.Changes, resource: e.Data,
		}
		if m.at != nil {
			tellings[i].at = *m.at
		}
	}
	if _, err := mask(ctx, tx, tellings); err != nil {
		return err
	}
	for i, m := range messages {
		m.Actor, m.Changes, m.Resource = tellings[i].actor, tellings[i].changes, tellings[i].resource
		m.OrganizationName = tellings[i].organizationName
	}
	return nil
}
