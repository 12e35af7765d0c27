-- +goose Up

-- Moves of branches that events in the queue may be older than: those go to who was above their organizations then. The fan-out removes a move
-- once the queue has no event from before it, so there are few rows, and most of the time none.
CREATE TABLE branch_moves (
  ordinal         bigint NOT NULL PRIMARY KEY,   -- of the event of the move, in the queue
  event_id        uuid NOT NULL,
  organization_id uuid NOT NULL,                 -- the head of the branch
  ancestors       text COLLATE "C" NOT NULL      -- that it had before; a JSON array, nearest first
);
