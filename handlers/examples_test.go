package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

const examplesFile = "openapi/examples.json"

// TestEveryOperationDoesWhatTheDocumentSays calls each operation of the document once, with success, and provokes each error. What was
// sent and answered are the examples of the document: this test writes them with ROSTER_GOLDEN=update, and otherwise compares.
func TestEveryOperationDoesWhatTheDocumentSays(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg, clock := modelstest.Config(t, dialect), modelstest.NewClock()
			cfg.Now = clock.Now
			db := modelstest.OpenConfig(t, cfg)
			cfg.Mails = true
			st := &story{
				service: newService(t, db), mailing: modelstest.OpenConfig(t, cfg), clock: clock, ids: map[string]string{},
				names: map[string]string{},
				examples: openapi.Examples{Requests: map[string]json.RawMessage{}, Responses: map[string]json.RawMessage{},
					Errors: map[string]json.RawMessage{}},
			}
			st.begin()
			st.everyOperation()
			st.everyError()
			st.compare()
		})
	}
}

// story is a sequence of requests that is the same on every run but for random ids and secrets.
type story struct {
	*service
	mailing *store.DB // the same database, where mails are written
	clock   *modelstest.Clock
	// ids has one resource of each type, and under "parent" the organization above that one.
	ids map[string]string
	// names are the stand-ins for random texts.
	names    map[string]string
	branches int
	examples openapi.Examples
}

// begin creates one resource of each type that can be created, with every attribute that has an example.
func (st *story) begin() {
	st.ids["parent"] = st.created("/public/v2/management/organizations", "organizations", true)
	st.ids["organizations"] = st.created("/public/v2/management/organizations", "organizations", false)
	for _, c := range models.Collections() {
		typ := c.Schema.Type
		if _, done := st.ids[typ]; !done && st.operation("POST", "/public/v2/"+c.Schema.Type) != nil {
			st.ids[typ] = st.created("/public/v2/"+c.Schema.Type, typ, true)
		}
	}
	st.ids["signIns"] = st.get("/public/v2/signIns").want(200).text("data", 0, "id")
	st.ids["webhookDeliveries"] = st.run("POST", "/public/v2/webhooks/{id}/test", 202, nil).text("data", "id")
	st.finish(st.ids["webhookDeliveries"], "failed", st.clock.Now())
	st.ids["event-types"] = "organization.updated"
	// An event that tells what changed.
	st.run("PATCH", "/public/v2/organizations/{id}", 200,
		withID(resource("organizations", object{"description": "Makers of everything."}), st.ids["organizations"]))
	st.ids["events"] = st.get("/public/v2/events?filter[eventType]=organization.updated").want(200).text("data", 0, "id")
}

// created creates a resource and returns its id.
func (st *story) created(path, typ string, rich bool) string {
	st.t.Helper()
	if typ == "files" { // which no document makes
		st.clock.Advance(time.Minute)
		a := st.upload("organizationId="+st.ids["organizations"], pixel, "Content-Disposition", `attachment; filename="logo.png"`).want(201)
		keep(st, st.examples.Responses, component(st.operation("POST", path).Responses.Value("201").Ref), a.Body)
		return a.text("data", "id")
	}
	return st.run("POST", path, 201, st.newResource(typ, rich)).text("data", "id")
}

// newResource returns a document that creates a resource: with its required attributes, or with every one that has an example.
func (st *story) newResource(typ string, rich bool) object {
	s := models.SchemaOf(typ)
	attributes, relationships := object{}, []any{}
	switch {
	case typ == "sessions":
		return resource(typ, object{"email": "ada@example.com", "password": passwordOf("ada")})
	case typ == "users" && rich:
		attributes["password"] = passwordOf("ada")
	}
	for _, a := range s.Attributes {
		if !a.ReadOnly && a.Example != "" && (rich || a.Required) {
			attributes[a.Name] = exampleValue(a)
		}
	}
	if len(attributes) == 0 {
		attributes = firstExample(typ)
	}
	if typ == "roles" && !rich {
		st.branches++
		attributes["key"] = fmt.Sprint("role-", st.branches)
	}
	if typ == "invitations" && !rich { // nobody is asked twice
		st.branches++
		attributes["email"] = fmt.Sprintf("grace+%d@example.com", st.branches)
	}
	if attributes["name"] != nil && !rich { // names that repeat get random slugs
		st.branches++
		attributes["name"] = fmt.Sprintf("Acme Branch %d", st.branches)
	}
	for _, rel := range s.Relationships {
		if rel.Many || rel.ReadOnly || rel.Target == nil || typ == "organizations" && rich {
			continue // the first organization is the head of its tree
		}
		if typ == "apiKeys" && rel.Name == "user" {
			continue // it is the key of an organization
		}
		if rel.Target.Type == "files" {
			continue // it has none yet
		}
		id := st.target(typ, rel)
		if typ == "memberships" && rel.Name == "user" { // who is a member already cannot become one
			id = st.created("/public/v2/users", "users", false)
		}
		relationships = append(relationships, rel.Name, ref(rel.Target.Type, id))
	}
	return resource(typ, attributes, relationships...)
}

