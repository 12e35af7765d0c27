package handlers_test

import (
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models"
)

// TestAFilterByAValueThatThereIsNotIsRefused: who mistypes a state is told so, and not that nothing is in it.
func TestAFilterByAValueThatThereIsNotIsRefused(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for filter, known := range map[string]string{
			"webhooks?filter[health]=failed":                       "ok, probation, paused, disabled, failing",
			"webhooks?filter[health][eq]=":                         "ok, probation, paused, disabled, failing",
			"webhooks?filter[status]=Active":                       "active, paused, disabled",
			"webhooks?filter[status][ne]=on":                       "active, paused, disabled",
			"webhooks?filter[status][match]=active,on":             "active, paused, disabled",
			"webhooks?filter[status][]=active&filter[status][]=on": "active, paused, disabled",
			"webhookDeliveries?filter[state]=delivered":            "pending, succeeded, failed, cancelled",
			"webhookReplays?filter[state]=failed":                  "running, paused, done, cancelled",
			"invitations?filter[state]=open":                       "pending, accepted, declined, revoked, expired",
			"apiKeys?filter[kind]=person":                          "management, organization, user",
			"management/organizations?filter[kind]=companies":      "company, project",
			"events?filter[actorKind]=user":                        "management_key, organization_key",
			"events?filter[subjectType]=organization":              "organizations, users",
		} {
			a := s.send("GET", "/public/v2/"+filter, nil).want(400)
			refused := a.errors()
			parameter, _, _ := strings.Cut(filter[strings.Index(filter, "?")+1:], "=")
			if len(refused) != 1 || refused[0].Parameter != parameter || !strings.Contains(string(a.Body), "must be one of "+known) {
				t.Errorf("%s: %s, want all of %s", filter, a.Body, known)
			}
		}
		s.send("GET", "/public/v2/webhooks?filter[health]=failed", nil, "Accept", jsonapi.NDJSON).want(400)
		for _, filter := range []string{
			"webhooks?filter[status][eql]=ACTIVE", "webhooks?filter[status][prefix]=on", "webhooks?filter[status][null]=true",
			"events?filter[actorKind]=portal_link", "events?filter[subjectType]=sessions", "webhooks?filter[health]=failing",
		} {
			s.get("/public/v2/" + filter).want(200)
		}
	})
}

// TestAListThatCannotBeServedNamesItsExports: a document says what else the list comes as.
func TestAListThatCannotBeServedNamesItsExports(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		for path, exported := range map[string]bool{
			"events": true, "management/organizations": true, "organizations/" + org + "/users": true, "organizations/" + org: false,
			"event-types": false,
		} {
			got := string(s.send("GET", "/public/v2/"+path, nil, "Accept", "application/pdf").want(406).Body)
			if !strings.Contains(got, jsonapi.MediaType) || strings.Contains(got, jsonapi.NDJSON) != exported ||
				strings.Contains(got, jsonapi.CSV) != exported {
				t.Errorf("%s: %s", path, got)
			}
		}
	})
}

// TestWhatIsWrongWithANeededFilterIsToldOnce however it is spelled.
func TestWhatIsWrongWithANeededFilterIsToldOnce(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.person("Ada", newFamily(s).top, models.RoleViewer)
		for _, query := range []string{
			"", "filter[organizationId]=%ff", "filter%5BorganizationId%5D=%ff", "filter[organizationId]=%00", "filter[organizationId]=a;b",
			"filter[organizationId][x]=1", "filter[organizationId]=1&filter[organizationId]=2",
		} {
			refused := s.send("GET", "/public/v2/users/"+id+"/effectivePermissions?"+query, nil).want(400).errors()
			if len(refused) != 1 || !strings.HasPrefix(refused[0].Parameter, "filter[organizationId]") {
				t.Errorf("%s: %+v", query, refused)
			}
		}
	})
}
