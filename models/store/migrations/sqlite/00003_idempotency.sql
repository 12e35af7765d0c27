-- +goose Up

-- The answers to requests with an Idempotency-Key, for a day. A row is written by the transaction of the change that it tells of.
CREATE TABLE idempotency_keys (
  credential_id text      NOT NULL,   -- of a key, or of the organization whose token it is: two callers may choose the same key
  key           text      NOT NULL,
  fingerprint   blob      NOT NULL,   -- digest of method, path, query and body
  answer        blob,                 -- status, header and body, encrypted by the vault: answers hold secrets. NULL until it is known
  created_at    timestamp NOT NULL,
  PRIMARY KEY (credential_id, key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
