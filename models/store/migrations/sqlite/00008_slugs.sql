-- +goose NO TRANSACTION
-- +goose Up

-- The slug of a deleted organization can be taken. One that is restored meanwhile gets another.
--
-- SQLite cannot drop the constraint of a column, so the table is made anew (https://www.sqlite.org/lang_altertable.html#otheralter).
-- Its foreign keys are off meanwhile, which a transaction cannot do: dropping the old table would delete what hangs on it. Nothing is
-- lost when this is interrupted, and it can be run again.
PRAGMA foreign_keys = OFF;
CREATE TEMP TABLE off (foreign_keys integer CHECK (foreign_keys = 0));
INSERT INTO off SELECT foreign_keys FROM pragma_foreign_keys; -- fails, and with it the migration, if they are not
DROP TABLE off;

BEGIN IMMEDIATE;
CREATE TABLE organizations_new (
  number            integer     NOT NULL PRIMARY KEY AUTOINCREMENT,
  id                text        NOT NULL UNIQUE,
  parent_id         text        REFERENCES organizations (id),
  name              text        NOT NULL,
  slug              text        NOT NULL,
  description       text,
  kind              text        NOT NULL,
  is_event_producer boolean     NOT NULL,
  location_tracking boolean     NOT NULL,
  valid_from        timestamp,
  valid_to          timestamp,
  webhook_url       text,
  webhook_secret    blob,                                  -- encrypted by the vault
  created_by        text        REFERENCES users (id) ON DELETE SET NULL,
  version           integer     NOT NULL,
  created_at        timestamp   NOT NULL,
  updated_at        timestamp   NOT NULL,
  deleted_at        timestamp,
  -- A company is always the head of an organization.
  CHECK ((kind = 'company') = (parent_id IS NULL)),
  CHECK (kind IN ('company', 'project', 'subsidiary', 'partner', 'client', 'supplier', 'branch', 'other')),
  CHECK (valid_from <= valid_to),
  -- A webhook is never sent unsigned.
  CHECK (webhook_url IS NULL OR webhook_secret IS NOT NULL)
);
INSERT INTO organizations_new (number, id, parent_id, name, slug, description, kind, is_event_producer, location_tracking, valid_from, valid_to,
    webhook_url, webhook_secret, created_by, version, created_at, updated_at, deleted_at)
  SELECT number, id, parent_id, name, slug, description, kind, is_event_producer, location_tracking, valid_from, valid_to,
    webhook_url, webhook_secret, created_by, version, created_at, updated_at, deleted_at
  FROM organizations;
-- A number is never given twice, also if the last one is of an organization that was never committed.
DELETE FROM sqlite_sequence WHERE name = 'organizations_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'organizations_new', seq FROM sqlite_sequence WHERE name = 'organizations';
DROP TABLE organizations;
ALTER TABLE organizations_new RENAME TO organizations;

CREATE UNIQUE INDEX organizations_slug ON organizations (slug) WHERE deleted_at IS NULL;
-- What can be sorted by has an index of the live rows, with the id as the last word between equals.
CREATE INDEX organizations_created_at ON organizations (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX organizations_updated_at ON organizations (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX organizations_name       ON organizations (name, id)       WHERE deleted_at IS NULL;
CREATE INDEX organizations_children   ON organizations (parent_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX organizations_deleted    ON organizations (created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX organizations_created_by ON organizations (created_by)     WHERE created_by IS NOT NULL;
COMMIT;

PRAGMA foreign_keys = ON;
