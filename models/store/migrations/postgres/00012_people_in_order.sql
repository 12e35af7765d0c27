-- +goose Up

-- When the user was created, which never changes: the people of an organization are found in the order of lists.
ALTER TABLE memberships ADD COLUMN user_created_at timestamptz;
UPDATE memberships m SET user_created_at = u.created_at FROM users u WHERE u.id = m.user_id;
ALTER TABLE memberships ALTER COLUMN user_created_at SET NOT NULL;
CREATE INDEX memberships_people       ON memberships (organization_id, user_created_at, user_id);
CREATE INDEX memberships_organization ON memberships (organization_id, created_at, id);
