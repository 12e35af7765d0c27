package handlers_test

import (
	"strings"
	"testing"

	"roster/models"
	"roster/models/modelstest"
	"roster/server/servertest"
	"roster/webhooks"
	"roster/webhooks/webhookstest"
)

// toldAttempt is an attempt to tell the endpoint of a head what somebody changed at a branch of a branch, and callers who ask for it.
type toldAttempt struct {
	*service
	head, from, branch string
	leaver             string // the membership by which they were at the head
	attempt            string

	readers        map[string]*service // who read, and change no endpoints
	directs, split *service            // who changes endpoints, and who changes none that are sent what happens below
}

func newToldAttempt(s *service, receiver *webhookstest.Receiver) *toldAttempt {
	f := &toldAttempt{service: s}
	f.head, _ = s.organization("Head")
	f.from, _ = s.organization("From", "parent", ref("organizations", f.head))
	f.branch, _ = s.organization("Branch", "parent", ref("organizations", f.from))
	hook := s.hook(f.head, object{"url": receiver.URL(), "eventTypes": []string{"organization.updated"}, "subtree": true}).
		want(201).text("data", "id")
	user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Xenia"})).want(201).text("data", "id")
	f.leaver = s.member(user, f.head, models.RoleAdmin)
	key := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "hers", "kind": "user", "scopes": []string{"*"}},
		"user", ref("users", user))).want(201).text("data", "attributes", "key")
	s.as(key).do("PATCH", "/public/v2/organizations/"+f.branch,
		withID(resource("organizations", object{"description": "It has one now."}), f.branch)).want(200)
	path := deliveriesPath + "?filter[webhookId]=" + hook + "&filter[state]=succeeded"
	servertest.Poll(s.t, "the delivery", func() bool { return len(s.get(path).want(200).json("data").([]any)) == 1 })
	f.attempt = deliveriesPath + "/" + s.get(path).text("data", 0, "id") + "/attempts/1"

	reads := []string{"organizations:read", "users:read", "memberships:read", "events:read", "webhooks:read"}
	bound := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "bound", "kind": "management", "scopes": reads},
		"organization", ref("organizations", f.head))).want(201).text("data", "attributes", "key")
	role := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "reader", "name": "Reader", "permissions": reads, "rank": 10},
		"organization", ref("organizations", f.head))).want(201).text("data", "id")
	f.readers = map[string]*service{"a key": s.as(bound)}
	_, f.readers["a person"] = s.person("Rita", f.head, role)
	_, f.directs = s.person("Ada", f.head, models.RoleAdmin)
	id, split := s.person("Sam", f.head, s.role(f.head, "hooks", 10, "webhooks:write"))
	s.member(id, f.branch, s.role(f.branch, "reads", 10, "events:read", "organizations:read"))
	f.split = split
	return f
}

// tells reports whether somebody is told what was sent.
func (f *toldAttempt) tells(as *service) bool {
	f.t.Helper()
	a := as.do("GET", f.attempt, nil).want(200)
	shown := a.json("data", "attributes", "request") != nil
	if (a.json("data", "attributes", "signature") != nil) != shown || strings.Contains(string(a.Body), "Xenia") != shown {
		f.t.Errorf("the attempt is %s", a.Body)
	}
	return shown
}

// TestABodyIsToldToWhomItsEventTellsAsMuchNow: a body goes on naming who did it, and what was above, after these are out of sight. The
// event hides them from then on, and so does the attempt.
func TestABodyIsToldToWhomItsEventTellsAsMuchNow(t *testing.T) {
	eachAllowing(t, []string{"127.0.0.0/8"}, func(t *testing.T, s *service, _ *modelstest.Clock) {
		newDispatch(s, asItIs)
		receiver := webhookstest.NewReceiver(t, webhookstest.Status(204))
		elsewhere, _ := s.organization("Elsewhere")
		move := func(id, to string) {
			s.do("PATCH", managed+"/"+id, withID(resource("organizations", object{}, "parent", ref("organizations", to)), id)).want(200)
		}
		for what, change := range map[string]func(f *toldAttempt){
			"who did it has left": func(f *toldAttempt) { s.do("DELETE", "/public/v2/memberships/"+f.leaver, nil).want(204) },
			"what was above is elsewhere": func(f *toldAttempt) {
				move(f.branch, f.head)
				move(f.from, elsewhere)
			},
		} {
			f := newToldAttempt(s, receiver)
			for name, as := range f.readers {
				if !f.tells(as) {
					t.Errorf("%s is not told what was sent, which the event tells", name)
				}
			}
			if f.tells(f.split) {
				t.Error("who has no endpoint sent what happens below is told more by the body than by the event")
			}
			change(f)
			for name, as := range f.readers {
				if f.tells(as) {
					t.Errorf("%s is told more by the body than by the event when %s", name, what)
				}
			}
			if !f.tells(f.directs) || !f.tells(s) {
				t.Errorf("who directs the endpoint is not told what was sent when %s", what)
			}
		}
	})
}

