package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"roster/models"
)

// bareCreate writes what the service writes for an organization: the row, its line in the tree, its token, the event, the queue, the
// counter. What is told of it is learned from one that the service has created.
type bareCreate struct {
	Key                   string // the id of whose key the service was asked with
	Answer, Changes, Data bareText
}

// bareText is text with gaps: the parts at odd places are the names of what stands there.
type bareText []string

// learn takes the texts of an organization that the service has created, with gaps for what is its own.
func (c *bareCreate) learn(answer []byte, changes, data string) error {
	var made struct {
		Data struct {
			ID         string
			Attributes struct {
				Name, Slug, Token, CreatedAt string
				Number                       int64
			}
		}
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return err
	}
	of, number := made.Data.Attributes, strconv.FormatInt(made.Data.Attributes.Number, 10)
	const direct, changed = `"number":`, `"number":{"before":null,"after":`
	gaps := strings.NewReplacer(made.Data.ID, "\x00id\x00", of.Name, "\x00name\x00", of.Slug, "\x00slug\x00", of.Token, "\x00token\x00",
		of.CreatedAt, "\x00at\x00", direct+number, direct+"\x00number\x00", changed+number, changed+"\x00number\x00")
	for _, text := range []struct {
		into *bareText
		from string
	}{{&c.Answer, string(answer)}, {&c.Changes, changes}, {&c.Data, data}} {
		*text.into = strings.Split(gaps.Replace(text.from), "\x00")
	}
	return nil
}

func (t bareText) filled(with map[string]string) string {
	var b strings.Builder
	for n, part := range t {
		if n%2 == 1 {
			part = with[part]
		}
		b.WriteString(part)
	}
	return b.String()
}

// numberLater stands in the text of an event until the statement knows the number.
const numberLater = "{number}"

// bareQueue is a queue like the one that events wait in, beside it: what the bare handler queues is nothing that the service is to send.
const bareQueue = `DROP TABLE IF EXISTS bare_queue; CREATE TABLE bare_queue `

func (c *bareCreate) handler(db bareDatabase) http.HandlerFunc {
	if err := db.define(context.Background(), bareQueue+`(LIKE event_queue INCLUDING ALL)`, bareQueue+`(
			ordinal integer NOT NULL PRIMARY KEY AUTOINCREMENT, event_id text NOT NULL, organization_id text NOT NULL, position integer);
		CREATE INDEX bare_queue_new ON bare_queue (ordinal) WHERE position IS NULL;
		CREATE INDEX bare_queue_position ON bare_queue (position) WHERE position IS NOT NULL;
		CREATE INDEX bare_queue_organization ON bare_queue (organization_id, position) WHERE position IS NOT NULL`); err != nil {
		panic(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Data struct{ Attributes struct{ Name string } }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			sendError(w, err)
			return
		}
		now, name, lookup, secret := time.Now(), in.Data.Attributes.Name, rand.Text()[:12], rand.Text()+rand.Text()[:10]
		with := map[string]string{
			"id": models.NewID(), "name": name, "slug": strings.ReplaceAll(strings.ToLower(name), " ", "-"),
			"token": "roster_o_" + lookup + "_" + secret, "at": now.UTC().Format("2006-01-02T15:04:05-07:00"), "number": numberLater,
		}
		number, err := db.write(r.Context(), c.statements(with, lookup, now))
		if err != nil {
			sendError(w, err)
			return
		}
		with["number"] = strconv.FormatInt(number, 10)
		send(w, "application/vnd.api+json", http.StatusCreated, []byte(c.Answer.filled(with)))
	}
}

func (c *bareCreate) statements(with map[string]string, lookup string, now time.Time) []bareStatement {
	id, event, hash := with["id"], models.NewID(), sha256.Sum256([]byte(with["token"]))
	return []bareStatement{
		{`INSERT INTO organizations (id, created_at, updated_at, name, slug, kind, is_event_producer, location_tracking, created_by,
				created_by_type, version)
			VALUES ($1, $2, $2, $3, $4, 'company', true, false, $5, 'apiKeys', 1)
			RETURNING number`, []any{id, now, with["name"], with["slug"], c.Key}},
		{`INSERT INTO organization_paths (ancestor_id, descendant_id, distance) VALUES ($1, $1, 0)`, []any{id}},
		{`INSERT INTO credentials (lookup, hash, organization_id, created_at) VALUES ($1, $2, $3, $4)`, []any{lookup, hash[:], id, now}},
		{`INSERT INTO events (id, event_type, organization_id, subject_type, subject_id, actor_kind, actor_id, actor_name, changes, data,
				request_id, occurred_at, organization_name)
			VALUES ($1, 'organization.created', $2, 'organizations', $2, 'management_key', $3, 'bench',
				replace($4, '` + numberLater + `', (SELECT CAST(number AS text) FROM organizations WHERE id = $2)),
				replace($5, '` + numberLater + `', (SELECT CAST(number AS text) FROM organizations WHERE id = $2)),
				$7, $6, (SELECT name FROM organizations WHERE id = $2))`,
			[]any{event, id, c.Key, c.Changes.filled(with), c.Data.filled(with), now, event}},
		{`INSERT INTO bare_queue (event_id, organization_id) VALUES ($1, $2)`, []any{event, id}},
		{`INSERT INTO counters (name, key, shard, n) VALUES ('organizations', '', $1, 1)
			ON CONFLICT (name, key, shard) DO UPDATE SET n = counters.n + excluded.n`, []any{mathrand.IntN(16)}},
	}
}
