-- +goose Up

-- Which replay began a delivery last, so that a replay can tell what has become of what it began. It references nothing, like the others
-- of this table.
ALTER TABLE webhook_deliveries ADD COLUMN job_id text;
CREATE INDEX webhook_deliveries_job       ON webhook_deliveries (job_id, state) WHERE job_id IS NOT NULL;
CREATE INDEX webhook_deliveries_replaying ON webhook_deliveries (webhook_id) WHERE state = 'pending' AND job_id IS NOT NULL;

-- How far a replay has come: how many events or deliveries it has looked at, and when the last of them was made.
ALTER TABLE webhook_jobs ADD COLUMN examined integer NOT NULL DEFAULT 0;
ALTER TABLE webhook_jobs ADD COLUMN reached_at timestamp;

-- Events that the endpoint took already are sent again, too: it may have lost them since.
ALTER TABLE webhook_jobs ADD COLUMN include_delivered boolean NOT NULL DEFAULT false;

-- The lane of an endpoint that was created paused had a turn, as if it were active.
UPDATE webhook_lanes SET next_turn_at = NULL, health = (SELECT w.status FROM webhooks w WHERE w.id = webhook_lanes.webhook_id)
WHERE webhook_id IN (SELECT id FROM webhooks WHERE status <> 'active');
