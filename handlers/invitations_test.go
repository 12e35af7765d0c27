package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

const invitations = "/public/v2/invitations"

// invite asks somebody to join an organization, and returns the answer.
func (s *service) invite(email, organization string, roles ...string) *answer {
	s.t.Helper()
	relations := []any{"organization", ref("organizations", organization)}
	if len(roles) > 0 {
		relations = append(relations, "roles", rolesAs(roles...))
	}
	return s.do("POST", invitations, resource("invitations", object{"email": email}, relations...))
}

// tokenIn returns the token in the link of an invitation that was just made.
func (a *answer) tokenIn() string {
	a.t.Helper()
	_, token, found := strings.Cut(a.text("data", "attributes", "url"), "/invitations#token=")
	if !found {
		a.t.Fatalf("there is no token: %s", a.Body)
	}
	return token
}

// accept answers an invitation as who calls.
func (s *service) accept(token string, profile object) *answer {
	s.t.Helper()
	members := object{"token": token}
	for name, value := range profile {
		members[name] = value
	}
	return s.do("POST", invitations+"/accept", object{"meta": members})
}

// grace is who signs up.
var grace = object{"password": "a long password", "firstName": "Grace", "lastName": "Hopper"}

// withEmail makes a person with an address, in no organization, and returns the service as they see it.
func (s *service) withEmail(email string) (id string, as *service) {
	s.t.Helper()
	id = s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada", "email": email})).want(201).text("data", "id")
	key := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "kind": "user", "scopes": []string{"*"}},
		"user", ref("users", id))).want(201).text("data", "attributes", "key")
	return id, s.as(key)
}

func TestSomebodyNewAcceptsAnInvitation(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		boss, manager := s.person("Ada", f.branch, models.RoleManager)
		made := manager.invite("Grace@Example.com", f.branch, models.RoleManager, models.RoleViewer).want(201)
		attributes := made.json("data", "attributes").(object)
		if attributes["state"] != "pending" || attributes["email"] != "Grace@Example.com" ||
			made.text("data", "relationships", "invitedBy", "data", "id") != boss {
			t.Errorf("made %s", made.Body)
		}
		if url := made.text("data", "attributes", "url"); !strings.HasPrefix(url, s.url+"/invitations#token=roster_i_") {
			t.Errorf("the link is %s", url)
		}
		at, token := invitations+"/"+made.text("data", "id"), made.tokenIn()
		got := manager.get(at + "?include=roles").want(200)
		if got.json("data", "attributes", "url") != nil || len(got.ids("included")) != 2 {
			t.Errorf("later it is %s", got.Body)
		}
		nobody := s.as("")
		for _, profile := range []object{nil, {"password": "a long password"}, {"password": "short", "firstName": "G", "lastName": "H"},
			{"password": "a long password", "firstName": "", "lastName": "H"}} {
			for _, e := range nobody.accept(token, profile).want(422).errors() {
				if !strings.HasPrefix(e.Pointer, "/meta") {
					t.Errorf("%v is refused at %q", profile, e.Pointer)
				}
			}
		}
		answered := nobody.accept(token, grace).want(200)
		if answered.Header.Get("Set-Cookie") == "" {
			t.Error("who has signed up is not signed in")
		}
		user := answered.text("data", "relationships", "acceptedBy", "data", "id")
		if answered.text("data", "attributes", "state") != "accepted" ||
			answered.text("data", "relationships", "organization", "data", "id") != f.branch {
			t.Errorf("answered %s", answered.Body)
		}
		got = s.get("/public/v2/users/" + user).want(200)
		if got.text("data", "attributes", "fullName") != "Grace Hopper" || got.text("data", "attributes", "email") != "Grace@Example.com" ||
			got.json("data", "attributes", "emailVerifiedAt") != nil { // whoever invited has seen the link
			t.Errorf("the user is %s", got.Body)
		}
		memberships := s.get("/public/v2/memberships?include=roles&filter[userId]=" + user).want(200)
		if roles := sorted(memberships.ids("included")...); !slices.Equal(roles, sorted(models.RoleManager, models.RoleViewer)) {
			t.Errorf("they have the roles %v", roles)
		}
		nobody.accept(token, grace).want(404)
		for _, eventType := range []string{"user.created", "membership.created", "invitation.accepted"} {
			filter := "?filter[eventType]=" + eventType + "&filter[organizationId]=" + f.branch + "&sort=-position"
			a := s.get("/public/v2/events" + filter).want(200)
			if by := a.text("data", 0, "attributes", "actor", "id"); by != user {
				t.Errorf("%s is by %s", eventType, by)
			}
		}
		manager.invite("grace@example.com", f.branch).want(409)
	})
}

