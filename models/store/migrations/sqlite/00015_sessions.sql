-- +goose Up

-- Browsers in which people have signed in. The cookie has one secret at a time, of which the digest is here.
CREATE TABLE sessions (
  id                text        NOT NULL PRIMARY KEY,
  lookup            text        UNIQUE,    -- what the secret is found by; NULL until it is handed out
  hash              blob,                  -- HMAC-SHA-256 of the secret
  active_sign_in_id text        NOT NULL,
  ip                text        NOT NULL,
  user_agent        text,
  last_used_at      timestamp   NOT NULL,
  idle_until        timestamp   NOT NULL,            -- it ends then, unless it is used before,
  deadline          timestamp   NOT NULL,            -- and then at the latest
  version           integer     NOT NULL,
  created_at        timestamp   NOT NULL
);
CREATE INDEX sessions_idle     ON sessions (idle_until);
CREATE INDEX sessions_deadline ON sessions (deadline);
CREATE INDEX sessions_order    ON sessions (created_at, id);

-- Who is signed in there: several people can be, one of them is active.
CREATE TABLE sign_ins (
  id         text        NOT NULL PRIMARY KEY,
  session_id text        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  user_id    text        NOT NULL REFERENCES users (id),
  method     text        NOT NULL,
  created_at timestamp   NOT NULL,
  UNIQUE (session_id, user_id)
);
CREATE INDEX sign_ins_user  ON sign_ins (user_id, session_id);
CREATE INDEX sign_ins_order ON sign_ins (created_at, id);

-- +goose StatementBegin
CREATE TRIGGER sessions_take_id AFTER DELETE ON sessions
BEGIN
  INSERT INTO taken_ids (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sign_ins_take_id AFTER DELETE ON sign_ins
BEGIN
  INSERT INTO taken_ids (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd

-- Whoever has signed in once changes their address and password themselves.
ALTER TABLE users ADD COLUMN signed_in_at timestamp;

-- From where people have signed in before: there nobody else's failures lock them out. Digests, since addresses are personal data.
CREATE TABLE sign_in_addresses (
  user_id text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  address blob        NOT NULL,
  last_at timestamp   NOT NULL,
  PRIMARY KEY (user_id, address)
);

-- What may happen so many times within a while: failures to sign in, mails to one address. Keys are digests.
CREATE TABLE attempts (
  id  text NOT NULL,
  key blob NOT NULL,
  at  timestamp NOT NULL,
  PRIMARY KEY (id, key)
);
CREATE INDEX attempts_key ON attempts (key, at);
CREATE INDEX attempts_at  ON attempts (at);

-- Some events belong to a person and to no organization.
ALTER TABLE events ADD COLUMN user_id text;
DROP VIEW event_feed;
-- organization_id of a position is whose event it is: the organization's or, of what belongs to none, the user's.
CREATE VIEW event_feed AS
SELECT e.id, e.event_type, p.organization_id AS owner_id, e.organization_id, e.user_id, e.subject_type, p.subject_id, e.actor_kind,
  e.actor_id, e.actor_name, e.changes, e.data, e.request_id, e.occurred_at, e.organization_name, p.position, p.sequence
FROM event_positions p JOIN events e ON e.id = p.event_id;
