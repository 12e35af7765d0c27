package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/server/servertest"
)

// victim is the program as a process that is killed in the middle of its work, again and again.
type victim struct {
	t        *testing.T
	dir, url string
	key      string

	*process

	mu sync.Mutex
	// acknowledged are the organizations that the program said were made.
	acknowledged []string
	deliveries   int64
}

var keyPrinted = regexp.MustCompile(`roster_m_[0-9A-Za-z]{12}_[0-9A-Za-z]{36}`)

// start starts the program and waits until it listens. The first time it prints its key.
func (v *victim) start() {
	v.t.Helper()
	v.process = launch(v.t, "--listen", "127.0.0.1:0", "--data-dir", v.dir, "--database-url", v.url, "--rate-limit", "0",
		"--allow-private-webhook-targets", "127.0.0.0/8")
	if v.key == "" {
		v.key = v.out.Match(v.t, keyPrinted.String())[0]
	}
}

// request sends one and returns the id of the resource in the answer, "" for none; ok is false once the program is gone.
func (v *victim) request(through http.RoundTripper, method, path, body string) (id string, ok bool) {
	answer, read, err := servertest.Exchange(context.Background(), through, method, v.base+path, strings.NewReader(body),
		"Authorization", "Bearer "+v.key, "Content-Type", "application/vnd.api+json")
	if err != nil {
		return "", false
	}
	if answer.StatusCode >= 500 {
		v.t.Errorf("%s %s: %d %s", method, path, answer.StatusCode, read)
	}
	var doc struct{ Data struct{ ID string } }
	_ = json.Unmarshal(read, &doc) // an error document has no id, and 204 no document
	return doc.Data.ID, true
}

// write changes things until the program is gone; each acknowledged change is told to done.
func (v *victim) write(seed uint64, done chan<- struct{}) {
	const managed = "/public/v2/management/organizations"
	r := rand.New(rand.NewPCG(seed, 5))
	client := &http.Transport{}
	defer client.CloseIdleConnections()
	mine := ""
	for i := 0; ; i++ {
		parent := ""
		if mine != "" && r.IntN(3) > 0 {
			parent = fmt.Sprintf(`,"relationships":{"parent":{"data":{"type":"organizations","id":%q}}}`, mine)
		}
		id, ok := v.request(client, "POST", managed,
			fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"w%d n%d","webhookUrl":"https://127.0.0.1:1/"}%s}}`, seed, i,
				parent))
		if !ok {
			return
		}
		if id == "" {
			mine = "" // its tree is full
			continue
		}
		v.mu.Lock()
		v.acknowledged = append(v.acknowledged, id)
		v.mu.Unlock()
		for _, next := range [][3]string{
			{"POST", "/public/v2/users", fmt.Sprintf(`{"data":{"type":"users","attributes":{"firstName":"Ada"},"relationships":{`+
				`"organization":{"data":{"type":"organizations","id":%q}}}}}`, id)},
			{"PATCH", managed + "/" + id, fmt.Sprintf(`{"data":{"type":"organizations","id":%q,"attributes":{"description":"d"},`+
				`"relationships":{"parent":{"data":null}}}}`, id)},
			{"POST", "/public/v2/management/refresh-token/" + id, ""},
			{"DELETE", managed + "/" + id, ""},
		}[r.IntN(4):] {
			if _, ok := v.request(client, next[0], next[1], next[2]); !ok {
				return
			}
			done <- struct{}{}
			if r.IntN(2) == 0 {
				break
			}
		}
		mine = id
		done <- struct{}{}
	}
}

// TestAKilledProgramLeavesNoHalfWrittenChange kills it while eight clients write, starts it again, and compares everything with everything.
func TestAKilledProgramLeavesNoHalfWrittenChange(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			v := &victim{t: t, dir: t.TempDir(), url: cfg.URL}
			r := rand.New(rand.NewPCG(3, uint64(len(dialect))))
			for round := range uint64(4) {
				v.start()
				done := make(chan struct{}, 8)
				var writers sync.WaitGroup
				for i := range uint64(8) {
					writers.Go(func() { v.write(round*8+i, done) })
				}
				gone := make(chan struct{})
				go func() { writers.Wait(); close(gone) }()
				for range 40 + r.IntN(80) {
					select {
					case <-done:
					case <-gone:
						t.Fatal("it ended by itself")
					}
				}
				v.kill()
				for waiting := true; waiting; {
					select {
					case <-done:
					case <-gone:
						waiting = false
					}
				}
				v.check(cfg)
			}
			v.start()
			v.check(cfg)
			if v.deliveries == 0 { // nobody listens where they go
				t.Error("nothing was to be delivered, so the numbers of deliveries were not compared")
			}
			if _, ok := v.request(servertest.Fresh(), "GET", "/public/v2/management/organizations", ""); !ok {
				t.Error("after the last start it does not answer")
			}
			v.kill()
		})
	}
}

// check compares the database with itself, and with what was acknowledged.
func (v *victim) check(cfg models.Config) {
	v.t.Helper()
	db := openedConfig(v.t, v.dir, cfg) // with the vault that it has sealed with what it has
	modelstest.CheckConsistency(v.t, db)
	deliveries, err := collection.List(v.t.Context(), db, models.WebhookDeliveries, collection.Everything(),
		&jsonapi.Query{Page: jsonapi.Page{Size: 1}})
	if err != nil {
		v.t.Fatal(err)
	}
	v.deliveries = max(v.deliveries, deliveries.Total)
	rows, err := modelstest.Writable(db).QueryContext(v.t.Context(), "SELECT id FROM organizations")
	if err != nil {
		v.t.Fatal(err)
	}
	defer rows.Close()
	kept := map[string]bool{}
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			v.t.Fatal(err)
		}
		kept[string(bytes.TrimSpace(id))] = true
	}
	if err := rows.Err(); err != nil {
		v.t.Fatal(err)
	}
	for _, id := range v.acknowledged {
		if !kept[id] {
			v.t.Errorf("the organization %s was acknowledged and is lost", id)
		}
	}
	if len(v.acknowledged) < 20 {
		v.t.Errorf("only %d organizations were made before the end", len(v.acknowledged))
	}
}
