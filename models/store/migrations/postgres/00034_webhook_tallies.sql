-- +goose Up

-- What became of the attempts at the deliveries of each endpoint that began in one half hour (began_at), and how long good answers
-- took: ms_20 counts those within 20 milliseconds that took longer than the bound before, ms_more those beyond the last one. NULL is none. A row
-- is added to with the results of attempts, while the lane of its endpoint is locked, and references nothing for the same reason as they do not.
CREATE TABLE webhook_tallies (
  webhook_id uuid NOT NULL,
  began_at   timestamptz NOT NULL,
  delivered  bigint NOT NULL,
  failed     bigint NOT NULL,
  ms_1       bigint,
  ms_2       bigint,
  ms_3       bigint,
  ms_5       bigint,
  ms_7       bigint,
  ms_10      bigint,
  ms_15      bigint,
  ms_20      bigint,
  ms_30      bigint,
  ms_50      bigint,
  ms_70      bigint,
  ms_100     bigint,
  ms_150     bigint,
  ms_200     bigint,
  ms_300     bigint,
  ms_500     bigint,
  ms_700     bigint,
  ms_1000    bigint,
  ms_1500    bigint,
  ms_2000    bigint,
  ms_3000    bigint,
  ms_5000    bigint,
  ms_7000    bigint,
  ms_10000   bigint,
  ms_15000   bigint,
  ms_20000   bigint,
  ms_more    bigint,
  PRIMARY KEY (webhook_id, began_at)
) WITH (fillfactor = 80);
CREATE INDEX webhook_tallies_began_at ON webhook_tallies (began_at);
