package main

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"roster/server/servertest"
)

// listening starts roster listen and returns its URL and what it prints.
func listening(t *testing.T, env map[string]string, args ...string) (string, *servertest.Output) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, stderr, ended := servertest.NewOutput(), &bytes.Buffer{}, make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"roster", "listen", "--listen", "127.0.0.1:0"}, args...),
			environmentOf(env), out, stderr, noRoutes)
		out.End()
		ended <- code
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("listen ended with %d: %s", code, stderr)
		}
	})
	return out.Match(t, `listening on (http://\S+)`)[1], out
}

func TestAChangeIsSeenByWhoeverListens(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		target, seen := listening(t, map[string]string{listenSecrets: "another-secret " + secret}, "--path", "/hooks")
		s := serve(t, t.TempDir(), frontDoors, "--database-url", url, "--migrate", "--allow-private-webhook-targets", "127.0.0.0/8")
		key := regexp.MustCompile(`roster_m_\w+`).FindString(s.stdout.String())
		send := func(method, path string, body any) []byte {
			t.Helper()
			var encoded []byte
			if body != nil {
				var err error
				if encoded, err = json.Marshal(body); err != nil {
					t.Fatal(err)
				}
			}
			answer, content, err := servertest.Exchange(t.Context(), servertest.Fresh(), method, s.base+path,
				bytes.NewReader(encoded),
				"Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json")
			if err != nil || answer.StatusCode >= 300 {
				t.Fatalf("%s %s: %v %s", method, path, err, content)
			}
			return content
		}
		send("POST", "/public/v2/management/organizations", map[string]any{"data": map[string]any{
			"type": "organizations", "attributes": map[string]any{"name": "Acme", "webhookUrl": target, "webhookSecret": secret},
		}})
		first := seen.Match(t, `(?s)organization\.created  (\S+)\n  attempt    \S+\n  signature  verified\n  answer     204\n.*"name": `+
			`"Acme"`)

		// The event is replayed on request, and a test comes, each verified.
		_, list := s.get("/public/v2/webhookDeliveries?filter[eventType]=organization.created", "Authorization", "Bearer "+key)
		var page struct {
			Data []struct {
				ID            string
				Relationships struct {
					Webhook struct{ Data struct{ ID string } }
				}
			}
		}
		if err := json.Unmarshal(list, &page); err != nil || len(page.Data) != 1 {
			t.Fatalf("deliveries: %v %s", err, list)
		}
		hook := page.Data[0].Relationships.Webhook.Data.ID
		send("POST", "/public/v2/webhooks/"+hook+"/test", nil)
		seen.Match(t, `webhook\.test  \S+\n  attempt    \S+\n  signature  verified`)
		for { // until what was sent is recorded as sent; a redelivery of what is pending is the delivery that is under way
			content := send("POST", "/public/v2/webhookDeliveries/"+page.Data[0].ID+"/redeliver", nil)
			if strings.Contains(string(content), `"trigger":"manual"`) {
				break
			}
		}
		seen.Match(t, `(?s)`+first[1]+`.*`+first[1])
	})
}

func TestListenRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args     []string
		sentence string
	}{
		{nil, "there is no secret to verify with: give --secret, or set ROSTER_LISTEN_SECRET"},
		{[]string{"--secret", "whsec_*hunter2*"},
			"--secret (ROSTER_LISTEN_SECRET) cannot be used: read a whsec_ secret: what follows the prefix is not base64"},
		{[]string{"--secret", "a, b", "--listen", "9000"},
			`--listen cannot be "9000": it must be host:port with a port number, for example 127.0.0.1:8080 or :8080`},
		{[]string{"--secret", "a, b", "--fail-rate", "30%"}, `--fail-rate cannot be "30%": it must be a number from 0 to 1`},
		{[]string{"--secret", "a, b", "--fail-rate", "NaN"}, `--fail-rate cannot be "NaN": it must be a number from 0 to 1`},
		{[]string{"--secret", "a, b", "--count", "-1"}, `--count cannot be "-1": it must be a whole number, 0 for no end`},
		{[]string{"--secret", "a, b", "--path", "hooks"}, `--path cannot be "hooks": it must begin with a slash`},
		{[]string{"--secret", "a, b", "--forward-to", "localhost:3000"},
			"--forward-to must be an http or https URL, for example http://localhost:3000/hooks"},
	} {
		code, _, stderr := command(t, nil, append([]string{"listen"}, c.args...)...)
		if code != 2 || stderr != "roster: "+c.sentence+"\n" {
			t.Errorf("%v: %d %s want %s", c.args, code, stderr, c.sentence)
		}
	}
}

func TestListenAnswersItsPathOnly(t *testing.T) {
	t.Parallel()
	target, _ := listening(t, nil, "--secret", "one", "--secret", "two, with a comma", "--path", "/hooks")
	for path, want := range map[string]int{target: 401, strings.TrimSuffix(target, "hooks"): 404} {
		answer, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), "POST", path, strings.NewReader("{}"))
		if err != nil || answer.StatusCode != want {
			t.Errorf("%s: %v %d %s", path, err, answer.StatusCode, body)
		}
	}
}
