package main

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"roster/server/servertest"
)

// TestWhatOthersRefuseIsNoOutageOfTheDatabase serves with a mail server, a bucket and a receiver of traces that are away: the log tells of
// each, and of the database nothing.
func TestWhatOthersRefuseIsNoOutageOfTheDatabase(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		away := freeAddress(t)
		s := serveIn(t, map[string]string{accessKey: "key", accessSecret: "secret"}, t.TempDir(), frontDoors,
			"--database-url", url, "--migrate", "--log-level", "debug",
			"--files", "s3://files?endpoint=http://"+away+"&region=here", "--otlp-endpoint", "http://"+away,
			"--smtp-url", "smtp://"+away+"?starttls=never", "--mail-from", "roster@roster.example", "--base-url", "https://roster.example")
		key := keyPrinted.FindString(s.stdout.String())
		s.post(key, "/public/v2/users", `{"data":{"type":"users","attributes":{"firstName":"Ada","email":"ada@example.com"}}}`)
		s.post(key, "/public/v2/passwordResets", `{"data":{"type":"passwordResets","attributes":{"email":"ada@example.com"}}}`)
		if line, ok := s.log.Line(message("mail not sent")); !ok || line["level"] != "WARN" {
			t.Errorf("of the mail the log tells %v", line)
		}
		_, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), http.MethodPost, s.base+"/public/v2/organizations",
			strings.NewReader(`{"data":{"type":"organizations","attributes":{"name":"Acme"}}}`), "Authorization", "Bearer "+key,
			"Content-Type", "application/vnd.api+json")
		var made struct{ Data struct{ ID string } }
		if err := errors.Join(err, json.Unmarshal(body, &made)); err != nil {
			t.Fatal(err)
		}
		logo := string(drawLogo("Acme", rand.New(rand.NewPCG(1, 2))))
		answer, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), http.MethodPost,
			s.base+"/public/v2/files?organizationId="+made.Data.ID, strings.NewReader(logo), "Authorization", "Bearer "+key, "Content-Type", "image/png")
		if err != nil || answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "store of files") {
			t.Errorf("the bucket is away: %v %d %s", err, answer.StatusCode, body)
		}
		if line, ok := s.log.Line(func(line map[string]any) bool { return line["status"] == 503.0 }); !ok || line["level"] != "ERROR" ||
			!strings.Contains(line["error"].(string), "refused") {
			t.Errorf("of the file the log tells %v", line)
		}
		if code := s.stop(); code != exitOK {
			t.Errorf("it ends with %d", code)
		}
		if log := s.log.String(); strings.Contains(log, "database outage") {
			t.Errorf("the log tells of an outage of the database:\n%s", log)
		}
	})
}
