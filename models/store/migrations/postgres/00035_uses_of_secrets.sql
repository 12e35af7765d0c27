-- +goose Up

-- When a secret of an endpoint last signed, and when an earlier secret of a key was last presented, to about a minute. The newest secret of a key
-- needs none: the key has it (api_keys.last_used_at).
ALTER TABLE webhook_secrets ADD COLUMN last_used_at timestamptz;
ALTER TABLE credentials     ADD COLUMN last_used_at timestamptz;
