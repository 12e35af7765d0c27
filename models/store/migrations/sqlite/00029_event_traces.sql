-- +goose Up

-- Which trace an event is in, and where (W3C Trace Context), of those that are traced: what is sent of them goes on from there.
CREATE TABLE event_traces (
  event_id    text NOT NULL PRIMARY KEY,
  traceparent text NOT NULL
);
