//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
	"roster/webhooks/webhookstest"
)

// dispatcher sends requests to replicas in turn, and to none that is being started again: what a load dispatcher does with /readyz.
type dispatcher struct {
	t       *testing.T
	key     string
	through http.RoundTripper

	mu     sync.Mutex
	turn   int
	places []*berth
}

// berth is where one replica is, or none.
type berth struct {
	*process
	open    bool
	running sync.WaitGroup
}

// next returns a replica that takes a request, which done tells the end of.
func (b *dispatcher) next() (base string, done func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		b.turn++
		if at := b.places[b.turn%len(b.places)]; at.open {
			at.running.Add(1)
			return at.base, at.running.Done
		}
	}
}

// put opens or closes a place, and waits for what is under way there.
func (b *dispatcher) put(at *berth, open bool) {
	b.mu.Lock()
	at.open = open
	b.mu.Unlock()
	if !open {
		at.running.Wait()
	}
}

// create makes a resource, and returns its id.
func (b *dispatcher) create(typ, members string) string {
	base, done := b.next()
	defer done()
	answer, body, err := servertest.Exchange(context.Background(), b.through, "POST", base+"/public/v2/"+typ,
		strings.NewReader(`{"data":{"type":"`+typ+`",`+members+`}}`), "Authorization", "Bearer "+b.key,
		"Content-Type", "application/vnd.api+json")
	var told struct{ Data struct{ ID string } }
	if err == nil {
		err = json.Unmarshal(body, &told)
	}
	if err != nil || answer.StatusCode != 201 {
		b.t.Errorf("a request failed: %d %.300s %v", answer.StatusCode, body, err)
	}
	return told.Data.ID
}

// TestASecretKeyIsRotatedUnderLoad rotates on two replicas while clients write and a receiver takes what is sent: no request fails, and no
// signature.
func TestASecretKeyIsRotatedUnderLoad(t *testing.T) {
	t.Parallel()
	dir, url, receiver := t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres), webhookstest.NewReceiver(t)
	former, next := filepath.Join(dir, "former.key"), filepath.Join(dir, "next.key")
	with := func(key string, args ...string) (int, string, string) {
		return command(t, nil, append(args, "--data-dir", dir, "--database-url", url, "--secret-key-file", key)...)
	}
	mustDo := func(code int, stdout, stderr string) string {
		t.Helper()
		if code != 0 {
			t.Fatalf("%d %s %s", code, stdout, stderr)
		}
		return stdout
	}
	for _, key := range []string{former, next} {
		mustDo(command(t, nil, "secret-key", "create", key))
	}
	start := func(key string) *process {
		return launch(t, "--listen", "127.0.0.1:0", "--data-dir", dir, "--database-url", url, "--migrate", "--rate-limit", "0",
			"--secret-key-file", key, "--allow-private-webhook-targets", "127.0.0.0/8")
	}
	b := &dispatcher{t: t, through: &http.Transport{}, places: []*berth{{open: true}, {open: true}}}
	b.places[0].process = start(former)
	b.places[1].process = start(former)
	b.key = b.places[0].out.Match(t, keyPrinted.String())[0]
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	organization := b.create("organizations", `"attributes":{"name":"Acme","webhookUrl":"`+receiver.URL()+`","webhookSecret":"`+secret+`"}`)

	var mu sync.Mutex
	written, steps := 0, sync.NewCond(&mu)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				user := b.create("users", fmt.Sprintf(`"attributes":{"firstName":"w%d n%d"}`, w, n))
				b.create("memberships", fmt.Sprintf(`"relationships":{"user":{"data":{"type":"users","id":%q}},
					"organization":{"data":{"type":"organizations","id":%q}}}`, user, organization))
				mu.Lock()
				written++
				steps.Broadcast()
				mu.Unlock()
			}
		})
	}
	more := func() { // written under what is the case now
		mu.Lock()
		defer mu.Unlock()
		for until := written + 20; written < until && !t.Failed(); {
			steps.Wait()
		}
	}
	restart := func(at *berth, key string) {
		b.put(at, false)
		if err := at.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := at.wait(); err != nil {
			t.Errorf("it ended with %v: %s", err, at.log)
		}
		at.process = start(key)
		b.put(at, true)
	}
	more()
	told := mustDo(with(former, "secret-key", "rotate", next))
	old := regexp.MustCompile(`retire ([0-9a-f]{16})\n`).FindStringSubmatch(told)[1]
	more()
	restart(b.places[1], former) // one that restarts in between, as it was
	more()
	restart(b.places[0], next)
	more()
	restart(b.places[1], next)
	more()
	mustDo(with(next, "secret-key", "retire", old))
	more()
	restart(b.places[0], next)
	more()
	close(stop)
	writers.Wait()
	b.through.(*http.Transport).CloseIdleConnections()

	code, _, stderr := with(former, "serve", "--listen", "127.0.0.1:0")
	retired := regexp.MustCompile(`the secret key ` + old +
		` was retired on \S+; give this server the one that took its place, [0-9a-f]{16},`)
	if code != 1 || !retired.MatchString(stderr) {
		t.Errorf("with the old key: %d %s", code, stderr)
	}
	deliveries := map[string]bool{}
	for n := written; len(deliveries) < written; n++ {
		requests, err := receiver.Wait(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range requests {
			if strings.Contains(string(q.Body), `"membership.created"`) {
				deliveries[q.ID] = true
			}
		}
	}
	for _, q := range receiver.Requests() {
		if err := q.Verify(secret); err != nil {
			t.Errorf("a signature does not hold: %v", err)
		}
	}
	t.Logf("%d writes, %d deliveries", written, len(receiver.Requests()))
	if stdout := mustDo(with(next, "verify")); stdout != "everything agrees\n" {
		t.Error(stdout)
	}
	state := mustDo(with(next, "secret-key", "status"))
	if !regexp.MustCompile(`(?m)^ID .*\n` + old + ` +retired +\S+Z +\S+Z +no\n[0-9a-f]{16} +live +\S+Z +\S+Z +yes\n$`).MatchString(state) {
		t.Errorf("status:\n%s", state)
	}
}
