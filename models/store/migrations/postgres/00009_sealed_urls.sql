-- +goose Up

-- URLs of endpoints may hold secrets. The columns url and webhook_url keep the origin (scheme, host and port), these all of it, encrypted by the
-- vault. A row whose sealed column is NULL is from before: its URL is in the clear until the program seals it, when it starts (SealURLs).
ALTER TABLE webhooks      ADD COLUMN sealed_url         bytea;
ALTER TABLE organizations ADD COLUMN sealed_webhook_url bytea;
CREATE INDEX webhooks_unsealed      ON webhooks (id)      WHERE sealed_url IS NULL;
CREATE INDEX organizations_unsealed ON organizations (id) WHERE sealed_webhook_url IS NULL AND webhook_url IS NOT NULL;

-- What was sent with an attempt, as far as nothing else tells it; forgotten with the answer.
ALTER TABLE webhook_attempts ADD COLUMN sealed_url      bytea;              -- encrypted for the endpoint
ALTER TABLE webhook_attempts ADD COLUMN request_headers text COLLATE "C";   -- a JSON array of names and values, in their order

-- What was told of the URL before is more than its origin.
UPDATE webhook_attempts SET url = substring(url FROM '^[a-z]+://[^/?]*') WHERE url ~ '^[a-z]+://[^/?]*[/?]';
