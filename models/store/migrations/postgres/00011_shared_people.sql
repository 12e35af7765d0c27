-- +goose Up

-- Whether the user has other memberships: counting the people of many organizations counts memberships, and looks twice at these only.
ALTER TABLE memberships ADD COLUMN shared boolean NOT NULL DEFAULT false;
UPDATE memberships SET shared = true WHERE user_id IN (SELECT user_id FROM memberships GROUP BY user_id HAVING COUNT(*) > 1);
CREATE INDEX memberships_shared ON memberships (organization_id, user_id) WHERE shared;
