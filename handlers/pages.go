package handlers

import (
	"bytes"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"roster/auth"
	"roster/docs"
	"roster/server"
)

// docsPath is where the pages are.
const docsPath = "/docs"

// page is a file that the documentation consists of.
type page struct {
	mediaType string
	body      []byte
	etag      string
	policy    string // its Content-Security-Policy
}

func newPage(mediaType string, body []byte) *page {
	return &page{mediaType, body, server.EntityTag(0, 0, body), policy}
}

// mediaTypes are those of the viewer's files. They are listed here because the lists of operating systems differ.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".txt": "text/plain; charset=utf-8", "": "text/plain; charset=utf-8",
}

// documentOf returns where the OpenAPI document of another door is.
func documentOf(d *server.Description) string { return docsPath + "/" + d.Name + "/openapi.json" }

// pages returns every page by its path.
func pages(release string, others []*server.Description) (map[string]*page, error) {
	document, err := OpenAPI()
	if err != nil {
		return nil, err
	}
	all := map[string]*page{openAPIPath: newPage("application/json", document)}
	files, err := fs.Glob(docs.Viewer, "viewer/*")
	if err != nil {
		return nil, fmt.Errorf("list the viewer: %w", err)
	}
	for _, file := range files {
		body, err := docs.Viewer.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the viewer: %w", err)
		}
		at := docsPath + "/" + path.Base(file)
		switch path.Base(file) {
		case "index.html":
			at = docsPath
			body = bytes.Replace(body, []byte("{{others}}"), linksTo(others), 1)
			body = bytes.Replace(body, []byte("{{release}}"), []byte(html.EscapeString(release)), 1)
		case "errors.html":
			at = docsPath + "/errors"
			if body, err = errorsPage(body); err != nil {
				return nil, err
			}
		}
		all[at] = newPage(mediaTypes[path.Ext(file)], body)
	}
	for _, d := range others {
		all[documentOf(d)] = newPage("application/json", d.Document)
	}
	return all, nil
}

// linksTo returns the links by which the viewer shows the documents of other doors.
func linksTo(others []*server.Description) []byte {
	var links bytes.Buffer
	for _, d := range others {
		fmt.Fprintf(&links, ` <a href="%s?api=%s" data-document="%s">%s</a>`, docsPath, d.Name, documentOf(d), html.EscapeString(d.Title))
	}
	return links.Bytes()
}

// errorsPage returns the text about the errors as HTML, inside of a frame.
func errorsPage(frame []byte) ([]byte, error) {
	var text bytes.Buffer
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	if err := markdown.Convert(docs.Errors, &text, parser.WithContext(parser.NewContext(parser.WithIDs(verbatim{})))); err != nil {
		return nil, fmt.Errorf("render the page about errors: %w", err)
	}
	return bytes.Replace(frame, []byte("{{content}}"), text.Bytes(), 1), nil
}

// verbatim makes headings reachable under their own text, which for a section about a code is the code.
type verbatim struct{}

// Generate implements parser.IDs.
func (verbatim) Generate(value []byte, _ ast.NodeKind) []byte {
	return bytes.ReplaceAll(bytes.TrimSpace(value), []byte(" "), []byte("-"))
}

// Put implements parser.IDs.
func (verbatim) Put([]byte) {}

// policy is the Content-Security-Policy of the pages. The viewer writes style attributes; nothing else is taken from the page itself, and
// nothing at all from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docsRoutes are the OpenAPI document and the pages that people read. They are public, and made when the first of them is asked for.
func docsRoutes(release string, others []*server.Description) []server.Route {
	made := sync.OnceValues(func() (map[string]*page, error) { return pages(release, others) })
	take := func(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
		all, err := made()
		if err != nil {
			return nil, err
		}
		p := all[path.Clean(rq.URL.Path)]
		if p == nil {
			return nil, server.NothingHere()
		}
		return func(w http.ResponseWriter) error { return p.write(w, rq.Request) }, nil
	}
	var table []server.Route
	for _, at := range []string{openAPIPath, docsPath, docsPath + "/{file}", docsPath + "/{api}/openapi.json"} {
		table = append(table, server.Route{Method: http.MethodGet, Path: at, Needs: auth.Public(), Take: take})
	}
	return table
}

func (p *page) write(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Cache-Control", "public, no-cache") // kept, and used again after asking whether it changed
	if strings.HasPrefix(p.mediaType, "text/") {
		h.Set("Content-Security-Policy", p.policy)
	}
	unchanged, err := server.NotModified(w, r, p.etag)
	if err != nil {
		return err
	}
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", p.mediaType)
	_, err = w.Write(p.body)
	_ = err // the client is gone; nobody is left to tell
	return nil
}
