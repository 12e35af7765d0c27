package authzen_test

import (
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
)

// TestAQuestionThatACallerMayNotAskIsAnEvent at the organization that it is about, if the caller sees that.
func TestAQuestionThatACallerMayNotAskIsAnEvent(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		as := s.as(s.keyOf(models.ManagementKey, s.branch, "users:read"))
		for _, where := range []string{s.leaf, s.other, s.leaf} {
			question := asks(user(s.member), action("users:write"), organization(where))
			if a := as.do("POST", "/access/v1/evaluation", question); a.StatusCode != 403 {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		}
		q := &jsonapi.Query{Page: jsonapi.Page{Number: 1, Size: jsonapi.MaxPageSize}}
		page, err := collection.List(t.Context(), s.db, models.Events, collection.Everything(), q)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, item := range page.Items {
			if e := item.(*models.Event); e.EventType == models.AccessDenied {
				told = append(told, *e.OrganizationID+" "+string(e.Resource))
			}
		}
		want := s.leaf + ` {"type":"organizations","id":"` + s.leaf + `","links":{"self":"/public/v2/organizations/` + s.leaf +
			`"},"meta":{"permission":"memberships:read","method":"POST","route":"/access/v1/evaluation"}}`
		if !slices.Equal(told, []string{want}) {
			t.Errorf("%q, want %q", told, want)
		}
	})
}
