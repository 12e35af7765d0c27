package authzen_test

import (
	"strings"
	"testing"

	"roster/models"
)

// row is a body, and the status that it is answered with.
type row struct {
	name, body string
	status     int
}

// TestEveryEndpointTakesWhatTheSpecificationSays sends every endpoint good and bad input, in one table.
func TestEveryEndpointTakesWhatTheSpecificationSays(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		whole := asks(user(s.manager), action("read"), organization(s.leaf))
		subject, resource := asks(anyUser, action("read"), organization(s.leaf)), asks(user(s.manager), action("read"), anyOrganization)
		actions := asks(user(s.manager), "", organization(s.leaf))
		good := map[string]string{
			"evaluation": whole, "evaluations": whole, "search/subject": subject, "search/resource": resource, "search/action": actions,
		}
		without := func(member string) string { return strings.Replace(whole, `"`+member+`"`, `"no`+member+`"`, 1) }
		for endpoint, question := range good {
			everywhere := []row{
				{"what it needs", question, 200},
				{"a context", with(question, `"context":{"time":"2026-01-01T00:00:00Z","deep":{"er":[1]}}`), 200},
				{"no context", with(question, `"context":null`), 200},
				{"members of others", with(question, `"future":{"a":[]},"x":1`), 200},
				{"properties", strings.Replace(question, `"type":"user"`, `"type":"user","properties":{"department":"Sales"}`, 1), 200},
				{"space", "\n\t " + strings.ReplaceAll(question, ",", " , ") + "\r\n", 200},
				{"a context that is a text", with(question, `"context":"now"`), 400},
				{"properties that are a list", strings.Replace(question, `"type":"user"`, `"type":"user","properties":[]`, 1), 400},
				{"a type that is a number", strings.Replace(question, `"user"`, `1`, 1), 400},
				{"an empty type", strings.Replace(question, `"user"`, `""`, 1), 400},
				{"no type", strings.Replace(question, `"type":"user"`, `"kind":"user"`, 1), 400},
				{"a type spelled in another way", strings.Replace(question, `"type":"user"`, `"Type":"user"`, 1), 400},
				{"no subject", strings.Replace(question, `"subject"`, `"nosubject"`, 1), 400},
				{"a subject that is a text", with(question, `"subject":"ada"`), 400},
				{"no subject at all", with(question, `"subject":null`), 400},
				{"no resource", strings.Replace(question, `"resource"`, `"noresource"`, 1), 400},
				{"a resource that is a list", with(question, `"resource":[]`), 400},
				{"an organization that is a number",
					with(question, `"resource":{"type":"a","id":"1","properties":{"organizationId":1}}`), 400},
				{"nothing", "", 400}, {"no object", "[]", 400}, {"null", "null", 400}, {"a text", `"subject"`, 400},
				{"no JSON", "{", 400}, {"something behind it", question + "{}", 400},
				// By one byte, so that all of it is read: of more the client could still be writing when the connection is closed.
				{"too much", `{"a":"` + strings.Repeat("a", 1<<16+1-len(`{"a":""}`)) + `"}`, 413},
			}
			for _, r := range append(everywhere, only(endpoint, question, without)...) {
				a := s.do("POST", "/access/v1/"+endpoint, r.body, "Content-Type", "application/json; charset=utf-8")
				if a.StatusCode != r.status {
					t.Errorf("%s, %s: %d %s, want %d", endpoint, r.name, a.StatusCode, a.body, r.status)
					continue
				}
				if r.status != 200 {
					if status, _ := a.refusal(); status != r.status {
						t.Errorf("%s, %s: %d says %d", endpoint, r.name, r.status, status)
					}
				}
			}
		}
	})
}

