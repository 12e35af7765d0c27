package openapi

import "net/http"

// pictures are the media types of files.
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// binary is the schema of bytes (OpenAPI 3.1, § Considerations for File Uploads).
func binary() *schema { return &schema{} }

// uploadShape is that of a route which takes the bytes of a file, as they are or in a form, and answers with the resource.
func (g *generator) uploadShape(rt *Route) shape {
	name := nameOf(rt.Shows) + "Upload"
	body := &requestBody{
		Description: "The bytes, with their name in Content-Disposition, or a form with them in its one part.", Required: true,
	}
	for _, media := range pictures {
		body.Content.set(media, &mediaObject{Schema: binary()})
	}
	form := object("A form with one file in it.", nil, members[*schema]{{"file", binary()}})
	body.Content.set("multipart/form-data", &mediaObject{Schema: form})
	g.components.RequestBodies.set(name+bodySuffix, body)
	document := g.one(rt.Shows, false)
	g.plain[document] = true
	return shape{
		id: "create" + rt.one(), body: name, status: http.StatusCreated, success: g.answer(document, http.StatusCreated), missing: true,
	}
}

// contentPart is the answer with a part of the bytes of a file.
const contentPart = "ContentPart" + answerSuffix

// contentShape is that of a route which answers with the bytes of a file, or with a part of them.
func (g *generator) contentShape(rt *Route) shape {
	answer := func(name, description string, headers ...string) {
		headers = append(headers, "ETag", "Accept-Ranges", "Content-Disposition", "Content-Security-Policy")
		r := &response{Description: description, Headers: g.headerRefs(headers)}
		for _, media := range pictures {
			r.Content.set(media, &mediaObject{Schema: binary()})
		}
		g.components.Responses.set(name, r)
	}
	whole := nameOf(rt.Shows) + "Content" + answerSuffix
	answer(whole, "The bytes.")
	answer(contentPart, "The part of the bytes that Range names.", "Content-Range")
	return shape{id: rt.Name, success: whole}
}