func exampleValue(a *jsonapi.Attribute) any {
	switch a.Kind {
	case jsonapi.Boolean:
		return a.Example == "true"
	case jsonapi.Integer:
		return json.Number(a.Example)
	case jsonapi.List:
		return []string{a.Example}
	default:
		return a.Example
	}
}

// target returns the id of a resource that a relationship can lead to.
func (st *story) target(typ string, rel *jsonapi.Relationship) string {
	if rel.Name == "children" { // what is above cannot be below
		return st.created("/public/v2/management/organizations", "organizations", false)
	}
	if typ == "memberships" && rel.Target.Type == "roles" { // which is usable everywhere
		return models.RoleViewer
	}
	if typ == "users" && rel.Target.Type == "files" {
		return st.upload("userId="+st.ids["users"], pixel).want(201).text("data", "id")
	}
	if typ == rel.Target.Type || typ == "memberships" && rel.Name == "organization" {
		return st.ids["parent"]
	}
	return st.ids[rel.Target.Type]
}

func (st *story) operation(method, path string) *openapi3.Operation {
	c, err := theContract()
	if err != nil {
		st.t.Fatal(err)
	}
	if item := c.document.Paths.Value(path); item != nil {
		return item.GetOperation(method)
	}
	return nil
}

// run calls an operation for the resource of the story, a minute later, and keeps the first exchange of its kind as an example.
func (st *story) run(method, path string, status int, body any) *answer {
	st.t.Helper()
	st.clock.Advance(time.Minute)
	typ := strings.Split(strings.TrimPrefix(strings.TrimPrefix(path, "/public/v2/"), "management/"), "/")[0]
	if typ == "refresh-token" {
		typ = "organizations"
	}
	return st.runFor(st.ids[typ], method, path, status, body)
}

func (st *story) runFor(id, method, path string, status int, body any) *answer {
	st.t.Helper()
	op := st.operation(method, path)
	if op == nil {
		st.t.Fatalf("the document has no %s %s", method, path)
	}
	var headers []string
	if op.RequestBody != nil && body != nil {
		for mediaType := range op.RequestBody.Value.Content {
			headers = []string{"Content-Type", mediaType, "Accept", mediaType}
		}
	}
	target := variable.ReplaceAllString(strings.NewReplacer("{number}", "1", "{session}", st.ids["sessions"]).Replace(path), id)
	if op.Parameters.GetByInAndName("query", "page[size]") != nil {
		target += "?page[size]=1" // enough to see what a list is
	}
	if path == "/public/v2/search" {
		target += "&filter[text]=acme"
	}
	if strings.HasSuffix(path, "/effectivePermissions") {
		target += "?filter[organizationId]=" + st.ids["organizations"]
	}
	if strings.HasSuffix(path, "/content") {
		target = strings.TrimPrefix(st.get("/public/v2/files/"+id).want(200).text("data", "attributes", "signedUrl"), st.url)
	}
	a := st.do(method, target, body, headers...).want(status)
	if body != nil {
		keep(st, st.examples.Requests, component(op.RequestBody.Ref), sentBytes(st.t, body))
	}
	if len(a.Body) > 0 && strings.HasPrefix(a.Header.Get("Content-Type"), jsonapi.MediaType) && !strings.HasPrefix(path, eventTypesPath) {
		keep(st, st.examples.Responses, component(op.Responses.Value(fmt.Sprint(status)).Ref), a.Body)
	}
	return a
}

