-- +goose Up

-- What people show besides their password: codes that change every 30 seconds. One that is not confirmed has no effect.
CREATE TABLE second_factors (
  user_id      uuid        NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  secret       bytea       NOT NULL,  -- what makes the codes, encrypted by the vault
  last_step    bigint      NOT NULL,  -- of the last code that was used: neither it nor earlier ones work any more
  confirmed_at timestamptz,
  created_at   timestamptz NOT NULL
);

-- What works once instead of a code. Digests; what was used is gone.
CREATE TABLE recovery_codes (
  user_id uuid  NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
  hash    bytea NOT NULL,
  PRIMARY KEY (user_id, hash)
);

-- As whom providers of OpenID Connect know people. A subject is the same person for ever, whatever becomes of their address.
CREATE TABLE user_subjects (
  issuer     text        COLLATE "C" NOT NULL,
  subject    text        COLLATE "C" NOT NULL,
  user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX user_subjects_user ON user_subjects (user_id);
