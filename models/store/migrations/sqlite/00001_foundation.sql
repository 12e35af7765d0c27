-- +goose Up

-- Text compares and sorts by its bytes, which is by code point; times are microseconds since 1970, UTC.

CREATE TABLE users (
  id            text        NOT NULL PRIMARY KEY,
  first_name    text,
  last_name     text,
  email         text,
  email_key     text        UNIQUE,       -- the email in lower case: two spellings of one address are one user
  phone         text,
  time_zone     text,
  locale        text,
  external_id   text,
  active        boolean     NOT NULL,
  password_hash text,
  version       integer     NOT NULL,
  created_at    timestamp   NOT NULL,
  updated_at    timestamp   NOT NULL,
  CHECK ((email IS NULL) = (email_key IS NULL))
);
CREATE INDEX users_created_at  ON users (created_at, id);
CREATE INDEX users_updated_at  ON users (updated_at, id);
CREATE INDEX users_first_name  ON users (first_name, id);
CREATE INDEX users_last_name   ON users (last_name, id);
CREATE INDEX users_email      ON users (email, id);
CREATE INDEX users_external_id ON users (external_id, id);

CREATE TABLE organizations (
  number            integer     NOT NULL PRIMARY KEY AUTOINCREMENT,
  id                text        NOT NULL UNIQUE,
  parent_id         text        REFERENCES organizations (id),
  name              text        NOT NULL,
  slug              text        NOT NULL UNIQUE,  -- of deleted ones too, so that a restore never fails
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
-- What can be sorted by has an index of the live rows, with the id as the last word between equals.
CREATE INDEX organizations_created_at ON organizations (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX organizations_updated_at ON organizations (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX organizations_name       ON organizations (name, id)       WHERE deleted_at IS NULL;
CREATE INDEX organizations_children   ON organizations (parent_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX organizations_deleted    ON organizations (created_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX organizations_created_by ON organizations (created_by)     WHERE created_by IS NOT NULL;

-- The closure of parent_id: one row for every organization and each of its ancestors, itself included at distance 0.
CREATE TABLE organization_paths (
  ancestor_id   text    NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  descendant_id text    NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  distance      integer NOT NULL CHECK (distance >= 0),
  PRIMARY KEY (ancestor_id, descendant_id)
);
CREATE INDEX organization_paths_descendant ON organization_paths (descendant_id, distance);

CREATE TABLE memberships (
  id              text        NOT NULL PRIMARY KEY,
  organization_id text        NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id         text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  version         integer     NOT NULL,
  created_at      timestamp   NOT NULL,
  updated_at      timestamp   NOT NULL,
  UNIQUE (organization_id, user_id)
);
CREATE INDEX memberships_user       ON memberships (user_id, organization_id);
CREATE INDEX memberships_created_at ON memberships (created_at, id);

CREATE TABLE api_keys (
  id              text        NOT NULL PRIMARY KEY,
  kind            text        NOT NULL CHECK (kind IN ('management', 'organization', 'user')),
  organization_id text        REFERENCES organizations (id) ON DELETE CASCADE,  -- of a management key: the root of what it sees, NULL for all
  user_id         text        REFERENCES users (id) ON DELETE CASCADE,
  name            text        NOT NULL,
  scopes          text        NOT NULL,                           -- a JSON array of strings
  expires_at      timestamp,
  last_used_at    timestamp,
  version         integer     NOT NULL,
  created_at      timestamp   NOT NULL,
  updated_at      timestamp   NOT NULL,
  CHECK (kind <> 'organization' OR organization_id IS NOT NULL),
  CHECK ((kind = 'user') = (user_id IS NOT NULL))
);
CREATE INDEX api_keys_created_at   ON api_keys (created_at, id);
CREATE INDEX api_keys_organization ON api_keys (organization_id, created_at, id);
CREATE INDEX api_keys_user         ON api_keys (user_id) WHERE user_id IS NOT NULL;

-- What a caller can present: the secrets of keys, several at once while a rotation overlaps, and the token of each organization.
CREATE TABLE credentials (
  lookup          text        NOT NULL PRIMARY KEY,             -- the public part of a key, or a digest of a foreign token
  hash            blob        NOT NULL,                                     -- HMAC-SHA-256 of the whole credential
  api_key_id      text        REFERENCES api_keys (id) ON DELETE CASCADE,      -- NULL: the token of the organization
  organization_id text        REFERENCES organizations (id) ON DELETE CASCADE,
  expires_at      timestamp,
  created_at      timestamp   NOT NULL,
  CHECK ((api_key_id IS NULL) = (organization_id IS NOT NULL))
);
CREATE UNIQUE INDEX credentials_token   ON credentials (organization_id);
CREATE INDEX        credentials_api_key ON credentials (api_key_id);

-- Everything that changed. Rows outlive what they speak of, so nothing references anything.
CREATE TABLE events (
  id              text        NOT NULL PRIMARY KEY,
  event_type      text        NOT NULL,
  organization_id text,
  subject_type    text        NOT NULL,
  subject_id      text        NOT NULL,
  actor_kind      text        NOT NULL,
  actor_id        text,
  actor_name      text,
  changes         text,              -- before and after by attribute; JSON
  data            text        NOT NULL,     -- the resource object as it was right after; JSON
  request_id      text,
  occurred_at     timestamp   NOT NULL
);
CREATE INDEX events_occurred_at  ON events (occurred_at, id);
CREATE INDEX events_organization ON events (organization_id, occurred_at, id);
CREATE INDEX events_subject      ON events (subject_id, occurred_at, id);

-- Totals, kept by the transactions that change them. The sum over the shards is the number; several shards keep writers from queueing.
CREATE TABLE counters (
  name  text    NOT NULL,
  key   text    NOT NULL,   -- an organization, or '' for all
  shard integer NOT NULL,
  n     integer  NOT NULL,
  PRIMARY KEY (name, key, shard)
) WITHOUT ROWID;

-- What belongs to the installation as a whole.
CREATE TABLE installation (
  name  text NOT NULL PRIMARY KEY,
  value text NOT NULL
);
