package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/server"
)

// A file is the one resource that is not made of a document: its bytes are the body of the request, or a part of a form. They are read at a
// URL of their own, which says in itself who may.

const contentPath = "files/{id}/content"

// The query parameters of an upload: whose the file is.
const (
	ofOrganization = "organizationId"
	ofUser         = "userId"
)

// uploadQuery is what an upload takes.
var uploadQuery = jsonapi.Accepts{Include: true, Fields: true, Others: []jsonapi.Other{
	{Name: ofOrganization, Doc: "The organization whose file it is. A credential of an organization need not name its own."},
	{Name: ofUser, Doc: "The user whose file it is."},
}}

// formOverhead is what a form may have around the file in it.
const formOverhead = 16 << 10

// decodeUpload looks at the bytes that were sent, and stages them.
func (rq *request) decodeUpload() error {
	owner, err := rq.fileOwner()
	if err != nil {
		return err
	}
	name, content, err := rq.fileSent()
	if err != nil {
		return err
	}
	if len(content) > models.MaxFile {
		return &server.Error{Reason: server.BodyTooLarge, Message: fmt.Sprintf("A file may have at most %d bytes.", models.MaxFile)}
	}
	rq.sent.file, err = models.StageFile(rq.Context(), rq.DB, rq.Caller(), owner, name, content)
	return err
}

// fileOwner returns whose file is uploaded.
func (rq *request) fileOwner() (models.FileOwner, error) {
	owner := models.FileOwner{Organization: rq.query.Others[ofOrganization], User: rq.query.Others[ofUser]}
	switch {
	case owner.Organization != "" && owner.User != "":
		return owner, jsonapi.NewError(jsonapi.InvalidParameter, "A file is of an organization or of a user, not of both.").
			InParameter(ofUser)
	case owner.Organization == "" && owner.User == "":
		owner.Organization = rq.Scope().Root()
	}
	if owner == (models.FileOwner{}) {
		return owner, jsonapi.NewError(jsonapi.InvalidParameter, "Say whose file it is: %s or %s.", ofOrganization,
			ofUser).InParameter(ofOrganization)
	}
	return owner, nil
}

// fileSent returns the file in the body: all of it, or the one part of a form. Its media type says nothing: the bytes do.
func (rq *request) fileSent() (name string, content []byte, err error) {
	media, parameters, err := mime.ParseMediaType(rq.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		name, err = nameIn(rq.Header.Get("Content-Disposition"))
		if err != nil {
			return "", nil, jsonapi.NewError(jsonapi.InvalidHeader, "Content-Disposition cannot be read: %v.", err).
				InHeader("Content-Disposition")
		}
		return name, rq.Content, nil
	}
	form := multipart.NewReader(bytes.NewReader(rq.Content), parameters["boundary"])
	part, err := form.NextPart()
	if err == nil {
		content, err = io.ReadAll(part)
	}
	if err == nil {
		name, err = nameIn(part.Header.Get("Content-Disposition"))
	}
	if err != nil {
		return "", nil, &server.Error{Reason: server.MalformedBody, Message: "The body is no form with a file in it."}
	}
	if _, err := form.NextPart(); !errors.Is(err, io.EOF) {
		return "", nil, &server.Error{Reason: server.MalformedBody, Message: "A form has one part, the file, and this one goes on."}
	}
	return name, content, nil
}

// nameIn returns the name of a file in a Content-Disposition (RFC 6266, RFC 7578 §4.2), "" for none. Browsers send it as it is, in UTF-8.
func nameIn(disposition string) (string, error) {
	if disposition == "" {
		return "", nil
	}
	_, parameters, err := mime.ParseMediaType(disposition)
	return parameters["filename"], err
}

// upload makes a file of what was staged.
func (a *API) upload(w http.ResponseWriter, rq *request) error {
	if rq.sent.err != nil {
		return rq.sent.err
	}
	f, err := models.CreateFile(rq.Context(), rq.DB, rq.Caller(), rq.sent.file)
	if err != nil {
		return err
	}
	return a.writeOne(w, rq, http.StatusCreated, f)
}

