package handlers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
	"roster/webhooks/queue"
	"roster/webhooks/webhookstest"
)

// attempted waits until a delivery has an attempt and returns it.
func (s *service) attempted(delivery string) *answer {
	s.t.Helper()
	return s.attemptedAgain(delivery, 1)
}

// attemptedAgain waits until a delivery has an attempt of that number and returns it.
func (s *service) attemptedAgain(delivery string, number int) *answer {
	s.t.Helper()
	path := fmt.Sprintf("%s/%s/attempts/%d", deliveriesPath, delivery, number)
	servertest.Poll(s.t, path, func() bool { return s.send("GET", path, nil).Status == 200 })
	return s.do("GET", path+"/", nil)
}

func TestWhatWasSentWithAnAttemptCanBeSeen(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			cfg.AnswerRetention = 7 * 24 * time.Hour
			s := newService(t, modelstest.OpenConfig(t, cfg))
			newDispatch(s, asItIs)
			receiver := webhookstest.NewReceiver(t, webhookstest.Body(202, []byte("thanks"), "Via: a", "Via: b", "Server: nginx"))
			org, token := s.organization("Acme")
			hook := s.hook(org, object{"url": receiver.URL() + "T0/hunter2?token=hunter2", "headers": []string{"X-Tenant: hunter3"},
				"eventTypes": []string{"user.created"}}).want(201)
			delivery := s.do("POST", hooksPath+"/"+hook.text("data", "id")+"/test", nil).want(202).text("data", "id")
			a := s.as(token).attempted(delivery)
			got := receiver.Requests()[0]

			if a.text("data", "type") != "attempts" || a.text("data", "links", "self") != deliveriesPath+"/"+delivery+"/attempts/1" ||
				a.json("data", "attributes", "number") != 1.0 {
				t.Errorf("the attempt is %s", a.Body)
			}
			request := a.json("data", "attributes", "request").(object)
			digest := sha256.Sum256(got.Body)
			if request["method"] != "POST" || request["url"] != receiver.URL()+"T0/hunter2?token=hunter2" ||
				request["httpVersion"] != "HTTP/1.1" ||
				request["body"] != string(got.Body) || request["bodyBytes"] != float64(len(got.Body)) ||
				request["sha256"] != hex.EncodeToString(digest[:]) || request["truncated"] != false {
				t.Errorf("the request is %v", request)
			}
			sent := map[string]string{}
			for _, pair := range request["headers"].([]any) {
				sent[strings.ToLower(pair.([]any)[0].(string))] = pair.([]any)[1].(string)
			}
			want := map[string]string{"host": receiver.Address().String(), "x-tenant": "(secret)"}
			for name, values := range got.Header {
				if name != "X-Tenant" {
					want[strings.ToLower(name)] = strings.Join(values, ", ")
				}
			}
			if diff := cmp.Diff(want, sent); diff != "" {
				t.Errorf("headers (-received +told):\n%s", diff)
			}
			signature := a.json("data", "attributes", "signature").(object)
			if signature["signedContent"] != got.ID+"."+got.Timestamp+"."+string(got.Body) || signature["scheme"] != "v1" ||
				len(signature["secretIds"].([]any)) != 1 {
				t.Errorf("the signature is %v", signature)
			}
			response := a.json("data", "attributes", "response").(object)
			kept, _ := time.Parse(time.RFC3339, response["keptUntil"].(string))
			if left := time.Until(kept); left < 6*24*time.Hour || left > 7*24*time.Hour {
				t.Errorf("it is kept until %s", kept)
			}
			delete(response, "keptUntil")
			if diff := cmp.Diff(object{
				"headers": []any{[]any{"Content-Length", "6"}, []any{"Via", "a"}, []any{"Via", "b"}, []any{"Server", "nginx"}},
				"head":    "thanks", "bodyBytes": 6.0, "truncated": false,
			}, response); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
			if again := s.attempted(delivery); again.Header.Get("ETag") != a.Header.Get("ETag") {
				t.Error("at another reading it is another document")
			}

			history := s.get(deliveriesPath+"/"+delivery).want(200).json("data", "attributes", "history").([]any)[0].(object)
			if history["url"] != strings.TrimSuffix(receiver.URL(), "/") || history["address"] != nil {
				t.Errorf("the history tells %v", history)
			}
			for _, secret := range []string{"hunter2", "hunter3"} {
				if where := modelstest.Search(t, s.db, secret); len(where) != 0 {
					t.Errorf("%s is in %v", secret, where)
				}
			}
			_, other := s.organization("Other")
			s.as(other).send("GET", deliveriesPath+"/"+delivery+"/attempts/1", nil).want(404)
			s.key0("events:read").send("GET", deliveriesPath+"/"+delivery+"/attempts/1", nil).want(403)
			about := func(scopes ...string) any {
				return s.key0(scopes...).send("GET", deliveriesPath+"/"+delivery+"/attempts/1",
					nil).want(200).json("data", "attributes", "request")
			}
			// A test is about the endpoint, and names its organization.
			if about("webhooks:read", "organizations:read") == nil || about("webhooks:read", "organizations:read", "events:read") == nil {
				t.Error("who may read what an event is about is not told what was sent")
			}
			if about("webhooks:read") != nil || about("webhooks:read", "events:read") != nil {
				t.Error("what was sent tells the name of an organization to who may not read it")
			}
			for _, number := range []string{"2", "0", "-1", "01", "01x", "99999999999999999999"} {
				s.send("GET", deliveriesPath+"/"+delivery+"/attempts/"+number, nil).want(404)
			}

			if err := queue.PurgeHeads(t.Context(), s.db, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			old := s.attempted(delivery)
			if old.json("data", "attributes", "request") != nil || old.json("data", "attributes", "signature") != nil ||
				old.json("data", "attributes", "response", "head") != nil ||
				old.json("data", "attributes", "status") != 202.0 {
				t.Errorf("after it is forgotten: %s", old.Body)
			}
		})
	}
}

