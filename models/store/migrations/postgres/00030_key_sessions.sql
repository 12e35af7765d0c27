-- +goose Up

-- A session can be that of a key, or of the token of an organization, in place of people. It has the rights that the key has at each request.
ALTER TABLE sessions
  ADD COLUMN credential text COLLATE "C",  -- what the secret is found by that somebody signed in with; NULL for people
  ADD COLUMN key_kind   text COLLATE "C";  -- of the key; organization for a token
CREATE INDEX sessions_credential ON sessions (credential) WHERE credential IS NOT NULL;

-- A sign-in is that of a person, of a key, or of a token, which is neither. Nothing refers to the key: a sign-in ends with it.
ALTER TABLE sign_ins ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE sign_ins ADD COLUMN api_key_id uuid;
