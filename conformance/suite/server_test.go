package suite

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// server is a small JSON:API server in memory: the suite's tests need one that keeps the rules, one that breaks exactly one of them, and
// one that takes a liberty which the specification leaves. twist names the rule, perhaps with the one type it is broken for (as in
// "FETCH-32@people"), or the liberty.
type server struct {
	twist string

	mu    sync.Mutex
	store store
	clock time.Time
}

type record struct {
	typ, id string
	seq     int
	attrs   Object
	one     map[string]string   // to-one: "type id" or ""
	many    map[string][]string // to-many that are stored here
}

type store struct {
	records map[string]*record // by "type id"
	seq     int
}

func (s store) clone() store {
	c := store{records: map[string]*record{}, seq: s.seq}
	for k, r := range s.records {
		n := *r
		n.attrs, n.one, n.many = maps.Clone(r.attrs), maps.Clone(r.one), map[string][]string{}
		for name, list := range r.many {
			n.many[name] = slices.Clone(list)
		}
		c.records[k] = &n
	}
	return c
}

type attribute struct {
	readOnly, required, unique, timestamp, number, unsortable bool
}

type relation struct {
	many, writable, required bool
	target, inverse          string
}

type kind struct {
	attrs     map[string]attribute
	rels      map[string]relation
	clientIDs bool
	readOnly  bool
}

var kinds = map[string]kind{
	"articles": {
		clientIDs: true,
		attrs: map[string]attribute{
			"title": {required: true}, "body": {}, "slug": {unique: true}, "kind": {}, "publishedAt": {timestamp: true},
			"number": {readOnly: true, number: true, unsortable: true}, "updatedAt": {readOnly: true, timestamp: true},
		},
		rels: map[string]relation{
			"parent":   {target: "articles", inverse: "children", writable: true},
			"children": {many: true, target: "articles", inverse: "parent"},
			"author":   {target: "people", inverse: "articles", writable: true},
			"tags":     {many: true, target: "tags", inverse: "articles", writable: true},
		},
	},
	"people": {
		attrs: map[string]attribute{"name": {required: true}, "updatedAt": {readOnly: true, timestamp: true}},
		rels:  map[string]relation{"articles": {many: true, target: "articles", inverse: "author"}},
	},
	"tags": {
		attrs: map[string]attribute{"name": {required: true}, "updatedAt": {readOnly: true, timestamp: true}},
		rels:  map[string]relation{"articles": {many: true, target: "articles", inverse: "tags"}},
	},
	"comments": {
		attrs: map[string]attribute{"text": {required: true}, "updatedAt": {readOnly: true, timestamp: true}},
		rels:  map[string]relation{"article": {target: "articles", writable: true, required: true}},
	},
	"entries": {readOnly: true, attrs: map[string]attribute{"text": {}}, rels: map[string]relation{}},
}

func newServer(twist string) *server {
	s := &server{twist: twist, clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), store: store{records: map[string]*record{}}}
	s.insert(&record{typ: "entries", id: newUUID(), attrs: Object{"text": "began"}})
	return s
}

func (s *server) breaks(rule string) bool { return s.twist == rule }

// breaksFor tells whether a rule is broken for a type, alone or with all others.
func (s *server) breaksFor(rule, typ string) bool { return s.breaks(rule) || s.twist == rule+"@"+typ }

// takes tells whether a liberty is taken.
func (s *server) takes(liberty string) bool { return s.twist == liberty }

func (s *server) insert(r *record) {
	s.store.seq++
	r.seq = s.store.seq
	if r.one == nil {
		r.one, r.many = map[string]string{}, map[string][]string{}
	}
	s.store.records[r.typ+" "+r.id] = r
}

// apiError is an error on its way to the client.
type apiError struct {
	status                     int
	title, detail              string
	pointer, parameter, header string
	hasPointer, operation      bool
	meta, links                Object
}

func at400(detail string) apiError {
	return apiError{status: 400, title: "Bad Request", detail: detail}
}

func (f apiError) at(pointer string) apiError {
	f.pointer, f.hasPointer = pointer, true
	return f
}

func (f apiError) in(parameter string) apiError {
	f.parameter = parameter
	return f
}

func errorf(status int, format string, args ...any) apiError {
	return apiError{status: status, title: http.StatusText(status), detail: fmt.Sprintf(format, args...)}
}

// answer is what a handler returns: errors, or a document.
type answer struct {
	status  int
	doc     Object
	errs    []apiError
	header  map[string]string
	cursor  bool // the profile shaped the answer
	noTags  bool
	extends bool // the extension was applied
}

func refuse(errs ...apiError) answer { return answer{errs: errs} }

