-- +goose Up

-- How many live organizations are below none: the heads of all trees are counted as the children of nothing.
INSERT INTO counters (name, key, shard, n)
SELECT 'children', '', 0, COUNT(*) FROM organizations WHERE deleted_at IS NULL AND parent_id IS NULL;
