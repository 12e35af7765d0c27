package console

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"roster/server"
)

const (
	indexPage = "index.html"
	// assets is the folder of the files whose names have a hash of what is in them: what is at such a name never changes.
	assets = "assets/"
)

// policy is the Content-Security-Policy of the page. Nothing runs that is written into it, nothing comes from elsewhere, and no text
// becomes a script: whatever is shown was typed by somebody.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// mediaTypes are those of the files. They are listed here because the lists of operating systems differ.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".txt": "text/plain; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json",
}

// askedFor are the endings of files that browsers ask for and no build has.
var askedFor = []string{".ico", ".map", ".png", ".webmanifest"}

// file is one file of the console, as it is sent.
type file struct {
	name      string
	mediaType string
	etag      string
	body      []byte
	zipped    []byte // nil for what does not become smaller
}

// readAll returns the files by their names, ready to be sent.
func readAll() (map[string]*file, error) {
	files, err := built()
	if err != nil {
		return nil, fmt.Errorf("open the console: %w", err)
	}
	all := map[string]*file{}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		all[name], err = newFile(name, body)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the console: %w", err)
	}
	if all[indexPage] == nil {
		return nil, errors.New("the console has no page")
	}
	return all, nil
}

func newFile(name string, body []byte) (*file, error) {
	f := &file{name: name, mediaType: mediaTypes[path.Ext(name)], etag: server.EntityTag(0, 0, body), body: body}
	if f.mediaType == "" {
		return nil, fmt.Errorf("%s: no media type is known for it", name)
	}
	if f.mediaType == mediaTypes[".woff2"] { // compressed already
		return f, nil
	}
	var zipped bytes.Buffer
	zip, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zip.Write(body); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	if zipped.Len() < len(body) {
		f.zipped = zipped.Bytes()
	}
	return f, nil
}

// write answers a request with the file.
func (f *file) write(w http.ResponseWriter, r *http.Request, t terms) error {
	h := w.Header()
	h.Set("Cache-Control", "public, no-cache") // kept, and used again after asking whether it changed
	if strings.HasPrefix(f.name, assets) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if t.passing {
		h.Set("Cache-Control", "no-store")
	}
	if f.name == indexPage {
		h.Set("Content-Security-Policy", t.policy())
		if len(t.ancestors) > 0 {
			h.Del("X-Frame-Options") // which knows no list
		}
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Add("Vary", "Accept-Encoding")
	unchanged, err := server.NotModified(w, r, f.etag)
	if err != nil {
		return err
	}
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body := f.body
	if f.zipped != nil && takesGzip(r) {
		body = f.zipped
		h.Set("Content-Encoding", "gzip")
		h.Set("ETag", server.ZippedTag(f.etag))
	}
	h.Set("Content-Type", f.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, err = w.Write(body)
	_ = err // the client is gone; nobody is left to tell
	return nil
}

// takesGzip reports whether a client asks for gzip: browsers name it plainly, and whoever says it in another way gets the bytes as they
// are.
func takesGzip(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept-Encoding") {
		for one := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(one) == "gzip" {
				return true
			}
		}
	}
	return false
}
