-- +goose Up

-- What callers were denied, and when that was told last: the same within a minute is told once, on however many replicas. Rows are of use for a
-- minute, and are removed by the caller's next one or from time to time.
CREATE TABLE access_denials (
  caller     text      NOT NULL,              -- kind and id
  permission text      NOT NULL,              -- the word that it would have taken, '' for one that has no name
  subject_id text      NOT NULL,              -- what it was about
  told_at    timestamp NOT NULL,
  PRIMARY KEY (caller, permission, subject_id)
);
CREATE INDEX access_denials_told_at ON access_denials (told_at);

-- How far the events were removed because of their age: the position of the last one, and the time of the latest. One row.
CREATE TABLE event_horizon (
  position    integer   NOT NULL,
  occurred_at timestamp NOT NULL
);
INSERT INTO event_horizon (position, occurred_at) VALUES (0, 0);

-- Who created an organization stays known when they are gone. A reference cannot be taken off a column, so the column is made again.
ALTER TABLE organizations ADD COLUMN creator text;
UPDATE organizations SET creator = created_by;
DROP INDEX organizations_created_by;
ALTER TABLE organizations DROP COLUMN created_by;
ALTER TABLE organizations RENAME COLUMN creator TO created_by;
CREATE INDEX organizations_created_by ON organizations (created_by) WHERE created_by IS NOT NULL;
