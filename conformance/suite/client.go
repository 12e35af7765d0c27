package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The names the specification, the extension and the profile give themselves.
const (
	mediaType     = "application/vnd.api+json"
	atomicURI     = "https://jsonapi.org/ext/atomic"
	cursorURI     = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination"
	unknownURI    = "https://example.test/nope"
	atomicType    = mediaType + `; ext="` + atomicURI + `"`
	cursorType    = mediaType + `; profile="` + cursorURI + `"`
	maxBody       = 32 << 20
	longestWait   = 90 * time.Second
	retriesOn429  = 3
	requestBudget = 30 * time.Second
)

// Exchange is one request and its response, as they were on the wire.
type Exchange struct {
	// Row is the id of the row that asked.
	Row string
	// Foreign is true for documents that are not JSON:API, such as an OpenAPI document.
	Foreign       bool
	Method        string
	URL           *url.URL
	RequestHeader http.Header
	RequestBody   []byte
	Status        int
	Header        http.Header
	Body          []byte

	base     string // the path of the target
	parsed   bool
	document any
	parseErr error
}

// client sends requests to one server and remembers everything that was said.
type client struct {
	base     *url.URL
	http     *http.Client
	header   http.Header // sent with every request: the credential
	record   []*Exchange
	onAnswer func(*Exchange)
}

func newClient(target string, header http.Header) (*client, error) {
	base, err := url.Parse(strings.TrimSuffix(target, "/"))
	if err != nil {
		return nil, fmt.Errorf("parse target: %w", err)
	}
	if base.Scheme == "" || base.Host == "" {
		return nil, fmt.Errorf("target %q is not an absolute URL", target)
	}
	return &client{
		base:   base,
		header: header,
		http: &http.Client{
			Timeout: requestBudget,
			// Left to itself the transport asks for gzip, but not in a HEAD, whose header could then differ from that of GET.
			Transport: plain(),
			// A redirect is an answer to look at, not a detour to take.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func plain() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true
	return t
}

type request struct {
	row     string
	foreign bool
	method  string
	ref     string // path with query, or an absolute URL
	header  http.Header
	body    []byte
}

// do sends one request. An answer of 429 is waited for and repeated, because a
// rate limit says nothing about any row; the 429 itself stays in the record.
func (c *client) do(ctx context.Context, r request) (*Exchange, error) {
	u, err := c.resolve(r.ref)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		ex, err := c.once(ctx, u, r)
		if err != nil {
			return nil, err
		}
		c.record = append(c.record, ex)
		wait, limited := retryAfter(ex)
		if !limited || attempt == retriesOn429 {
			if c.onAnswer != nil {
				c.onAnswer(ex)
			}
			return ex, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (c *client) once(ctx context.Context, u *url.URL, r request) (*Exchange, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base.String(), body)
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	req.URL = u
	for _, h := range []http.Header{c.header, r.header} {
		for name, values := range h {
			req.Header[name] = values
		}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, u, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read answer to %s %s: %w", r.method, u, err)
	}
	return &Exchange{
		Row: r.row, Foreign: r.foreign, base: c.base.Path,
		Method: r.method, URL: u, RequestHeader: req.Header, RequestBody: r.body,
		Status: res.StatusCode, Header: res.Header, Body: answer,
	}, nil
}

// resolve turns a path or a link of the server into a URL of the same server.
func (c *client) resolve(ref string) (*url.URL, error) {
	u, err := url.Parse(ref)
	if err != nil {
		return nil, fmt.Errorf("parse link %q: %w", ref, err)
	}
	if !u.IsAbs() && strings.HasPrefix(u.Path, "/") {
		// A base URL with a path is a prefix of the description's paths, but not of the server's own links.
		if prefix := c.base.Path; prefix != "" && !strings.HasPrefix(u.Path, prefix+"/") {
			u.Path = prefix + u.Path
		}
	}
	u = c.base.ResolveReference(u)
	if u.Scheme != c.base.Scheme || u.Host != c.base.Host {
		// The credential goes nowhere else, whatever a link says.
		return nil, fmt.Errorf("the link %q leads away from %s", ref, c.base.Host)
	}
	return u, nil
}

func retryAfter(ex *Exchange) (time.Duration, bool) {
	if ex.Status != http.StatusTooManyRequests {
		return 0, false
	}
	seconds, err := strconv.Atoi(ex.Header.Get("Retry-After"))
	if err != nil {
		seconds = 1
	}
	return min(time.Duration(max(seconds, 1))*time.Second, longestWait), true
}

// Document returns the JSON value of the response body, or nil.
func (ex *Exchange) Document() any {
	if !ex.parsed {
		ex.parsed = true
		ex.document, ex.parseErr = decodeJSON(ex.Body)
	}
	return ex.document
}

func decodeJSON(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("bytes after the document")
	}
	return v, nil
}

// mediaType splits the response's Content-Type.
func (ex *Exchange) mediaType() (string, map[string]string, error) {
	return mime.ParseMediaType(ex.Header.Get("Content-Type"))
}

// applied returns the URIs in a parameter ("ext" or "profile") of the response's Content-Type.
func (ex *Exchange) applied(parameter string) []string {
	_, params, err := ex.mediaType()
	if err != nil {
		return nil
	}
	return strings.Fields(params[parameter])
}

func (ex *Exchange) top(name string) any { return at(ex.Document(), name) }

// data returns the primary data if it is a single resource, otherwise an empty object.
func (ex *Exchange) data() Object { o, _ := ex.top("data").(Object); return o }

// list returns the primary data if it is an array.
func (ex *Exchange) list() []Object { return objects(ex.top("data")) }

func (ex *Exchange) included() []Object { return objects(ex.top("included")) }

func (ex *Exchange) errors() []Object { return objects(ex.top("errors")) }

// Object is a JSON object.
type Object = map[string]any

// at walks into a JSON value by member names and positions; nil if there is nothing.
func at(v any, path ...any) any {
	for _, p := range path {
		switch key := p.(type) {
		case string:
			o, ok := v.(Object)
			if !ok {
				return nil
			}
			v = o[key]
		case int:
			a, ok := v.([]any)
			if !ok || key >= len(a) {
				return nil
			}
			v = a[key]
		}
	}
	return v
}

func has(v any, name string) bool {
	o, ok := v.(Object)
	if !ok {
		return false
	}
	_, ok = o[name]
	return ok
}

func str(v any) string { s, _ := v.(string); return s }

func objects(v any) []Object {
	a, ok := v.([]any)
	if !ok {
		return nil
	}
	list := make([]Object, 0, len(a))
	for _, e := range a {
		o, _ := e.(Object)
		list = append(list, o)
	}
	return list
}

// href returns the URL of a link in either of its forms, or "".
func href(link any) string {
	if s, ok := link.(string); ok {
		return s
	}
	return str(at(link, "href"))
}

func ids(list []Object) []string {
	out := make([]string, 0, len(list))
	for _, o := range list {
		out = append(out, str(o["id"]))
	}
	return out
}
