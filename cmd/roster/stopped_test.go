package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roster/server/servertest"
)

// TestTheLastLineSaysThatAWebhookWasCutOff stops a server while a receiver has not answered.
func TestTheLastLineSaysThatAWebhookWasCutOff(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		asked, over := make(chan struct{}, 1), make(chan struct{})
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			asked <- struct{}{}
			<-over
		}))
		defer receiver.Close()
		defer close(over)
		s := serve(t, t.TempDir(), frontDoors, "--database-url", url, "--migrate", "--allow-private-webhook-targets", "127.0.0.0/8",
			"--shutdown-grace", "20ms")
		body := `{"data":{"type":"organizations","attributes":{"name":"Acme","webhookUrl":"` + receiver.URL + `","webhookSecret":` +
			`"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}}`
		answer, content, err := servertest.Exchange(t.Context(), servertest.Fresh(), "POST",
			s.base+"/public/v2/management/organizations", strings.NewReader(body), "Authorization",
			"Bearer "+keyPrinted.FindString(s.stdout.String()), "Content-Type", "application/vnd.api+json")
		if err != nil || answer.StatusCode != http.StatusCreated {
			t.Fatalf("%v %s", err, content)
		}
		<-asked
		if code := s.stop(); code != exitOK { // it is sent again, so nothing is lost
			t.Errorf("%d %s", code, s.log)
		}
		s.log.Match(t, `"level":"WARN","msg":"stopped","took":"[^"]+","cut_off":"webhooks"}\n$`)
	})
}
