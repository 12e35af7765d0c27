-- +goose Up

-- The secret keys of the installation, which are outside of it: each opens the same two keys, those of hashes and of what is sealed. Two are
-- live while a rotation goes on.
CREATE TABLE secret_keys (
  id         text      NOT NULL PRIMARY KEY,  -- derived from the secret key, which it does not tell
  sealed     blob,                            -- the two keys, sealed by it; NULL once it is retired
  created_at timestamp NOT NULL,
  opened_at  timestamp,                       -- when a server last started with it
  retired_at timestamp,
  CHECK ((sealed IS NULL) = (retired_at IS NOT NULL))
);