// call is one request, taken apart.
type call struct {
	method, path string
	segments     []string
	query        query
	body         []byte
	cursor       bool // the client asked for the profile
	atomic       bool
	rawQuery     string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.respond(r)
	s.write(w, r, a)
}

func (s *server) respond(r *http.Request) answer {
	if r.Header.Get("Authorization") == "wrong" {
		a := refuse(errorf(401, "The credential is wrong."))
		a.header = map[string]string{"WWW-Authenticate": "Bearer"}
		return a
	}
	path := strings.TrimSuffix(r.URL.Path, "/")
	c := &call{method: r.Method, path: path, segments: strings.Split(strings.TrimPrefix(path, "/"), "/"), rawQuery: r.URL.RawQuery}
	c.atomic = path == "/operations"
	if c.method == "HEAD" {
		c.method = "GET"
	}
	allowed := s.allowed(c)
	if allowed == nil {
		return refuse(errorf(404, "There is nothing here."))
	}
	if !slices.Contains(allowed, c.method) {
		if c.method == "POST" && len(c.segments) == 1 {
			return refuse(errorf(403, "These cannot be created."))
		}
		a := refuse(errorf(405, "This method is not possible here."))
		a.header = map[string]string{"Allow": strings.Join(allowed, ", ")}
		if s.breaks("CRUD-38") {
			a.header = nil
		}
		return a
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) > 1<<20 {
		return refuse(errorf(413, "The body is too large."))
	}
	c.body = body
	if f, ok := s.negotiate(r, c); !ok {
		return refuse(f)
	}
	if errs := s.parseQuery(c); len(errs) > 0 {
		return refuse(errs...)
	}
	if !s.unchanged(r, c) {
		return refuse(errorf(412, "It has changed."))
	}
	a := s.route(c)
	a.extends = c.atomic
	return a
}

// allowed returns the methods of a path, nil if there is no such path.
func (s *server) allowed(c *call) []string {
	if c.atomic {
		return []string{"POST"}
	}
	if c.path == "/openapi.json" {
		return []string{"GET"}
	}
	k, ok := kinds[c.segments[0]]
	if !ok {
		return nil
	}
	switch len(c.segments) {
	case 1:
		if k.readOnly {
			return []string{"GET"}
		}
		return []string{"GET", "POST"}
	case 2:
		if k.readOnly {
			return []string{"GET"}
		}
		return []string{"GET", "PATCH", "DELETE"}
	case 3:
		return []string{"GET"}
	case 4:
		if c.segments[2] == "relationships" {
			return []string{"GET", "PATCH", "POST", "DELETE"}
		}
	}
	return nil
}

