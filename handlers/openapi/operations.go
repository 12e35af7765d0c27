package openapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roster/jsonapi"
)

// shape is what the form of a route tells about it: a list, one resource, a relationship, an action.
type shape struct {
	id string // operationId
	// body is the component of the request body, "" for none; success that of the answer of its status.
	body, success string
	status        int
	// versioned: the route reads or changes one resource, which has an ETag.
	versioned bool
	// missing: something that the request names may not be there.
	missing bool
}

// route adds what a route takes and answers.
func (g *generator) route(rt *Route) error {
	s, err := g.shape(rt)
	if err != nil {
		return err
	}
	tag := g.tag(rt)
	item := g.path(rt.Path)
	item.Parameters = g.pathParameters(rt)
	op := g.operation(rt, s, tag)
	switch rt.Method {
	case http.MethodGet:
		item.Get = op
	case http.MethodPost:
		item.Post = op
	case http.MethodPatch:
		item.Patch = op
	case http.MethodDelete:
		item.Delete = op
	default:
		return fmt.Errorf("describe %s %s: no such method is known", rt.Method, rt.Path)
	}
	return nil
}

func (g *generator) path(path string) *pathItem {
	for _, one := range g.paths {
		if one.name == path {
			return one.value
		}
	}
	g.paths.set(path, &pathItem{})
	return g.path(path)
}

// tag returns the tag of a route: the first part of its path, which is the type of the resources there.
func (g *generator) tag(rt *Route) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(rt.Path, root), "/")
	description := ""
	for _, s := range append(slices.Clone(g.types), rt.Shows) {
		if s != nil && (s.Type == name || s == rt.Shows && description == "") {
			description = s.Doc
		}
	}
	switch {
	case slices.Contains(rt.Ext, jsonapi.AtomicExt):
		description = "Several changes at once, all or none: the Atomic Operations extension."
	case name == "management":
		description = "What only management keys may do."
	}
	if !g.made("tag " + name) {
		g.tags = append(g.tags, tag{name, description})
	}
	return name
}

func (g *generator) operation(rt *Route, s shape, tag string) *operation {
	summary, _, _ := strings.Cut(rt.Doc, ". ")
	summary, doc := strings.TrimSuffix(summary, "."), rt.Doc
	if rt.Relationship != nil {
		summary += ": " + rt.Relationship.Name
		doc += " " + rt.Relationship.Doc
		if !rt.Related && rt.Query.Include {
			doc += " Paths of include begin with " + rt.Relationship.Name + "."
		}
	}
	if rt.Waits {
		doc += " At the end of the list a request can wait for what comes next: see the header Prefer."
	}
	op := &operation{
		OperationID: s.id, Summary: summary, Description: doc + "\n\n" + permissionText(rt), Tags: []string{tag},
		Permission: &permission{Public: rt.Needs.Public, Scope: rt.Needs.Scope, Management: rt.Needs.Management},
	}
	if rt.Needs.Public {
		op.Security = &[]members[[]string]{} // none
	}
	for _, ref := range append(g.queryParameters(rt), g.headerParameters(rt, s)...) {
		op.Parameters = append(op.Parameters, ref)
	}
	if s.body != "" {
		op.RequestBody = bodyRef(s.body)
	}
	op.Responses.set(strconv.Itoa(s.status), answerRef(s.success))
	if rt.Ext != nil {
		op.Responses.set("204", answerRef("OperationsDone"))
	}
	if rt.Method == http.MethodGet {
		op.Responses.set("304", answerRef("NotModified"))
	}
	for _, status := range failures(rt, s) {
		op.Responses.set(strconv.Itoa(status), answerRef(statusName(status)))
	}
	op.Responses.set("default", answerRef(otherErrors))
	return op
}

// failures returns the statuses of the errors that a route in particular can answer with.
func failures(rt *Route, s shape) []int {
	writes := rt.Method != http.MethodGet
	var statuses []int
	if s.missing {
		statuses = append(statuses, 404)
	}
	if writes {
		statuses = append(statuses, 409, 422)
	}
	if s.versioned || !writes {
		statuses = append(statuses, 412)
	}
	slices.Sort(statuses)
	return statuses
}

