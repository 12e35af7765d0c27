package handlers_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/modelstest"
	"roster/webhooks"
	"roster/webhooks/webhookstest"
)

// TestWhatIsToldOfAnAttemptIsWhatTheReceiverGot compares it, byte for byte, with what two receivers have read off their sockets: after
// the URL, the headers and the secret of the endpoint have become others, of the attempt before that and of the one after.
func TestWhatIsToldOfAnAttemptIsWhatTheReceiverGot(t *testing.T) {
	t.Parallel()
	authority := webhookstest.NewAuthority(t)
	type receivers [2]*webhookstest.RawReceiver
	for name, start := range map[string]func() *webhookstest.RawReceiver{
		"HTTP/1.1": func() *webhookstest.RawReceiver {
			return webhookstest.NewRawReceiver(t, authority.Valid(), "thanks", "HTTP/1.1 200 OK", "Via: b", "Server: a", "Via: c")
		},
		"HTTP/2.0": func() *webhookstest.RawReceiver {
			return webhookstest.NewRawHTTP2Receiver(t, authority.Valid(), "thanks", [2]string{"server", "a"}, [2]string{"via", "b"},
				[2]string{"via", "c"})
		},
	} {
		for _, dialect := range modelstest.Dialects {
			t.Run(name+" "+string(dialect), func(t *testing.T) {
				t.Parallel()
				cfg := modelstest.Config(t, dialect)
				cfg.AnswerRetention = 7 * 24 * time.Hour
				s := newService(t, modelstest.OpenConfig(t, cfg))
				newDispatch(s, func(c *webhooks.SenderConfig, _ *webhooks.WorkerConfig) { c.RootCAs = authority.Roots })
				to := receivers{start(), start()}
				org, _ := s.organization("Zoë & <Söhne>\u2028")
				first := models.NewWebhookSecret()
				hook := s.hook(org, object{
					"url": to[0].URL() + "a%20b/?token=hunter2&x", "headers": []string{"X-Tenant: hunter3", "x-b: hunter4"},
					"secret": first, "eventTypes": []string{"user.created"},
				}).want(201).text("data", "id")
				rotated := s.do("POST", hooksPath+"/"+hook+"/rotate-secret", nil).want(200)
				second := rotated.text("data", "attributes", "secret")

				delivery := s.do("POST", hooksPath+"/"+hook+"/test", nil).want(202).text("data", "id")
				s.attempted(delivery)
				s.do("PATCH", hooksPath+"/"+hook, withID(resource("webhooks", object{
					"url": to[1].URL() + "?hunter5", "headers": []string{"X-Other: hunter6"},
				}), hook)).want(200)
				third := s.do("POST", hooksPath+"/"+hook+"/rotate-secret", object{"meta": object{"overlap": 0}}).want(200).
					text("data", "attributes", "secret")
				s.do("POST", deliveriesPath+"/"+delivery+"/redeliver", nil).want(202)
				s.attemptedAgain(delivery, 2)

				for i, sent := range []struct {
					url     string
					own     []string
					secrets []string
				}{
					{to[0].URL() + "a%20b/?token=hunter2&x", []string{"x-tenant", "x-b"}, []string{second, first}},
					{to[1].URL() + "?hunter5", []string{"x-other"}, []string{third}},
				} {
					got, err := to[i].Next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					told := s.attemptedAgain(delivery, i+1)
					isWhatCame(t, told, got, name, sent.url, sent.own)
					isSignedBy(t, told, got, sent.secrets)
				}
			})
		}
	}
}

// isWhatCame compares what is told of a request with what a receiver got.
func isWhatCame(t *testing.T, told *answer, got webhookstest.Captured, version, url string, own []string) {
	t.Helper()
	request := told.json("data", "attributes", "request").(object)
	var headers [][2]string
	for _, h := range request["headers"].([]any) {
		headers = append(headers, [2]string{h.([]any)[0].(string), h.([]any)[1].(string)})
	}
	masked := slices.Clone(got.Headers)
	for i, h := range masked {
		if slices.Contains(own, strings.ToLower(h[0])) {
			masked[i][1] = "(secret)"
		}
	}
	if diff := cmp.Diff(masked, headers); diff != "" {
		t.Errorf("headers (-received +told):\n%s", diff)
	}
	digest := sha256.Sum256(got.Body)
	delete(request, "headers")
	if diff := cmp.Diff(object{
		"method": "POST", "url": url, "httpVersion": version, "body": string(got.Body), "bodyBytes": float64(len(got.Body)),
		"sha256": hex.EncodeToString(digest[:]), "truncated": false,
	}, request); diff != "" {
		t.Errorf("request (-received +told):\n%s", diff)
	}
	path := url[strings.Index(url, "//")+2:]
	path = path[strings.Index(path, "/"):]
	if got.Line != "POST "+path+" HTTP/1.1" && got.Value(":method")+got.Value(":path")+got.Value(":scheme") != "POST"+path+"https" {
		t.Errorf("the receiver got %q and %v, want a POST to %s", got.Line, got.Headers, path)
	}
	response := told.json("data", "attributes", "response").(object)
	want := []any{[]any{"Via", "b"}, []any{"Server", "a"}, []any{"Via", "c"}, []any{"Content-Length", "6"}}
	if got.Line == "" {
		want = []any{[]any{"Server", "a"}, []any{"Via", "b"}, []any{"Via", "c"}}
	}
	if diff := cmp.Diff(want, response["headers"]); diff != "" || response["head"] != "thanks" || response["bodyBytes"] != 6.0 {
		t.Errorf("response %v, headers (-sent +told):\n%s", response, diff)
	}
}

// isSignedBy signs what is told to be signed, and compares that with the signatures that a receiver got.
func isSignedBy(t *testing.T, told *answer, got webhookstest.Captured, secrets []string) {
	t.Helper()
	content := told.text("data", "attributes", "signature", "signedContent")
	var signatures []string
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, models.SymmetricPrefix))
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(content))
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if want := strings.Join(signatures, " "); got.Value("webhook-signature") != want {
		t.Errorf("the receiver got the signatures %s, and of what is told they are %s", got.Value("webhook-signature"), want)
	}
	ids := told.json("data", "attributes", "signature", "secretIds").([]any)
	if len(ids) != len(secrets) || told.text("data", "attributes", "signature", "scheme") != "v1" {
		t.Errorf("it is told to be signed with %v", ids)
	}
}
