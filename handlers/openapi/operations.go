package openapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roster/jsonapi"
)

// shape is what follows from the form of a route.
type shape struct {
	id string // operationId
	// body is the component of the request body, "" for none; success that of the answer of its status.
	body, success string
	status        int
	// versioned: the route reads or changes one resource, which has an ETag.
	versioned bool
	// stale: the request may say what it is meant for in its body.
	stale bool
	// missing: something that the request names may not be there.
	missing bool
}

// route adds what a route takes and answers.
func (g *generator) route(rt *Route) error {
	s, err := g.shape(rt)
	if err != nil {
		return err
	}
	if !g.made("tag " + rt.Tag.Name) {
		g.tags = append(g.tags, rt.Tag)
	}
	item := g.path(rt.Path)
	item.Parameters = g.pathParameters(rt)
	op := g.operation(rt, s)
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

func (g *generator) operation(rt *Route, s shape) *operation {
	summary, _, _ := strings.Cut(rt.Doc, ". ")
	summary, doc := strings.TrimSuffix(summary, "."), rt.Doc
	if rt.Relationship != nil {
		summary += ": " + rt.Relationship.Name
		doc += " " + rt.Relationship.Doc
		if rt.Form == Linkage && rt.Query.Include {
			doc += " Paths of include begin with " + rt.Relationship.Name + "."
		}
	}
	if rt.Waits {
		doc += " At the end of the list a request can wait for what comes next: see the header Prefer."
	}
	op := &operation{
		OperationID: s.id, Summary: summary, Description: doc + "\n\n" + permissionText(rt), Tags: []string{rt.Tag.Name},
		Permission: &permission{Public: rt.Needs.Public, Scope: rt.Needs.Scope, Or: rt.Needs.Or, Management: rt.Needs.Management},
	}
	switch {
	case rt.Needs.Visitor: // none, or any
		either := append([]members[[]string]{{}}, g.anyCredential()...)
		op.Security = &either
	case rt.Needs.Public:
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
	if rt.Form == Content {
		op.Responses.set("206", answerRef(contentPart))
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
	if s.versioned || s.stale || !writes {
		statuses = append(statuses, 412)
	}
	slices.Sort(statuses)
	return statuses
}

// shapes say what follows from each form.
var shapes = map[Form]func(*generator, *Route) shape{
	List: (*generator).listShape, Read: (*generator).readShape, Create: (*generator).createShape, Update: (*generator).updateShape,
	Delete: (*generator).deleteShape, Act: (*generator).actShape, Related: (*generator).relatedShape, Linkage: (*generator).linkageShape,
	Operate: (*generator).atomicShape, ReadAny: (*generator).readAnyShape, Ask: (*generator).askShape,
	Redeem: (*generator).redeemShape, Apply: (*generator).applyShape, Perform: (*generator).performShape,
	Upload: (*generator).uploadShape, Content: (*generator).contentShape,
	Find: (*generator).findShape,
}

// shape returns what follows from the form of a route.
func (g *generator) shape(rt *Route) (shape, error) {
	of, known := shapes[rt.Form]
	switch {
	case !known:
		return shape{}, fmt.Errorf("describe %s %s: it has no form", rt.Method, rt.Path)
	case rt.Shows == nil && !slices.Contains([]Form{Operate, ReadAny, Redeem, Find}, rt.Form):
		return shape{}, fmt.Errorf("describe %s %s: it shows no resource", rt.Method, rt.Path)
	case rt.Name == "" && slices.Contains([]Form{Act, Operate, ReadAny, Ask, Redeem, Apply, Perform, Content, Find}, rt.Form):
		return shape{}, fmt.Errorf("describe %s %s: its operation has no name", rt.Method, rt.Path)
	}
	s := of(g, rt)
	s.missing = s.missing || len(rt.Variables) > 0
	if s.status == 0 {
		s.status = http.StatusOK
	}
	if rt.Status != 0 {
		s.status = rt.Status
	}
	return s, nil
}

// The names of operations on resources of a type: ManagementOrganizations, or ManagementOrganization for one of them.

func (rt *Route) several() string { return rt.Prefix + pascal(rt.Shows.Type) }

func (rt *Route) one() string { return rt.Prefix + nameOf(rt.Shows) }

func (rt *Route) owner() string { return rt.Prefix + nameOf(rt.Owner) }

func (g *generator) listShape(rt *Route) shape {
	document := g.many(rt.Shows, rt.Query.Page)
	g.waits[document] = rt.Waits
	return shape{id: "list" + rt.several(), success: g.answer(document, http.StatusOK)}
}

func (g *generator) readShape(rt *Route) shape {
	return shape{id: "get" + rt.one(), success: g.answer(g.one(rt.Shows, false), http.StatusOK), versioned: true}
}

func (g *generator) createShape(rt *Route) shape {
	s := shape{id: "create" + rt.one(), body: g.body(g.creation(rt.Shows)), status: http.StatusCreated, missing: true}
	document := g.one(rt.Shows, false)
	g.plain[document] = !slices.ContainsFunc(rt.Shows.Attributes, func(a *jsonapi.Attribute) bool { return a.Secret })
	s.success = g.answer(document, http.StatusCreated)
	return s
}

func (g *generator) updateShape(rt *Route) shape {
	s := shape{id: "update" + rt.one(), body: g.body(g.change(rt.Shows)), versioned: true}
	s.success = g.answer(g.one(rt.Shows, false), http.StatusOK)
	return s
}

func (g *generator) deleteShape(rt *Route) shape {
	return shape{id: "delete" + rt.one(), success: "NoContent", status: http.StatusNoContent, versioned: true, body: g.echo(rt.Shows)}
}

func (g *generator) actShape(rt *Route) shape {
	s := shape{id: rt.Name, body: g.metaBody(), versioned: rt.Guarded, missing: true}
	if rt.Method == http.MethodDelete { // of what is no resource
		s.success, s.status = "NoContent", http.StatusNoContent
		return s
	}
	s.success = g.answer(g.one(rt.Shows, false), http.StatusOK)
	return s
}

// relatedShape is that of a route to what a relationship leads to.
func (g *generator) relatedShape(rt *Route) shape {
	rel, name := rt.Relationship, pascal(rt.Relationship.Name)+"Of"+rt.owner()
	switch {
	case rel.Many:
		document := g.many(rel.Target, true)
		g.waits[document] = rt.Waits
		return shape{id: "list" + name, success: g.answer(document, http.StatusOK)}
	case rel.Polymorphic || len(rel.Also) > 0:
		return shape{id: "get" + name, success: g.any()}
	default:
		return shape{id: "get" + name, success: g.answer(g.one(rel.Target, true), http.StatusOK)}
	}
}

// any adds the answer with one resource of whatever type, and returns its name.
func (g *generator) any() string {
	g.schema("AnyDocument", documentOf("A document with one resource of any type, or null.", orNull(refTo("AnyResource")),
		refTo("DocumentLinks"), refTo("Meta"), g.included()))
	g.seen["AnyDocument"] = true
	return g.answer("AnyDocument", http.StatusOK)
}

func (g *generator) readAnyShape(rt *Route) shape { return shape{id: rt.Name, success: g.any()} }

// findShape is that of a route which answers with resources of several types, in the order in which they were found.
func (g *generator) findShape(rt *Route) shape {
	g.included() // which has the schema of any resource
	g.schema("FoundDocument", documentOf("A document with what was found.", arrayOf(refTo("AnyResource"), jsonapi.MaxPageSize),
		refTo("DocumentLinks"), refTo("Meta"), nil))
	return shape{id: rt.Name, success: g.answer("FoundDocument", http.StatusOK)}
}

// askShape is that of a route which takes and answers one resource, or a list of them.
func (g *generator) askShape(rt *Route) shape {
	name := nameOf(rt.Shows)
	oneOrMany := func(s *schema) *schema { return &schema{AnyOf: []*schema{s, arrayOf(s, maxAsked)}} }
	g.unkept(rt.Shows, name+"Answered", &schema{Type: "string", Description: "Its number in the list, from 1."})
	g.schema(name+"Answer", documentOf("A document with answers.", oneOrMany(refTo(name+"Answered")), refTo("DocumentLinks"),
		refTo("Meta"), nil))
	g.schema(name+"Questions", object("A document with one resource object, or with a list of them.", []string{"data"}, members[*schema]{
		{"data", oneOrMany(refTo(g.creation(rt.Shows)))}, {"meta", refTo("Meta")},
	}))
	return shape{
		id: rt.Name, success: g.answer(name+"Answer", http.StatusOK),
		body: g.requestBody(name, true, "What is asked.", refTo(name+"Questions")),
	}
}

// unkept adds the component of a resource object of which nothing is kept, so nothing has a link.
func (g *generator) unkept(s *jsonapi.Schema, name string, id *schema) {
	links := members[*schema]{}
	for _, rel := range s.Relationships {
		links.set(rel.Name, object(rel.Doc, []string{"data"}, members[*schema]{{"data", g.linkage(rel, jsonapi.MaxLinkage)}}))
	}
	g.schema(name, object(s.Doc, []string{"type", "id", "attributes", "relationships"}, members[*schema]{
		{"type", g.typeOf(s)}, {"id", id}, {"attributes", g.attributes(s, reading)}, {"relationships", object("", nil, links)},
	}))
}

// performShape is that of a route which does what a resource says that is not kept, and answers with it.
func (g *generator) performShape(rt *Route) shape {
	name := nameOf(rt.Shows)
	g.unkept(rt.Shows, name, refTo("Id").describe("A new one: it can be read nowhere."))
	g.schema(name+"Document", documentOf("A document with what was done.", refTo(name), refTo("DocumentLinks"), refTo("Meta"), nil))
	return shape{
		id: rt.Name, body: g.body(g.creation(rt.Shows)), success: g.answer(name+"Document", http.StatusOK), missing: true, stale: true,
	}
}

// redeemShape is that of a route which takes members of meta and answers one resource, or nothing.
func (g *generator) redeemShape(rt *Route) shape {
	name := pascal(rt.Name)
	taken := object(rt.Takes.Doc, requiredOf(rt.Takes), nil)
	for _, a := range rt.Takes.Attributes {
		taken.Properties.set(a.Name, attribute(a, sending))
	}
	taken.AdditionalProperties = &schema{Description: "Any other member is ignored."}
	g.schema(name+"Meta", taken)
	g.schema(name+"Document", object("A document with meta alone.", []string{"meta"}, members[*schema]{{"meta", refTo(name + "Meta")}}))
	s := shape{id: rt.Name, body: g.requestBody(name, true, rt.Takes.Doc, refTo(name+"Document")), missing: true}
	if rt.Shows == nil {
		s.success, s.status = "NoContent", http.StatusNoContent
		return s
	}
	s.success = g.answer(g.one(rt.Shows, false), http.StatusOK)
	return s
}

// applyShape is that of a route which takes a resource that is not kept, and answers that it was taken.
func (g *generator) applyShape(rt *Route) shape {
	g.schema("TakenDocument", object("A document with meta alone.", []string{"links", "meta", "jsonapi"}, members[*schema]{
		{"links", refTo("DocumentLinks")}, {"meta", refTo("Meta")}, {"jsonapi", refTo("Implementation")},
	}))
	return shape{
		id: rt.Name, body: g.body(g.creation(rt.Shows)), success: g.answer("TakenDocument", http.StatusAccepted),
		status: http.StatusAccepted,
	}
}

// maxAsked bounds the questions of one request.
const maxAsked = 100

// linkageVerbs say what is done to linkage.
var linkageVerbs = map[string]string{
	http.MethodGet: "get", http.MethodPatch: "replace", http.MethodPost: "addTo", http.MethodDelete: "removeFrom",
}

// linkageShape is that of a route to the linkage of a relationship.
func (g *generator) linkageShape(rt *Route) shape {
	rel := rt.Relationship
	s := shape{
		id:        linkageVerbs[rt.Method] + pascal(rel.Name) + "RelationshipOf" + rt.owner(),
		success:   g.answer(g.linkageDocument(rel), http.StatusOK),
		versioned: rt.Method == http.MethodGet || !rel.ByURL,
	}
	if rt.Method != http.MethodGet {
		s.body = g.linkageBody(rel)
	}
	return s
}

// linkageDocument adds the schema of a document with linkage, and returns its name.
func (g *generator) linkageDocument(rel *jsonapi.Relationship) string {
	target := targetName(rel)
	if rel.Many {
		name := target + "LinkageList"
		g.byCursor[name], g.seen[name] = true, true
		g.schema(name, documentOf("A document with a page of linkage.", arrayOf(g.identifier(rel), jsonapi.MaxPageSize),
			refTo("PageLinks"), refTo("PageMeta"), g.included()))
		return name
	}
	name := target + "LinkageDocument"
	g.seen[name] = true
	g.schema(name, documentOf("A document with the linkage of a to-one relationship.", orNull(g.identifier(rel)),
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

// body adds the request body with one resource object, and returns its name.
func (g *generator) body(name string) string {
	document := name + "Document"
	g.schema(document, object("A document with one resource object. Unknown members beside it are ignored.",
		[]string{"data"}, members[*schema]{
			{"data", refTo(name)}, {"meta", refTo("Meta")},
		}))
	return g.requestBody(name, true, "A resource object with what is to be set.", refTo(document))
}

// echo adds the body of a DELETE, which some clients send, and returns its name.
func (g *generator) echo(s *jsonapi.Schema) string {
	document := nameOf(s) + "IdentifierDocument"
	g.schema(document, object("A document with one resource identifier.", nil, members[*schema]{
		{"data", g.identifier(&jsonapi.Relationship{Target: s})},
	}))
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

// answer adds the answer with a document, and returns its name.
func (g *generator) answer(document string, status int) string {
	name, description, headers := document+answerSuffix, "The document.", []string{"ETag", "Idempotency-Replayed"}
	if status == http.StatusCreated {
		name, description, headers = document+"Created"+answerSuffix, "Created.", []string{"Location", "ETag", "Idempotency-Replayed"}
	}
	if slices.Contains([]string{"SessionDocument", "SignInLinkageDocument", "UserDocument", "InvitationDocument"}, document) {
		headers = append(headers, "Set-Cookie")
	}
	if g.waits[document] {
		headers = append(headers, "Preference-Applied")
	}
	if g.exports[document] {
		headers = append(headers, "Content-Disposition")
	}
	content := &mediaObject{Schema: refTo(document)}
	seen := g.seen[document] || status == http.StatusCreated && g.plain[document]
	if !seen && g.addExample("response."+name, description, g.examples.Responses[name]) {
		content.Examples.set("example", reference{"#/components/examples/response." + name})
	}
	g.response(name, description, headers, content)
	return name
}
