-- +goose Up

-- What became of the attempts at the deliveries of each endpoint that began in one half hour (began_at), and how long good answers
-- took: ms_20 counts those within 20 milliseconds that took longer than the bound before, ms_more those beyond the last one. NULL is none. A row
-- is added to with the results of attempts, while the lane of its endpoint is locked, and references nothing for the same reason as they do not.
CREATE TABLE webhook_tallies (
  webhook_id text NOT NULL,
  began_at   timestamp NOT NULL,
  delivered  integer NOT NULL,
  failed     integer NOT NULL,
  ms_1       integer,
  ms_2       integer,
  ms_3       integer,
  ms_5       integer,
  ms_7       integer,
  ms_10      integer,
  ms_15      integer,
  ms_20      integer,
  ms_30      integer,
  ms_50      integer,
  ms_70      integer,
  ms_100     integer,
  ms_150     integer,
  ms_200     integer,
  ms_300     integer,
  ms_500     integer,
  ms_700     integer,
  ms_1000    integer,
  ms_1500    integer,
  ms_2000    integer,
  ms_3000    integer,
  ms_5000    integer,
  ms_7000    integer,
  ms_10000   integer,
  ms_15000   integer,
  ms_20000   integer,
  ms_more    integer,
  PRIMARY KEY (webhook_id, began_at)
) WITHOUT ROWID;
CREATE INDEX webhook_tallies_began_at ON webhook_tallies (began_at);
