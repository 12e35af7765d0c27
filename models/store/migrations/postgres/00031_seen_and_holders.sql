-- +goose Up

-- When somebody was last seen, to about an hour: by the use of their sessions and keys.
ALTER TABLE users ADD COLUMN last_seen_at timestamptz;
UPDATE users SET last_seen_at = seen.at
FROM (
  SELECT user_id, MAX(at) AS at FROM (
    SELECT i.user_id, s.last_used_at AS at FROM sessions s JOIN sign_ins i ON i.id = s.active_sign_in_id WHERE i.user_id IS NOT NULL
    UNION ALL SELECT user_id, last_used_at FROM api_keys WHERE user_id IS NOT NULL AND last_used_at IS NOT NULL
    UNION ALL SELECT id, signed_in_at FROM users WHERE signed_in_at IS NOT NULL
  ) AS uses GROUP BY user_id
) AS seen WHERE users.id = seen.user_id;

-- First and last name of the user, by which the people of an organization are listed; those who change a user change it.
ALTER TABLE memberships ADD COLUMN user_full_name text COLLATE "C" NOT NULL DEFAULT '';
UPDATE memberships SET user_full_name = TRIM(COALESCE(u.first_name, '') || ' ' || COALESCE(u.last_name, ''),
  E' \t\n\x0B\f\r\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000')
FROM users u WHERE u.id = memberships.user_id AND (u.first_name IS NOT NULL OR u.last_name IS NOT NULL);
CREATE INDEX memberships_user_full_name ON memberships (user_full_name, id);

-- How many memberships in live organizations have each role.
INSERT INTO counters (name, key, shard, n)
SELECT 'holders', mr.role_id::text, 0, COUNT(*) FROM membership_roles mr
JOIN memberships m ON m.id = mr.membership_id
JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
GROUP BY mr.role_id;