// variable matches what stands for an id in a path.
var variable = regexp.MustCompile(`\{\w+\}`)

func component(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// everyOperation calls the operations of the document in their order.
func (st *story) everyOperation() {
	c, err := theContract()
	if err != nil {
		st.t.Fatal(err)
	}
	for _, path := range slices.Sorted(slices.Values(c.document.Paths.InMatchingOrder())) {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			if st.operation(method, path) != nil {
				st.call(method, path)
			}
		}
	}
}

func (st *story) call(method, path string) {
	st.t.Helper()
	segments := strings.Split(strings.TrimPrefix(path, "/public/v2/"), "/")
	if segments[0] == "management" {
		segments = segments[1:]
	}
	typ := segments[0]
	switch {
	case path == "/public/v2/operations":
		st.atomic(path)
	case path == "/public/v2/invitations/accept" || path == "/public/v2/invitations/decline" ||
		path == "/public/v2/invitations/show":
		made := st.do("POST", invitations, st.newResource("invitations", false)).want(201)
		members := object{"token": made.tokenIn()}
		if strings.HasSuffix(path, "accept") {
			maps.Copy(members, grace)
		}
		key := st.key
		st.key = "" // it is somebody new
		st.run(method, path, 200, object{"meta": members})
		st.key = key
	case path == "/public/v2/passwordResets":
		st.run(method, path, 202, resource("passwordResets", object{"email": "ada@example.com"}))
	case path == "/public/v2/passwordResets/confirm":
		st.run(method, path, 204, object{"meta": object{
			"token": resetToken(st.t, st.mailing, "ada@example.com"), "password": passwordOf("ada"),
		}})
		session := st.run("POST", sessionsPath, 201, st.newResource("sessions", false)) // the one of before has ended
		st.ids["sessions"] = session.text("data", "id")
		st.ids["signIns"] = session.text("data", "relationships", "activeSignIn", "data", "id")
	case path == "/public/v2/authorize":
		st.run(method, path, 200, resource("checks", object{"permission": "users:read"}, "user", ref("users", st.ids["users"]),
			"organization", ref("organizations", st.ids["parent"])))
	case path == "/public/v2/moves":
		st.runMove(method, path)
	case strings.Contains(path, "/totp"):
		st.secondFactor(method, path)
	case method == "GET":
		st.run(method, path, 200, nil)
	case strings.Contains(path, "/relationships/"):
		rel := models.SchemaOf(typ).Relationship(segments[len(segments)-1])
		identifier := ref(rel.Target.Type, st.target(typ, rel))
		if rel.Name == "roles" && method == "DELETE" { // the last one stays
			identifier = ref("roles", models.RoleMember)
		}
		var linkage any = identifier
		if rel.Many {
			linkage = []object{identifier}
		}
		st.run(method, path, 200, object{"data": linkage})
	case method == "POST" && len(segments) == 1:
		st.created(path, typ, false)
	case method == "PATCH":
		st.run(method, path, 200, withID(resource(typ, firstExample(typ)), st.ids[typ]))
	case method == "DELETE" && typ == "signIns":
		session := st.run("POST", sessionsPath, 201, st.newResource("sessions", false))
		st.runFor(session.text("data", "relationships", "activeSignIn", "data", "id"), method, path, 204, nil)
	case method == "DELETE" && typ == "users" && strings.Contains(path, "/sessions"):
		st.ids["sessions"] = st.created(sessionsPath, "sessions", false)
		st.runFor(st.ids[typ], method, path, 204, nil)
	case method == "DELETE":
		st.runFor(st.created(strings.TrimSuffix(path, "/{id}"), typ, false), method, path, 204, nil)
	case path == "/public/v2/apiKeys/{id}/rotate":
		st.run(method, path, 200, object{"meta": object{"overlap": 3600}})
	default:
		for status := range st.operation(method, path).Responses.Map() {
			if n, err := strconv.Atoi(status); err == nil && n < 300 {
				st.run(method, path, n, nil)
			}
		}
	}
}

