-- +goose Up

-- How many memberships have each role at each live organization, and anywhere below it: who sees a branch need not count all people in it.
-- The key is the organization and the role.
INSERT INTO counters (name, key, shard, n)
SELECT 'holdersAt', m.organization_id || ' ' || mr.role_id, 0, COUNT(*) FROM membership_roles mr
JOIN memberships m ON m.id = mr.membership_id
JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
GROUP BY m.organization_id, mr.role_id;
INSERT INTO counters (name, key, shard, n)
SELECT 'holdersBelow', p.ancestor_id || ' ' || mr.role_id, 0, COUNT(*) FROM membership_roles mr
JOIN memberships m ON m.id = mr.membership_id
JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
JOIN organization_paths p ON p.descendant_id = m.organization_id AND p.distance > 0
GROUP BY p.ancestor_id, mr.role_id;


-- Two letters are found within words, too: the pieces that begin with them are looked for. Every text has one that begins with its last two
-- letters, which roster_grams makes now.
INSERT INTO search_grams (search_grams) VALUES ('delete-all');
INSERT INTO search_grams (rowid, grams) SELECT number, roster_grams(kind, text) FROM search_texts;
