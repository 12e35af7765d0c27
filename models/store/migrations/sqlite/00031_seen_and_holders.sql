-- +goose Up

-- When somebody was last seen, to about an hour: by the use of their sessions and keys.
ALTER TABLE users ADD COLUMN last_seen_at timestamp;
UPDATE users SET last_seen_at = seen.at
FROM (
  SELECT user_id, MAX(at) AS at FROM (
    SELECT i.user_id, s.last_used_at AS at FROM sessions s JOIN sign_ins i ON i.id = s.active_sign_in_id WHERE i.user_id IS NOT NULL
    UNION ALL SELECT user_id, last_used_at FROM api_keys WHERE user_id IS NOT NULL AND last_used_at IS NOT NULL
    UNION ALL SELECT id, signed_in_at FROM users WHERE signed_in_at IS NOT NULL
  ) AS uses GROUP BY user_id
) AS seen WHERE users.id = seen.user_id;
