-- +goose Up

-- What people show besides their password: codes that change every 30 seconds. One that is not confirmed has no effect.
CREATE TABLE second_factors (
  user_id      text      NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  secret       blob      NOT NULL,  -- what makes the codes, encrypted by the vault
  last_step    integer   NOT NULL,  -- of the last code that was used: neither it nor earlier ones work any more
  confirmed_at timestamp,
  created_at   timestamp NOT NULL
);

-- What works once instead of a code. Digests; what was used is gone.
CREATE TABLE recovery_codes (
  user_id text NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
  hash    blob NOT NULL,
  PRIMARY KEY (user_id, hash)
);

-- As whom providers of OpenID Connect know people. A subject is the same person for ever, whatever becomes of their address.
CREATE TABLE user_subjects (
  issuer     text      NOT NULL,
  subject    text      NOT NULL,
  user_id    text      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamp NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX user_subjects_user ON user_subjects (user_id);