// shape reads the form of a route from its method and path.
func (g *generator) shape(rt *Route) (shape, error) {
	s := shape{status: http.StatusOK, missing: strings.Contains(rt.Path, "{")}
	if slices.Contains(rt.Ext, jsonapi.AtomicExt) {
		g.atomicShape(&s)
		return s, nil
	}
	if rt.Shows == nil {
		return s, fmt.Errorf("describe %s %s: it shows no resource", rt.Method, rt.Path)
	}
	switch {
	case rt.Relationship != nil && rt.Related:
		g.relatedShape(rt, &s)
	case rt.Relationship != nil:
		g.relationshipShape(rt, &s)
	case rt.Method == http.MethodGet && !strings.HasSuffix(rt.Path, "}"):
		document := g.many(rt.Shows, rt.Query.Page)
		g.waits[document] = rt.Waits
		s.id, s.success = "list"+operationName(rt, false), g.answer(document, http.StatusOK)
	case rt.Method == http.MethodGet:
		s.id, s.success, s.versioned = "get"+operationName(rt, true)+within(rt), g.answer(g.one(rt.Shows, false), http.StatusOK), true
	case creates(rt):
		s.id, s.body, s.status = "create"+operationName(rt, true), g.body(g.creation(rt.Shows)), http.StatusCreated
		g.plain[g.one(rt.Shows, false)] = !slices.ContainsFunc(rt.Shows.Attributes, func(a *jsonapi.Attribute) bool { return a.Secret })
		s.success, s.missing = g.answer(g.one(rt.Shows, false), http.StatusCreated), true
	case rt.Method == http.MethodPatch:
		s.id, s.body, s.versioned = "update"+operationName(rt, true), g.body(g.change(rt.Shows)), true
		s.success = g.answer(g.one(rt.Shows, false), http.StatusOK)
	case rt.Method == http.MethodDelete:
		s.id, s.success, s.status, s.versioned = "delete"+operationName(rt, true), "NoContent", http.StatusNoContent, true
		s.body = g.echo(rt.Shows)
	case rt.Method == http.MethodPost:
		s.id, s.success, s.body, s.versioned = action(rt), g.answer(g.one(rt.Shows, false), http.StatusOK), g.metaBody(), rt.Guarded
	default:
		return s, fmt.Errorf("describe %s %s: its form is not known", rt.Method, rt.Path)
	}
	if rt.Status != 0 {
		s.status = rt.Status
	}
	return s, nil
}

// creates reports whether a route makes a resource of its collection.
func creates(rt *Route) bool { return rt.Method == http.MethodPost && rt.Path == rt.Served }

// relatedShape is that of a route to what a relationship leads to.
func (g *generator) relatedShape(rt *Route, s *shape) {
	rel, name := rt.Relationship, pascal(rt.Relationship.Name)+"Of"+operationName(rt, true)
	switch {
	case rel.Many:
		document := g.many(rel.Target, true)
		g.waits[document] = rt.Waits
		s.id, s.success = "list"+name, g.answer(document, http.StatusOK)
	case rel.Polymorphic:
		g.included()
		g.schema("AnyDocument", documentOf("A document with one resource of any type, or null.", orNull(refTo("AnyResource")),
			refTo("DocumentLinks"), refTo("Meta"), g.included()))
		s.id, s.success = "get"+name, g.answer("AnyDocument", http.StatusOK)
	default:
		s.id, s.success = "get"+name, g.answer(g.one(rel.Target, true), http.StatusOK)
	}
}

// relationshipShape is that of a route to the linkage of a relationship.
func (g *generator) relationshipShape(rt *Route, s *shape) {
	rel, name := rt.Relationship, pascal(rt.Relationship.Name)+"RelationshipOf"+operationName(rt, true)
	verb := map[string]string{http.MethodGet: "get", http.MethodPatch: "replace", http.MethodPost: "addTo", http.MethodDelete: "removeFrom"}[rt.Method]
	s.id, s.versioned = verb+name, rt.Method == http.MethodGet || !rel.ByURL
	s.success = g.answer(g.linkageDocument(rel), http.StatusOK)
	if rt.Method != http.MethodGet {
		s.body = g.linkageBody(rel)
	}
}

// linkageDocument adds the schema of a document with linkage, and returns its name.
func (g *generator) linkageDocument(rel *jsonapi.Relationship) string {
	target := "Any"
	if rel.Target != nil {
		target = nameOf(rel.Target)
	}
	if rel.Many {
		name := target + "LinkageList"
		g.byCursor[name] = true
		g.schema(name, documentOf("A document with a page of linkage.", arrayOf(g.identifier(rel.Target), jsonapi.MaxPageSize),
			refTo("PageLinks"), refTo("PageMeta"), g.included()))
		return name
	}
	name := target + "LinkageDocument"
	g.schema(name, documentOf("A document with the linkage of a to-one relationship.", orNull(g.identifier(rel.Target)),
		refTo("DocumentLinks"), refTo("Meta"), g.included()))
	return name
}

