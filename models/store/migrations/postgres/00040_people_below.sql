-- +goose Up

-- How many people are at each organization or below it, each of them once: who sees a branch need not count all people in it.
INSERT INTO counters (name, key, shard, n)
SELECT 'people', p.ancestor_id::text, 0, COUNT(DISTINCT m.user_id) FROM memberships m
JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
JOIN organization_paths p ON p.descendant_id = m.organization_id
GROUP BY p.ancestor_id;
