-- +goose Up

-- Whose event it is, so that a fan-out that is behind can take a share of each organization. The nil UUID is for what happened in none.
ALTER TABLE event_queue ADD COLUMN organization_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
UPDATE event_queue AS q SET organization_id = e.organization_id FROM events AS e WHERE e.id = q.event_id AND e.organization_id IS NOT NULL;
CREATE INDEX event_queue_organization ON event_queue (organization_id, ordinal);
