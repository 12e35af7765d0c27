package openapi

import (
	"slices"

	"roster/jsonapi"
)

// atomicShape is that of the route of the Atomic Operations extension: operations on all the types that the other routes change.
func (g *generator) atomicShape(rt *Route) shape {
	s := shape{id: rt.Name, body: "Operations", success: "OperationResults", missing: true, versioned: true}
	g.schema("AtomicIdentifier", object("Identifies a resource, by its id or by the lid of one that an earlier operation adds.",
		[]string{"type"}, members[*schema]{
			{"type", textEnum(g.typeNames()...)}, {"id", refTo("Id")}, {"lid", &schema{Type: "string", MinLength: new(1)}},
		}))
	g.schema("AtomicReference", object("What the operation is about: a resource, or a relationship of it.",
		[]string{"type"}, members[*schema]{
			{"type", textEnum(g.typeNames()...)}, {"id", refTo("Id")}, {"lid", &schema{Type: "string", MinLength: new(1)}},
			{"relationship", &schema{Type: "string", MinLength: new(1)}},
		}))
	linkage := []*schema{refTo("AtomicIdentifier"), arrayOf(refTo("AtomicIdentifier"), jsonapi.MaxLinkage), {Type: "null"}}
	g.schema("AtomicRelationship", object("The linkage of a relationship.", nil, members[*schema]{{"data", &schema{AnyOf: linkage}}}))
	data := slices.Clone(linkage)
	for _, one := range g.types {
		if name := g.atomicResource(one); name != "" {
			data = append(data, refTo(name))
		}
	}
	g.schema("AtomicOperation", object("One operation, named by ref, by href, or by its data.", []string{"op"}, members[*schema]{
		{"op", textEnum(string(jsonapi.AddOperation), string(jsonapi.UpdateOperation), string(jsonapi.RemoveOperation))},
		{"ref", orNull(refTo("AtomicReference"))},
		{"href", &schema{Type: []string{"string", "null"}, Format: "uri-reference",
			Description: "The URL of the resource, the relationship or the collection."}},
		{"data", &schema{AnyOf: data, Description: "The resource to add or its changes; the linkage, if it is about a relationship."}},
		{"meta", object("Conditions.", nil, members[*schema]{{"ifMatch",
			&schema{Type: "string", MinLength: new(1), Description: "ETags, as in the header If-Match."}}})},
	}))
	g.schema("OperationsDocument", object("A document with operations.", []string{"atomic:operations"}, members[*schema]{
		{"atomic:operations", &schema{Type: "array", Items: refTo("AtomicOperation"), MinItems: new(1),
			MaxItems: new(jsonapi.MaxOperations)}},
		{"meta", refTo("Meta")},
	}))
	g.included()
	g.schema("OperationResult", object("The result of the operation at the same place.", nil, members[*schema]{
		{"data", refTo("AnyResource")}, {"meta", refTo("Meta")},
	}))
	g.schema("OperationResultsDocument", object("A document with one result for each operation.",
		[]string{"atomic:results", "jsonapi"}, members[*schema]{
			{"atomic:results", &schema{Type: "array", Items: refTo("OperationResult"), MinItems: new(1),
				MaxItems: new(jsonapi.MaxOperations)}},
			{"links", object("Links of the document.", nil,
				members[*schema]{{"describedby", refTo("Link").describe("The OpenAPI document.")}})},
			{"jsonapi", refTo("Implementation")},
		}))
	plain := g.media
	g.media = jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
	g.requestBody(s.body, true, "The operations, in order.", refTo("OperationsDocument"))
	content := &mediaObject{Schema: refTo("OperationResultsDocument")}
	if g.addExample("response."+s.success, "The results.", g.examples.Responses[s.success]) {
		content.Examples.set("example", reference{"#/components/examples/response." + s.success})
	}
	g.response(s.success, "All operations were carried out.", []string{"Idempotency-Replayed"}, content)
	g.media = plain
	g.response("OperationsDone", "All operations were carried out, and none has a result to show.", []string{"Idempotency-Replayed"}, nil)
	return s
}

// atomicResource adds the component of a resource object within an operation, and returns its name, "" for a type that no request changes.
func (g *generator) atomicResource(s *jsonapi.Schema) string {
	changed := slices.ContainsFunc(g.routes, func(rt Route) bool {
		return rt.Shows == s && (rt.Form == Create || rt.Form == Update)
	})
	if !changed {
		return ""
	}
	name := "Atomic" + nameOf(s)
	g.schema(name, object(s.Doc, []string{"type"}, members[*schema]{
		{"type", g.typeOf(s)}, {"id", refTo("Id")},
		{"lid", &schema{Type: "string", MinLength: new(1), Description: "A name for it within this request."}},
		{"attributes", g.attributes(s, sending)},
		{"relationships", &schema{Type: "object", AdditionalProperties: refTo("AtomicRelationship"),
			Description: "Relationships of " + s.Type + "."}},
	}))
	return name
}
