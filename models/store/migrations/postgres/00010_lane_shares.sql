-- +goose Up

-- Whose endpoint a lane is, so that slots can be shared per organization.
ALTER TABLE webhook_lanes ADD COLUMN organization_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
UPDATE webhook_lanes SET organization_id = (SELECT w.organization_id FROM webhooks w WHERE w.id = webhook_lanes.webhook_id);

-- Lanes are claimed by their standing: thousands that wait for one of the slots of their kind are not passed on the way to the others.
DROP INDEX webhook_lanes_turn;
CREATE INDEX webhook_lanes_turn ON webhook_lanes ((CASE WHEN health = 'ok' AND answers = 0 THEN 'newcomer' ELSE health END), next_turn_at)
  WHERE next_turn_at IS NOT NULL;
