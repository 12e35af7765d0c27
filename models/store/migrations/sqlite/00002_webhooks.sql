-- +goose Up

-- The delivery of events. The tables that every delivery touches reference nothing: checking a reference would cost more than the row, and
-- history outlives what it speaks of.

-- Where events are sent. An organization's own webhookUrl is such an endpoint, too, kept in step by the writes to the organization.
CREATE TABLE webhooks (
  id              text NOT NULL PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  kind            text NOT NULL CHECK (kind IN ('own', 'extra')),
  name            text,
  url             text NOT NULL,
  event_types     text NOT NULL,             -- a JSON array of types, prefixes ending in .*, or *; empty is everything
  subtree         boolean NOT NULL,             -- the events of the organizations below, too
  header_names    text NOT NULL,             -- a JSON array
  headers         blob,                       -- a JSON object, encrypted by the vault
  ordering        text NOT NULL CHECK (ordering IN ('none', 'fifo', 'per_entity')),
  rate            integer,                       -- deliveries a second at most
  schedule        text,                      -- a JSON array of durations; NULL is the default schedule
  algorithm       text NOT NULL CHECK (algorithm IN ('v1', 'v1a')),
  public_key      text,                      -- of the newest v1a secret
  status          text NOT NULL CHECK (status IN ('active', 'paused', 'disabled')),
  disabled_reason text,
  disabled_at     timestamp,
  after_ordinal   integer NOT NULL,              -- of the event before the first that it gets
  last_ordinal    integer,                       -- of a deleted organization: the event that told so, the last to be sent
  version         integer NOT NULL,
  created_at      timestamp NOT NULL,
  updated_at      timestamp NOT NULL,
  -- What is disabled says why and since when.
  CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)),
  CHECK ((status = 'disabled') = (disabled_at IS NOT NULL)),
  CHECK (rate > 0)
);
CREATE UNIQUE INDEX webhooks_own          ON webhooks (organization_id) WHERE kind = 'own';
CREATE INDEX        webhooks_organization ON webhooks (organization_id, created_at, id);
CREATE INDEX        webhooks_created_at   ON webhooks (created_at, id);

-- What an endpoint signs with. Several live at once while a rotation overlaps.
CREATE TABLE webhook_secrets (
  id         text NOT NULL PRIMARY KEY,
  webhook_id text NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  sealed     blob NOT NULL,                   -- encrypted by the vault
  created_at timestamp NOT NULL,
  expires_at timestamp
);
CREATE INDEX webhook_secrets_webhook ON webhook_secrets (webhook_id, created_at, id);

-- Events that are not fanned out yet, written by the transaction of the change. The ordinal is taken while what changed is still locked,
-- so that two changes of one resource are in the order in which they happened.
CREATE TABLE event_queue (
  ordinal integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  event_id text NOT NULL
);

-- The last number given to an event of each organization.
CREATE TABLE webhook_sequences (
  organization_id text NOT NULL PRIMARY KEY,
  last            integer NOT NULL
) WITHOUT ROWID;

-- An event as receivers get it: its number within the organization, and the bytes that are signed and sent, made once.
CREATE TABLE webhook_messages (
  event_id        text NOT NULL PRIMARY KEY,
  organization_id text NOT NULL,
  sequence        integer NOT NULL,
  body            blob,                       -- NULL while nobody was to get it
  UNIQUE (organization_id, sequence)
);

CREATE TABLE webhook_deliveries (
  id              text NOT NULL PRIMARY KEY,
  event_id        text NOT NULL,
  webhook_id      text NOT NULL,
  organization_id text NOT NULL,             -- of the endpoint
  event_type      text NOT NULL,
  ordinal        integer NOT NULL,              -- of the event in the queue
  order_key       text,                      -- deliveries with the same key wait for each other; NULL for none
  state           text NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed', 'cancelled')),
  trigger         text NOT NULL CHECK (trigger IN ('event', 'manual', 'replay', 'test')),
  attempts        integer NOT NULL,              -- all that were recorded
  round_attempts  integer NOT NULL,              -- those that count since the delivery was last begun
  due_at          timestamp,                      -- of a pending one: when it can be sent; NULL while an earlier one with the same key is pending
  last_code       text,
  last_status     integer,
  last_attempt_at timestamp,
  reason          text,                      -- of a cancelled one
  created_at      timestamp NOT NULL,
  finished_at     timestamp,
  -- Fan-out can be repeated.
  UNIQUE (event_id, webhook_id),
  CHECK ((state = 'pending') = (finished_at IS NULL))
);
CREATE INDEX webhook_deliveries_due          ON webhook_deliveries (webhook_id, due_at, id) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_waiting      ON webhook_deliveries (webhook_id, order_key, ordinal) WHERE state = 'pending' AND order_key IS NOT NULL;
CREATE INDEX webhook_deliveries_webhook      ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_organization ON webhook_deliveries (organization_id, id);

