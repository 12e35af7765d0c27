-- +goose Up

-- Pictures: those of an organization, or those of a user. Their bytes are kept elsewhere, under their id.
CREATE TABLE files (
  number          integer     NOT NULL PRIMARY KEY AUTOINCREMENT,
  id              text        NOT NULL UNIQUE,
  organization_id text        REFERENCES organizations (id) ON DELETE CASCADE,
  user_id         text        REFERENCES users (id) ON DELETE CASCADE,
  file_name       text        NOT NULL,
  content_type    text        NOT NULL,  -- as the bytes say
  size            integer     NOT NULL,
  width           integer     NOT NULL,
  height          integer     NOT NULL,
  sha256          text        NOT NULL,
  created_at      timestamp   NOT NULL,
  CHECK ((organization_id IS NULL) <> (user_id IS NULL))
);
CREATE INDEX files_organization ON files (organization_id, created_at, id);
CREATE INDEX files_user         ON files (user_id);
CREATE INDEX files_order        ON files (created_at, id);

ALTER TABLE organizations ADD COLUMN logo_id   text REFERENCES files (id) ON DELETE SET NULL;
ALTER TABLE users         ADD COLUMN avatar_id text REFERENCES files (id) ON DELETE SET NULL;
CREATE INDEX organizations_logo ON organizations (logo_id) WHERE logo_id IS NOT NULL;
CREATE INDEX users_avatar       ON users (avatar_id)       WHERE avatar_id IS NOT NULL;

-- Bytes that are kept in the database, by the id of their file.
CREATE TABLE blobs (
  key     text NOT NULL PRIMARY KEY,
  content blob NOT NULL
);

-- Bytes that are no file's: not yet, while they are written, or not any more. Whichever store they are in, they are removed when they are due;
-- those that are doomed can no longer become a file's.
CREATE TABLE blob_deletions (
  key      text      NOT NULL PRIMARY KEY,
  owner_id text      NOT NULL,
  due_at   timestamp NOT NULL,
  doomed   boolean   NOT NULL
);
CREATE INDEX blob_deletions_due   ON blob_deletions (due_at);
CREATE INDEX blob_deletions_owner ON blob_deletions (owner_id);

-- +goose StatementBegin
CREATE TRIGGER files_take_id AFTER DELETE ON files
BEGIN
  INSERT INTO taken_ids (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
