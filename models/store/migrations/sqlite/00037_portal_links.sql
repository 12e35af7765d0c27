-- +goose Up

-- A link by which somebody without an account opens the webhooks of one organization in a browser, once. It ends with the session that it
-- has opened.
CREATE TABLE portal_links (
  id                 text      NOT NULL PRIMARY KEY,
  organization_id    text      NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  name               text,
  permissions        text      NOT NULL,
  hears              text      NOT NULL,  -- the words for reading that its maker held: what its endpoints may be sent
  expires_in         integer   NOT NULL,
  session_expires_in integer   NOT NULL,
  frame_ancestors    text      NOT NULL,
  return_url         text,
  token_hash         blob      UNIQUE,    -- of the one token that works, by the vault
  maker_kind         text      NOT NULL,  -- who made it: whether they may is judged again when it is opened
  maker_id           text,
  maker_until        timestamp,           -- when their credential ends; NULL for never
  expires_at         timestamp NOT NULL,
  used_at            timestamp,
  session_expires_at timestamp,
  version            integer   NOT NULL,
  created_at         timestamp NOT NULL,
  -- A token is there exactly as long as nobody has opened the link.
  CHECK ((used_at IS NULL) = (token_hash IS NOT NULL)),
  CHECK ((used_at IS NULL) = (session_expires_at IS NULL))
);
CREATE INDEX portal_links_order        ON portal_links (created_at, id);
CREATE INDEX portal_links_organization ON portal_links (organization_id, created_at, id);
CREATE INDEX portal_links_unused       ON portal_links (expires_at) WHERE used_at IS NULL;

-- +goose StatementBegin
CREATE TRIGGER portal_links_take_id AFTER DELETE ON portal_links
BEGIN
  INSERT INTO taken_ids (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- A session can be that of a portal link, in place of people and of a key.
ALTER TABLE sessions ADD COLUMN portal_link_id text;
CREATE INDEX sessions_portal_link ON sessions (portal_link_id) WHERE portal_link_id IS NOT NULL;
