package openapi

import (
	"roster/jsonapi"
)

// common adds the schemas that documents of every type share.
func (g *generator) common() {
	link := func(description string) *schema { return refTo("Link").describe(description) }
	g.schema("Id", &schema{
		Type: "string", Format: "uuid", Pattern: idPattern, Description: "A UUID in its canonical lower-case form.",
		Examples: []any{g.exampleID},
	})
	g.schema("Meta", &schema{Type: "object", Description: "Information beside the data.",
		AdditionalProperties: &schema{Description: "Any value."}})
	g.schema("LinkObject", object("A link with the media type of what it leads to.", []string{"href"}, members[*schema]{
		{"href", &schema{Type: "string", Description: "The URL."}},
		{"type", &schema{Type: "string", Description: "The media type, with its parameters."}},
	}))
	g.schema("Link", &schema{
		Description: "A URL relative to that of the request, a link object, or null for none.",
		// Not a uri-reference: one link of organizations has raw brackets, as published, and RFC 3986 wants them encoded.
		AnyOf: []*schema{{Type: "string"}, refTo("LinkObject"), {Type: "null"}},
	})
	self, described := member[*schema]{"self", link("This document.")}, member[*schema]{"describedby", link("The OpenAPI document.")}
	g.schema("ResourceLinks", object("Links of a resource.", []string{"self"}, members[*schema]{{"self", link("The resource.")}}))
	g.schema("RelationshipLinks", object("Links of a relationship.", []string{"related"}, members[*schema]{
		{"self", link("The relationship itself, as linkage, where that can be changed.")}, {"related", link("The related resources.")},
		{"prev", link("Null beside next: the linkage is that of the first page.")},
		{"next", link("The rest of the linkage, page by page, where it was included and cut.")},
	}))
	g.schema("DocumentLinks", object("Links of a document.", []string{"self", "describedby"}, members[*schema]{
		self, {"related", link("The related resources.")}, described,
	}))
	g.schema("PageLinks", object("Links to the pages of a collection; null where there is none.",
		[]string{"self", "first", "prev", "next", "last", "describedby"}, members[*schema]{
			self, {"related", link("The related resources.")},
			{"first", link("The first page.")}, {"prev", link("The page before.")}, {"next", link("The page after.")},
			{"last", link("The last page.")}, described,
		}))
	g.schema("Implementation", object("The version of JSON:API, with the extension and the profile that were applied.",
		[]string{"version"}, members[*schema]{
			{"version", textEnum(jsonapi.Version)},
			{"ext", arrayOf(&schema{Type: "string", Format: "uri"}, 1)},
			{"profile", arrayOf(&schema{Type: "string", Format: "uri"}, 1)},
			{"meta", refTo("Meta")},
		}))
	count := func(description string) *schema {
		return &schema{Type: "integer", Format: "int64", Minimum: new(0), Description: description}
	}
	g.schema("PageMeta", &schema{
		Type: "object", Description: "Where in the collection the page stands.", AdditionalProperties: &schema{Description: "Any value."},
		Properties: members[*schema]{
			{"total", count("How many resources match the filters.")},
			{"totalUnfiltered", count("How many there are that the caller can see.")},
			{"currentSize", count("The page size.")},
			{"currentPage", count("The number of this page, from 1.")},
			{"maxPage", count("The number of the last page, at least 1.")},
			{"page", object("Instead of the others, of a page that was cut by cursors.", nil, members[*schema]{
				{"total", count("How many resources match the filters, where that is known without counting.")},
				{"rangeTruncated", &schema{Type: "boolean", Description: "There is more between the two cursors than the page holds."}},
			})},
		},
	})
}

const idPattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

// document returns the schema of a top-level document around primary data.
func documentOf(description string, data, links, meta *schema, included *schema) *schema {
	o := object(description, []string{"data", "links", "jsonapi"}, members[*schema]{{"data", data}})
	if included != nil {
		o.Properties.set("included", included)
	}
	o.Properties.set("links", links)
	if meta != nil {
		o.Properties.set("meta", meta)
	}
	o.Properties.set("jsonapi", refTo("Implementation"))
	return o
}

// one adds the schema of a document with one resource, or with none where empty says so, and returns its name.
func (g *generator) one(s *jsonapi.Schema, empty bool) string {
	name := nameOf(s)
	data := refTo(g.resource(s))
	document := name + "Document"
	if empty {
		document, data = name+"OrNullDocument", orNull(data)
		g.seen[document] = true
	}
	g.schema(document, documentOf("A document with one of "+s.Type+".", data, refTo("DocumentLinks"), refTo("Meta"), g.included()))
	return document
}

// many adds the schema of a document with a collection, or one page of it, and returns its name.
func (g *generator) many(s *jsonapi.Schema, paged bool) string {
	document, links, included, most := nameOf(s)+"List", "DocumentLinks", (*schema)(nil), jsonapi.MaxPageSize
	if s.Computed {
		most = jsonapi.MaxIncluded
	}
	if paged {
		links, included = "PageLinks", g.included()
		g.byCursor[document], g.exports[document] = true, true
	}
	g.schema(document, documentOf("A document with "+s.Type+".", arrayOf(refTo(g.resource(s)), most),
		refTo(links), refTo("PageMeta"), included))
	return document
}
