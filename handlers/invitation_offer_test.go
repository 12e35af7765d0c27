package handlers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
)

// TestAnInvitationIsShownToWhoHasItsLink: it says what a letter says, and whether there is a user to sign in as. Nobody else is told, and
// nothing changes.
func TestAnInvitationIsShownToWhoHasItsLink(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		_, manager := s.person("Ada", f.branch, models.RoleManager)
		made := manager.do("POST", invitations, resource("invitations", object{"email": "Grace@Example.com", "message": "<b>Hi</b>"},
			"organization", ref("organizations", f.branch), "roles", rolesAs(models.RoleViewer, models.RoleManager))).want(201)
		show := func(token string) *answer {
			return s.as("").do("POST", invitations+"/show", object{"meta": object{"token": token}})
		}
		offer := show(made.tokenIn()).want(200)
		got := offer.json("data", "attributes").(object)
		if until, isText := got["expiresAt"].(string); !isText || until != made.text("data", "attributes", "expiresAt") {
			t.Errorf("it ends at %v", got["expiresAt"])
		}
		delete(got, "expiresAt")
		name := s.get("/public/v2/organizations/"+f.branch).want(200).text("data", "attributes", "name")
		want := object{
			"email": "Grace@Example.com", "known": false, "message": "<b>Hi</b>", "organizationName": name,
			"inviterName": manager.get("/public/v2/me").text("data", "attributes", "fullName"), "roleNames": []any{"Manager", "Viewer"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if offer.text("data", "type") != "invitationOffers" || offer.text("data", "id") != made.text("data", "id") {
			t.Errorf("it is %s", offer.Body)
		}
		s.withEmail("grace@example.com")
		if known := show(made.tokenIn()).want(200).json("data", "attributes", "known"); known != true {
			t.Errorf("there is a user, and it says %v", known)
		}
		program := s.invite("bob@example.com", f.top).want(201)
		if inviter := show(program.tokenIn()).want(200).json("data", "attributes", "inviterName"); inviter != nil {
			t.Errorf("a program is called %v", inviter)
		}
		s.do("DELETE", invitations+"/"+program.text("data", "id"), nil).want(204)
		show(program.tokenIn()).want(404)
		show("roster_i_nonsense").want(404)
		show("").want(422)
		if state := s.get(invitations+"/"+made.text("data", "id")).text("data", "attributes", "state"); state != "pending" {
			t.Errorf("shown, it is %s", state)
		}
	})
}
