-- +goose Up

-- Whether nobody has vouched for the address but who signs in with it: they gave it to their own account, or signed up without a mail.
ALTER TABLE users ADD COLUMN email_claimed boolean NOT NULL DEFAULT false;
UPDATE users SET email_claimed = true
WHERE email_verified_at IS NULL AND EXISTS (SELECT 1 FROM invitations i WHERE i.accepted_by = users.id);
