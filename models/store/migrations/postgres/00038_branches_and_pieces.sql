-- +goose Up

-- How many memberships have each role at each live organization, and anywhere below it: who sees a branch need not count all people in it.
-- The key is the organization and the role.
INSERT INTO counters (name, key, shard, n)
SELECT 'holdersAt', m.organization_id::text || ' ' || mr.role_id::text, 0, COUNT(*) FROM membership_roles mr
JOIN memberships m ON m.id = mr.membership_id
JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
GROUP BY m.organization_id, mr.role_id;
INSERT INTO counters (name, key, shard, n)
SELECT 'holdersBelow', p.ancestor_id::text || ' ' || mr.role_id::text, 0, COUNT(*) FROM membership_roles mr
JOIN memberships m ON m.id = mr.membership_id
JOIN organizations o ON o.id = m.organization_id AND o.deleted_at IS NULL
JOIN organization_paths p ON p.descendant_id = m.organization_id AND p.distance > 0
GROUP BY p.ancestor_id, mr.role_id;

-- Shares the locks of the trees that organizations are in, by the numbers that tree_lock.go of package models gives them. If that is not to be
-- waited for, it fails where somebody moves a branch, and goes on until none of them is in another tree. Who waits does so once, in the order
-- of everybody: what has come into another tree by then would be out of it.
-- +goose StatementBegin
CREATE FUNCTION roster_hold_trees(members uuid[], wait boolean) RETURNS void
  LANGUAGE plpgsql VOLATILE
  AS $$
DECLARE
  held   bigint[] := '{}';
  number bigint;
  found  boolean;
BEGIN
  LOOP
    found := false;
    FOR number IN
      SELECT DISTINCT hashtextextended(h.id::text, 125823003944306) FROM organization_paths p
      JOIN organizations h ON h.id = p.ancestor_id
      WHERE h.parent_id IS NULL AND p.descendant_id = ANY (members) ORDER BY 1
    LOOP
      CONTINUE WHEN number = ANY (held);
      IF wait THEN
        PERFORM pg_advisory_xact_lock_shared(number);
      ELSIF NOT pg_try_advisory_xact_lock_shared(number) THEN
        RAISE EXCEPTION 'a branch of the tree is being moved' USING ERRCODE = 'lock_not_available';
      END IF;
      held := held || number;
      found := true;
    END LOOP;
    EXIT WHEN wait OR NOT found;
  END LOOP;
END $$;
-- +goose StatementEnd

-- Two letters are found within words, too: the pieces that begin with them are looked for, of which PostgreSQL's index of arrays knows nothing,
-- but that of tsvector does. Every text has a piece that begins with its last two letters. The cost keeps the planner from making the pieces
-- of many rows.
-- +goose StatementBegin
CREATE FUNCTION roster_pieces(value text) RETURNS tsvector
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
  AS $$
DECLARE
  c      text[] := string_to_array(value || E'\x1f', NULL);
  pieces text[] := '{}';
BEGIN
  FOR i IN 3 .. cardinality(c) LOOP
    pieces := pieces || (c[i - 2] || c[i - 1] || c[i]);
  END LOOP;
  RETURN array_to_tsvector(pieces);
END $$;
-- +goose StatementEnd

DROP INDEX organizations_search, users_search, webhooks_search, api_keys_search, roles_search;
DROP FUNCTION roster_grams(text);
CREATE INDEX organizations_search ON organizations USING gin (roster_pieces(roster_search_text(name, slug)))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX users_search ON users
  USING gin (roster_pieces(roster_search_text(COALESCE(first_name, '') || ' ' || COALESCE(last_name, ''), email)))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX webhooks_search ON webhooks USING gin (roster_pieces(roster_search_text(name, url)))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX api_keys_search ON api_keys USING gin (roster_pieces(roster_search_text(name, '')))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX roles_search ON roles USING gin (roster_pieces(roster_search_text(name, key)))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
