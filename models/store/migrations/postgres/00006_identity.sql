-- +goose Up

-- Ids that no client may choose: those that clients chose, and those of everything that was deleted. An id names one resource for ever.
CREATE TABLE taken_ids (
  id uuid NOT NULL PRIMARY KEY
);
INSERT INTO taken_ids (id)
SELECT DISTINCT subject_id FROM events WHERE event_type IN ('user.deleted', 'membership.deleted', 'apiKey.revoked', 'webhook.deleted');

-- By triggers, because rows also go with others (ON DELETE CASCADE).
-- +goose StatementBegin
CREATE FUNCTION roster_take_id() RETURNS trigger
  LANGUAGE plpgsql
  AS $$ BEGIN INSERT INTO taken_ids (id) VALUES (OLD.id) ON CONFLICT DO NOTHING; RETURN NULL; END $$;
-- +goose StatementEnd
CREATE TRIGGER users_take_id        AFTER DELETE ON users        FOR EACH ROW EXECUTE FUNCTION roster_take_id();
CREATE TRIGGER memberships_take_id  AFTER DELETE ON memberships  FOR EACH ROW EXECUTE FUNCTION roster_take_id();
CREATE TRIGGER api_keys_take_id     AFTER DELETE ON api_keys     FOR EACH ROW EXECUTE FUNCTION roster_take_id();
CREATE TRIGGER webhooks_take_id     AFTER DELETE ON webhooks     FOR EACH ROW EXECUTE FUNCTION roster_take_id();
CREATE TRIGGER webhook_jobs_take_id AFTER DELETE ON webhook_jobs FOR EACH ROW EXECUTE FUNCTION roster_take_id();

-- A caller is known by the kind of its credential and an id, not by the id alone.
UPDATE events SET actor_kind = 'management_key' WHERE actor_kind = 'management';
UPDATE events SET actor_kind = 'organization_token'
WHERE actor_kind = 'organization' AND actor_id IN (SELECT CAST(id AS text) FROM organizations);
UPDATE events SET actor_kind = 'organization_key' WHERE actor_kind = 'organization';

-- Kept answers: of a caller, to be given again to one who still has the rights (a JSON object) that it had then. Those from before did not
-- say: that their requests took effect is still known.
ALTER TABLE idempotency_keys RENAME COLUMN credential_id TO caller;
ALTER TABLE idempotency_keys ADD COLUMN rights text COLLATE "C";
UPDATE idempotency_keys SET answer = NULL, caller = CASE
  WHEN caller LIKE 'management %' THEN 'management_key:' || substr(caller, 12)
  WHEN substr(caller, 14) IN (SELECT CAST(id AS text) FROM organizations) THEN 'organization_token:' || substr(caller, 14)
  ELSE 'organization_key:' || substr(caller, 14)
END;
