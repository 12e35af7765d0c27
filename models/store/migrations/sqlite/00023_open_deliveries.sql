-- +goose Up

-- A delivery is written once, when its event is fanned out. What becomes of it is a row beside it: an attempt if it succeeds, and for as long as
-- it is to be sent, or if it ended in another way, a row of webhook_open. So a success changes none of the indexes by which deliveries are found.

CREATE TABLE webhook_dispatches (
  id              text NOT NULL PRIMARY KEY,
  event_id        text NOT NULL,
  webhook_id      text NOT NULL,
  organization_id text NOT NULL,               -- of the endpoint
  event_type      text NOT NULL,
  ordinal         integer NOT NULL,            -- of the event in the queue
  created_at      timestamp NOT NULL,
  UNIQUE (event_id, webhook_id)
);
INSERT INTO webhook_dispatches (id, event_id, webhook_id, organization_id, event_type, ordinal, created_at)
SELECT id, event_id, webhook_id, organization_id, event_type, ordinal, created_at FROM webhook_deliveries ORDER BY rowid;

-- Deliveries that are to be sent, that failed or were cancelled, and that a replay began, whatever became of them.
CREATE TABLE webhook_open (
  delivery_id    text NOT NULL PRIMARY KEY,
  webhook_id     text NOT NULL,
  ordinal        integer NOT NULL,             -- as in webhook_dispatches
  created_at     timestamp NOT NULL,           -- the same
  order_key      text,                         -- deliveries with the same key wait for each other; NULL for none
  state          text NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed', 'cancelled')),
  trigger        text NOT NULL CHECK (trigger IN ('event', 'manual', 'replay', 'test')),
  attempts       integer NOT NULL,             -- all that were recorded
  round_attempts integer NOT NULL,             -- those that count since the delivery was last begun
  due_at         timestamp,                    -- of a pending one: when it can be sent; NULL while an earlier one with the same key is pending
  reason         text,                         -- of a cancelled one
  job_id         text,                         -- the replay that began it last
  finished_at    timestamp,
  CHECK ((state = 'pending') = (finished_at IS NULL))
) WITHOUT ROWID;

INSERT INTO webhook_open (delivery_id, webhook_id, ordinal, created_at, order_key, state, trigger, attempts, round_attempts, due_at, reason, job_id,
  finished_at)
SELECT id, webhook_id, ordinal, created_at, order_key, state, trigger, attempts, round_attempts, due_at, reason, job_id, finished_at
FROM webhook_deliveries WHERE state <> 'succeeded' OR job_id IS NOT NULL;

DROP TABLE webhook_deliveries;
CREATE INDEX webhook_dispatches_webhook      ON webhook_dispatches (webhook_id, id);
CREATE INDEX webhook_dispatches_organization ON webhook_dispatches (organization_id, id);
CREATE INDEX webhook_open_due       ON webhook_open (webhook_id, due_at, delivery_id) WHERE state = 'pending';
CREATE INDEX webhook_open_waiting   ON webhook_open (webhook_id, order_key, ordinal) WHERE state = 'pending' AND order_key IS NOT NULL;
CREATE INDEX webhook_open_job       ON webhook_open (job_id, state) WHERE job_id IS NOT NULL;
CREATE INDEX webhook_open_replaying ON webhook_open (webhook_id) WHERE state = 'pending' AND job_id IS NOT NULL;

-- Deliveries as they are read. One that has no row in webhook_open has succeeded.
CREATE VIEW webhook_deliveries AS
SELECT d.id, d.event_id, d.webhook_id, d.organization_id, d.event_type, d.ordinal, d.created_at,
  o.order_key, COALESCE(o.state, 'succeeded') AS state, COALESCE(o.trigger, a.trigger, 'event') AS trigger,
  COALESCE(o.attempts, a.number, 0) AS attempts, o.due_at, a.code AS last_code, a.status AS last_status, a.started_at AS last_attempt_at, o.reason,
  CASE WHEN o.delivery_id IS NULL THEN a.started_at + a.total_us ELSE o.finished_at END AS finished_at, o.job_id
FROM webhook_dispatches d
LEFT JOIN webhook_open o ON o.delivery_id = d.id
LEFT JOIN webhook_attempts a ON a.delivery_id = d.id
  AND a.number = COALESCE(o.attempts, (SELECT MAX(last.number) FROM webhook_attempts last WHERE last.delivery_id = d.id));