// only returns what is special about an endpoint.
func only(endpoint, question string, without func(string) string) []row {
	paged := []row{
		{"an empty page", with(question, `"page":{}`), 200}, {"an empty token", with(question, `"page":{"token":""}`), 200},
		{"a large limit", with(question, `"page":{"limit":1000000}`), 200}, {"a limit of none", with(question, `"page":{"limit":0}`), 400},
		{"a negative limit", with(question, `"page":{"limit":-1}`), 400}, {"half a limit", with(question, `"page":{"limit":1.5}`), 400},
		{"a limit that is a text", with(question, `"page":{"limit":"1"}`), 400},
		{"a page that is a list", with(question, `"page":[]`), 400},
		{"a token that is a number", with(question, `"page":{"token":1}`), 400},
		{"a token that is none", with(question, `"page":{"token":"AAAA"}`), 400},
	}
	acting := []row{
		{"an action without a name", with(question, `"action":{}`), 400},
		{"an action that is a text", with(question, `"action":"read"`), 400},
		{"properties of an action", with(question, `"action":{"name":"read","properties":{"method":"GET"}}`), 200},
		{"properties of an action that are a text", with(question, `"action":{"name":"read","properties":"GET"}`), 400},
	}
	naming := []row{
		{"an id that is a number", with(question, `"subject":{"type":"user","id":1}`), 400},
		{"a subject without an id", with(question, `"subject":{"type":"user"}`), 400},
		{"an unknown type of subject", with(question, `"subject":{"type":"robot","id":"1"}`), 200},
	}
	switch endpoint {
	case "evaluation":
		return append(append(acting, naming...), row{"no action", without("action"), 400},
			row{"a resource without an id", with(question, `"resource":{"type":"organization"}`), 400},
			row{"evaluations, which it does not know", with(question, `"evaluations":1`), 200})
	case "evaluations":
		hundred := strings.Repeat(",{}", 100)[1:]
		return append(append(acting, naming...), row{"no action", without("action"), 400},
			row{"a hundred", with(question, `"evaluations":[`+hundred+`]`), 200},
			row{"more", with(question, `"evaluations":[{},`+hundred+`]`), 400},
			row{"evaluations without defaults", `{"evaluations":[` + question + `]}`, 200},
			row{"evaluations that are an object", with(question, `"evaluations":{}`), 400},
			row{"an evaluation that is a text", with(question, `"evaluations":["a"]`), 400},
			row{"options that are a list", with(question, `"evaluations":[{}],"options":[]`), 400},
			row{"an unknown semantic", with(question, `"evaluations":[{}],"options":{"evaluations_semantic":"all"}`), 400},
			row{"a semantic that is a number", with(question, `"evaluations":[{}],"options":{"evaluations_semantic":1}`), 400})
	case "search/subject":
		return append(append(paged, acting...), row{"a resource without an id", with(question, `"resource":{"type":"organization"}`), 400},
			row{"an id of a subject, which is passed over", with(question, `"subject":{"type":"user","id":"1"}`), 200})
	case "search/resource":
		return append(append(append(paged, acting...), naming...),
			row{"an id of a resource, which is passed over", with(question, `"resource":{"type":"organization","id":"1"}`), 200},
			row{"an unknown type of resource", with(question, `"resource":{"type":"invoice"}`), 200})
	default:
		return append(append(paged, naming...), row{"an action, which is passed over", with(question, `"action":1`), 200},
			row{"a resource without an id", with(question, `"resource":{"type":"organization"}`), 400})
	}
}

// TestEveryRefusalHasTheFormOfTheDoor: of whatever stage, at every path below it, with and without a slash at its end.
func TestEveryRefusalHasTheFormOfTheDoor(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		question := asks(user(s.manager), action("read"), organization(s.leaf))
		const path = "/access/v1/evaluation"
		nobody, reader := s.as(""), s.as(s.keyOf(models.ManagementKey, "", "users:read"))
		for _, c := range []struct {
			name   string
			answer answer
			status int
		}{
			{"no key", nobody.do("POST", path, question), 401},
			{"no key and no question", nobody.do("POST", path, "{"), 401},
			{"a key of nobody", s.as("roster_m_none").do("POST", path, question), 401},
			{"two keys", s.do("POST", path, question, "X-API-Key", "roster_m_none"), 400},
			{"a key without the scope", reader.do("POST", path, question), 403},
			{"the same, before the question is read", reader.do("POST", "/access/v1/search/subject", "{"), 403},
			{"an unknown path", s.do("POST", "/access/v1/search/context", question), 404},
			{"a path below", s.do("POST", path+"/more", question), 404},
			{"a GET", s.do("GET", path, ""), 405},
			{"a PUT, with a slash", s.do("PUT", path+"/", question), 405},
			{"a POST to the configuration", s.do("POST", "/.well-known/authzen-configuration", question), 405},
			{"a form", s.do("POST", path, "a=b", "Content-Type", "application/x-www-form-urlencoded"), 415},
			{"a type that is none", s.do("POST", path, question, "Content-Type", ";"), 415},
			{"a compressed body", s.do("POST", path, question, "Content-Encoding", "gzip"), 415},
		} {
			if status, _ := c.answer.refusal(); c.answer.StatusCode != c.status || status != c.status {
				t.Errorf("%s: %d %s, want %d", c.name, c.answer.StatusCode, c.answer.body, c.status)
			}
			if c.status == 401 && c.answer.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: it does not say how to authenticate", c.name)
			}
		}
	})
}

func TestARequestKeepsItsID(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		const id = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
		question := asks(user(s.manager), action("read"), organization(s.leaf))
		for body, status := range map[string]int{question: 200, "{": 400} {
			a := s.do("POST", "/access/v1/evaluation/", body, "X-Request-ID", id, "Accept", "text/html")
			if got := a.Header.Get("X-Request-ID"); got != id || a.StatusCode != status {
				t.Errorf("%d with the id %q", a.StatusCode, got)
			}
		}
	})
}
