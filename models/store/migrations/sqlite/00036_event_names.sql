-- +goose Up

-- What an event names, as it was called then: it may have another name, or be gone, when the event is read. names has that of what relationships
-- in changes lead to, by ids; JSON. NULL of events from before, which nobody can ask any more.
ALTER TABLE events ADD COLUMN subject_name text;
ALTER TABLE events ADD COLUMN names text;

DROP VIEW event_feed;
CREATE VIEW event_feed AS
SELECT e.id, e.event_type, p.organization_id AS owner_id, e.organization_id, e.user_id, e.subject_type, p.subject_id, e.actor_kind,
  e.actor_id, e.actor_name, e.changes, e.data, e.request_id, e.occurred_at, e.organization_name, e.subject_name, e.names, p.position,
  p.sequence
FROM event_positions p JOIN events e ON e.id = p.event_id;