func TestAnExistingPersonAcceptsAsThemselves(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		id, ada := s.withEmail("ada@example.com")
		_, bob := s.withEmail("bob@example.com")
		profile := func() any { return s.get("/public/v2/users/"+id).json("data", "attributes") }
		before := profile()
		token := s.invite("ADA@example.com", f.branch, models.RoleManager).want(201).tokenIn()
		s.as("").accept(token, grace).want(401)
		bob.accept(token, nil).want(403)
		s.accept(token, grace).want(403) // a program is nobody's address
		s.as(s.key+"x").accept(token, nil).want(401)
		narrow := s.as(ada.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Narrow", "kind": "user",
			"scopes": []string{"memberships:read"}})).want(201).text("data", "attributes", "key"))
		narrow.accept(token, nil).want(403)
		if got := ada.accept(token, grace).want(200).Header.Get("Set-Cookie"); got != "" {
			t.Errorf("who accepts with a key gets the cookie %s", got)
		}
		if after := profile(); !reflect.DeepEqual(after, before) {
			t.Errorf("the user was %v and is %v", before, after)
		}
		ada.get("/public/v2/organizations/" + f.branch).want(200)

		// A member gets the roles beside those that they have.
		token = s.invite("bob@example.com", f.branch, models.RoleViewer).want(201).tokenIn()
		bobID := bob.get("/public/v2/me").text("data", "id")
		s.member(bobID, f.branch, models.RoleMember)
		bob.accept(token, nil).want(200)
		got := s.get("/public/v2/memberships?include=roles&filter[userId]=" + bobID)
		if roles := sorted(got.ids("included")...); len(got.ids("data")) != 1 ||
			!slices.Equal(roles, sorted(models.RoleMember, models.RoleViewer)) {
			t.Errorf("they have the roles %v", roles)
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestALinkThatDoesNotWorkSaysNotWhy compares the answers to tokens that were never there, were used, or have ended in every way.
func TestALinkThatDoesNotWorkSaysNotWhy(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		f := newFamily(s)
		nobody := s.as("")
		invited := func(email string) (id, token string) {
			a := s.invite(email, f.leaf).want(201)
			return a.text("data", "id"), a.tokenIn()
		}
		dead := map[string]string{"nonsense": "nonsense", "nobody's": "roster_i_" + strings.Repeat("a", 36)}
		_, dead["used"] = invited("a@example.com")
		nobody.accept(dead["used"], grace).want(200)
		_, dead["declined"] = invited("b@example.com")
		if got := nobody.do("POST", invitations+"/decline", object{"meta": object{"token": dead["declined"]}}).want(200); got.
			text("data", "attributes", "state") != "declined" || got.json("data", "relationships", "invitedBy", "data") != nil {
			t.Errorf("declined: %s", got.Body)
		}
		id, token := invited("c@example.com")
		dead["revoked"] = token
		s.do("DELETE", invitations+"/"+id, nil).want(204)
		if got := s.get(invitations+"/"+id).want(200).text("data", "attributes", "state"); got != "revoked" {
			t.Errorf("what was revoked is %s", got)
		}
		s.do("DELETE", invitations+"/"+id, nil).want(409)
		s.do("POST", invitations+"/"+id+"/resend", nil).want(409)
		id, dead["of before it was sent again"] = invited("d@example.com")
		fresh := s.do("POST", invitations+"/"+id+"/resend", nil).want(200).tokenIn()
		_, dead["expired"] = invited("e@example.com")
		clock.Advance(6 * 24 * time.Hour)
		nobody.accept(fresh, grace).want(200)
		id, expiring := invited("f@example.com")
		clock.Advance(24*time.Hour + time.Second)
		leaf, token := s.organization("Leaf", "parent", ref("organizations", f.branch))
		dead["of an organization that is deleted"] = s.invite("g@example.com", leaf).want(201).tokenIn()
		s.do("DELETE", managed+"/"+leaf, nil).want(204)
		_ = token

		first := ""
		for why, token := range dead {
			for _, path := range []string{"/accept", "/decline", "/show"} {
				members := object{"token": token}
				got := string(nobody.do("POST", invitations+path, object{"meta": members}).want(404).Body)
				if first == "" {
					first = got
				}
				if got != first {
					t.Errorf("%s, a token that is %s: %s", path, why, got)
				}
			}
		}
		if got := s.get(invitations + "?filter[state]=expired").ids("data"); len(got) != 1 {
			t.Errorf("expired are %v", got)
		}
		// Restored, it works again; and what has expired can be sent again.
		s.do("PATCH", managed+"/"+leaf, withID(resource("organizations", object{"deletedAt": nil}), leaf)).want(200)
		nobody.accept(dead["of an organization that is deleted"], grace).want(200)
		clock.Advance(7 * 24 * time.Hour)
		nobody.accept(expiring, grace).want(404)
		nobody.accept(s.do("POST", invitations+"/"+id+"/resend", nil).want(200).tokenIn(), grace).want(200)
	})
}

func TestWhoIsAskedAlreadyIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		f := newFamily(s)
		_, bob := s.withEmail("bob@example.com")
		s.member(bob.get("/public/v2/me").text("data", "id"), f.branch)
		refused := s.invite("BOB@example.com", f.branch).want(409).errors()[0]
		if refused.Pointer != "/data/attributes/email" {
			t.Errorf("a member is refused at %s", refused.Pointer)
		}
		s.invite("bob@example.com", f.leaf).want(201)
		id := s.invite("Grace@example.com", f.branch).want(201).text("data", "id")
		s.invite("gRACE@example.com", f.branch).want(409)
		s.invite("grace@example.com", f.top).want(201)
		clock.Advance(8 * 24 * time.Hour)
		second := s.invite("grace@example.com", f.branch).want(201).text("data", "id")
		s.do("POST", invitations+"/"+id+"/resend", nil).want(409)
		s.do("DELETE", invitations+"/"+second, nil).want(204)
		s.do("POST", invitations+"/"+id+"/resend", nil).want(200)
		for filter, want := range map[string][]string{
			"filter[organizationId]=" + f.branch:                            {id, second},
			"filter[organizationId]=" + f.branch + "&filter[state]=pending": {id},
			"filter[email]=GRACE@example.com&filter[state]=revoked":         {second},
		} {
			if got := s.get(invitations + "?" + filter).want(200).ids("data"); !slices.Equal(got, sorted(want...)) {
				t.Errorf("%s: %v, want %v", filter, got, want)
			}
		}
		for _, at := range []time.Duration{-time.Second, 31 * 24 * time.Hour} {
			a := s.do("POST", invitations, resource("invitations", object{"email": "x@example.com",
				"expiresAt": clock.Now().Add(at).Format(time.RFC3339)}, "organization", ref("organizations", f.top))).want(422)
			if got := a.errors()[0].Pointer; got != "/data/attributes/expiresAt" {
				t.Errorf("%s from now is refused at %s", at, got)
			}
		}
		s.do("POST", invitations, resource("invitations", object{"email": "x@example.com",
			"expiresAt": clock.Now().Add(30 * 24 * time.Hour).Format(time.RFC3339)}, "organization", ref("organizations", f.top))).want(201)
	})
}

