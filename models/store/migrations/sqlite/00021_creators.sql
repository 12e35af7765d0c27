-- +goose Up

-- What created an organization: a key, if this is its type, otherwise a user.
ALTER TABLE organizations ADD COLUMN created_by_type text;

-- Who made those that there are is known from their first event, for as long as that is kept.
UPDATE organizations SET created_by = e.actor_id, created_by_type = 'apiKeys'
FROM events e
WHERE organizations.created_by IS NULL AND e.event_type = 'organization.created' AND e.subject_id = organizations.id
  AND e.actor_kind IN ('management_key', 'organization_key') AND e.actor_id IS NOT NULL;