// TestAFailedAttemptTellsNothingOfTheNetworkHere has endpoints whose failures the library describes with addresses. One is where endpoints
// may be, but nothing is sent any more.
func TestAFailedAttemptTellsNothingOfTheNetworkHere(t *testing.T) {
	eachAllowing(t, []string{"127.0.0.0/8", "10.11.12.13/32"}, func(t *testing.T, s *service, _ *modelstest.Clock) {
		newDispatch(s, asItIs)
		closed := webhookstest.NewReceiverAt(t, "127.0.0.3:0")
		closed.Close()
		reset := webhookstest.NewReceiver(t, webhookstest.ResetAfterRequest())
		org, _ := s.organization("Acme")
		for url, code := range map[string]string{
			closed.URLAt("127.0.0.3"): "connection_refused", reset.URL(): "connection_reset", "http://10.11.12.13/": "blocked_address",
			"https://missing.invalid/": "dns_error", strings.Replace(reset.URL(), "http:", "https:", 1): "connection_reset",
		} {
			hook := s.hook(org, object{"url": url, "eventTypes": []string{"user.created"}}).want(201).text("data", "id")
			delivery := s.do("POST", hooksPath+"/"+hook+"/test", nil).want(202).text("data", "id")
			a := s.attempted(delivery)
			detail := a.text("data", "attributes", "detail")
			host := strings.TrimSuffix(url[strings.Index(url, "//")+2:], "/")
			if a.text("data", "attributes", "errorCode") != code && code != "dns_error" {
				t.Errorf("%s: %s, want %s", url, a.json("data", "attributes", "errorCode"), code)
			}
			rest := strings.ReplaceAll(detail, host, "")
			if strings.ContainsAny(rest, "0123456789") || strings.Contains(rest, "127.") || a.json("data", "attributes", "address") != nil {
				t.Errorf("%s: %s", url, a.Body)
			}
		}
	})
}

// TestWhatWasSentIsToldToWhoMayReadWhatItIsAbout: webhooks:read alone shows that an event was sent, not the person it is about.
func TestWhatWasSentIsToldToWhoMayReadWhatItIsAbout(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newService(t, db)
		newDispatch(s, asItIs)
		receiver := webhookstest.NewReceiver(t)
		org, _ := s.organization("Acme")
		s.hook(org, object{"url": receiver.URL(), "eventTypes": []string{"user.created"}}).want(201)
		s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"}, "organization", ref("organizations", org))).want(201)
		if _, err := receiver.Wait(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		delivery := s.get(deliveriesPath+"?filter[eventType]=user.created").want(200).text("data", 0, "id")
		s.attempted(delivery)
		for scopes, told := range map[string]bool{
			"webhooks:read": false, "webhooks:read organizations:read": false, "webhooks:read users:read": false,
			"webhooks:read events:read": false, "webhooks:read events:read users:write": false,
			"webhooks:read organizations:read users:read": true, "webhooks:read organizations:read users:write": true,
		} {
			a := s.key0(strings.Fields(scopes)...).send("GET", deliveriesPath+"/"+delivery+"/attempts/1", nil).want(200)
			if got := a.json("data", "attributes", "request") != nil; got != told || strings.Contains(string(a.Body), "Ada") != told {
				t.Errorf("%s: what was sent is told: %t", scopes, got)
			}
		}
	})
}

