package main

import (
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"roster/mail/mailtest"
	"roster/models/blob/blobtest"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/webhookstest"
)

// TestALostSecretKeyCostsWhatItProtects plants secrets in the whole program, loses the key, and begins with another: what the former key
// protected is gone and says so, the rest is as it was.
func TestALostSecretKeyCostsWhatItProtects(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir, receiver := t.TempDir(), webhookstest.NewReceiver(t)
		bucket, providers := blobtest.Bucket(t), providersFile(t)
		env := map[string]string{accessKey: bucket.AccessKey, accessSecret: bucketSecret}
		g := &garden{mails: mailtest.NewReceiver(t), serve: func(args ...string) *served {
			return serveIn(t, env, dir, frontDoors, append(args, "--database-url", url, "--migrate",
				"--allow-private-webhook-targets", "127.0.0.0/8", "--oidc-providers", providers,
				"--files", "s3://"+bucket.Name+"?endpoint=http://"+bucket.Endpoint+"&region="+bucket.Region)...)
		}}
		g.served = g.serve()
		var token, userKey string
		for _, p := range plants {
			switch secret := p.sow(g); p.name {
			case "a refreshed token":
				token = secret
			case "a key of a user":
				userKey = secret
			}
		}
		endpoint := func(attributes string) told {
			return g.managed("POST", "webhooks", `{"data":{"type":"webhooks","attributes":{`+attributes+`},"relationships":{
				"organization":{"data":{"type":"organizations","id":"`+g.organization+`"}}}}}`, 201)
		}
		hook := endpoint(`"url":"` + receiver.URL() + `deep/planted","eventTypes":["user.*"],"headers":["X-Tenant: planted"]`)
		asymmetric := endpoint(`"url":"` + receiver.URL() + `v1a","algorithm":"v1a","eventTypes":["role.*"]`)
		open := g.invite("gil@example.com").ID
		g.signIn("bob@example.com", "planted-by-a-reset", 201) // a session that is left
		g.send("POST", "passwordResets", `{"data":{"type":"passwordResets","attributes":{"email":"bob@example.com"}}}`, 202)
		former, cookie := g.key, g.cookie
		if code := g.stop(); code != 0 {
			t.Fatalf("it ended with %d", code)
		}
		key := filepath.Join(dir, "secret.key")
		with := func(args ...string) (int, string, string) {
			return command(t, env, append(args, "--data-dir", dir, "--database-url", url)...)
		}
		refused := func(says string, args ...string) {
			t.Helper()
			if code, stdout, stderr := with(args...); code == 0 || !strings.Contains(stderr, says) {
				t.Errorf("%v: %d %s %s", args, code, stdout, stderr)
			}
		}
		refused("opens the database: nothing is lost, and nothing was changed", "secret-key", "reset", "--accept-loss")
		if err := os.Remove(key); err != nil {
			t.Fatal(err)
		}
		refused("'roster secret-key reset' tells what can be done when it is lost", "serve", "--listen", "127.0.0.1:0")
		refused("a new secret key is needed: make one with 'roster secret-key create FILE'", "secret-key", "reset", "--accept-loss")
		if err := makeSecretKey(key); err != nil {
			t.Fatal(err)
		}
		before := modelstest.Dump(t, modelstest.OpenConfig(t, modelstest.ConfigAt(url)))
		code, cost, stderr := with("secret-key", "reset", "--statement-timeout", "1ms")
		if code != 1 || !strings.Contains(stderr, "nothing was changed: that is what it costs") {
			t.Errorf("%d %s %s", code, cost, stderr)
		}
		if modelstest.Dump(t, modelstest.OpenConfig(t, modelstest.ConfigAt(url))) != before {
			t.Error("something was changed")
		}
		formerBytes := bytesIn(t, url)
		if len(formerBytes) < 10 {
			t.Errorf("there is hardly anything: %v", formerBytes)
		}
		code, done, stderr := with("secret-key", "reset", "--accept-loss", "--statement-timeout", "1ms")
		if code != 0 || !strings.HasPrefix(done, cost) ||
			!regexp.MustCompile(`(?m)^3 +endpoints of webhooks +disabled: `).MatchString(done) ||
			regexp.MustCompile(`(?m)^0 +(keys|tokens|sessions|open inv|second f|answers)`).MatchString(done) {
			t.Errorf("%d %s %s", code, done, stderr)
		}
		for value := range bytesIn(t, url) {
			if formerBytes[value] {
				t.Errorf("it is as it was: %.60s", value)
			}
		}
		refused("opens the database: nothing is lost", "secret-key", "reset", "--accept-loss")
		if code, stdout, stderr := with("verify"); code != 0 || stdout != "everything agrees\n" {
			t.Errorf("verify: %d %s %s", code, stdout, stderr)
		}
		g.served = g.serve()
		g.key = keyPrinted.FindString(g.stdout.String())
		for _, credential := range []string{former, token, userKey, "planted-token_of_another_system"} {
			g.send("GET", "me", "", 401, "Authorization", "Bearer "+credential)
		}
		g.cookie = cookie
		g.page("GET", "me", "", 401)
		g.signIn("ada@example.com", adas2, 201) // without the second factor that she had
		if g.page("GET", "me", "", 200).meta("secondFactor") != "" {
			t.Error("she has a second factor")
		}
		origin := strings.TrimSuffix(receiver.URL(), "/")
		for _, id := range []string{hook.ID, asymmetric.ID} {
			w := g.managed("GET", "webhooks/"+id, "", 200)
			if w.attribute("status") != "disabled" || w.attribute("disabledReason") != "secret_key_lost" || w.attribute("url") != origin {
				t.Errorf("the endpoint is %v", w.Attributes)
			}
		}
		if w := g.managed("GET", "organizations/"+g.organization, "", 200); w.attribute("webhookUrl") != "https://127.0.0.1:1" {
			t.Errorf("the organization's endpoint is at %s", w.attribute("webhookUrl"))
		}
		if w := g.managed("GET", "webhooks/"+asymmetric.ID, "", 200); w.attribute("publicKey") == asymmetric.attribute("publicKey") {
			t.Error("an endpoint tells the public half of a secret that is gone")
		}
		if state := g.managed("GET", "invitations/"+open, "", 200).attribute("state"); state != "expired" {
			t.Errorf("the invitation is %s", state)
		}
		g.managed("POST", "invitations/"+open+"/resend", "", 200)
		g.managed("POST", "management/refresh-token/"+g.organization, "", 200)
		g.managed("POST", "organizations", `{"data":{"type":"organizations","attributes":{"name":"Once more"}}}`, 201,
			"Idempotency-Key", "once")

		// What is disabled keeps what happens, and goes on once it is given what was lost.
		patch := func(attributes string, want int) {
			t.Helper()
			g.managed("PATCH", "webhooks/"+hook.ID, `{"data":{"type":"webhooks","id":"`+hook.ID+`","attributes":{`+attributes+`}}}`, want)
		}
		g.managed("PATCH", "users/"+g.ada, `{"data":{"type":"users","id":"`+g.ada+`","attributes":{"lastName":"Lovelace"}}}`, 200)
		patch(`"status":"active"`, 422)
		patch(`"status":"paused"`, 422)
		secret := g.managed("POST", "webhooks/"+hook.ID+"/rotate-secret", "", 200).attribute("secret")
		patch(`"status":"active","url":"`+receiver.URL()+`again"`, 200)
		requests, err := receiver.Wait(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range requests {
			if err := q.Verify(secret); err != nil || q.Path != "/again" || q.Header.Get("X-Tenant") != "" {
				t.Errorf("%v %s %v", err, q.Path, q.Header)
			}
		}
		told := g.typesOfEvents("secret key reset")
		for _, want := range []string{"apiKey.revoked", "session.ended", "user.updated", "webhook.disabled"} {
			if !slices.Contains(told, want) {
				t.Errorf("no %s tells of it, only %v", want, told)
			}
		}
		if code := g.stop(); code != 0 || strings.Contains(g.log.String(), `"level":"ERROR"`) {
			t.Errorf("it ended with %d\n%s", code, g.log)
		}
		if code, stdout, stderr := with("verify"); code != 0 {
			t.Errorf("verify: %d %s %s", code, stdout, stderr)
		}
	})
}