// linkageBody adds the request body with linkage, and returns its name.
func (g *generator) linkageBody(rel *jsonapi.Relationship) string {
	name := nameOf(rel.Target) + "ToOne"
	switch {
	case rel.Many:
		name = nameOf(rel.Target) + "ToMany"
	case rel.Required:
		name += "Required"
	}
	g.schema(name+"Document", object("A document with linkage.", []string{"data"}, members[*schema]{
		{"data", g.linkage(rel, jsonapi.MaxLinkage)}, {"meta", refTo("Meta")},
	}))
	return g.requestBody(name, true, "The identifiers of the related resources.", refTo(name+"Document"))
}

// root is the part that all paths have in common.
const root = "/public/v2/"

// operationName returns what an operation works on: ManagementOrganizations, or ManagementOrganization for one of them.
func operationName(rt *Route, one bool) string {
	path, _, _ := strings.Cut(strings.TrimPrefix(rt.Path, root), "/{")
	if one {
		path = singular(path)
	}
	return pascal(path)
}

// within returns what an operation works on below a resource: Attempt for webhookDeliveries/{id}/attempts/{number}.
func within(rt *Route) string {
	_, below, _ := strings.Cut(rt.Path, "/{id}/")
	below, _, _ = strings.Cut(below, "/{")
	return pascal(singular(below))
}

// action returns the operationId of what is done to one resource: rotateApiKey for apiKeys/{id}/rotate, rotateWebhookSecret for
// webhooks/{id}/rotate-secret, refreshToken for refresh-token/{id}.
func action(rt *Route) string {
	of := operationName(rt, true)
	_, name, acts := strings.Cut(rt.Path, "/{id}/")
	if !acts {
		segments := strings.Split(strings.TrimSuffix(rt.Path, "/{id}"), "/")
		name, of = segments[len(segments)-1], ""
	}
	verb, object, _ := strings.Cut(name, "-")
	return verb + of + pascal(object)
}

// body adds the request body with one resource object, and returns its name.
func (g *generator) body(name string) string {
	document := name + "Document"
	g.schema(document, object("A document with one resource object. Unknown members beside it are ignored.", []string{"data"}, members[*schema]{
		{"data", refTo(name)}, {"meta", refTo("Meta")},
	}))
	return g.requestBody(name, true, "A resource object with what is to be set.", refTo(document))
}

// echo adds the body of a DELETE, which some clients send, and returns its name.
func (g *generator) echo(s *jsonapi.Schema) string {
	document := nameOf(s) + "IdentifierDocument"
	g.schema(document, object("A document with one resource identifier.", nil, members[*schema]{{"data", g.identifier(s)}}))
	return g.requestBody(nameOf(s)+"Delete", false, "Not needed. Some clients send the identifier; it is ignored.", refTo(document))
}

// metaBody adds the body of an action, and returns its name.
func (g *generator) metaBody() string {
	g.schema("MetaDocument", object("A document with meta alone.", nil, members[*schema]{{"meta", refTo("Meta")}}))
	return g.requestBody("Action", false, "Not needed. Where an action takes options, they are members of meta.", refTo("MetaDocument"))
}

func (g *generator) requestBody(name string, required bool, description string, s *schema) string {
	content := &mediaObject{Schema: s}
	if g.addExample("request."+name, description, g.examples.Requests[name+bodySuffix]) {
		content.Examples.set("example", reference{"#/components/examples/request." + name})
	}
	body := &requestBody{Description: description, Required: required}
	body.Content.set(g.media, content)
	g.components.RequestBodies.set(name+bodySuffix, body)
	return name
}

// seenElsewhere reports whether a document holds nothing that the examples of others do not show: a resource that could be null, or linkage,
// which every resource has.
func seenElsewhere(document string) bool {
	return strings.HasSuffix(document, "OrNullDocument") || document == "AnyDocument" || strings.Contains(document, "Linkage")
}

// answer adds the answer with a document, and returns its name.
func (g *generator) answer(document string, status int) string {
	name, description, headers := document+answerSuffix, "The document.", []string{"ETag", "Idempotency-Replayed"}
	if status == http.StatusCreated {
		name, description, headers = document+"Created"+answerSuffix, "Created.", []string{"Location", "ETag", "Idempotency-Replayed"}
	}
	if g.waits[document] {
		headers = append(headers, "Preference-Applied")
	}
	content := &mediaObject{Schema: refTo(document)}
	seen := seenElsewhere(document) || status == http.StatusCreated && g.plain[document]
	if !seen && g.addExample("response."+name, description, g.examples.Responses[name]) {
		content.Examples.set("example", reference{"#/components/examples/response." + name})
	}
	g.response(name, description, headers, content)
	return name
}
