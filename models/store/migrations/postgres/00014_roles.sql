-- +goose Up

-- What people may do in an organization and, for roles that are inheritable, below it. A role without an organization is built in.
CREATE TABLE roles (
  id              uuid        NOT NULL PRIMARY KEY,
  organization_id uuid        REFERENCES organizations (id) ON DELETE CASCADE,
  key             text        COLLATE "C" NOT NULL,
  name            text        COLLATE "C" NOT NULL,
  description     text        COLLATE "C",
  permissions     text        COLLATE "C" NOT NULL,  -- a JSON array of words, in order
  rank            bigint      NOT NULL CHECK (rank BETWEEN 1 AND 100),
  inheritable     boolean     NOT NULL,
  version         bigint      NOT NULL,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX roles_key      ON roles (organization_id, key);
CREATE INDEX        roles_built_in ON roles (key) WHERE organization_id IS NULL;
CREATE INDEX        roles_name     ON roles (name, id);
CREATE INDEX        roles_order    ON roles (created_at, id);

-- The words of each role, a row each, with what else decides where they hold: "may somebody do that there" is found without the role.
CREATE TABLE role_permissions (
  role_id     uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  permission  text COLLATE "C" NOT NULL,
  inheritable boolean NOT NULL,
  PRIMARY KEY (role_id, permission)
);

CREATE TABLE membership_roles (
  membership_id uuid NOT NULL REFERENCES memberships (id) ON DELETE CASCADE,
  role_id       uuid NOT NULL REFERENCES roles (id),
  PRIMARY KEY (membership_id, role_id)
);
CREATE INDEX membership_roles_role ON membership_roles (role_id);

INSERT INTO roles (id, organization_id, key, name, description, permissions, rank, inheritable, version, created_at, updated_at) VALUES
  ('00000000-0000-7000-8000-000000000001', NULL, 'owner', 'Owner', 'Everything there is, in it and below it.', '["*"]', 100, true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'),
  ('00000000-0000-7000-8000-000000000002', NULL, 'admin', 'Administrator', 'Everything that the service has, in it and below it.', '["admin","apiKeys:read","apiKeys:write","events:read","events:write","invitations:read","invitations:write","memberships:read","memberships:write","organizations:delete","organizations:read","organizations:write","read","roles:read","roles:write","users:read","users:write","webhooks:read","webhooks:write","write"]', 80, true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'),
  ('00000000-0000-7000-8000-000000000003', NULL, 'manager', 'Manager', 'Runs it: its people, their invitations, its branches.', '["events:read","invitations:write","memberships:write","organizations:write","read","roles:read","users:write","write"]', 60, true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'),
  ('00000000-0000-7000-8000-000000000004', NULL, 'member', 'Member', 'Sees it and the people in it, and works there.', '["memberships:read","organizations:read","read","roles:read","users:read","write"]', 20, true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'),
  ('00000000-0000-7000-8000-000000000005', NULL, 'viewer', 'Viewer', 'Sees it and the people in it.', '["memberships:read","organizations:read","read","roles:read","users:read"]', 10, true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
INSERT INTO role_permissions (role_id, permission, inheritable)
  SELECT id, json_array_elements_text(permissions::json), inheritable FROM roles;

-- Whoever is in an organization already is a member.
INSERT INTO membership_roles (membership_id, role_id)
  SELECT id, '00000000-0000-7000-8000-000000000004' FROM memberships;

-- Deleting organizations has a scope of its own, and who reads memberships reads what they permit. Keys keep what they could do.
UPDATE api_keys SET scopes = replace(scopes, '"organizations:write"', '"organizations:write","organizations:delete"');
UPDATE api_keys SET scopes = replace(scopes, '"memberships:read"', '"memberships:read","roles:read"');
UPDATE api_keys SET scopes = replace(scopes, '"memberships:write"', '"memberships:write","roles:read"')
WHERE scopes NOT LIKE '%"roles:read"%';

CREATE TRIGGER roles_take_id AFTER DELETE ON roles FOR EACH ROW EXECUTE FUNCTION roster_take_id();
