-- +goose Up

-- What callers were denied, and when that was told last: the same within a minute is told once, on however many replicas. Rows are of use for a
-- minute, and are removed by the caller's next one or from time to time.
CREATE TABLE access_denials (
  caller     text COLLATE "C" NOT NULL,       -- kind and id
  permission text COLLATE "C" NOT NULL,       -- the word that it would have taken, '' for one that has no name
  subject_id uuid        NOT NULL,            -- what it was about
  told_at    timestamptz NOT NULL,
  PRIMARY KEY (caller, permission, subject_id)
);
CREATE INDEX access_denials_told_at ON access_denials (told_at);

-- How far the events were removed because of their age: the position of the last one, and the time of the latest. One row.
CREATE TABLE event_horizon (
  position    bigint      NOT NULL,
  occurred_at timestamptz NOT NULL
);
INSERT INTO event_horizon (position, occurred_at) VALUES (0, '1970-01-01T00:00:00Z');

-- Who created an organization stays known when they are gone.
ALTER TABLE organizations DROP CONSTRAINT organizations_created_by_fkey;
