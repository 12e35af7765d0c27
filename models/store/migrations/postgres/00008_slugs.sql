-- +goose Up

-- The slug of a deleted organization can be taken. One that is restored meanwhile gets another.
ALTER TABLE organizations DROP CONSTRAINT organizations_slug_key;
CREATE UNIQUE INDEX organizations_slug ON organizations (slug) WHERE deleted_at IS NULL;
