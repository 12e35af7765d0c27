-- +goose Up

-- The numbers of events, given once their changes have committed, so that they are in the order in which readers could see them. A row of events
-- stays as it was written: numbering one there would write it, and each of its indexes, a second time.
CREATE TABLE event_positions (
  position        bigint NOT NULL PRIMARY KEY,   -- from 1, without a gap
  event_id        uuid NOT NULL UNIQUE,
  organization_id uuid,
  sequence        bigint,                        -- from 1 within the organization; 0 of a test, NULL of what happened in none
  subject_id      uuid NOT NULL
);

-- The last number given to an event of each organization. The nil UUID is the whole installation, whose number is the position.
ALTER TABLE webhook_sequences RENAME TO event_sequences;
ALTER TABLE event_sequences RENAME CONSTRAINT webhook_sequences_pkey TO event_sequences_pkey;

-- The events that were fanned out are numbered in the order of their times. Within an organization the numbers that its receivers have seen
-- decide: its events have the same places as by their times, in the order of those numbers.
INSERT INTO event_positions (position, event_id, organization_id, sequence, subject_id)
WITH told AS (
  SELECT e.id, e.organization_id, e.subject_id, m.sequence,
    COALESCE(CAST(e.organization_id AS text), '') AS whose, COALESCE(m.sequence, 0) > 0 AS counted,
    ROW_NUMBER() OVER (ORDER BY e.occurred_at, e.id) AS place
  FROM events e LEFT JOIN webhook_messages m ON m.event_id = e.id
  WHERE e.id NOT IN (SELECT event_id FROM event_queue)
), places AS (
  SELECT place, whose, counted, ROW_NUMBER() OVER (PARTITION BY whose, counted ORDER BY place) AS n FROM told
), ranked AS (
  SELECT told.*, ROW_NUMBER() OVER (PARTITION BY whose, counted ORDER BY CASE WHEN counted THEN sequence ELSE place END) AS n FROM told
)
SELECT p.place, r.id, r.organization_id, CASE WHEN r.sequence < 0 THEN 0 ELSE r.sequence END, r.subject_id
FROM ranked r JOIN places p ON p.whose = r.whose AND p.counted = r.counted AND p.n = r.n;

-- The events that are still in the queue come behind them, in its order.
INSERT INTO event_positions (position, event_id, organization_id, sequence, subject_id)
SELECT numbered.n + ROW_NUMBER() OVER (ORDER BY q.ordinal), e.id, e.organization_id,
  CASE WHEN e.organization_id IS NOT NULL THEN COALESCE(s.last, 0) + ROW_NUMBER() OVER (PARTITION BY e.organization_id ORDER BY q.ordinal) END,
  e.subject_id
FROM event_queue q JOIN events e ON e.id = q.event_id LEFT JOIN event_sequences s ON s.organization_id = e.organization_id
  CROSS JOIN (SELECT COUNT(*) AS n FROM event_positions) AS numbered;

INSERT INTO event_sequences (organization_id, last)
SELECT p.organization_id, MAX(p.sequence) FROM event_queue q JOIN event_positions p ON p.event_id = q.event_id
WHERE p.organization_id IS NOT NULL GROUP BY p.organization_id
ON CONFLICT (organization_id) DO UPDATE SET last = excluded.last;

INSERT INTO event_sequences (organization_id, last) SELECT '00000000-0000-0000-0000-000000000000', COUNT(*) FROM event_positions;

-- Events are counted when they get their number, and no longer when they leave the queue.
INSERT INTO counters (name, key, shard, n)
SELECT 'events', '', 0, COUNT(*) FROM event_queue WHERE 1 = 1 HAVING COUNT(*) > 0
ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n;
INSERT INTO counters (name, key, shard, n)
SELECT 'events', CAST(e.organization_id AS text), 0, COUNT(*) FROM event_queue q JOIN events e ON e.id = q.event_id
WHERE e.organization_id IS NOT NULL GROUP BY e.organization_id
ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n;

CREATE INDEX event_positions_organization ON event_positions (organization_id, position);
CREATE INDEX event_positions_subject      ON event_positions (subject_id, position);
DROP INDEX events_subject;

-- What the organization was called when it happened. Of earlier events the present name is told.
ALTER TABLE events ADD COLUMN organization_name text COLLATE "C";

-- Events as they are read: those that have their number.
CREATE VIEW event_feed AS
SELECT e.id, e.event_type, p.organization_id, e.subject_type, p.subject_id, e.actor_kind, e.actor_id, e.actor_name, e.changes, e.data,
  e.request_id, e.occurred_at, e.organization_name, p.position, p.sequence
FROM event_positions p JOIN events e ON e.id = p.event_id;

-- The queue is numbered first and fanned out in that order. NULL: not numbered yet.
ALTER TABLE event_queue ADD COLUMN position bigint;
UPDATE event_queue SET position = (SELECT p.position FROM event_positions p WHERE p.event_id = event_queue.event_id);
DROP INDEX event_queue_organization;
CREATE INDEX event_queue_new          ON event_queue (ordinal) WHERE position IS NULL;
CREATE INDEX event_queue_position     ON event_queue (position) WHERE position IS NOT NULL;
CREATE INDEX event_queue_organization ON event_queue (organization_id, position) WHERE position IS NOT NULL;

-- What is sent is an event as one organization may see it: a body for each organization whose endpoints get it. Bodies that were made before
-- are kept as they are, since every attempt sends the same bytes.
ALTER TABLE webhook_messages RENAME TO webhook_messages_before;
CREATE TABLE webhook_messages (
  event_id        uuid NOT NULL,
  organization_id uuid NOT NULL,              -- of the endpoints
  body            bytea NOT NULL,
  CONSTRAINT webhook_messages_key PRIMARY KEY (event_id, organization_id)
);
INSERT INTO webhook_messages (event_id, organization_id, body)
SELECT m.event_id, d.organization_id, m.body
FROM webhook_messages_before m JOIN (SELECT DISTINCT event_id, organization_id FROM webhook_deliveries) d ON d.event_id = m.event_id
WHERE m.body IS NOT NULL;
DROP TABLE webhook_messages_before;
ALTER TABLE webhook_messages RENAME CONSTRAINT webhook_messages_key TO webhook_messages_pkey;
ALTER TABLE webhook_messages ALTER COLUMN body SET STORAGE EXTERNAL;
