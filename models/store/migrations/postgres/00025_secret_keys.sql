-- +goose Up

-- The secret keys of the installation, which are outside of it: each opens the same two keys, those of hashes and of what is sealed. Two are
-- live while replicas go over from one to the other.
CREATE TABLE secret_keys (
  id         text        COLLATE "C" NOT NULL PRIMARY KEY,  -- derived from the secret key, which it does not tell
  sealed     bytea,                                         -- the two keys, sealed by it; NULL once it is retired
  created_at timestamptz NOT NULL,
  opened_at  timestamptz,                                   -- when a server last started with it
  retired_at timestamptz,
  CHECK ((sealed IS NULL) = (retired_at IS NOT NULL))
);
