-- +goose Up

-- Since when it is known that mail to the address reaches the user; NULL while nothing has shown it.
ALTER TABLE users ADD COLUMN email_verified_at timestamptz;

-- Who is asked to join an organization, by an address. It is open while it has no outcome and its time has not come.
CREATE TABLE invitations (
  id              uuid        NOT NULL PRIMARY KEY,
  organization_id uuid        NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  email           text        COLLATE "C" NOT NULL,
  email_key       text        COLLATE "C" NOT NULL,  -- what spellings of the address have in common
  message         text        COLLATE "C",
  outcome         text        COLLATE "C" CHECK (outcome IN ('accepted', 'declined', 'revoked')),
  expires_at      timestamptz NOT NULL,
  token_hash      bytea       UNIQUE,                -- of the one token that works, by the vault
  mailed          boolean     NOT NULL,              -- the token is known to nobody but who reads mail to the address
  inviter_kind    text        COLLATE "C" NOT NULL,  -- who sent it last: what they may give is judged again when it is accepted
  inviter_id      text        COLLATE "C",
  invited_by      uuid        REFERENCES users (id) ON DELETE SET NULL,
  accepted_by     uuid        REFERENCES users (id) ON DELETE SET NULL,
  version         bigint      NOT NULL,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  -- A token is there exactly as long as somebody can still answer with it.
  CHECK ((outcome IS NULL) = (token_hash IS NOT NULL))
);
CREATE INDEX invitations_order        ON invitations (created_at, id);
CREATE INDEX invitations_organization ON invitations (organization_id, created_at, id);
CREATE INDEX invitations_open         ON invitations (organization_id, email_key) WHERE outcome IS NULL;
CREATE INDEX invitations_email        ON invitations (email_key);
CREATE INDEX invitations_invited_by   ON invitations (invited_by) WHERE invited_by IS NOT NULL;
CREATE INDEX invitations_accepted_by  ON invitations (accepted_by) WHERE accepted_by IS NOT NULL;

CREATE TABLE invitation_roles (
  invitation_id uuid NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
  role_id       uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  PRIMARY KEY (invitation_id, role_id)
);
CREATE INDEX invitation_roles_role ON invitation_roles (role_id);

-- The one token by which a user can set a password without knowing the present one.
CREATE TABLE password_resets (
  user_id    uuid        NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  email_key  text        COLLATE "C" NOT NULL,  -- of the address that it was sent to: it works while that is the user's
  token_hash bytea       NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL
);

-- Mail that is to be sent, written by the transaction that it tells of.
CREATE TABLE mails (
  id         uuid        NOT NULL PRIMARY KEY,
  kind       text        COLLATE "C" NOT NULL CHECK (kind IN ('invitation', 'password_reset')),
  lane       text        COLLATE "C" NOT NULL,  -- whose turns it takes: an organization's, or those of its recipient alone
  recipient  bytea       NOT NULL,              -- a digest of the address
  subject_id uuid,                              -- the invitation
  sealed     bytea       NOT NULL,              -- what nobody may read here: address and token, encrypted by the vault
  counted    boolean     NOT NULL,              -- it is one of those that the recipient gets in this hour
  attempts   bigint      NOT NULL,
  turn_at    timestamptz NOT NULL,              -- its place among all: those of one lane are spread out
  due_at     timestamptz NOT NULL,              -- when it may be sent, or sent again
  created_at timestamptz NOT NULL
);
CREATE INDEX        mails_turn  ON mails (turn_at, id);
CREATE INDEX        mails_lane  ON mails (lane, turn_at);
CREATE UNIQUE INDEX mails_reset ON mails (recipient) WHERE kind = 'password_reset';

CREATE TRIGGER invitations_take_id AFTER DELETE ON invitations FOR EACH ROW EXECUTE FUNCTION roster_take_id();
