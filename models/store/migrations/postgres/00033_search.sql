-- +goose Up

-- What resources are searched by (docs/adr/0117): an index of the pieces of their texts, three characters each. The functions name nothing
-- that is not PostgreSQL's own, so that they work whatever the search path is: pg_restore and ANALYZE have none.

-- Two texts as they are searched in: in lower case, with a blank for each sign that is no part of a word, and one in front of each of them.
-- SearchText of package store says the same. translate() would take ten times as long.
-- +goose StatementBegin
CREATE FUNCTION roster_search_text(first text, second text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT ' ' || replace(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(
      lower((COALESCE(first, '') || E'\x1f ' || COALESCE(second, '')) COLLATE "und-x-icu"),
    'ς', 'σ'), '-', ' '), '_', ' '), '.', ' '), ',', ' '), '@', ' '), '/', ' '), ':', ' '),
    '''', ' '), '’', ' '), '&', ' '), '(', ' '), ')', ' '), '+', ' '), E'\u00a0', ' ') $$;
-- +goose StatementEnd

-- The pieces of a text. The cost keeps the planner from making those of many rows: it is to find them in the index.
-- +goose StatementBegin
CREATE FUNCTION roster_grams(value text) RETURNS text[]
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
  AS $$
DECLARE
  c     text[] := string_to_array(value, NULL);
  grams text[] := '{}';
BEGIN
  FOR i IN 3 .. cardinality(c) LOOP
    grams := grams || (c[i - 2] || c[i - 1] || c[i]);
  END LOOP;
  RETURN grams;
END $$;
-- +goose StatementEnd

-- The list of new entries is kept short: who searches reads all of it.
CREATE INDEX organizations_search ON organizations USING gin (roster_grams(roster_search_text(name, slug)))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX users_search ON users
  USING gin (roster_grams(roster_search_text(COALESCE(first_name, '') || ' ' || COALESCE(last_name, ''), email)))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX webhooks_search ON webhooks USING gin (roster_grams(roster_search_text(name, url)))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX api_keys_search ON api_keys USING gin (roster_grams(roster_search_text(name, '')))
  WITH (fastupdate = on, gin_pending_list_limit = 128);
CREATE INDEX roles_search ON roles USING gin (roster_grams(roster_search_text(name, key)))
  WITH (fastupdate = on, gin_pending_list_limit = 128);

-- What a request has changed is found by its id.
CREATE INDEX events_request ON events (request_id) WHERE request_id IS NOT NULL;