-- One row for each endpoint: whose turn it is, who serves it, and how it does. Who holds the lease of a lane, and nobody else, sends its
-- deliveries and writes what became of them.
CREATE TABLE webhook_lanes (
  webhook_id           text NOT NULL PRIMARY KEY REFERENCES webhooks (id) ON DELETE CASCADE,
  next_turn_at         timestamp,                 -- while leased, the end of the lease; NULL when there is nothing to do
  lease_token          text,
  lease_until          timestamp,
  cap                  integer NOT NULL,
  max_cap              integer NOT NULL,
  health               text NOT NULL CHECK (health IN ('ok', 'probation', 'paused', 'disabled')),
  clean                integer NOT NULL,
  consecutive_failures integer NOT NULL,
  failing_since        timestamp,
  last_failure_at      timestamp,
  last_success_at      timestamp,
  answers              integer NOT NULL,
  failing              real NOT NULL,
  slow                 real NOT NULL,
  latency              real NOT NULL,         -- milliseconds to the end of the answer, recent ones weighing most
  retry_after          timestamp,
  failed_probes        integer NOT NULL,
  probe_at             timestamp,
  CHECK ((lease_token IS NULL) = (lease_until IS NULL))
);
CREATE INDEX webhook_lanes_turn ON webhook_lanes (next_turn_at) WHERE next_turn_at IS NOT NULL;

-- Every attempt, never changed but for the answer's head, which is kept for a shorter time.
CREATE TABLE webhook_attempts (
  delivery_id      text NOT NULL,
  number           integer NOT NULL,             -- from 1
  trigger          text NOT NULL,
  started_at       timestamp NOT NULL,
  url              text NOT NULL,             -- without what may be secret in it
  address          text,
  protocol         text,
  reused           boolean NOT NULL,
  tries            integer NOT NULL,
  dns_us           integer NOT NULL,
  connect_us       integer NOT NULL,
  tls_us           integer NOT NULL,
  sent_us          integer NOT NULL,
  first_byte_us    integer NOT NULL,
  total_us         integer NOT NULL,
  status           integer,
  code             text,                      -- NULL for a success
  detail           text,
  response_headers text,                      -- a JSON object
  response_head    blob,
  truncated        boolean NOT NULL,
  secrets          text NOT NULL,             -- a JSON array: the ids of the secrets that signed
  PRIMARY KEY (delivery_id, number)
);

-- Replays. They survive restarts: the cursor says how far one has come.
CREATE TABLE webhook_jobs (
  id              text NOT NULL PRIMARY KEY,
  webhook_id      text NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  organization_id text NOT NULL,
  kind            text NOT NULL CHECK (kind IN ('failed', 'events')),  -- failed deliveries again, or every event it would have got
  event_types     text NOT NULL,             -- a JSON array of patterns; empty is everything
  since           timestamp NOT NULL,
  until           timestamp NOT NULL,
  state           text NOT NULL CHECK (state IN ('running', 'paused', 'done', 'cancelled')),
  cursor          text,
  queued          integer NOT NULL,              -- deliveries begun so far
  version         integer NOT NULL,
  created_at      timestamp NOT NULL,
  updated_at      timestamp NOT NULL,
  finished_at     timestamp
);
CREATE INDEX webhook_jobs_webhook    ON webhook_jobs (webhook_id, created_at, id);
CREATE INDEX webhook_jobs_created_at ON webhook_jobs (created_at, id);
CREATE INDEX webhook_jobs_running    ON webhook_jobs (created_at, id) WHERE state = 'running';