// TestAnInvitationGivesNoMoreThanWhoSentItMay judges it when it is made, sent again and accepted.
func TestAnInvitationGivesNoMoreThanWhoSentItMay(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		adaID, ada := s.person("Ada", f.branch, models.RoleManager)
		_, owner := s.person("Eve", f.top, models.RoleOwner)
		_, reader := s.person("Bob", f.branch, models.RoleMember)
		ada.invite("x@example.com", f.branch, models.RoleAdmin).want(403)
		ada.invite("x@example.com", f.top).want(404)
		reader.invite("x@example.com", f.branch).want(403)
		reader.get(invitations).want(200)
		away := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "away", "name": "Away"}, "organization",
			ref("organizations", f.other))).want(201).text("data", "id")
		ada.invite("x@example.com", f.branch, away).want(404)
		s.invite("x@example.com", f.branch, away).want(422)

		made := ada.invite("x@example.com", f.branch, models.RoleManager).want(201)
		membership := s.get("/public/v2/memberships?filter[userId]="+adaID).text("data", 0, "id")
		s.do("PATCH", "/public/v2/memberships/"+membership+"/relationships/roles", object{"data": rolesAs(models.RoleViewer)}).want(200)
		refused := s.as("").accept(made.tokenIn(), grace).want(409)
		if got := refused.errors()[0].Code; got != "conflict" {
			t.Errorf("the code is %s", got)
		}
		if n := s.get("/public/v2/users?filter[email]=x@example.com").json("meta", "total"); n != 0.0 {
			t.Errorf("%v users were made", n)
		}
		again := owner.do("POST", invitations+"/"+made.text("data", "id")+"/resend", nil).want(200)
		s.as("").accept(again.tokenIn(), grace).want(200)

		// What somebody else sent is sent again by who may give it.
		high := owner.invite("y@example.com", f.branch, models.RoleOwner).want(201).text("data", "id")
		s.do("PATCH", "/public/v2/memberships/"+membership+"/relationships/roles", object{"data": rolesAs(models.RoleManager)}).want(200)
		ada.do("POST", invitations+"/"+high+"/resend", nil).want(403)
		ada.do("DELETE", invitations+"/"+high, nil).want(204)

		// A key that is revoked, and an organization's token that goes on.
		id := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "k", "kind": "organization",
			"scopes": []string{"*"}}, "organization", ref("organizations", f.other))).want(201)
		byKey := s.as(id.text("data", "attributes", "key")).invite("z@example.com", f.other).want(201).tokenIn()
		s.do("DELETE", "/public/v2/apiKeys/"+id.text("data", "id"), nil).want(204)
		s.as("").accept(byKey, grace).want(409)
		org, token := s.organization("Own")
		s.as("").accept(s.as(token).invite("z@example.com", org).want(201).tokenIn(), grace).want(200)
	})
}

func TestRolesOfOpenInvitationsAreInUse(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		f := newFamily(s)
		role := s.do("POST", "/public/v2/roles", resource("roles", object{"key": "clerk", "name": "Clerk", "permissions": []string{"read"}},
			"organization", ref("organizations", f.top))).want(201).text("data", "id")
		made := s.invite("x@example.com", f.leaf, role).want(201)
		s.do("DELETE", "/public/v2/roles/"+role, nil).want(409)
		move := func(to string) *answer {
			return s.do("PATCH", managed+"/"+f.branch+"/relationships/parent", object{"data": ref("organizations", to)})
		}
		move(f.other).want(409)
		clock.Advance(8 * 24 * time.Hour)
		move(f.other).want(200)
		s.do("POST", invitations+"/"+made.text("data", "id")+"/resend", nil).want(403) // its role is not usable there
		move(f.top).want(200)
		s.do("DELETE", "/public/v2/roles/"+role, nil).want(204)
		s.do("POST", invitations+"/"+made.text("data", "id")+"/resend", nil).want(409)
		modelstest.CheckConsistency(t, db)
	})
}

func TestAnOrganizationHasSoManyOpenInvitations(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		for i := range 97 {
			s.invite(fmt.Sprintf("p%d@example.com", i), org).want(201)
		}
		var group sync.WaitGroup
		statuses := make([]int, 8)
		for i := range statuses {
			group.Go(func() {
				email := object{"email": fmt.Sprintf("q%d@example.com", i)}
				statuses[i] = s.send("POST", invitations, resource("invitations", email, "organization", ref("organizations", org))).Status
			})
		}
		group.Wait()
		slices.Sort(statuses)
		if want := []int{201, 201, 201, 409, 409, 409, 409, 409}; !slices.Equal(statuses, want) {
			t.Errorf("beside 97 others they are answered with %v", statuses)
		}
	})
}