// contentPolicy keeps a browser from running anything in content, whatever it takes it for.
const contentPolicy = "sandbox; default-src 'none'"

// contentQuery is what is in a signed URL, and what may be added to it.
var contentQuery = jsonapi.Accepts{Others: []jsonapi.Other{
	{Name: "expires", Doc: "As in signedUrl."},
	{Name: "signature", Doc: "As in signedUrl."},
	{Name: "size", Doc: "How many pixels the square has either way. Without it the file comes as it is.", Enum: sides()},
}}

// sides are the sizes of squares.
func sides() (texts []string) {
	for _, side := range models.SquareSides() {
		texts = append(texts, strconv.Itoa(side))
	}
	return texts
}

// takeContent reads a request for the content of a file at its signed URL. There is no caller, and nothing to negotiate.
func (a *API) takeContent(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	query, err := jsonapi.ParseQuery(rq.URL.RawQuery, contentQuery, models.Files.Schema, models.SchemaOf)
	if err != nil {
		return nil, err
	}
	f, end, err := models.FindSignedFile(rq.Context(), rq.DB, rq.Var("id"), query.Others["expires"], query.Others["signature"])
	if err != nil {
		return nil, err
	}
	side, _ := strconv.Atoi(query.Others["size"]) // "" is 0: the file itself
	content, err := models.FileContent(rq.Context(), rq.DB, f, side)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter) error {
		return writeContent(w, rq.Request, f, side, content, end.Sub(rq.DB.Now()))
	}, nil
}

// writeContent answers with content, or with the part of it that was asked for (RFC 9110 §14). It may be kept for as long as its URL works.
func writeContent(w http.ResponseWriter, r *http.Request, f *models.File, side int, content []byte, left time.Duration) error {
	contentType, etag := f.ContentType, `"`+f.SHA256+`"`
	if side != 0 {
		contentType, etag = "image/png", fmt.Sprintf(`"%s-%d"`, f.SHA256, side)
	}
	unchanged, err := server.NotModified(w, r, etag)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "private, max-age="+strconv.Itoa(int(left/time.Second)))
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": f.FileName}))
	read := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
	// A part that there is none of would be told in a form that is not ours. Whoever asks for it gets all (RFC 9110 §14.2).
	probe := r.Clone(r.Context())
	probe.Method = http.MethodHead
	if told := (&server.Kept{Head: http.Header{"Etag": {etag}}}); r.Header.Get("Range") != "" {
		if read(told, probe); told.Status == http.StatusRequestedRangeNotSatisfiable {
			r = r.Clone(r.Context())
			r.Header.Del("Range")
		}
	}
	read(w, r)
	return nil
}

// fileRoutes are those of the bytes of files.
func fileRoutes() []route {
	return []route{
		{
			method: "POST", path: "files", form: openapi.Upload, needs: resourceOf("files").deletes, query: uploadQuery,
			served: resourceOf("files"), tag: resourceOf("files").tag(), limit: models.MaxFile + formOverhead,
			decode: (*request).decodeUpload, handle: (*API).upload,
			doc: "Uploads a picture: PNG, JPEG, GIF or WebP of at most 5 MiB and 4096 pixels either way, as the body or as the one " +
				"part of a form. What it is, its bytes say; its name is in Content-Disposition. It is of an organization or of a user, " +
				"and takes the right to change that.",
		},
		{
			method: "GET", path: contentPath, form: openapi.Content, needs: auth.Public(), name: "getFileContent", query: contentQuery,
			speaks: models.Files.Schema,
			target: resourceOf("files"), tag: resourceOf("files").tag(), shows: models.Files.Schema, take: (*API).takeContent,
			doc: "Reads the bytes of a file, at its signedUrl as it stands. With size=64, 128 or 256 the middle of it as a square PNG. A " +
				"URL that was altered or has expired is 404, as is that of what is not there.",
		},
	}
}
