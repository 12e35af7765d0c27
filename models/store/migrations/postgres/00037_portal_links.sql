-- +goose Up

-- A link by which somebody without an account opens the webhooks of one organization in a browser, once. It ends with the session that it
-- has opened.
CREATE TABLE portal_links (
  id                 uuid        NOT NULL PRIMARY KEY,
  organization_id    uuid        NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  name               text        COLLATE "C",
  permissions        text        COLLATE "C" NOT NULL,
  hears              text        COLLATE "C" NOT NULL,  -- the words for reading that its maker held: what its endpoints may be sent
  expires_in         bigint      NOT NULL,
  session_expires_in bigint      NOT NULL,
  frame_ancestors    text        COLLATE "C" NOT NULL,
  return_url         text        COLLATE "C",
  token_hash         bytea       UNIQUE,                -- of the one token that works, by the vault
  maker_kind         text        COLLATE "C" NOT NULL,  -- who made it: whether they may is judged again when it is opened
  maker_id           text        COLLATE "C",
  maker_until        timestamptz,                       -- when their credential ends; NULL for never
  expires_at         timestamptz NOT NULL,
  used_at            timestamptz,
  session_expires_at timestamptz,
  version            bigint      NOT NULL,
  created_at         timestamptz NOT NULL,
  -- A token is there exactly as long as nobody has opened the link.
  CHECK ((used_at IS NULL) = (token_hash IS NOT NULL)),
  CHECK ((used_at IS NULL) = (session_expires_at IS NULL))
);
CREATE INDEX portal_links_order        ON portal_links (created_at, id);
CREATE INDEX portal_links_organization ON portal_links (organization_id, created_at, id);
CREATE INDEX portal_links_unused       ON portal_links (expires_at) WHERE used_at IS NULL;

CREATE TRIGGER portal_links_take_id AFTER DELETE ON portal_links FOR EACH ROW EXECUTE FUNCTION roster_take_id();

-- A session can be that of a portal link, in place of people and of a key.
ALTER TABLE sessions ADD COLUMN portal_link_id uuid;
CREATE INDEX sessions_portal_link ON sessions (portal_link_id) WHERE portal_link_id IS NOT NULL;