// typesOfEvents returns the types of the latest events that an actor has caused.
func (g *garden) typesOfEvents(actor string) (types []string) {
	g.t.Helper()
	_, body := g.get("/public/v2/events?page%5Bsize%5D=100&sort=-position", "Authorization", "Bearer "+g.key)
	var list struct {
		Data []struct {
			Attributes struct {
				EventType string
				Actor     struct{ Name string }
			}
		}
	}
	if err := json.Unmarshal(body, &list); err != nil {
		g.t.Fatalf("%v %s", err, body)
	}
	for _, e := range list.Data {
		if e.Attributes.Actor.Name == actor {
			types = append(types, e.Attributes.EventType)
		}
	}
	return types
}

// TestAServerEndsWhenTheKeyIsResetBesideIt resets while one runs, against the advice, and lets it look.
func TestAServerEndsWhenTheKeyIsResetBesideIt(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		withSecretKey(t, []string{"--data-dir", dir, "--database-url", url})
		cfg := &config{dataDir: dir, databaseURL: url, migrate: true, connections: 4, logLevel: new(slog.LevelVar),
			getenv: func(string) string { return "" }}
		a := newApp(cfg, cfg.logger(t.Output()))
		var err error
		if a.db, err = cfg.openDatabase(t.Context(), a.logger); err != nil {
			t.Fatal(err)
		}
		a.onStop(a.db.Close)
		defer a.stop() //nolint:errcheck // the test is over
		a.checkVault(t.Context())
		if len(a.failed) != 0 {
			t.Error(<-a.failed)
		}
		if err := os.Remove(filepath.Join(dir, "secret.key")); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"create", filepath.Join(dir, "secret.key")},
			{"reset", "--accept-loss", "--data-dir", dir, "--database-url", url}} {
			if code, _, stderr := command(t, nil, append([]string{"secret-key"}, args...)...); code != 0 {
				t.Fatal(stderr)
			}
		}
		for range 5 { // nobody reads it, and it does not wait for that
			a.checkVault(t.Context())
		}
		if err := <-a.failed; !strings.Contains(err.Error(), "was reset while this server ran") {
			t.Error(err)
		}
	})
}

