-- +goose Up

-- When the user was created, which never changes: the people of an organization are found in the order of lists.
--
-- SQLite cannot add a column that must have a value and has no default, so the table is made anew
-- (https://www.sqlite.org/lang_altertable.html#otheralter). Nothing refers to it.
CREATE TABLE memberships_new (
  id              text        NOT NULL PRIMARY KEY,
  organization_id text        NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id         text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  version         integer     NOT NULL,
  created_at      timestamp   NOT NULL,
  updated_at      timestamp   NOT NULL,
  shared          boolean     NOT NULL DEFAULT false,
  user_created_at timestamp   NOT NULL,
  UNIQUE (organization_id, user_id)
);
INSERT INTO memberships_new (id, organization_id, user_id, version, created_at, updated_at, shared, user_created_at)
  SELECT m.id, m.organization_id, m.user_id, m.version, m.created_at, m.updated_at, m.shared, u.created_at
  FROM memberships m JOIN users u ON u.id = m.user_id
  ORDER BY m.rowid;
DROP TABLE memberships; -- fires no trigger
ALTER TABLE memberships_new RENAME TO memberships;

CREATE INDEX memberships_user         ON memberships (user_id, organization_id);
CREATE INDEX memberships_created_at   ON memberships (created_at, id);
CREATE INDEX memberships_people       ON memberships (organization_id, user_created_at, user_id);
CREATE INDEX memberships_organization ON memberships (organization_id, created_at, id);
-- SQLite takes the last one of several that serve alike, and the others do not know what is shared.
CREATE INDEX memberships_shared       ON memberships (organization_id, user_id) WHERE shared;
-- +goose StatementBegin
CREATE TRIGGER memberships_take_id AFTER DELETE ON memberships
BEGIN
  INSERT INTO taken_ids (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
