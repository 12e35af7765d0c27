-- +goose Up

-- How often a mail was asked for: one that is asked for again while it is under way is not over when that attempt is.
ALTER TABLE mails ADD COLUMN asked bigint NOT NULL DEFAULT 1;
