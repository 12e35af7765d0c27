-- +goose Up

-- The answers to requests with an Idempotency-Key, for a day. A row is written by the transaction of the change that it tells of.
CREATE TABLE idempotency_keys (
  credential_id text        COLLATE "C" NOT NULL,   -- of a key, or of the organization whose token it is: two callers may choose the same key
  key           text        COLLATE "C" NOT NULL,
  fingerprint   bytea       NOT NULL,               -- digest of method, path, query and body
  answer        bytea,                              -- status, header and body, encrypted by the vault: answers hold secrets. NULL until it is known
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (credential_id, key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