// TestWhatASubtreeEndpointWasSentIsToldToWhoSeesTheSubtree: the organization's own token sees the delivery, not the person below. When the
// branch has moved away, nothing of it is sent again.
func TestWhatASubtreeEndpointWasSentIsToldToWhoSeesTheSubtree(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newService(t, db)
		newDispatch(s, asItIs)
		receiver := webhookstest.NewReceiver(t)
		root, token := s.organization("Root")
		other, _ := s.organization("Other")
		s.hook(root, object{"url": receiver.URL(), "eventTypes": []string{"user.created"}, "subtree": true}).want(201)
		child, _ := s.organization("Child", "parent", ref("organizations", root))
		s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"}, "organization",
			ref("organizations", child))).want(201)
		if _, err := receiver.Wait(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		delivery := s.get(deliveriesPath+"?filter[eventType]=user.created").want(200).text("data", 0, "id")
		if a := s.attempted(delivery); a.json("data", "attributes", "request") == nil {
			t.Errorf("who sees the subtree is not told what was sent: %s", a.Body)
		}
		a := s.as(token).send("GET", deliveriesPath+"/"+delivery+"/attempts/1", nil).want(200)
		if a.json("data", "attributes", "request") != nil || strings.Contains(string(a.Body), "Ada") {
			t.Errorf("the token of the organization is told %s", a.Body)
		}
		s.do("POST", deliveriesPath+"/"+delivery+"/redeliver", nil).want(202)
		s.do("PATCH", managed+"/"+child,
			withID(resource("organizations", object{}, "parent", ref("organizations", other)), child)).want(200)
		s.do("POST", deliveriesPath+"/"+delivery+"/redeliver", nil).want(409)
	})
}

// TestWhatWasSentIsNoWayAroundWhatEventsHide has somebody change an organization and a membership of it, and asks others what was sent of
// that. Who changes no endpoints is told no more by a request than by its event.
func TestWhatWasSentIsNoWayAroundWhatEventsHide(t *testing.T) {
	eachAllowing(t, []string{"127.0.0.0/8"}, func(t *testing.T, s *service, _ *modelstest.Clock) {
		newDispatch(s, asItIs)
		receiver := webhookstest.NewReceiver(t, webhookstest.Status(204))
		org, _ := s.organization("Acme")
		_, admin := s.person("Xenia", org, models.RoleAdmin)
		secret := s.role(org, "secret", 10, "organizations:read")
		hook := s.hook(org, object{"url": receiver.URL(), "eventTypes": []string{"organization.updated", "membership.updated"}}).
			want(201).text("data", "id")
		admin.do("PATCH", "/public/v2/organizations/"+org, withID(resource("organizations", object{"name": "Acme 2"}), org)).want(200)
		carol := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Carol"})).want(201).text("data", "id")
		membership := s.member(carol, org)
		s.do("PATCH", "/public/v2/memberships/"+membership,
			withID(resource("memberships", object{}, "roles", rolesAs(secret)), membership)).want(200)
		var deliveries []any
		servertest.Poll(t, "two deliveries", func() bool {
			deliveries = s.get(deliveriesPath + "?filter[webhookId]=" + hook + "&filter[state]=succeeded&sort=createdAt").want(200).
				json("data").([]any)
			return len(deliveries) == 2
		})
		asked := func(as *service) (told []bool) {
			for _, d := range deliveries {
				a := as.attempted(d.(object)["id"].(string))
				told = append(told, a.json("data", "attributes", "request") != nil)
				if !told[len(told)-1] && (a.json("data", "attributes", "signature") != nil || strings.Contains(string(a.Body), "Xenia") ||
					strings.Contains(string(a.Body), "Acme")) {
					t.Errorf("what is not told is in %s", a.Body)
				}
			}
			return told
		}
		only := func(name string, words ...string) *service {
			_, as := s.person(name, org, s.role(org, name, 10, words...))
			return as
		}
		reader := func(name string, words ...string) *service {
			return only(name, append(words, "organizations:read", "events:read")...)
		}
		for name, c := range map[string]struct {
			as   *service
			want []bool
		}{
			"the administrator":   {admin, []bool{true, true}},
			"who reads no people": {reader("a", "webhooks:read", "memberships:read", "roles:read"), []bool{false, true}},
			"who reads no roles":  {reader("b", "webhooks:read", "memberships:read", "users:read"), []bool{true, false}},
			"who reads both":      {reader("c", "webhooks:read", "memberships:read", "users:read", "roles:read"), []bool{true, true}},
			"who reads no organizations": {only("e", "webhooks:read", "memberships:read", "users:read", "roles:read", "events:read"),
				[]bool{false, false}},
			"who has it sent": {reader("d", "webhooks:write", "memberships:read"), []bool{true, true}},
		} {
			if got := asked(c.as); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s is told of requests: %v, want %v", name, got, c.want)
			}
		}
	})
}