// secondFactor calls an operation on the second factor of a user of its own. What it answers is another secret each time, and no example.
func (st *story) secondFactor(method, path string) {
	email := fmt.Sprintf("factor%d@example.com", len(path+method))
	id := st.account(email, "")
	b, recovery := st.enrolled(email)
	switch {
	case strings.HasPrefix(path, "/public/v2/users"):
		st.do(method, strings.Replace(path, "{id}", id, 1), nil).want(204)
	case method == "DELETE":
		b.do(method, path, meta(object{"code": recovery[0]})).want(204)
	}
}

// atomic creates a branch and its first user, and removes an organization that is no longer needed.
func (st *story) atomic(path string) {
	gone := st.created("/public/v2/management/organizations", "organizations", false)
	st.run("POST", path, 200, object{"atomic:operations": []object{
		{"op": "add", "data": object{
			"type": "organizations", "lid": "branch", "attributes": object{"name": "Acme Zürich", "kind": "branch"},
			"relationships": object{"parent": object{"data": ref("organizations", st.ids["parent"])}},
		}},
		{"op": "add", "data": object{
			"type": "users", "attributes": object{"firstName": "Charles", "lastName": "Babbage"},
			"relationships": object{"organization": object{"data": object{"type": "organizations", "lid": "branch"}}},
		}},
		{"op": "remove", "ref": ref("organizations", gone)},
	}})
}

// firstExample returns the first attribute that can be changed, with its example.
func firstExample(typ string) object {
	for _, a := range models.SchemaOf(typ).Attributes {
		if !a.ReadOnly && !a.CreateOnly && a.Example != "" {
			return object{a.Name: exampleValue(a)}
		}
	}
	return object{}
}

// compare compares what was recorded with the examples in the document, and with the document's need for some.
func (st *story) compare() {
	c, err := theContract()
	if err != nil {
		st.t.Fatal(err)
	}
	for name, response := range c.document.Components.Responses {
		if name == "OpenAPI" || strings.HasPrefix(name, "EventType") || strings.Contains(name, "Content") {
			continue // an example of it would be itself, as long as the rest of the document, or bytes
		}
		for _, content := range response.Value.Content {
			if content.Schema.Value.Properties["errors"] == nil && st.examples.Responses[name] == nil {
				st.t.Errorf("no example of the answer %s was recorded", name)
			}
		}
	}
	for code := range jsonapi.Meanings() {
		if st.examples.Errors[string(code)] == nil {
			st.t.Errorf("no example of the error %s was recorded", code)
		}
	}
	if os.Getenv("ROSTER_GOLDEN") == "update" {
		st.write()
		return
	}
	golden, err := openapi.RecordedExamples()
	if err != nil {
		st.t.Fatal(err)
	}
	for _, part := range []struct {
		name      string
		want, got map[string]json.RawMessage
	}{
		{"requests", golden.Requests, st.examples.Requests},
		{"responses", golden.Responses, st.examples.Responses},
		{"errors", golden.Errors, st.examples.Errors},
	} {
		if diff := cmp.Diff(texts(part.want), texts(part.got)); diff != "" {
			st.t.Errorf("the %s differ from %s; ROSTER_GOLDEN=update rewrites it (-want +got):\n%s", part.name, examplesFile, diff)
		}
	}
}

func texts(documents map[string]json.RawMessage) map[string]string {
	out := map[string]string{}
	for name, document := range documents {
		var compact bytes.Buffer
		if err := json.Compact(&compact, document); err != nil {
			compact.Write(document)
		}
		out[name] = compact.String()
	}
	return out
}

func (st *story) write() {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(st.examples); err != nil {
		st.t.Fatal(err)
	}
	if err := os.WriteFile(examplesFile, out.Bytes(), 0o600); err != nil {
		st.t.Fatal(err)
	}
}

// everyError provokes an error of each code.
func (st *story) everyError() {
	codes := slices.Sorted(maps.Keys(jsonapi.Meanings()))
	// That one takes the database away, and so comes last.
	codes = append(slices.DeleteFunc(codes, func(c jsonapi.Code) bool { return c == jsonapi.Internal }), jsonapi.Internal)
	for _, code := range codes {
		provoke := provocations[code]
		if provoke == nil {
			st.t.Errorf("nothing here provokes %s", code)
			continue
		}
		a := provoke(st)
		if found := a.errors(); found[0].Code != string(code) {
			st.t.Errorf("wanted %s, got %s", code, a.Body)
			continue
		}
		keep(st, st.examples.Errors, string(code), a.Body)
	}
}