// TestAnInvitationAcceptedEightTimesAtOnceIsAcceptedOnce, by somebody new and by somebody who is there.
func TestAnInvitationAcceptedEightTimesAtOnceIsAcceptedOnce(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		_, ada := s.withEmail("ada@example.com")
		for who, c := range map[string]struct {
			as    *service
			email string
		}{"somebody new": {s.as(""), "grace@example.com"}, "somebody who is there": {ada, "ada@example.com"}} {
			token := s.invite(c.email, f.branch, models.RoleManager).want(201).tokenIn()
			statuses := make([]int, 8)
			var group sync.WaitGroup
			for i := range statuses {
				group.Go(func() {
					body := object{"meta": object{"token": token, "password": "a long password", "firstName": "G", "lastName": "H"}}
					statuses[i] = c.as.send("POST", invitations+"/accept", body).Status
				})
			}
			group.Wait()
			done := 0
			for _, status := range statuses {
				switch status {
				case http.StatusOK:
					done++
				case http.StatusNotFound: // not that the address is somebody's by then
				default:
					t.Errorf("%s is answered with %d", who, status)
				}
			}
			if done != 1 {
				t.Errorf("%s joins %d times: %v", who, done, statuses)
			}
		}
		if n := s.get("/public/v2/memberships?filter[organizationId]="+f.branch).json("meta", "total"); n != 2.0 {
			t.Errorf("there are %v memberships", n)
		}
		if n := s.get("/public/v2/events?filter[eventType]=invitation.accepted").json("meta", "total"); n != 2.0 {
			t.Errorf("there are %v events", n)
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestNoEventOrRowHoldsALink looks for tokens in all that is stored and told. An Idempotency-Key keeps the answer to who made one, sealed,
// and nothing of what is answered with one.
func TestNoEventOrRowHoldsALink(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		body := resource("invitations", object{"email": "x@example.com"}, "organization", ref("organizations", org))
		made := s.do("POST", invitations, body, "Idempotency-Key", "once").want(201)
		again := s.do("POST", invitations, body, "Idempotency-Key", "once").want(201)
		if again.tokenIn() != made.tokenIn() {
			t.Error("the repetition has another link")
		}
		resent := s.do("POST", invitations+"/"+made.text("data", "id")+"/resend", nil).want(200).tokenIn()
		nobody := s.as("")
		accept := object{"meta": object{"token": resent, "password": "a long password", "firstName": "G", "lastName": "H"}}
		nobody.send("POST", invitations+"/accept", accept, "Idempotency-Key", "k")
		nobody.do("POST", invitations+"/accept", accept, "Idempotency-Key", "k").want(404)
		events, err := json.Marshal(s.get("/public/v2/events?filter[subjectId]=" + made.text("data", "id")).json("data"))
		if err != nil {
			t.Fatal(err)
		}
		dump := modelstest.Dump(t, s.db) + string(events)
		for _, secret := range []string{made.tokenIn(), resent, "a long password"} {
			if strings.Contains(dump, secret) {
				t.Errorf("%s is stored or told", secret)
			}
		}
		for _, event := range []string{"invitation.created", "invitation.resent", "invitation.accepted"} {
			if !strings.Contains(string(events), `"`+event+`"`) {
				t.Errorf("%s is not told", event)
			}
		}
	})
}

// resetToken returns the token of a mail that is not sent. mailing is the same database where mails are written.
func resetToken(t *testing.T, mailing *store.DB, email string) string {
	t.Helper()
	if err := models.RequestPasswordReset(t.Context(), mailing, email); err != nil {
		t.Fatal(err)
	}
	mails, err := models.ClaimMails(t.Context(), mailing, 1, time.Minute)
	if err != nil || len(mails) == 0 {
		t.Fatalf("%d mails: %v", len(mails), err)
	}
	letter, _, err := models.OpenMail(t.Context(), mailing, mails[0])
	if err != nil || letter == nil {
		t.Fatalf("the mail says %v: %v", letter, err)
	}
	_, token, _ := strings.Cut(letter.Link, "#token=")
	return token
}
