-- +goose Up

-- What resources are searched by (docs/adr/0117): an index of the pieces of their texts, three characters each. An index of SQLite has whole
-- values only, so it is a table of them, which triggers keep as the database keeps an index. roster_search_text and roster_grams are functions
-- of the program.

-- The texts, a line each: as they are searched in.
CREATE TABLE search_texts (
  number integer NOT NULL PRIMARY KEY,
  id     text    NOT NULL,   -- of the resource
  kind   text    NOT NULL,   -- one letter, with which its pieces begin
  text   text    NOT NULL,
  UNIQUE (id, kind)
);
-- Nothing but which piece is in which text is kept.
CREATE VIRTUAL TABLE search_grams USING fts5 (grams, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

-- +goose StatementBegin
CREATE TRIGGER search_texts_insert AFTER INSERT ON search_texts
BEGIN
  INSERT INTO search_grams (rowid, grams) VALUES (NEW.number, roster_grams(NEW.kind, NEW.text));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_texts_update AFTER UPDATE ON search_texts WHEN NEW.text <> OLD.text
BEGIN
  UPDATE search_grams SET grams = roster_grams(NEW.kind, NEW.text) WHERE rowid = NEW.number;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_texts_delete AFTER DELETE ON search_texts
BEGIN
  DELETE FROM search_grams WHERE rowid = OLD.number;
END;
-- +goose StatementEnd

INSERT INTO search_texts (id, kind, text)
  SELECT id, 'o', roster_search_text(name, slug) FROM organizations;
-- +goose StatementBegin
CREATE TRIGGER organizations_search_insert AFTER INSERT ON organizations
BEGIN
  INSERT INTO search_texts (id, kind, text)
    VALUES (NEW.id, 'o', roster_search_text(NEW.name, NEW.slug));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER organizations_search_update AFTER UPDATE OF name, slug ON organizations
BEGIN
  UPDATE search_texts SET text = roster_search_text(NEW.name, NEW.slug)
    WHERE id = NEW.id AND kind = 'o';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER organizations_search_delete AFTER DELETE ON organizations
BEGIN
  DELETE FROM search_texts WHERE id = OLD.id AND kind = 'o';
END;
-- +goose StatementEnd

INSERT INTO search_texts (id, kind, text)
  SELECT id, 'u', roster_search_text(COALESCE(first_name, '') || ' ' || COALESCE(last_name, ''), email) FROM users;
-- +goose StatementBegin
CREATE TRIGGER users_search_insert AFTER INSERT ON users
BEGIN
  INSERT INTO search_texts (id, kind, text)
    VALUES (NEW.id, 'u', roster_search_text(COALESCE(NEW.first_name, '') || ' ' || COALESCE(NEW.last_name, ''), NEW.email));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_search_update AFTER UPDATE OF first_name, last_name, email ON users
BEGIN
  UPDATE search_texts SET text = roster_search_text(COALESCE(NEW.first_name, '') || ' ' || COALESCE(NEW.last_name, ''), NEW.email)
    WHERE id = NEW.id AND kind = 'u';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_search_delete AFTER DELETE ON users
BEGIN
  DELETE FROM search_texts WHERE id = OLD.id AND kind = 'u';
END;
-- +goose StatementEnd

INSERT INTO search_texts (id, kind, text)
  SELECT id, 'w', roster_search_text(name, url) FROM webhooks;
-- +goose StatementBegin
CREATE TRIGGER webhooks_search_insert AFTER INSERT ON webhooks
BEGIN
  INSERT INTO search_texts (id, kind, text)
    VALUES (NEW.id, 'w', roster_search_text(NEW.name, NEW.url));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhooks_search_update AFTER UPDATE OF name, url ON webhooks
BEGIN
  UPDATE search_texts SET text = roster_search_text(NEW.name, NEW.url)
    WHERE id = NEW.id AND kind = 'w';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhooks_search_delete AFTER DELETE ON webhooks
BEGIN
  DELETE FROM search_texts WHERE id = OLD.id AND kind = 'w';
END;
-- +goose StatementEnd

INSERT INTO search_texts (id, kind, text)
  SELECT id, 'k', roster_search_text(name, '') FROM api_keys;
-- +goose StatementBegin
CREATE TRIGGER api_keys_search_insert AFTER INSERT ON api_keys
BEGIN
  INSERT INTO search_texts (id, kind, text)
    VALUES (NEW.id, 'k', roster_search_text(NEW.name, ''));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_search_update AFTER UPDATE OF name ON api_keys
BEGIN
  UPDATE search_texts SET text = roster_search_text(NEW.name, '')
    WHERE id = NEW.id AND kind = 'k';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER api_keys_search_delete AFTER DELETE ON api_keys
BEGIN
  DELETE FROM search_texts WHERE id = OLD.id AND kind = 'k';
END;
-- +goose StatementEnd

INSERT INTO search_texts (id, kind, text)
  SELECT id, 'r', roster_search_text(name, key) FROM roles;
-- +goose StatementBegin
CREATE TRIGGER roles_search_insert AFTER INSERT ON roles
BEGIN
  INSERT INTO search_texts (id, kind, text)
    VALUES (NEW.id, 'r', roster_search_text(NEW.name, NEW.key));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_search_update AFTER UPDATE OF name, key ON roles
BEGIN
  UPDATE search_texts SET text = roster_search_text(NEW.name, NEW.key)
    WHERE id = NEW.id AND kind = 'r';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roles_search_delete AFTER DELETE ON roles
BEGIN
  DELETE FROM search_texts WHERE id = OLD.id AND kind = 'r';
END;
-- +goose StatementEnd

-- What a request has changed is found by its id.
CREATE INDEX events_request ON events (request_id) WHERE request_id IS NOT NULL;