// inTheClear are the columns of bytes that no vault has to do with, and one that says nothing any more.
var inTheClear = []string{"blobs.content", "webhook_messages.body", "webhook_attempts.response_head", "invitations.token_hash"}

// bytesIn returns what is in the other columns of bytes, whatever there are: what is hashed or sealed is kept as bytes.
func bytesIn(t *testing.T, url string) map[string]bool {
	t.Helper()
	db := modelstest.OpenConfig(t, modelstest.ConfigAt(url))
	listed := `SELECT m.name || '.' || c.name FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c
		WHERE m.type = 'table' AND lower(c.type) = 'blob'`
	if db.Dialect() == store.Postgres {
		listed = `SELECT table_name || '.' || column_name FROM information_schema.columns
			WHERE data_type = 'bytea' AND table_schema = 'public'`
	}
	var columns []string
	if err := db.Session(t.Context()).Raw(listed).Scan(&columns).Error; err != nil || len(columns) < 20 {
		t.Fatalf("columns: %v %v", columns, err)
	}
	values := map[string]bool{}
	for _, name := range columns {
		if slices.Contains(inTheClear, name) || strings.HasPrefix(name, "search_grams_") { // the pieces of names
			continue
		}
		table, column, _ := strings.Cut(name, ".")
		var found [][]byte
		err := db.Session(t.Context()).Raw(`SELECT ` + column + ` FROM ` + table + ` WHERE ` + column + ` IS NOT NULL`).Scan(&found).Error
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range found {
			values[name+" "+hex.EncodeToString(value)] = true
		}
	}
	return values
}