// splitAccept splits at commas outside quotes.
func (s *server) write(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	h.Set("Vary", "Accept")
	if s.breaks("NEG-14") && len(a.errs) > 0 {
		h.Del("Vary")
	}
	for name, value := range a.header {
		h.Set(name, value)
	}
	if len(a.errs) > 0 {
		a.status, a.doc = s.errorDocument(a.errs)
		if s.takes("errors of another kind") {
			h.Set("Content-Type", "text/plain")
			w.WriteHeader(a.status)
			fmt.Fprintln(w, http.StatusText(a.status))
			return
		}
		if (a.status == 406 || a.status == 415) && s.takes("nothing in 406 and 415") {
			w.WriteHeader(a.status)
			return
		}
	}
	if a.status == 204 || a.status == 304 {
		w.WriteHeader(a.status)
		return
	}
	ct := mediaType
	info := Object{"version": "1.1"}
	if a.extends && len(a.errs) == 0 {
		ct += `; ext="` + atomicURI + `"`
		info["ext"] = []any{atomicURI}
	}
	if a.cursor {
		ct += `; profile="` + cursorURI + `"`
		info["profile"] = []any{cursorURI}
		self := a.doc["links"].(Object)["self"]
		a.doc["links"].(Object)["self"] = Object{"href": self, "type": ct}
		if s.breaks("DOC-8") {
			a.doc["links"].(Object)["self"] = self
		}
	}
	if s.breaks("NEG-2") && r.Method == "GET" {
		ct += "; charset=utf-8"
	}
	if s.breaks("NEG-1") && a.status == 404 {
		ct = "application/json"
	}
	if s.breaks("DOC-41") {
		info["implementation"] = "x"
	}
	if !a.noTags {
		a.doc["jsonapi"] = info
	}
	raw, err := json.Marshal(a.doc)
	if err != nil {
		panic(err)
	}
	h.Set("Content-Type", ct)
	if a.status == 200 && r.Method != "POST" {
		tag := tagOf(a.doc)
		if !s.breaks("ROB-7") && !s.takes("no conditional requests") {
			h.Set("ETag", tag)
		}
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(304)
			return
		}
	}
	w.WriteHeader(a.status)
	if r.Method != "HEAD" {
		if _, err := w.Write(raw); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func (s *server) errorDocument(errs []apiError) (int, Object) {
	status := errs[0].status
	if status == 400 && errs[0].parameter == "" && errs[0].links == nil && !errs[0].operation &&
		s.takes("422 for what is malformed") {
		status = 422
	}
	var list []any
	for _, f := range errs {
		if f.status != errs[0].status {
			status = 400
		}
		if f.status != status && len(errs) == 1 {
			f.status, f.title = status, http.StatusText(status)
		}
		e := Object{"status": fmt.Sprint(f.status), "code": fmt.Sprint("e", f.status), "title": f.title, "detail": f.detail}
		if s.breaks("ERR-3") || s.breaks("NEG-22") && (f.status == 406 || f.status == 415) {
			delete(e, "status")
		}
		if s.breaks("ERR-5") {
			e["status"] = f.status
		}
		source := Object{}
		if f.hasPointer {
			source["pointer"] = f.pointer
			if s.breaks("ERR-8") && f.pointer == "" {
				source["pointer"] = "/"
			}
			if s.breaks("ERR-9") {
				source["pointer"] = strings.Replace(f.pointer, "/0", "[0]", 1)
			}
		}
		if f.parameter != "" {
			source["parameter"] = f.parameter
			if s.breaks("ERR-11") {
				source["parameter"] = "?" + f.parameter
			}
		}
		if f.header != "" {
			source["header"] = f.header
		}
		if len(source) > 0 {
			e["source"] = source
		}
		if f.meta != nil {
			e["meta"] = f.meta
		}
		if f.links != nil {
			e["links"] = f.links
		}
		if s.breaks("ERR-2") {
			e["message"] = f.detail
		}
		list = append(list, e)
	}
	doc := Object{"errors": list}
	if s.breaks("DOC-3") && status == 400 {
		doc["data"] = nil
	}
	return status, doc
}

// openAPI describes as much of the server as the suite looks at.
func (s *server) openAPI() Object {
	parameters := []any{}
	for _, name := range []string{"include", "filter[title]", "page[size]"} {
		parameters = append(parameters, Object{"in": "query", "name": name})
	}
	if s.breaks("QUERY-2") {
		parameters = append(parameters, Object{"in": "query", "name": "pretty"})
	}
	// What is no document has parameters of any name, wherever they are described.
	return Object{
		"paths": Object{
			"/articles": Object{"get": Object{"parameters": parameters}},
			"/pictures": Object{"get": Object{
				"parameters": []any{Object{"$ref": "#/components/parameters/size"}},
				"responses": Object{
					"200": Object{"$ref": "#/components/responses/bytes"}, "default": Object{"content": Object{mediaType: Object{}}},
				},
			}},
		},
		"components": Object{
			"parameters": Object{"size": Object{"in": "query", "name": "size"}},
			"responses":  Object{"bytes": Object{"content": Object{"image/png": Object{}}}},
		},
	}
}

func (s *server) route(c *call) answer {
	if c.atomic {
		return s.operations(c)
	}
	if c.path == "/openapi.json" {
		return answer{status: 200, noTags: true, doc: s.openAPI()}
	}
	typ := c.segments[0]
	if len(c.segments) == 1 {
		if c.method == "GET" {
			return s.list(c, s.all(typ))
		}
		return s.post(c, typ)
	}
	r := s.store.records[typ+" "+c.segments[1]]
	if r == nil {
		return refuse(errorf(404, "There is no such resource."))
	}
	if len(c.segments) == 2 {
		switch c.method {
		case "GET":
			return s.single(c, r)
		case "PATCH":
			return s.patchOne(c, r)
		}
		if f, ok := s.remove(r); !ok {
			return refuse(f)
		}
		if s.breaksFor("CRUD-35", typ) {
			return answer{status: 200, doc: Object{"data": nil}}
		}
		return answer{status: 204}
	}
	name := c.segments[len(c.segments)-1]
	rel, ok := kinds[typ].rels[name]
	if !ok {
		return refuse(errorf(404, "There is no such relationship."))
	}
	if len(c.segments) == 3 {
		return s.related(c, r, name, rel)
	}
	return s.relationship(c, r, name)
}

// decode reads a request body strictly.
func (s *server) decode(body []byte) (Object, []apiError) {
	if !utf8.Valid(body) {
		return nil, []apiError{at400("The body is not UTF-8.")}
	}
	v, err := decodeJSON(body)
	if err != nil {
		return nil, []apiError{at400("The body is not JSON.")}
	}
	if uniqueNames(body) != nil {
		return nil, []apiError{at400("The body has a member twice.")}
	}
	o, ok := v.(Object)
	if !ok {
		return nil, []apiError{at400("The body is no object.").at("")}
	}
	return o, nil
}