// TestWhoLosesSightOfAMoveIsToldWhatWasSentOfIt moves a branch away: the endpoint of its former head is sent the branch as it was before.
// Who reads both ends is told that, as the event tells it.
func TestWhoLosesSightOfAMoveIsToldWhatWasSentOfIt(t *testing.T) {
	eachAllowing(t, []string{"127.0.0.0/8"}, func(t *testing.T, s *service, _ *modelstest.Clock) {
		newDispatch(s, asItIs)
		receiver := webhookstest.NewReceiver(t, webhookstest.Status(204))
		head, _ := s.organization("Head")
		elsewhere, _ := s.organization("Elsewhere")
		branch, _ := s.organization("Branch", "parent", ref("organizations", head))
		s.hook(head, object{"url": receiver.URL(), "eventTypes": []string{"organization.updated"}, "subtree": true}).want(201)
		s.do("PATCH", managed+"/"+branch,
			withID(resource("organizations", object{"name": "Away"}, "parent", ref("organizations", elsewhere)), branch)).want(200)
		path := deliveriesPath + "?filter[state]=succeeded"
		servertest.Poll(t, "the delivery", func() bool { return len(s.get(path).want(200).json("data").([]any)) == 1 })
		attempt := deliveriesPath + "/" + s.get(path).text("data", 0, "id") + "/attempts/1"

		for scopes, want := range map[string]bool{
			"webhooks:read events:read organizations:read": true, "webhooks:read events:read": false, "*": true,
		} {
			a := s.key0(strings.Fields(scopes)...).get(attempt).want(200)
			if got := a.json("data", "attributes", "request") != nil; got != want {
				t.Errorf("%s: what was sent is told: %t", scopes, got)
			}
			if a.json("data", "attributes", "response", "bodyBytes") != 0.0 {
				t.Errorf("an empty answer is told as %v", a.json("data", "attributes", "response"))
			}
		}
	})
}

// TestWhoReadsNoEndpointsIsToldNoURLByAnAttempt: the path of a URL may be a secret. Over HTTP/2 it is among the headers as well.
func TestWhoReadsNoEndpointsIsToldNoURLByAnAttempt(t *testing.T) {
	authority := webhookstest.NewAuthority(t)
	eachAllowing(t, []string{"127.0.0.0/8"}, func(t *testing.T, s *service, _ *modelstest.Clock) {
		newDispatch(s, func(c *webhooks.SenderConfig, _ *webhooks.WorkerConfig) { c.RootCAs = authority.Roots })
		head, _ := s.organization("Head")
		for version, receiver := range map[string]*webhookstest.RawReceiver{
			"HTTP/1.1": webhookstest.NewRawReceiver(t, authority.Valid(), "thanks", "HTTP/1.1 200 OK"),
			"HTTP/2.0": webhookstest.NewRawHTTP2Receiver(t, authority.Valid(), "thanks"),
		} {
			hook := s.hook(head, object{"url": receiver.URL() + "T0/hunter2", "eventTypes": []string{"user.created"}}).want(201)
			delivery := s.do("POST", hooksPath+"/"+hook.text("data", "id")+"/test", nil).want(202).text("data", "id")
			s.attempted(delivery)
			for words, want := range map[string]bool{
				"webhookDeliveries:read": false, "webhookDeliveries:write events:read": false,
				"webhooks:read webhookDeliveries:read": true, "webhooks:write webhookDeliveries:read events:read": true,
			} {
				_, token := s.link(head, object{"permissions": strings.Fields(words)})
				as := s.frame()
				as.open(token).want(201)
				a := as.get(deliveriesPath + "/" + delivery + "/attempts/1").want(200)
				url, origin := a.text("data", "attributes", "request", "url"), strings.TrimSuffix(receiver.URL(), "/")
				if a.text("data", "attributes", "request", "httpVersion") != version || !strings.HasPrefix(url, origin) {
					t.Errorf("the request is %s", a.Body)
				}
				if told := strings.Contains(string(a.Body), "hunter2"); told != want || (url == origin) == want {
					t.Errorf("%s over %s: all of the URL is told: %t, in %s", words, version, told, a.Body)
				}
			}
		}
	})
}
