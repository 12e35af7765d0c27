-- +goose Up

-- A session can be that of a key, or of the token of an organization, in place of people. It has the rights that the key has at each request.
ALTER TABLE sessions ADD COLUMN credential text;  -- what the secret is found by that somebody signed in with; NULL for people
ALTER TABLE sessions ADD COLUMN key_kind   text;  -- of the key; organization for a token
CREATE INDEX sessions_credential ON sessions (credential) WHERE credential IS NOT NULL;

-- A sign-in is that of a person, of a key, or of a token, which is neither. Nothing refers to the key: a sign-in ends with it. A column that
-- may be empty takes a new table.
CREATE TABLE sign_ins_of_keys (
  id         text        NOT NULL PRIMARY KEY,
  session_id text        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  user_id    text        REFERENCES users (id),
  method     text        NOT NULL,
  created_at timestamp   NOT NULL,
  api_key_id text,
  UNIQUE (session_id, user_id)
);
INSERT INTO sign_ins_of_keys (id, session_id, user_id, method, created_at)
SELECT id, session_id, user_id, method, created_at FROM sign_ins ORDER BY rowid;
DROP TABLE sign_ins;
ALTER TABLE sign_ins_of_keys RENAME TO sign_ins;
CREATE INDEX sign_ins_user  ON sign_ins (user_id, session_id);
CREATE INDEX sign_ins_order ON sign_ins (created_at, id);

-- +goose StatementBegin
CREATE TRIGGER sign_ins_take_id AFTER DELETE ON sign_ins
BEGIN
  INSERT INTO taken_ids (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;
-- +goose StatementEnd
