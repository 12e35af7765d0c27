-- +goose Up

-- A delivery is written once, when its event is fanned out. What becomes of it is a row beside it: an attempt if it succeeds, and for as long as
-- it is to be sent, or if it ended in another way, a row of webhook_open. So a success changes none of the indexes by which deliveries are found.

-- A fan-out of a program that still runs comes before this or behind it (125823003944307 is its lock), and there it fails, as all of its writes
-- to deliveries do.
SELECT pg_advisory_xact_lock(125823003944307);

ALTER TABLE webhook_deliveries RENAME TO webhook_dispatches;
ALTER TABLE webhook_dispatches RENAME CONSTRAINT webhook_deliveries_pkey TO webhook_dispatches_pkey;
ALTER TABLE webhook_dispatches RENAME CONSTRAINT webhook_deliveries_event_id_webhook_id_key TO webhook_dispatches_event_id_webhook_id_key;
ALTER INDEX webhook_deliveries_webhook      RENAME TO webhook_dispatches_webhook;
ALTER INDEX webhook_deliveries_organization RENAME TO webhook_dispatches_organization;

-- Deliveries that are to be sent, that failed or were cancelled, and that a replay began, whatever became of them.
CREATE TABLE webhook_open (
  delivery_id    uuid NOT NULL PRIMARY KEY,
  webhook_id     uuid NOT NULL,
  ordinal        bigint NOT NULL,              -- as in webhook_dispatches
  created_at     timestamptz NOT NULL,         -- the same
  order_key      text COLLATE "C",             -- deliveries with the same key wait for each other; NULL for none
  state          text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed', 'cancelled')),
  trigger        text COLLATE "C" NOT NULL CHECK (trigger IN ('event', 'manual', 'replay', 'test')),
  attempts       bigint NOT NULL,              -- all that were recorded
  round_attempts bigint NOT NULL,              -- those that count since the delivery was last begun
  due_at         timestamptz,                  -- of a pending one: when it can be sent; NULL while an earlier one with the same key is pending
  reason         text COLLATE "C",             -- of a cancelled one
  job_id         uuid,                         -- the replay that began it last
  finished_at    timestamptz,
  CHECK ((state = 'pending') = (finished_at IS NULL))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, created_at, order_key, state, trigger, attempts, round_attempts, due_at, reason, job_id,
  finished_at)
SELECT id, webhook_id, ordinal, created_at, order_key, state, trigger, attempts, round_attempts, due_at, reason, job_id, finished_at
FROM webhook_dispatches WHERE state <> 'succeeded' OR job_id IS NOT NULL;

CREATE INDEX webhook_open_due       ON webhook_open (webhook_id, due_at, delivery_id) WHERE state = 'pending';
CREATE INDEX webhook_open_waiting   ON webhook_open (webhook_id, order_key, ordinal) WHERE state = 'pending' AND order_key IS NOT NULL;
CREATE INDEX webhook_open_job       ON webhook_open (job_id, state) WHERE job_id IS NOT NULL;
CREATE INDEX webhook_open_replaying ON webhook_open (webhook_id) WHERE state = 'pending' AND job_id IS NOT NULL;

DROP INDEX webhook_deliveries_due, webhook_deliveries_waiting, webhook_deliveries_job, webhook_deliveries_replaying;
ALTER TABLE webhook_dispatches
  DROP COLUMN order_key, DROP COLUMN state, DROP COLUMN trigger, DROP COLUMN attempts, DROP COLUMN round_attempts, DROP COLUMN due_at,
  DROP COLUMN last_code, DROP COLUMN last_status, DROP COLUMN last_attempt_at, DROP COLUMN reason, DROP COLUMN finished_at, DROP COLUMN job_id;
ALTER TABLE webhook_dispatches RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);

-- Deliveries as they are read. One that has no row in webhook_open has succeeded.
CREATE VIEW webhook_deliveries AS
SELECT d.id, d.event_id, d.webhook_id, d.organization_id, d.event_type, d.ordinal, d.created_at,
  o.order_key, COALESCE(o.state, 'succeeded') AS state, COALESCE(o.trigger, a.trigger, 'event') AS trigger,
  COALESCE(o.attempts, a.number, 0) AS attempts, o.due_at, a.code AS last_code, a.status AS last_status, a.started_at AS last_attempt_at, o.reason,
  CASE WHEN o.delivery_id IS NULL THEN a.started_at + a.total_us * interval '1 microsecond' ELSE o.finished_at END AS finished_at, o.job_id
FROM webhook_dispatches d
LEFT JOIN webhook_open o ON o.delivery_id = d.id
LEFT JOIN webhook_attempts a ON a.delivery_id = d.id
  AND a.number = COALESCE(o.attempts, (SELECT MAX(last.number) FROM webhook_attempts last WHERE last.delivery_id = d.id));
